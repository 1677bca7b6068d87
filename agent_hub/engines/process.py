"""Chats with no container engine: plain processes of this machine, each on a terminal of its own.

Nothing is isolated and no limit is enforced. An image is a folder with the agent layer's programs, a container a folder
with its description; ``docs/architecture.md`` says how paths of a container become paths of this machine. It needs
Linux: who a process is comes from ``/proc``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agent_hub.engines.base import (
    BuildSpec,
    ContainerSpec,
    ContainerStatus,
    Engine,
    Executed,
    Handle,
    Image,
    LogSink,
    OutputSink,
    Stream,
)
from agent_hub.engines.gpus import local_gpus
from agent_hub.engines.process_execution import KILL_TIMEOUT, Execution
from agent_hub.engines.process_identity import ProcessIdentity
from agent_hub.engines.process_images import ImageFolders
from agent_hub.engines.process_paths import PathMap, check_mounts
from agent_hub.engines.process_records import ContainerRecord, read_records, write_record
from agent_hub.engines.process_terminal import Terminal, ended, set_size, spawn
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import BaseImageNotFound, Conflict, ContainerLost, EngineError
from agent_hub.models import EngineStatus, Node
from agent_hub.models.findings import Finding

T = TypeVar("T")

NOT_ISOLATED = (
    "No container engine: agents run as plain processes of this machine. Nothing is isolated, "
    "and limits on CPU, memory and processes are not enforced."
)

NOT_BUILT = "There is no container engine: the base image is not used, the Dockerfile is not run, nothing is isolated."

CLOSE_GRACE = 2.0
"""Seconds that programs get to end when the engine is closed."""

RECHECK = 2.0
"""Seconds between two looks at a process that this engine did not start."""


@dataclass
class Program:
    """A run of a container's command, and the commands executed beside it."""

    identity: ProcessIdentity
    over: asyncio.Event = field(default_factory=asyncio.Event)
    beside: set[ProcessIdentity] = field(default_factory=set)
    reaping: asyncio.Task[None] | None = None


