"""The short way in and out of a WebSocket, for messages that come often or in bulk."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, cast

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketProtocol

SEND_BUFFER = 512 * 1024
"""Bytes that the system keeps of what a client has not taken. Left alone, it grows to several MiB for each."""

READ_AHEAD = 64 * 1024
"""Bytes that are read at once."""

_TEXT = 0x81
"""A whole message in one frame, of text."""


class TextFrames:
    """Sends text messages on a connection without a task, a future or a turn of the loop for each.

    Tornado's ``write_message`` makes all three, which is most of what a key's echo costs. A frame is written here with
    the stream's own documented ``write_to_fd`` while nothing waits in its buffer, and with its ``write`` else, so that
    the order with tornado's own frames is kept. The connection must have no compression, as is tornado's default.

    What the client sends, tornado still reads and takes apart, by way of :class:`ReadAhead`.
    """

    def __init__(self, connection: WebSocketProtocol) -> None:
        self._connection = connection
        assert connection.stream is not None, "an open connection has its stream"
        self._stream = connection.stream
        connection.stream = cast(IOStream, ReadAhead(self._stream))
        self._stream.set_nodelay(True)
        self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def send(self, text: bytes) -> asyncio.Future[None] | None:
        """Send UTF-8; the future is done once all is with the system, and ``None`` says it is already.

        Raises
        ------
        StreamClosedError
            The connection is closed, or closing.
        """
        stream = self._stream
        if self._connection.is_closing():
            raise StreamClosedError
        frame = _head(len(text)) + text
        if stream.writing():
            return stream.write(frame)
        try:
            sent = stream.write_to_fd(memoryview(frame))
        except BlockingIOError:
            sent = 0
        except OSError:
            # The stream meets the same error, and closes as it does for every other one.
            return stream.write(frame)
        return stream.write(memoryview(frame)[sent:]) if sent < len(frame) else None


class ReadAhead:
    """A stream that reads what is there, and gives it in the parts that are asked for.

    Tornado reads a frame in three parts, each of which asks the system anew and changes what the loop waits for.
    """

    def __init__(self, stream: IOStream) -> None:
        self._stream = stream
        self._ahead = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def read_bytes(self, num_bytes: int) -> bytes:
        """The next `num_bytes` bytes."""
        ahead = self._ahead
        while len(ahead) < num_bytes:
            ahead += await self._stream.read_bytes(READ_AHEAD, partial=True)
        data = bytes(ahead[:num_bytes])
        del ahead[:num_bytes]
        return data


def _head(size: int) -> bytes:
    if size < 126:
        return struct.pack("!BB", _TEXT, size)
    if size < 1 << 16:
        return struct.pack("!BBH", _TEXT, 126, size)
    return struct.pack("!BBQ", _TEXT, 127, size)
