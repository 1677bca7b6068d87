"""A program on a PTY of this machine, and the streams that watch it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import struct
import subprocess
import termios
import tty
from collections.abc import Callable, Mapping, Sequence

from agent_hub.engines.process_identity import signal_members
from agent_hub.engines.streams import READ_BUFFER

CHUNK = 65536
"""Bytes that are handed on at once."""

PAGE = 4095
"""Bytes that a terminal gives at once where it has more."""

DEFAULT_SIZE = (24, 80)


class Terminal:
    """The terminal of one container: it outlives each run of the program, and each stream attached to it.

    What the program writes goes to every stream; while one is paused, or keeps ``READ_BUFFER`` bytes for who does not
    listen yet, the program waits, and while there is no stream, its output is gone, as it is with a container engine.
    """

    def __init__(self, echo: bool = True) -> None:
        self._echo = echo
        self._size: tuple[int, int] | None = None
        self._master = -1
        self._streams: set[PtyStream] = set()
        self._reading = False
        self._input = bytearray()
        self._room: asyncio.Future[None] | None = None

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
        if self._input:
            self._give_or_wait()
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
        if self._master < 0 and not self._streams:
            # The program that this was for did not come.
            self._input.clear()
            self._settle()
        self.flow()

    def flow(self) -> None:
        """Read from the program, unless a stream holds it back."""
        wanted = self._master >= 0 and not any(stream.held for stream in self._streams)
        if wanted == self._reading:
            return
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_reader(self._master, self._take)
        else:
            loop.remove_reader(self._master)
        self._reading = wanted

    def _take(self) -> None:
        parts = bytearray()
        try:
            # A terminal gives a page at a time: what is there is handed on in one piece.
            while len(parts) < CHUNK:
                part = os.read(self._master, CHUNK)
                if not part:
                    raise OSError(errno.EIO, "the other side is closed")
                parts += part
                if len(part) < PAGE:
                    break
        except BlockingIOError:
            pass
        except OSError:
            # EIO: nobody holds the other side. The end itself is told by the process, not by its terminal.
            asyncio.get_running_loop().remove_reader(self._master)
            self._reading = False
        if parts:
            self._share(bytes(parts))
            self.flow()

    def _share(self, data: bytes) -> None:
        for stream in list(self._streams):
            stream.feed(data)

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """Send bytes to the program; see :class:`~agent_hub.engines.base.Stream`."""
        waiting = bool(self._input)
        self._input += data
        # What is typed before the start is for the program that is to come.
        if self._master >= 0 and not waiting:
            self._give_or_wait()
        if self._input and self._room is None:
            self._room = asyncio.get_running_loop().create_future()
        return self._room

    def _give_or_wait(self) -> None:
        self._give()
        if self._input:
            asyncio.get_running_loop().add_writer(self._master, self._give)

    def _give(self) -> None:
        try:
            while self._input:
                del self._input[: os.write(self._master, self._input)]
        except BlockingIOError:
            return
        except OSError:
            self._input.clear()
        self._settle()

    def _settle(self) -> None:
        room, self._room = self._room, None
        if room is None:
            return
        if self._master >= 0:
            asyncio.get_running_loop().remove_writer(self._master)
        if not room.done():
            room.set_result(None)

    def end(self) -> None:
        """Hand on what the program left to be read, and end every stream."""
        if self._master < 0:
            return
        loop, master = asyncio.get_running_loop(), self._master
        with contextlib.suppress(OSError):
            while data := os.read(master, CHUNK):
                self._share(data)
        loop.remove_reader(master)
        loop.remove_writer(master)
        self._reading = False
        self._master = -1
        os.close(master)
        self._input.clear()
        self._settle()
        streams, self._streams = self._streams, set()
        for stream in streams:
            stream.feed_end()


class PtyStream:
    """One viewer of a terminal; a :class:`~agent_hub.engines.base.Stream`."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._kept = bytearray()
        self._on_data: Callable[[bytes], None] | None = None
        self._on_end: Callable[[], None] | None = None
        self._paused = False
        self._ended = False

    @property
    def held(self) -> bool:
        """True while the program has to wait for this stream."""
        return self._paused or len(self._kept) > READ_BUFFER

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        if self._on_data is None or self._paused:
            self._kept += data
        else:
            self._on_data(data)

    def feed_end(self) -> None:
        """Take that the program ended."""
        if not self._ended:
            self._ended = True
            self._finish()

    def listen(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        """Hand on what came, here and now, and then what comes; see :class:`~agent_hub.engines.base.Stream`."""
        self._on_data, self._on_end = on_data, on_end
        self.resume()

    def pause(self) -> None:
        """Let the program wait."""
        self._paused = True
        self._terminal.flow()

    def resume(self) -> None:
        """Let it go on."""
        self._paused = False
        kept = bytes(self._kept)
        self._kept.clear()
        if kept and self._on_data is not None:
            self._on_data(kept)
        if self._ended:
            self._finish()
        else:
            self._terminal.flow()

    def _finish(self) -> None:
        if not self._kept and self._on_end is not None:
            on_end, self._on_end = self._on_end, None
            on_end()

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """Send bytes to the program. Raises :class:`ConnectionError` where there is none."""
        if self._ended:
            raise ConnectionResetError("the stream is closed")
        return self._terminal.write(data)

    async def resize(self, rows: int, columns: int) -> None:
        """Set the terminal's size; before the start it is remembered."""
        self._terminal.resize(rows, columns)

    async def close(self) -> None:
        """Detach; the program goes on."""
        self._on_data = self._on_end = None
        self._ended = True
        self._paused = False
        self._kept.clear()
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
