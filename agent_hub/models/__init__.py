"""What the hub knows, as pydantic models: the one source of the REST schema and of the TypeScript types.

Times are timezone-aware UTC. Sizes are bytes, durations seconds. Models are frozen: a change is a new value, made with
``model_copy(update=...)`` and written by :mod:`agent_hub.hub.store`.
"""

from __future__ import annotations

from agent_hub.models.base import NAME_LENGTH, ErrorBody, Model, Name, now
from agent_hub.models.chats import PROMPT_BYTES, Artifact, Chat, ChatChange, ChatStatus, DeletedChat, NewChat, Spare
from agent_hub.models.containers import EngineStatus, Env, EnvVar, Gpu, Mount, Node, Resources
from agent_hub.models.events import ChangeEvent, LogEvent, SnapshotEvent
from agent_hub.models.projects import (
    Build,
    BuildState,
    BuildStep,
    LogLine,
    NewBuild,
    NewProject,
    Project,
    ProjectChange,
    RepositoryCheck,
    RepositoryInfo,
    Snapshot,
    StepState,
)
from agent_hub.models.status import AgentInfo, Status
from agent_hub.models.terminals import TerminalInfo, TerminalMatch, TerminalMatches

__all__ = [
    "AgentInfo",
    "Artifact",
    "Build",
    "BuildState",
    "BuildStep",
    "ChangeEvent",
    "Chat",
    "ChatChange",
    "ChatStatus",
    "DeletedChat",
    "EngineStatus",
    "Env",
    "EnvVar",
    "ErrorBody",
    "Gpu",
    "LogEvent",
    "LogLine",
    "Model",
    "Mount",
    "NAME_LENGTH",
    "Name",
    "NewBuild",
    "NewChat",
    "NewProject",
    "Node",
    "PROMPT_BYTES",
    "Project",
    "ProjectChange",
    "RepositoryCheck",
    "RepositoryInfo",
    "Resources",
    "Snapshot",
    "SnapshotEvent",
    "Spare",
    "Status",
    "StepState",
    "TerminalInfo",
    "TerminalMatch",
    "TerminalMatches",
    "now",
]
