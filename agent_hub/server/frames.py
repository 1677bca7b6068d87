"""The short way in and out of a WebSocket, for messages that come often or in bulk."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketProtocol

from agent_hub.server.pushstream import OnText, PushStream

SEND_BUFFER = 512 * 1024
"""Bytes that the system keeps of what a client has not taken. Left alone, it grows to several MiB for each."""

_TEXT = 0x81
"""A whole message in one frame, of text."""


class TextFrames:
    """Sends text messages on a connection without a task, a future or a turn of the loop for each.

    Tornado's ``write_message`` makes all three, which is most of what a key's echo costs. The connection must have no
    compression, as is tornado's default. Made by :meth:`on`.
    """

    def __init__(self, connection: WebSocketProtocol, write: Callable[[bytes], asyncio.Future[None] | None]) -> None:
        self._connection = connection
        self._write = write

    @classmethod
    async def on(cls, connection: WebSocketProtocol, on_text: OnText) -> TextFrames:
        """Take over the connection, where it is a plain one; what is encrypted stays with tornado.

        Parameters
        ----------
        on_text
            Takes short messages in place of the handler's ``on_message``, which still takes all others.
        """
        stream = connection.stream
        assert stream is not None, "an open connection has its stream"
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        # Of a kind of its own, not of one that adds to it, as TLS does.
        if type(stream) is not IOStream:
            stream.set_nodelay(True)
            return cls(connection, stream.write)
        pushed = await PushStream.take_over(stream, on_text)
        connection.stream = cast(IOStream, pushed)
        return cls(connection, pushed.send)

    def send(self, text: bytes) -> asyncio.Future[None] | None:
        """Send UTF-8; the future is done once all is with the system, and ``None`` says it is already.

        Raises
        ------
        StreamClosedError
            The connection is closed, or closing.
        """
        if self._connection.is_closing():
            raise StreamClosedError
        return self._write(_head(len(text)) + text)


def _head(size: int) -> bytes:
    if size < 126:
        return struct.pack("!BB", _TEXT, size)
    if size < 1 << 16:
        return struct.pack("!BBH", _TEXT, 126, size)
    return struct.pack("!BBQ", _TEXT, 127, size)
