"""What the hub knows, as pydantic models: the one source of the REST schema and of the TypeScript types.

Times are timezone-aware UTC. Sizes are bytes, durations seconds. Models are frozen: a change is a new value, made with
``model_copy(update=...)`` and written by :mod:`agent_hub.hub.store`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

PROMPT_BYTES = 120_000
"""Longest first prompt, in bytes: it is one argument of the agent's command, and Linux takes 128 KiB in one."""

NAME_LENGTH = 200
"""Longest name of a project or a chat, in characters; a longer one is refused, never cut silently."""


def now() -> datetime:
    """The present moment, timezone-aware."""
    return datetime.now(UTC)


class Model(BaseModel):
    """Base of everything stored or sent: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    volatile: ClassVar[frozenset[str]] = frozenset()
    """Fields that say how things are at this moment: announced, and never stored."""


def _printable(value: Any) -> Any:
    if isinstance(value, str) and any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError("must not contain control characters")
    return value


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH),
    BeforeValidator(_printable),
]
"""What a person calls a project or a chat: any printable text; it is never used as a path or an identity."""


class ErrorBody(Model):
    """The JSON of every error answer, and the stored cause of a failed build or chat."""

    code: str
    message: str
    hint: str = ""
    details: dict[str, Any] = Field(default_factory=dict)


# -- what a container is given ------------------------------------------------------------------------------------


class Mount(Model):
    """A folder or file of the host, seen in the container."""

    source: str = Field(description="absolute path on the host")
    target: str = Field(description="absolute path in the container")
    read_only: bool = True


class EnvVar(Model):
    """One environment variable. The value of a secret one is never sent back: it reads ``None`` in every answer."""

    name: str
    value: str | None = ""
    secret: bool = False

    @field_validator("name")
    @classmethod
    def _name_is_an_identifier(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} is no variable name: use letters, digits and _, not starting with a digit")
        return name

    @field_validator("value")
    @classmethod
    def _value_fits_an_environment(cls, value: str | None) -> str | None:
        if value is not None and "\0" in value:
            raise ValueError("a value cannot contain a NUL character")
        return value

    def masked(self) -> EnvVar:
        """The variable as it may be shown: a secret without its value."""
        return self.model_copy(update={"value": None}) if self.secret else self


def _parse_env(value: Any) -> Any:
    """Accept ``{"K": "V"}`` and ``["K=V"]`` beside the full form, as the command line and the notebook write them."""
    if isinstance(value, dict):
        return [_entry(name, str(text)) for name, text in value.items()]
    if isinstance(value, list):
        return [_parse_entry(entry) for entry in value]
    return value


def _parse_entry(entry: Any) -> Any:
    if not isinstance(entry, str):
        return entry
    name, equals, text = entry.partition("=")
    if not equals:
        raise ValueError(f"{entry!r} is no NAME=value")
    return _entry(name, text)


_SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)($|_)", re.IGNORECASE)


def _entry(name: Any, text: str) -> dict[str, Any]:
    """The short forms cannot say what is secret, so the name decides."""
    return {"name": name, "value": text, "secret": bool(_SECRET_NAME.search(str(name)))}


Env = Annotated[tuple[EnvVar, ...], BeforeValidator(_parse_env)]


class Resources(Model):
    """What a chat may use of the machine; ``None`` leaves the hub's default."""

    cpus: float | None = Field(default=None, gt=0, le=4096, description="CPU cores")
    memory: int | None = Field(default=None, ge=16 * 2**20, le=2**50, description="bytes")
    pids: int | None = Field(default=None, ge=16, le=2**22)
    gpus: int | None = Field(default=None, ge=0, le=1024, description="how many GPUs")


class Gpu(Model):
    """A GPU of the machine."""

    index: int
    uuid: str
    name: str
    memory: int = Field(description="bytes")


class Node(Model):
    """A machine that an engine runs containers on."""

    id: str
    address: str
    state: Literal["ready", "down"] = "ready"
    labels: dict[str, str] = Field(default_factory=dict)
    gpus: tuple[Gpu, ...] = ()


class EngineStatus(Model):
    """The container engine as the panel shows it."""

    name: str = Field(description="what a person calls it: 'Docker 28.2', 'No container engine'")
    kind: Literal["docker", "process"]
    reachable: bool
    isolated: bool = Field(description="False: agents run as plain processes of this machine")
    message: str = ""
    checked_at: datetime = Field(default_factory=now)


class Status(Model):
    """The hub as a whole."""

    version: str
    hub_id: str
    engine: EngineStatus
    gpus: tuple[Gpu, ...] = ()
    agents: tuple[AgentInfo, ...] = ()
    default_base: str = ""
    artifacts_path: str = Field(default="", description="folder of published files, relative to the server's root")


class AgentInfo(Model):
    """An agent that a chat can run."""

    name: str
    title: str


# -- projects and their builds ------------------------------------------------------------------------------------


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
    snapshot: Snapshot | None = None
    build: Build | None = Field(default=None, description="the newest build")
    spares: int = Field(default=0, description="chats that are prepared ahead, and start at once")
    created_at: datetime = Field(default_factory=now)

    volatile: ClassVar[frozenset[str]] = frozenset({"spares"})

    def masked(self) -> Project:
        """The project as it may be shown."""
        return self.model_copy(update={"env": tuple(variable.masked() for variable in self.env)})


