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
        self._listener: tuple[Callable[[bytes], None], Callable[[], None]] | None = None
        self._reading = False
        self._input = bytearray()
        self._room: asyncio.Future[None] | None = None
        self.paused = False
        self.pauses = 0
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

    def listen(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._listener = (on_data, on_end)
        self.resume()

    def pause(self) -> None:
        self.paused = True
        self.pauses += 1
        self._stop()

    def resume(self) -> None:
        self.paused = False
        if self._listener is not None and not self._reading:
            asyncio.get_running_loop().add_reader(self._controller, self._take)
            self._reading = True

    def _stop(self) -> None:
        if self._reading:
            asyncio.get_running_loop().remove_reader(self._controller)
            self._reading = False

    def _take(self) -> None:
        assert self._listener is not None
        on_data, on_end = self._listener
        try:
            data = os.read(self._controller, 65536)
        except OSError:
            self._stop()
            on_end()
        else:
            on_data(data)

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        self._input += data
        self._give()
        if self._input and self._room is None:
            self._room = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().add_writer(self._controller, self._give)
        return self._room

    def _give(self) -> None:
        with suppress(BlockingIOError):
            while self._input:
                del self._input[: os.write(self._controller, self._input)]
            if self._room is not None:
                asyncio.get_running_loop().remove_writer(self._controller)
                self._room.set_result(None)
                self._room = None

    async def resize(self, rows: int, columns: int) -> None:
        self.sizes.append((rows, columns))
        fcntl.ioctl(self._controller, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def close(self) -> None:
        self._stop()
        self._listener = None

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self._stop()
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
