"""A viewer's end of terminado's protocol, over a plain socket: what a client costs is in no figure twice."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator

TIMEOUT_SECONDS = 30
_CLOSE, _PING, _PONG = 8, 9, 10


class Ended(Exception):
    """The other side has ended the connection."""


class WebSocket:
    """A client's connection that reads at its own pace.

    Parameters
    ----------
    buffer
        Bytes that the system keeps of what is not read yet; 0 leaves it its own.
    """

    def __init__(self, port: int, path: str, token: str, buffer: int = 0) -> None:
        self._socket = socket.socket()
        if buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(TIMEOUT_SECONDS)
        self._socket.connect(("127.0.0.1", port))
        self._data = bytearray()
        self.received = 0
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: token {token}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while (end := self._data.find(b"\r\n\r\n")) < 0:
            self.fill()
        if b" 101 " not in self._data.split(b"\r\n")[0]:
            raise RuntimeError(f"The server refused {path}: {bytes(self._data)!r}")
        del self._data[: end + 4]
        self.received = len(self._data)

    def fill(self, most: int = 1 << 18) -> bytes:
        """Read what is there, and return it; :meth:`messages` gives it in messages."""
        data = self._socket.recv(most)
        if not data:
            raise Ended("The server ended the connection.")
        self._data += data
        self.received += len(data)
        return data

    def messages(self) -> Iterator[bytes]:
        """The messages that are here whole; pings are answered."""
        start = 0
        try:
            while (found := self._frame(start)) is not None:
                kind, begin, start = found
                if kind == _PING:
                    self._send(_PONG, bytes(self._data[begin:start]))
                elif kind == _CLOSE:
                    raise Ended("The server closed the connection.")
                else:
                    yield bytes(self._data[begin:start])
        finally:
            del self._data[:start]

    def ends_with(self, end: bytes) -> bool:
        """Whether these are the last bytes of what is not taken yet."""
        return self._data.endswith(end)

    def message(self) -> bytes:
        """The next message."""
        while True:
            for message in self.messages():
                return message
            self.fill()

    def send(self, text: str) -> None:
        """Send a message."""
        self._send(1, text.encode())

    def wait(self, seconds: float) -> None:
        """How long a read may take from now on."""
        self._socket.settimeout(seconds)

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _frame(self, start: int) -> tuple[int, int, int] | None:
        """The kind, begin and end of the frame there, if it is whole. The hub's messages are never in parts."""
        if len(self._data) < start + 2:
            return None
        kind, size, begin = self._data[start] & 15, self._data[start + 1] & 127, start + 2
        if size >= 126:
            layout = ">H" if size == 126 else ">Q"
            if len(self._data) < begin + struct.calcsize(layout):
                return None
            (size,) = struct.unpack_from(layout, self._data, begin)
            begin += struct.calcsize(layout)
        return (kind, begin, begin + size) if len(self._data) >= begin + size else None

    def _send(self, kind: int, data: bytes) -> None:
        size = struct.pack("!B", 128 | len(data)) if len(data) < 126 else struct.pack("!BH", 254, len(data))
        # A mask of zeros leaves the data as it is.
        self._socket.sendall(bytes([128 | kind]) + size + bytes(4) + data)


class Viewer(WebSocket):
    """Who watches a chat's terminal."""

    def __init__(self, port: int, token: str, chat: str, buffer: int = 0) -> None:
        super().__init__(port, f"/agent-hub/terminals/websocket/{chat}", token, buffer)

    def read(self) -> str:
        """The next output."""
        while (text := output(self.message())) is None:
            pass
        return text

    def write(self, text: str) -> None:
        """Type."""
        self.send(json.dumps(["stdin", text]))

    def resize(self, rows: int, columns: int) -> None:
        """Say how large the viewer's screen is."""
        self.send(json.dumps(["set_size", rows, columns, 0, 0]))


def output(message: bytes) -> str | None:
    """The output that a message carries, if it carries any."""
    kind, *rest = json.loads(message)
    if kind == "disconnect":
        raise Ended("The terminal ended.")
    return str(rest[0]) if kind == "stdout" else None
