"""The short way out of a WebSocket, for output that comes often or in bulk."""

from __future__ import annotations

import asyncio
import socket
import struct

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketProtocol

SEND_BUFFER = 512 * 1024
"""Bytes that the system keeps of what a client has not taken. Left alone, it grows to several MiB for each."""

_TEXT = 0x81
"""A whole message in one frame, of text."""


class TextFrames:
    """Sends text messages on a connection without a task, a future or a turn of the loop for each.

    Tornado's ``write_message`` makes all three, which is most of what a key's echo costs. A frame is written here with
    the stream's own documented ``write_to_fd`` while nothing waits in its buffer, and with its ``write`` else, so that
    the order with tornado's own frames is kept. The connection must have no compression, as is tornado's default.
    """

    def __init__(self, connection: WebSocketProtocol) -> None:
        self._connection = connection
        assert connection.stream is not None, "an open connection has its stream"
        self._stream = connection.stream
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


def _head(size: int) -> bytes:
    if size < 126:
        return struct.pack("!BB", _TEXT, size)
    if size < 1 << 16:
        return struct.pack("!BBH", _TEXT, 126, size)
    return struct.pack("!BBQ", _TEXT, 127, size)
