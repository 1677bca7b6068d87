"""A program on a PTY of this machine, and the streams that watch it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
import tty
from collections.abc import Mapping, Sequence

from agent_hub.engines.process_identity import signal_members
from agent_hub.engines.streams import READ_BUFFER

CHUNK = 65536
DEFAULT_SIZE = (24, 80)


class Terminal:
    """The terminal of one container: it outlives each run of the program, and each stream attached to it.

    What the program writes goes to every stream; while one has more than ``READ_BUFFER`` bytes to be read, the program
    waits, and while there is no stream, its output is gone, as it is with a container engine.
    """

    def __init__(self, echo: bool = True) -> None:
        self._echo = echo
        self._size: tuple[int, int] | None = None
        self._master = -1
        self._streams: set[PtyStream] = set()
        self._reading = False
        self._ready: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()

    def open(self) -> tuple[int, int]:
        """Make a PTY; gives its (master, slave). The caller closes the slave."""
        master, slave = os.openpty()
        os.set_blocking(master, False)
        if not self._echo:
            tty.setraw(slave)
        return master, slave

    def connect(self, master: int) -> None:
        """Take the master of a program that has started."""
        self._master = master
        self._apply_size()
        self.flow()

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._size or DEFAULT_SIZE

    def resize(self, rows: int, columns: int) -> None:
        """Set the size, now or at the start."""
        self._size = (rows, columns)
        self._apply_size()

    def _apply_size(self) -> None:
        if self._master >= 0:
            set_size(self._master, self.size)

    def attach(self) -> PtyStream:
        """A new stream."""
        stream = PtyStream(self)
        self._streams.add(stream)
        return stream

    def detach(self, stream: PtyStream) -> None:
        """Forget a stream."""
        self._streams.discard(stream)
        self.flow()

    def flow(self) -> None:
        """Read from the program, unless a stream is too far behind."""
        wanted = self._master >= 0 and not any(stream.behind for stream in self._streams)
        if wanted == self._reading:
            return
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_reader(self._master, self._take)
        else:
            loop.remove_reader(self._master)
        self._reading = wanted

    def _take(self) -> None:
        try:
            data = os.read(self._master, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            # EIO: nobody holds the other side. The end itself is told by the process, not by its terminal.
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
            self._reading = False
            return
        for stream in self._streams:
            stream.feed(data)
        self.flow()

    async def write(self, data: bytes) -> None:
        """Send bytes to the program; waits while it does not read. Raises :class:`ConnectionError` once it ended."""
        async with self._writing:
            view = memoryview(data)
            while view:
                if self._master < 0:
                    raise ConnectionResetError("the program has ended")
                try:
                    view = view[os.write(self._master, view) :]
                except BlockingIOError:
                    await self._writable()
                except OSError as error:
                    raise ConnectionResetError("the program has ended") from error

    async def _writable(self) -> None:
        loop, master = asyncio.get_running_loop(), self._master
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_writer(master, _settle, ready)
        self._ready = ready
        try:
            await ready
        finally:
            if self._master == master:
                loop.remove_writer(master)

    def end(self) -> None:
        """Hand on what the program left to be read, and end every stream."""
        if self._master < 0:
            return
        loop, master = asyncio.get_running_loop(), self._master
        with contextlib.suppress(OSError):
            while data := os.read(master, CHUNK):
                for stream in self._streams:
                    stream.feed(data)
        loop.remove_reader(master)
        loop.remove_writer(master)
        self._reading = False
        self._master = -1
        os.close(master)
        if self._ready is not None:
            _settle(self._ready)
        for stream in self._streams:
            stream.feed_end()
        self._streams.clear()


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class PtyStream:
    """One viewer of a terminal; a :class:`~agent_hub.engines.base.Stream`."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._buffer = bytearray()
        self._ended = False
        self._arrived = asyncio.Event()

    @property
    def behind(self) -> bool:
        """True while more is to be read than may be."""
        return len(self._buffer) > READ_BUFFER

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        self._buffer += data
        self._arrived.set()

    def feed_end(self) -> None:
        """Take that the program ended."""
        self._ended = True
        self._arrived.set()

    async def read(self, size: int = 65536) -> bytes:
        """The next bytes, or ``b""`` once the program ended or the stream was closed."""
        while not self._buffer and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        if not self._ended:
            self._terminal.flow()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes to the program. Raises :class:`ConnectionError` where there is none."""
        if self._ended:
            raise ConnectionResetError("the stream is closed")
        await self._terminal.write(data)

    async def resize(self, rows: int, columns: int) -> None:
        """Set the terminal's size; before the start it is remembered."""
        self._terminal.resize(rows, columns)

    async def close(self) -> None:
        """Detach; the program goes on."""
        self.feed_end()
        self._buffer.clear()
        self._terminal.detach(self)


def set_size(fd: int, size: tuple[int, int]) -> None:
    """Set a terminal's rows and columns."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))


def spawn(argv: Sequence[str], slave: int, cwd: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program as the leader of a session of its own on a terminal. Raises :class:`OSError`. Blocks."""
    return subprocess.Popen(
        list(argv),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
        # After setsid the terminal has to be made the session's own, or Ctrl-C would reach nobody.
        preexec_fn=_take_terminal,
    )


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a session's leader to end, end what it left running, and give its exit code as a shell would."""
    loop = asyncio.get_running_loop()
    fd = os.pidfd_open(process.pid)
    over = asyncio.Event()
    loop.add_reader(fd, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)
    # Before it is reaped, its pid, which is the session's id, cannot be another's.
    await asyncio.to_thread(signal_members, process.pid, signal.SIGKILL)
    code = process.wait()
    return code if code >= 0 else 128 - code
