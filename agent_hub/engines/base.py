"""The engine seam: where containers run.

Two engines implement it, :mod:`agent_hub.engines.docker` and :mod:`agent_hub.engines.process`, and pass one contract
suite, ``tests/engines/test_contract.py``. Every method is a coroutine that never blocks the event loop, and raises an
:class:`~agent_hub.errors.EngineError`: :class:`~agent_hub.errors.EngineUnavailable` where the engine does not answer.

A container's identity is the :class:`Handle`'s ``id`` and its labels, never a name or a pid.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from agent_hub.models import EngineStatus, Mount, Node
from agent_hub.models.findings import Finding

LogSink = Callable[[str], None]
"""Takes one line of output, without its newline. Called on the event loop."""

OutputSink = Callable[[bytes], Awaitable[None]]
"""Takes a piece of output; while it is awaited no more is read, so that a command waits for a slow reader."""

ENGINES_OWN = (
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
)
"""Sockets and stores of container engines: whoever reaches one of these is root on the host."""

INTERRUPT_GRACE = 2.0
"""Seconds that a command gets to end by itself once it was interrupted."""


@dataclass(frozen=True)
class Image:
    """An image the engine has: its content's id, and its labels."""

    id: str
    ref: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BuildSpec:
    """A Dockerfile and its context, to be built as `ref`.

    Parameters
    ----------
    ref
        The image's name and tag.
    context
        Folder of the build context. Nothing outside it is read.
    dockerfile
        The Dockerfile, relative to `context`, with ``/`` between parts.
    args, labels
        Build arguments, and labels of the finished image.
    """

    ref: str
    context: Path
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What a container may use; ``None`` is no limit. `cpus` in cores, `memory` in bytes."""

    cpus: float | None = None
    memory: int | None = None
    pids: int | None = None


@dataclass(frozen=True)
class ContainerSpec:
    """A container to create.

    Parameters
    ----------
    name
        Unique on the engine; creating the same name twice gives the same container.
    image
        Reference of an image that the engine has.
    command
        Arguments for the image's entrypoint.
    user
        ``uid:gid`` the command runs as.
    gpus
        How many GPUs to pass through.
    privileges
        ``"none"``: all capabilities dropped and no-new-privileges, as every chat runs. ``"setup"``: the engine's own
        default, for the container a setup script runs in, where sudo has to work.
    tty
        Give the command a terminal.
    """

    name: str
    image: str
    command: Sequence[str] = ()
    entrypoint: Sequence[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = "/workspace"
    limits: Limits = Limits()
    gpus: int = 0
    network: Literal["default", "none"] = "default"
    privileges: Literal["none", "setup"] = "none"
    tty: bool = True


@dataclass(frozen=True)
class Handle:
    """A container the engine knows, with the labels it was created with."""

    id: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


State = Literal["queued", "starting", "running", "exited", "lost"]


@dataclass(frozen=True)
class ContainerStatus:
    """A container's state now. `exit_code` is set once exited; `reason` says why in a few words ("out of memory")."""

    state: State
    exit_code: int | None = None
    reason: str = ""
    node: str = ""


