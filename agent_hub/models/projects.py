"""Projects, and the builds that turn them into snapshots."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from agent_hub.models.base import ErrorBody, Model, Name, now
from agent_hub.models.containers import Env, Mount, Resources, Tokens


class BuildState(StrEnum):
    queued = "queued"
    cloning = "cloning"
    building = "building"
    ready = "ready"
    failed = "failed"
    cancelled = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (BuildState.ready, BuildState.failed, BuildState.cancelled)


class StepState(StrEnum):
    pending = "pending"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


class BuildStep(Model):
    """One step of a build, as the build page lists it."""

    name: str = Field(description="'Clone repository', 'Base image', 'Agent layer', 'Setup script', 'Check', 'Save'")
    detail: str = ""
    state: StepState = StepState.pending
    cached: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None


class LogLine(Model):
    """One line of a build's output. `step` counts from 1 and is 0 before the first."""

    time: datetime
    step: int
    text: str


class Build(Model):
    """One attempt to turn a project into a snapshot."""

    id: str
    project: str
    number: int
    state: BuildState = BuildState.queued
    steps: tuple[BuildStep, ...] = ()
    progress: float = Field(default=0.0, ge=0, le=1)
    branch: str | None = Field(
        default=None, description="the project's as it began; null: it has not begun, or an older hub made it"
    )
    base: str = Field(default="", description="the base image as it began, the hub's default by its name")
    commit: str = ""
    image: str = ""
    error: ErrorBody | None = None
    created_at: datetime = Field(default_factory=now)
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Snapshot(Model):
    """A project as an image: everything a chat starts from, and what it was made from."""

    image: str = Field(description="agent-hub/snapshot:<hash>")
    commit: str
    inputs: dict[str, str] = Field(description="what the hash was made from, by name")
    created_at: datetime = Field(default_factory=now)


class Project(Model):
    """A Git repository, and how its chats are set up."""

    id: str
    name: Name
    url: str
    branch: str = Field(default="", description="empty: the repository's own default")
    base: str = Field(default="", description="image tag, or path in the repository; empty: the hub's default")
    setup: str = ""
    agent: str = "codex"
    model: str = ""
    mounts: tuple[Mount, ...] = ()
    env: Env = ()
    resources: Resources = Resources()
    tokens: Tokens = Field(default=0, description="that a model has counted for its chats, deleted ones as well")
    token_budget: Tokens | None = Field(default=None, description="most that all its chats may take")
    chat_token_budget: Tokens | None = Field(default=None, description="most that each may, where it does not say")
    snapshot: Snapshot | None = None
    build: Build | None = Field(default=None, description="the newest build")
    spares: int = Field(default=0, description="chats that are prepared ahead, and start at once")
    created_at: datetime = Field(default_factory=now)

    volatile: ClassVar[frozenset[str]] = frozenset({"spares"})

    def masked(self) -> Project:
        """The project as it may be shown."""
        return self.model_copy(update={"env": tuple(variable.masked() for variable in self.env)})


class NewProject(Model):
    """Body of ``POST api/projects``."""

    url: str
    name: Name | None = None
    branch: str = ""
    base: str = ""
    setup: str = ""
    agent: str = "codex"
    model: str = ""
    mounts: tuple[Mount, ...] = ()
    env: Env = ()
    resources: Resources = Resources()
    token_budget: Tokens | None = None
    chat_token_budget: Tokens | None = None


class ProjectChange(Model):
    """Body of ``PATCH api/projects/{id}``: what is given changes. A secret variable without a value keeps its own."""

    name: Name | None = None
    branch: str | None = None
    base: str | None = None
    setup: str | None = None
    agent: str | None = None
    model: str | None = None
    mounts: tuple[Mount, ...] | None = None
    env: Env | None = None
    resources: Resources | None = None
    token_budget: Tokens | None = Field(default=None, description="null where given: as many as they like")
    chat_token_budget: Tokens | None = None


class RepositoryCheck(Model):
    """Body of ``POST api/projects/check``."""

    url: str
    branch: str = ""


class RepositoryInfo(Model):
    """What a look at a repository found: its branches, and the name a project of it would get."""

    url: str
    name: str
    default_branch: str
    branches: tuple[str, ...]


class NewBuild(Model):
    """Body of ``POST api/projects/{id}/build``."""

    force: bool = Field(default=False, description="build even where a snapshot of the same inputs exists")
