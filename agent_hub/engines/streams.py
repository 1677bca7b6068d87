"""A container's terminal: what comes on a hijacked connection is handed on in the callback that it arrives in.

After ``101 Switching Protocols`` an attach's connection is the terminal. Head and terminal bytes may come in one
segment; one protocol reads both, so that none is lost, and no task or queue stands between the socket and who listens.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent_hub.engines.http import UPGRADE, EngineAddress, Reply, parse_head, request_head

READ_BUFFER = 256 * 1024
"""Bytes read at once, and bytes kept for who does not listen yet; past that nothing is read from the engine."""

LONGEST_HEAD = 64 * 1024
"""Bytes of an answer to an attach that are read: more is no answer of an engine."""

CLOSE_TIMEOUT = 5.0
"""Seconds that a program gets to take what was written to it before the detach."""

Resize = Callable[[int, int], Awaitable[None]]
OnData = Callable[[bytes], None]
OnEnd = Callable[[], None]


class AttachRefused(Exception):
    """The engine's answer to an attach that it refused."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


async def attach(
    address: EngineAddress,
    path: str,
    query: Mapping[str, Any],
    resize: Resize,
    *,
    framed: bool,
    buffer: memoryview,
) -> TerminalStream:
    """Attach to a container.

    Parameters
    ----------
    resize
        Tells the engine the terminal's rows and columns.
    framed
        The container has no terminal, and its outputs come in frames.
    buffer
        Where bytes are received. Streams of one event loop may share it: nothing stays in it.

    Raises
    ------
    OSError
        The engine does not answer, or answers what is no HTTP.
    AttachRefused
        With what it answers.
    """
    stream = await address.open(lambda: TerminalStream(resize, framed, buffer))
    try:
        await stream.upgrade(request_head("POST", path, query, {**UPGRADE, "Content-Length": "0"}))
    except BaseException:
        stream.abort()
        raise
    return stream


class TerminalStream(asyncio.BufferedProtocol):
    """A container's terminal over a hijacked connection; a :class:`~agent_hub.engines.base.Stream`."""

    def __init__(self, resize: Resize, framed: bool, buffer: memoryview) -> None:
        self._resize = resize
        self._frames = Frames() if framed else None
        self._buffer = buffer
        self._head: bytearray | None = bytearray()
        self._upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._refusal: Exception = ConnectionError("the engine ended the connection without an answer")
        self._kept: list[bytes] = []
        self._kept_size = 0
        self._on_data: OnData | None = None
        self._on_end: OnEnd | None = None
        self._ended = False
        self._closed = False
        self._room: asyncio.Future[None] | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # -- the stream

    async def upgrade(self, head: bytes) -> None:
        """Ask for the connection itself. Raises as :func:`attach` does."""
        self._transport.write(head)
        await self._upgraded

    def listen(self, on_data: OnData, on_end: OnEnd) -> None:
        """Hand on what came, here and now, and then what comes; see :class:`~agent_hub.engines.base.Stream`."""
        self._on_data, self._on_end = on_data, on_end
        kept, self._kept, self._kept_size = b"".join(self._kept), [], 0
        self.resume()
        if kept:
            on_data(kept)
        if self._ended and not self._closed:
            on_end()

    def pause(self) -> None:
        """Read no more from the engine."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """Send bytes to the program, all of them in one piece. Raises :class:`ConnectionError` where it has ended."""
        if self._ended or self._closed or self._transport.is_closing():
            raise ConnectionResetError("the program's terminal is closed")
        self._transport.write(data)
        return self._room

    async def resize(self, rows: int, columns: int) -> None:
        """Set the terminal's size; before the start it is remembered."""
        await self._resize(rows, columns)

    async def close(self) -> None:
        """Detach; the program goes on. What was written before still reaches it, if it reads soon."""
        self._closed = True
        self._on_data = self._on_end = None
        self._kept.clear()
        self._transport.close()
        await asyncio.wait([self._lost], timeout=CLOSE_TIMEOUT)
        self.abort()

    def abort(self) -> None:
        """End the connection at once."""
        self._closed = True
        self._transport.abort()

    # -- the protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that came."""
        data = bytes(self._buffer[:nbytes])
        if self._head is not None:
            data = self._read_head(self._head, data)
        if data and self._frames is not None:
            data = self._frames.feed(data)
        if not data or self._closed:
            return
        if self._on_data is not None:
            self._on_data(data)
            return
        self._kept.append(data)
        self._kept_size += len(data)
        if self._kept_size >= READ_BUFFER:
            self.pause()

    def pause_writing(self) -> None:
        """Let writers wait."""
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._settle_room()

    def eof_received(self) -> None:
        """The container has ended, or the engine has."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._end()
        self._settle_room()
        if not self._lost.done():
            self._lost.set_result(None)

    # -- within

    def _read_head(self, head: bytearray, data: bytes) -> bytes:
        head += data
        end = head.find(b"\r\n\r\n")
        if end < 0:
            if len(head) > LONGEST_HEAD:
                self._fail(ConnectionError("the engine answers what is no HTTP"))
            return b""
        try:
            status, headers = parse_head(bytes(head[:end]))
        except ConnectionError as error:
            self._fail(error)
            return b""
        rest = bytes(head[end + 4 :])
        if status in (101, 200):
            self._head = None
            if not self._upgraded.done():
                self._upgraded.set_result(None)
            return rest
        self._refusal = AttachRefused(Reply(status, rest))
        length = headers.get("content-length", "")
        if (length.isdigit() and len(rest) >= int(length)) or len(head) > LONGEST_HEAD:
            self._fail(self._refusal)
        return b""

    def _fail(self, error: Exception) -> None:
        if not self._upgraded.done():
            self._upgraded.set_exception(error)
        self.abort()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._head is not None:
            self._fail(self._refusal)
        elif self._on_end is not None and not self._closed:
            self._on_end()

    def _settle_room(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)


class Frames:
    """The outputs of a program without a terminal, taken out of the frames that an engine sends them in."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0

    def feed(self, data: bytes) -> bytes:
        """The outputs' bytes in `data`, in the order they came."""
        data = self._rest + data
        self._rest = b""
        parts = []
        start = 0
        while start < len(data):
            if not self._left:
                if len(data) - start < 8:
                    self._rest = data[start:]
                    break
                (self._left,) = struct.unpack_from(">4xI", data, start)
                start += 8
            part = data[start : start + self._left]
            parts.append(part)
            start += len(part)
            self._left -= len(part)
        return b"".join(parts)
