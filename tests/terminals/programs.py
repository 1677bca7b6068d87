"""A program on a real PTY, and who watches its terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

from agent_hub.terminals.terminal import Terminal
from agent_hub.terminals.viewer import Viewer

LIMIT_SECONDS = 60


class Pty:
    """A program on a PTY, as a `Stream`."""

    def __init__(self, controller: int, process: asyncio.subprocess.Process) -> None:
        self._controller = controller
        self.process = process
        self._closed = asyncio.Event()
        self.sizes: list[tuple[int, int]] = []

    @classmethod
    async def start(cls, *command: str) -> Pty:
        controller, program_side = os.openpty()
        os.set_blocking(controller, False)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            env={"PS1": "$ ", "TERM": "xterm-256color", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            preexec_fn=_take_terminal,
        )
        os.close(program_side)
        return cls(controller, process)

    async def read(self, size: int = 65536) -> bytes:
        while not self._closed.is_set():
            try:
                return os.read(self._controller, size)
            except BlockingIOError:
                await self._ready(asyncio.get_running_loop().add_reader, asyncio.get_running_loop().remove_reader)
            except OSError:
                break
        return b""

    async def write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._controller, data) :]
            except BlockingIOError:
                await self._ready(asyncio.get_running_loop().add_writer, asyncio.get_running_loop().remove_writer)

    async def _ready(self, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
        ready = asyncio.Event()
        add(self._controller, ready.set)
        try:
            await ready.wait()
        finally:
            remove(self._controller)

    async def resize(self, rows: int, columns: int) -> None:
        self.sizes.append((rows, columns))
        fcntl.ioctl(self._controller, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def close(self) -> None:
        self._closed.set()

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        os.close(self._controller)


def _take_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Watcher:
    """A screen that keeps what it is shown, and can be told to take no more for a while."""

    def __init__(self, terminal: Terminal) -> None:
        self.shown: list[str] = []
        self.ended = False
        self.paused: asyncio.Future[None] | None = None
        self._changed = asyncio.Event()
        self.viewer: Viewer = terminal.join(self)

    @property
    def text(self) -> str:
        return "".join(self.shown)

    def send(self, text: str) -> asyncio.Future[None] | None:
        self.shown.append(text)
        self._changed.set()
        return self.paused

    def end(self) -> None:
        self.ended = True
        self._changed.set()

    async def until(self, wanted: str | Callable[[Watcher], bool]) -> None:
        """Wait until the text is shown, or the condition holds."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while not (wanted in self.text if isinstance(wanted, str) else wanted(self)):
                self._changed.clear()
                await self._changed.wait()
