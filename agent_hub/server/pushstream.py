"""A WebSocket's bytes, handed on in the callback that they arrive in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError

READ_BYTES = 16 * 1024
"""Bytes read at once. A key is twenty."""

READ_AHEAD = 64 * 1024
"""Bytes kept for who does not ask for them yet; past that nothing is read."""

OnText = Callable[[str], asyncio.Future[None] | None]
"""Takes a message; nothing more is read until the future that it gives is done."""

_FINAL, _KIND, _CONTROL, _MASKED, _LONG = 0x80, 0x0F, 0x08, 0x80, 126
_WHOLE_TEXT = 0x81
_MASK_END = 6


class PushStream(asyncio.BufferedProtocol):
    """The stream of a server's WebSocket: as much of :class:`~tornado.iostream.IOStream` as tornado uses of it.

    Tornado reads a frame in three parts, each by a coroutine, and is woken a turn of the loop after they came. Short
    text messages that came whole, as keys do, are taken apart here and handed on at once: of all that comes they are
    what somebody waits for. Every other frame is tornado's to read, and so is every fault (RFC 6455, section 5.2).

    Made by :meth:`take_over`.
    """

    def __init__(self, on_text: OnText) -> None:
        self.io_loop = IOLoop.current()
        self._loop = asyncio.get_running_loop()
        self._on_text = on_text
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._ahead = bytearray()
        self._lost = False
        self._wanted = 0
        self._asked: asyncio.Future[bytes] | None = None
        self._held = False
        self._parts = 0
        self._in_fragments = False
        self._room: asyncio.Future[None] | None = None

    @classmethod
    async def take_over(cls, stream: IOStream, on_text: OnText) -> PushStream:
        """Take a plain connection from tornado's stream, which is closed, with what it has read already."""
        pushed = cls(on_text)
        # Done at once where there is something; the last of them, when the stream is closed.
        while (early := asyncio.ensure_future(stream.read_bytes(READ_AHEAD, partial=True))).done():
            if early.exception() is not None:
                break
            pushed._ahead += early.result()
        own = stream.socket.dup()
        stream.close()
        early.add_done_callback(asyncio.Future.exception)
        own.setblocking(False)
        await pushed._loop.connect_accepted_socket(lambda: pushed, own)
        return pushed

    # -- what tornado asks of it

    async def read_bytes(self, num_bytes: int) -> bytes:
        """The next bytes of what is not handed on. Raises :class:`~tornado.iostream.StreamClosedError`."""
        asked: asyncio.Future[bytes] = self._loop.create_future()
        self._wanted, self._asked = num_bytes, asked
        self._advance()
        return await asked

    def write(self, data: bytes) -> asyncio.Future[None]:
        """As :meth:`send`, with a future in any case."""
        waiting = self.send(data)
        if waiting is None:
            waiting = self._loop.create_future()
            waiting.set_result(None)
        return waiting

    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    def close(self) -> None:
        """End the connection now; what the client has not taken is dropped."""
        self._transport.abort()

    # -- sending

    def send(self, data: bytes) -> asyncio.Future[None] | None:
        """Send bytes; the future is done once all are with the system, and ``None`` says they are already.

        Raises
        ------
        StreamClosedError
            The connection is closed.
        """
        if self._transport.is_closing():
            raise StreamClosedError
        self._transport.write(data)
        return self._room

    def pause_writing(self) -> None:
        """Let writers wait."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let writers go on."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    # -- reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # Who sends is told of every byte that waits.
        transport.set_write_buffer_limits(0)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that came."""
        self._ahead += self._buffer[:nbytes]
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._lost = True
        self._advance()
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_exception(StreamClosedError(exc))
            # It need not be of interest to anyone.
            room.exception()

    def _advance(self) -> None:
        """Hand on what is for here, then give tornado what it asked for; read on where there is room."""
        if self._asked is not None and not self._held:
            if not self._parts and not self._in_fragments:
                self._hand_on()
            if not self._held and len(self._ahead) >= self._wanted:
                self._give(bytes(self._ahead[: self._wanted]))
        if self._lost:
            if self._asked is not None and not self._held and not self._asked.done():
                self._asked.set_exception(StreamClosedError())
        elif self._held or len(self._ahead) > max(READ_AHEAD, self._wanted):
            self._transport.pause_reading()
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def _give(self, data: bytes) -> None:
        """Give tornado a part of a frame: its head, its longer length, its mask, or what it carries."""
        del self._ahead[: len(data)]
        if self._parts:
            self._parts -= 1
        else:
            kind, size = data
            self._parts = 1 + (size >= _MASKED) + (size & ~_MASKED >= _LONG)
            if kind & _KIND < _CONTROL:
                self._in_fragments = not kind & _FINAL
        asked, self._asked, self._wanted = self._asked, None, 0
        if asked is not None and not asked.done():
            asked.set_result(data)

    def _hand_on(self) -> None:
        """Hand on the short text messages at the front."""
        ahead = self._ahead
        while len(ahead) >= _MASK_END and ahead[0] == _WHOLE_TEXT and _MASKED <= ahead[1] < _MASKED + _LONG:
            end = _MASK_END + ahead[1] - _MASKED
            if len(ahead) < end:
                return
            try:
                text = _unmasked(ahead[2:_MASK_END], ahead[_MASK_END:end]).decode()
            except UnicodeDecodeError:
                return
            del ahead[:end]
            waiting = self._on_text(text)
            if waiting is not None:
                self._held = True
                waiting.add_done_callback(self._go_on)
                return

    def _go_on(self, waited: asyncio.Future[None]) -> None:
        self._held = False
        self._advance()


def _unmasked(mask: bytearray, data: bytearray) -> bytes:
    size = len(data)
    pattern = mask * (size // len(mask) + 1)
    return (int.from_bytes(data) ^ int.from_bytes(pattern[:size])).to_bytes(size)