# -- chats --------------------------------------------------------------------------------------------------------


class ChatStatus(StrEnum):
    queued = "queued"
    starting = "starting"
    running = "running"
    stopping = "stopping"
    exited = "exited"
    failed = "failed"
    unknown = "unknown"
    deleting = "deleting"


class Chat(Model):
    """One workspace, one container, one agent."""

    id: str
    project: str
    name: Name
    agent: str
    model: str = ""
    prompt: str = Field(default="", description="the first prompt")
    status: ChatStatus = ChatStatus.queued
    place: int = Field(default=0, description="which of its project's starts is next: 1 is; 0: it waits in no queue")
    reason: str = Field(default="", description="why it waits, or how it ended, in a few words")
    error: ErrorBody | None = None
    exit_code: int | None = None
    mounts: tuple[Mount, ...] = ()
    env: Env = ()
    resources: Resources = Resources()
    image: str = ""
    commit: str = ""
    container: str = Field(default="", description="the engine's id of the container")
    thread: str = Field(default="", description="the agent's own id of the conversation")
    workspace: str = Field(default="", description="the workspace's folder on the host")
    created_at: datetime = Field(default_factory=now)
    started_at: datetime | None = None
    ended_at: datetime | None = None

    volatile: ClassVar[frozenset[str]] = frozenset({"place"})

    def masked(self) -> Chat:
        """The chat as it may be shown."""
        return self.model_copy(update={"env": tuple(variable.masked() for variable in self.env)})


class Spare(Model):
    """A container made ahead of any request, which a new chat of its project takes over together with its id."""

    id: str
    chat: Chat = Field(description="the chat it was prepared as: what a chat must ask for to get it")
    branch: str = Field(default="", description="the project's, that its workspace was made on")
    token_hash: str = Field(description="of the token that its container holds, bound to the chat at the claim")


class DeletedChat(Model):
    """What is kept of a chat that was deleted with unsaved work. It holds no variable and no prompt of the chat's."""

    id: str
    name: Name
    project: str
    project_name: str = ""
    url: str = Field(default="", description="the repository's")
    agent: str
    model: str = ""
    kind: Literal["bundle", "workspace"] = Field(description="a Git bundle, or the workspace's folder as it was")
    path: str = Field(description="the bundle, or the folder, on the host")
    branch: str = Field(default="", description="what was checked out; empty for a commit on no branch")
    head: str = Field(default="", description="its commit; empty before the first")
    uncommitted: bool = Field(default=False, description="agent-hub/unsaved holds what was never committed")
    files: int = Field(description="changed or new files that were not committed")
    commits: int = Field(description="commits on no remote, with those of the stash")
    stashes: int = 0
    left_out: tuple[str, ...] = Field(default=(), description="uncommitted files that were too large to keep")
    needs: tuple[str, ...] = Field(default=(), description="commits of the repository that the bundle builds on")
    size: int = Field(default=0, description="of the bundle; 0 of a folder")
    how: str = Field(default="", description="how to have it back without the hub")
    deleted_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = Field(default=None, description="when it goes for good")


class Artifact(Model):
    """A file that a chat published; `path` is where Lab finds it."""

    id: str
    chat: str
    project: str
    name: str
    version: int = 1
    path: str = Field(description="relative to the server's root, with / between parts")
    size: int
    media_type: str
    sha256: str
    created_at: datetime = Field(default_factory=now)


class TerminalInfo(Model):
    """A terminal as terminado's REST API lists it."""

    name: str
    last_activity: datetime


class TerminalMatch(Model):
    """A line of a terminal that holds what was searched for."""

    line: int = Field(description="its number, counted from 1 at the oldest line that is kept")
    text: str = Field(description="the line's text; of a very long line, the part around the first match")
    spans: tuple[tuple[int, int], ...] = Field(
        description="where each match starts and ends in the text, in UTF-16 units as JavaScript counts them"
    )


class TerminalMatches(Model):
    """What a search of a terminal found, newest first."""

    query: str
    lines: int = Field(description="lines that are kept, the screen's included")
    complete: bool = Field(description="false where older lines match as well, more than were asked for")
    matches: tuple[TerminalMatch, ...]


# -- what a request carries ---------------------------------------------------------------------------------------


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


class NewChat(Resources):
    """Body of ``POST api/chats``. What is ``None`` is the project's; mounts and env are added to the project's."""

    project: str = Field(description="id or name")
    name: Name | None = None
    agent: str | None = None
    model: str | None = None
    prompt: str = ""
    mounts: tuple[Mount, ...] = ()
    env: Env = ()

    @field_validator("prompt")
    @classmethod
    def _prompt_fits_an_argument(cls, prompt: str) -> str:
        if "\0" in prompt:
            raise ValueError("it cannot contain a NUL character")
        if (length := len(prompt.encode(errors="replace"))) > PROMPT_BYTES:
            raise ValueError(f"it is {length} bytes long, and {PROMPT_BYTES} are the most; put the rest into a file")
        return prompt


class ChatChange(Model):
    """Body of ``PATCH api/chats/{id}``."""

    name: Name


# -- what the events socket sends ---------------------------------------------------------------------------------


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


Status.model_rebuild()
