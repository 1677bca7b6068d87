"""What the events socket sends."""

from __future__ import annotations

from typing import Literal

from agent_hub.models.artifacts import Artifact
from agent_hub.models.base import Model
from agent_hub.models.chats import Chat
from agent_hub.models.projects import LogLine, Project
from agent_hub.models.status import Status


class SnapshotEvent(Model):
    """The first message of ``api/events``: everything, as of `seq`."""

    type: Literal["snapshot"] = "snapshot"
    seq: int
    status: Status
    projects: tuple[Project, ...]
    chats: tuple[Chat, ...]
    artifacts: tuple[Artifact, ...]


class ChangeEvent(Model):
    """Something changed: the new value, or ``None`` where `id` is gone. `seq` counts up by one."""

    type: Literal["change"] = "change"
    seq: int
    kind: Literal["status", "project", "chat", "artifact"]
    id: str
    value: Status | Project | Chat | Artifact | None


class LogEvent(Model):
    """Lines of a build's log, after a client sent ``{"subscribe": "<project id>"}``.

    `offset` is the number of the first line within the build; a subscriber gets the lines so far, then the new ones.
    """

    type: Literal["log"] = "log"
    project: str
    build: str
    offset: int
    lines: tuple[LogLine, ...]