class ProcessEngine(Engine):
    """Processes of this machine.

    Parameters
    ----------
    root
        Folder for images and containers; made where it is missing.
    """

    kind = "process"
    isolated = False

    def __init__(self, root: Path) -> None:
        self._containers = root / "containers"
        self._images = ImageFolders(root / "images")
        self._pool = ThreadPoolExecutor(4, "agent-hub-process")
        self._creating = asyncio.Lock()
        self._starting = asyncio.Lock()
        self._folders = threading.Lock()
        self._records: dict[str, ContainerRecord] | None = None
        self._programs: dict[str, Program] = {}
        self._terminals: dict[str, Terminal] = {}
        self._changed = asyncio.Event()
        self._watchers: list[tuple[Mapping[str, str], asyncio.Queue[Handle]]] = []

    # -- the engine

    async def status(self) -> EngineStatus:
        """Say that nothing is isolated."""
        return EngineStatus(
            name="No container engine", kind="process", reachable=True, isolated=False, message=NOT_ISOLATED
        )

    async def nodes(self) -> list[Node]:
        """Name this machine, with its GPUs."""
        gpus = await self._in_thread(local_gpus)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return [Node(id=socket.gethostname(), address="127.0.0.1", cpus=os.cpu_count() or 1, memory=memory, gpus=gpus)]

    async def gateway_address(self, port: int = 0, told: str = "") -> tuple[str, str]:
        """Give the loopback address, which both sides share."""
        return "127.0.0.1", "127.0.0.1"

    async def findings(self) -> list[Finding]:
        """Say it again."""
        return [
            Finding(
                subject="Engine",
                state="warning",
                message=NOT_ISOLATED,
                remedy="Leave --AgentHub.engine_class out where Docker is.",
            )
        ]

    # -- images

    async def image(self, ref: str) -> Image | None:
        """The image of that name, or ``None``."""
        return await self._in_thread(lambda: self._images.find(ref))

    async def pull(self, ref: str, on_line: LogSink) -> Image:
        """Note the base image's name; nothing is fetched, since nothing could use it."""
        on_line(NOT_BUILT)
        return await self.image(ref) or await self._save(ref, {}, None)

    async def build(self, spec: BuildSpec, on_line: LogSink) -> Image:
        """Take the context's ``bin`` as the image's programs."""
        on_line(NOT_BUILT)
        return await self._save(spec.ref, spec.labels, spec.context)

    async def remove_image(self, ref: str) -> None:
        """Remove the image's folder."""
        await self._in_thread(lambda: self._images.remove(ref))

    async def _save(self, ref: str, labels: Mapping[str, str], source: Path | None) -> Image:
        cancelled = threading.Event()
        saving = asyncio.ensure_future(self._in_thread(lambda: self._images.save(ref, labels, source, cancelled)))
        try:
            return await asyncio.shield(saving)
        except asyncio.CancelledError:
            # A thread cannot be cancelled: it is told to stop, and what it has finished in spite of that is taken back.
            cancelled.set()
            await asyncio.wait([saving])
            if saving.exception() is None:
                await self.remove_image(ref)
            raise

    # -- a container's life

    async def create(self, spec: ContainerSpec) -> Handle:
        """Create a container's folder; one of the same name is returned as it is."""
        async with self._creating:
            records = await self._load()
            for record in records.values():
                if record.spec.name == spec.name:
                    return record.handle
            await self._in_thread(lambda: check_mounts(spec.mounts))
            if await self.image(spec.image) is None:
                raise BaseImageNotFound(f"There is no image {spec.image}.", "Build the project's snapshot again.")
            record = ContainerRecord(id=uuid.uuid4().hex, spec=spec)
            await self._in_thread(lambda: self._unpack(record))
            await self._update(record)
            return record.handle

    def _unpack(self, record: ContainerRecord) -> None:
        folder = self._folder(record.id)
        for own in ("workspace", "hub", "home"):
            (folder / own).mkdir(parents=True, exist_ok=True)
        self._images.unpack(record.spec.image, folder / "opt/agent-hub")

    async def start(self, handle: Handle) -> None:
        """Start the program on its terminal."""
        async with self._starting:
            record = await self._record(handle)
            if handle.id in self._programs:
                return
            if record.running:
                # Left over by a server that was killed: its terminal is gone, and with it what it was good for.
                await self._end(record, 0)
            terminal = self._terminal(record)
            master, slave = terminal.open()
            set_size(slave, terminal.size)
            try:
                process, identity = await self._in_thread(lambda: self._spawn(record, slave))
            except OSError as error:
                os.close(master)
                await self._update(record.model_copy(update={"exit_code": 127, "reason": str(error)}))
                raise EngineError(
                    f"The program cannot be started: {error}", "Check that it is installed on this machine."
                ) from error
            finally:
                os.close(slave)
            program = Program(identity)
            self._programs[handle.id] = program
            terminal.connect(master)
            await self._update(record.model_copy(update={"process": identity, "exit_code": None, "reason": ""}))
            program.reaping = asyncio.create_task(self._reap(handle.id, program, process))

    def _spawn(self, record: ContainerRecord, slave: int) -> tuple[subprocess.Popen[bytes], ProcessIdentity]:
        spec, paths = record.spec, self._paths(record)
        own = Path(paths.path("/opt/agent-hub/bin/entrypoint"))
        entrypoint = paths.arguments(spec.entrypoint) if spec.entrypoint is not None else [str(own)] * own.is_file()
        argv = [*entrypoint, *paths.arguments(spec.command)]
        process = spawn(argv, slave, paths.path(spec.workdir), paths.environment(spec.env, os.environ))
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None, "a child that was not waited for has its pid"
        return process, identity

    async def _reap(self, container: str, program: Program, process: subprocess.Popen[bytes]) -> None:
        code = await ended(process)
        for beside in list(program.beside):
            await self._in_thread(lambda one=beside: one.signal_session(signal.SIGKILL))  # type: ignore[misc]
        record, terminal = (await self._load()).get(container), self._terminals[container]
        del self._programs[container]
        if record is not None:
            await self._update(record.model_copy(update={"exit_code": code}))
        terminal.end()
        program.over.set()

    async def inspect(self, handle: Handle) -> ContainerStatus:
        """The container's state now."""
        record = (await self._load()).get(handle.id)
        if record is None:
            return ContainerStatus("lost", reason="the container is gone")
        if record.exit_code is not None:
            return ContainerStatus("exited", record.exit_code, record.reason)
        if record.process is None:
            return ContainerStatus("starting")
        if handle.id in self._programs or record.running:
            return ContainerStatus("running")
        return ContainerStatus("exited", reason="the server it ran under was ended")

    async def wait(self, handle: Handle) -> ContainerStatus:
        """Wait until it is exited or lost."""
        while True:
            changed = self._changed
            status = await self.inspect(handle)
            if status.state in ("exited", "lost"):
                return status
            foreign = status.state == "running" and handle.id not in self._programs
            try:
                await asyncio.wait_for(changed.wait(), RECHECK if foreign else None)
            except TimeoutError:
                continue

    async def list(self, labels: Mapping[str, str]) -> list[Handle]:
        """Every container that carries all of `labels`."""
        handles = [record.handle for record in (await self._load()).values()]
        return [handle for handle in handles if labels.items() <= handle.labels.items()]

    async def stop(self, handle: Handle, grace: float = 10.0) -> ContainerStatus:
        """Ask the program to end, kill it and what it started after `grace` seconds, and verify that it ended."""
        record = (await self._load()).get(handle.id)
        if record is not None:
            await self._end(record, grace)
        return await self.inspect(handle)

    async def _end(self, record: ContainerRecord, grace: float) -> None:
        program = self._programs.get(record.id)
        identity = program.identity if program else record.process
        if identity is None or not (program or record.running):
            return
        # A terminal that is closed hangs up: an interactive shell ignores every other polite way to end it.
        polite = signal.SIGHUP if record.spec.tty else signal.SIGTERM
        for number, patience in ((polite, grace), (signal.SIGKILL, KILL_TIMEOUT)):
            if patience <= 0:
                continue
            await self._in_thread(lambda one=number: identity.signal_session(one))  # type: ignore[misc]
            try:
                await asyncio.wait_for(program.over.wait() if program else _gone(identity), patience)
                return
            except TimeoutError:
                continue
        raise EngineError(
            f"The process {identity.pid} cannot be ended.", "It waits for the kernel; look at it with ps."
        )

    async def pause(self, handle: Handle) -> None:
        """Leave it be: a program that waits costs next to nothing, and one that is stopped would seem hung."""
        await self._record(handle)
        if (await self.inspect(handle)).state != "running":
            raise Conflict("The container cannot be paused: it does not run.", "Start it first.")

    async def unpause(self, handle: Handle) -> None:
        """Leave it be; see :meth:`pause`."""
        await self._record(handle)

    async def remove(self, handle: Handle) -> None:
        """Kill the program and remove the container's folder."""
        records = await self._load()
        if handle.id not in records:
            return
        await self._end(records[handle.id], 0)
        await self._in_thread(lambda: self._remove_folder(handle.id))
        self._terminals.pop(handle.id, None)
        self._announce(records.pop(handle.id))

    async def commit(self, handle: Handle, ref: str, labels: Mapping[str, str], command: Sequence[str] = ()) -> Image:
        """Save the container's programs and seed as an image; `command` has no meaning here."""
        record = await self._record(handle)
        source = await self.image(record.spec.image)
        inherited = source.labels if source else {}
        return await self._save(ref, {**inherited, **labels}, self._folder(handle.id) / "opt/agent-hub")

    # -- what runs in it

    async def attach(self, handle: Handle) -> Stream:
        """Its terminal."""
        record = await self._record(handle)
        if record.running and handle.id not in self._programs:
            raise EngineError(
                "The program's terminal went with the server that started it.", "Stop the chat and start it again."
            )
        return self._terminal(record).attach()

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
        """Run a command beside the program, as the hub's own user; see :meth:`Engine.execute`."""
        record = await self._record(handle)
        program = self._programs.get(handle.id)
        if program is None:
            raise EngineError("The container is not running.", "Start the chat, and try again.")
        paths = self._paths(record)
        execution = Execution(self._in_thread, program.beside, on_line, on_output)
        return await execution.run(
            paths.arguments(command),
            paths.path(workdir or record.spec.workdir),
            paths.environment({**record.spec.env, **(env or {})}, os.environ),
        )

    async def watch(self, labels: Mapping[str, str]) -> AsyncIterator[Handle]:
        """Containers that have just changed state."""
        watcher = (labels, asyncio.Queue[Handle]())
        self._watchers.append(watcher)
        try:
            while True:
                yield await watcher[1].get()
        finally:
            self._watchers.remove(watcher)

    async def close(self) -> None:
        """End every program, and give back threads."""
        records = await self._load()
        await asyncio.gather(*(self._end(records[one], CLOSE_GRACE) for one in self._programs))
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- records

    def _folder(self, container: str) -> Path:
        return self._containers / container

    def _paths(self, record: ContainerRecord) -> PathMap:
        return PathMap(self._folder(record.id), record.spec.mounts)

    def _terminal(self, record: ContainerRecord) -> Terminal:
        return self._terminals.setdefault(record.id, Terminal(echo=record.spec.tty))

    async def _record(self, handle: Handle) -> ContainerRecord:
        record = (await self._load()).get(handle.id)
        if record is None:
            raise ContainerLost("The container is gone.", "Start the chat again to get a new one.")
        return record

    async def _load(self) -> dict[str, ContainerRecord]:
        if self._records is None:
            found = await self._in_thread(lambda: read_records(self._containers))
            self._records = self._records if self._records is not None else found
        return self._records

    async def _update(self, record: ContainerRecord) -> None:
        (await self._load())[record.id] = record
        await self._in_thread(lambda: self._write(record))
        self._announce(record)

    def _write(self, record: ContainerRecord) -> None:
        with self._folders:
            # A program that has just ended may be told of after its container was removed.
            if self._folder(record.id).is_dir():
                write_record(self._folder(record.id), record)

    def _remove_folder(self, container: str) -> None:
        with self._folders:
            remove_tree(self._folder(container))

    def _announce(self, record: ContainerRecord) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        for labels, queue in self._watchers:
            if labels.items() <= record.handle.labels.items():
                queue.put_nowait(record.handle)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


async def _gone(identity: ProcessIdentity) -> None:
    while identity.alive:
        await asyncio.sleep(0.05)