class Stream(Protocol):
    """Bytes to and from a terminal, on the event loop. Closing detaches and never ends the program."""

    def listen(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        """Hand each piece of output to `on_data` as it arrives, and call `on_end` once, after the last.

        What came before is handed on within this call; where much came, it was held back. Neither is called after
        :meth:`close`.
        """

    def pause(self) -> None:
        """Take no more output: the program waits once what lies between is full. At most one more piece comes."""

    def resume(self) -> None:
        """Take output again."""

    def write(self, data: bytes) -> Future[None] | None:
        """Pass on input, in one piece: no other writer's comes within it.

        The future is done once there is room for more, and ``None`` says there is already; who writes on without
        waiting is not refused, and fills the memory. Raises :class:`ConnectionError` where the program has ended.
        """

    async def resize(self, rows: int, columns: int) -> None:
        """Set the terminal's size; before the start it is remembered."""

    async def close(self) -> None:
        """Detach."""


@dataclass(frozen=True)
class Executed:
    """How a command in a container ended, with the end of both its outputs in the order they came."""

    exit_code: int
    output: str


class Engine(ABC):
    """Where containers run."""

    kind: Literal["docker", "process"]
    isolated: bool
    """False where agents are plain processes of this machine."""
    shares_kernel: bool = True
    """False where containers have a kernel of their own: then only files pass between them and this machine."""

    @abstractmethod
    async def status(self) -> EngineStatus:
        """Ask the engine how it is. Never raises: an engine that does not answer is ``reachable=False``."""

    @abstractmethod
    async def nodes(self) -> list[Node]:
        """The machines containers run on, with their GPUs."""

    @abstractmethod
    async def gateway_address(self, port: int = 0, told: str = "") -> tuple[str, str]:
        """Where the hub's gateway listens and what containers call it: ``(host to bind, host name for containers)``.

        Parameters
        ----------
        port
            That the gateway was told to listen on; 0 where any will do.
        told
            What containers are told in any case.
        """

    def host_path(self, path: str) -> str:
        """What the machine of the containers calls a path of the hub's: another one where the hub is in a container.

        Raises
        ------
        InvalidMount
            That machine has no such path, so no container can be given it.
        """
        return path

    async def findings(self) -> list[Finding]:
        """What somebody has to know who relies on it; never raises."""
        return []

    # -- images

    async def some_image(self, wanted: str) -> str:
        """An image to try something in: `wanted`, else one with the agent layer; empty where neither is here."""
        return wanted if await self.image(wanted) else ""

    @abstractmethod
    async def image(self, ref: str) -> Image | None:
        """The image of that name, or ``None`` where the engine has none; never asks a registry."""

    @abstractmethod
    async def pull(self, ref: str, on_line: LogSink) -> Image:
        """Fetch an image from its registry. Raises :class:`~agent_hub.errors.BaseImageNotFound`."""

    @abstractmethod
    async def build(self, spec: BuildSpec, on_line: LogSink) -> Image:
        """Build a Dockerfile; cancelling the task stops the build. Raises :class:`~agent_hub.errors.BuildError`."""

    @abstractmethod
    async def remove_image(self, ref: str) -> None:
        """Remove an image's name; no error where there is none."""

    # -- containers

    @abstractmethod
    async def create(self, spec: ContainerSpec) -> Handle:
        """Create a container, stopped. A container of the same name is returned as it is."""

    @abstractmethod
    async def start(self, handle: Handle) -> None:
        """Start a created or exited container; no error where it runs already."""

    @abstractmethod
    async def inspect(self, handle: Handle) -> ContainerStatus:
        """The container's state now; ``lost`` where the engine does not know it."""

    @abstractmethod
    async def wait(self, handle: Handle) -> ContainerStatus:
        """Wait until the container is exited or lost."""

    @abstractmethod
    async def list(self, labels: Mapping[str, str]) -> list[Handle]:
        """Every container, running or not, that carries all of `labels`."""

    @abstractmethod
    async def attach(self, handle: Handle) -> Stream:
        """The terminal of the container's command. Attach before `start` to miss nothing; a paused one stays paused."""

    @abstractmethod
    async def execute(
        self,
        handle: Handle,
        command: Sequence[str],
        on_line: LogSink | None = None,
        *,
        on_output: OutputSink | None = None,
        user: str = "",
        workdir: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Executed:
        """Run a command to its end in a running container; its output goes to `on_line` and `on_output` as it comes.

        Cancelling the task ends the command, and what it has started in its session: it is interrupted, as by Ctrl-C,
        and what is left of it after :data:`INTERRUPT_GRACE` seconds is killed. The task ends once it is gone.
        """

    @abstractmethod
    async def commit(self, handle: Handle, ref: str, labels: Mapping[str, str], command: Sequence[str] = ()) -> Image:
        """Save the container's file system as an image."""

    @abstractmethod
    async def stop(self, handle: Handle, grace: float = 10.0) -> ContainerStatus:
        """Ask the container to end, and kill it after `grace` seconds. Returns once it is verified not to run."""

    @abstractmethod
    async def pause(self, handle: Handle) -> None:
        """Freeze a running container: it keeps its memory and uses no CPU. No error where it is paused already.

        Raises :class:`~agent_hub.errors.Conflict` where it does not run.
        """

    @abstractmethod
    async def unpause(self, handle: Handle) -> None:
        """Let a paused container go on; no error where it is not paused."""

    @abstractmethod
    async def remove(self, handle: Handle) -> None:
        """Kill and remove the container. Returns once it is verified gone; no error where it was."""

    @abstractmethod
    async def close(self) -> None:
        """Give back connections and threads. Containers go on; processes of the process engine end."""

    # -- what happens by itself

    @abstractmethod
    def watch(self, labels: Mapping[str, str]) -> AsyncIterator[Handle]:
        """Containers that have just changed state, as the engine tells; ends where the engine goes away."""
