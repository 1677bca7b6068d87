"""HTTP to a container engine, on the event loop.

Two ways to ask. :meth:`EngineAddress.request` opens a connection of its own and gives an :class:`Answer` whose body
comes piece by piece, for all that waits or streams. :class:`ShortCalls` keeps a few connections open and gives whole
replies, for what the engine answers at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import struct
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

READ_BUFFER = 256 * 1024
"""Bytes kept of what a reader has not taken; twice as much stops reading from the engine."""

WRITE_BUFFER = 64 * 1024
"""Bytes taken from a writer before it has to wait."""

CONNECT_TIMEOUT = 10.0
"""Seconds that an engine gets to take a connection."""

KEPT_CONNECTIONS = 8
"""Idle connections that are kept for the next short call."""

Body = bytes | AsyncIterator[bytes]
P = TypeVar("P", bound=asyncio.BaseProtocol)


@dataclass(frozen=True)
class EngineAddress:
    """Where an engine listens: `path` of a Unix socket, or `host` and `port`, with TLS where `tls` is set."""

    path: str = ""
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None

    @property
    def local(self) -> bool:
        """True for a Unix socket or a loopback address."""
        return bool(self.path) or self.host in ("127.0.0.1", "::1", "localhost")

    async def open(self, protocol: Callable[[], P]) -> P:
        """Open a connection with a protocol of the caller's own. Raises :class:`OSError`."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            if self.path:
                transport, opened = await loop.create_unix_connection(protocol, self.path)
            else:
                transport, opened = await loop.create_connection(protocol, self.host, self.port, ssl=self.tls)
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        return opened

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection. Raises :class:`OSError`."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(READ_BUFFER, loop)
        protocol = await self.open(lambda: _Connection(reader, loop=loop))
        return reader, asyncio.StreamWriter(protocol.transport, protocol, reader, loop)

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        upgrade: bool = False,
    ) -> Answer:
        """Send a request and read the answer's headers.

        Parameters
        ----------
        body
            Bytes or an iterator of bytes are sent as they are, anything else but ``None`` as JSON.
        upgrade
            Ask for the connection itself.

        Raises
        ------
        OSError
            The engine does not answer, or answers what is no HTTP.
        """
        lines = dict(UPGRADE if upgrade else {"Connection": "close"})
        payload: Body = b""
        if isinstance(body, bytes | AsyncIterator):
            payload = body
        elif body is not None:
            payload = json.dumps(body).encode()
            lines["Content-Type"] = "application/json"
        if isinstance(payload, bytes):
            lines["Content-Length"] = str(len(payload))
        else:
            lines["Transfer-Encoding"] = "chunked"
        reader, writer = await self.connect()
        try:
            writer.write(request_head(method, path, query, {**lines, **(headers or {})}))
            await _send(writer, payload)
            return await _read_head(reader, writer)
        except BaseException:
            writer.transport.abort()
            raise


class _Connection(asyncio.StreamReaderProtocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        super().connection_made(transport)


UPGRADE: Mapping[str, str] = {"Connection": "Upgrade", "Upgrade": "tcp"}


def request_head(method: str, path: str, query: Mapping[str, Any] | None, headers: Mapping[str, str]) -> bytes:
    """The lines of a request before its body."""
    target = quote(path) + ("?" + urlencode(query) if query else "")
    lines = [f"{method} {target} HTTP/1.1", "Host: engine", "User-Agent: agent-hub"]
    lines += (f"{name}: {value}" for name, value in headers.items())
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _send(writer: asyncio.StreamWriter, body: Body) -> None:
    if isinstance(body, bytes):
        writer.write(body)
        await writer.drain()
        return
    try:
        async for part in body:
            if part:
                writer.write(b"%x\r\n" % len(part) + part + b"\r\n")
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    except (BrokenPipeError, ConnectionResetError):
        # An engine that refuses a body answers before it was read; the answer says why.
        return


async def _read_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    try:
        status, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionError("the engine ended the connection without an answer") from error
    return Answer(status, headers, reader, writer)


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """An answer's status and headers. Raises :class:`ConnectionError` where it is no HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        status = int(first.split(" ", 2)[1])
    except (IndexError, ValueError) as error:
        raise ConnectionError("the engine answers what is no HTTP") from error
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return status, headers


@dataclass
class Answer:
    """The head of an engine's answer, and the connection its body comes on."""

    status: int
    headers: Mapping[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The body's bytes as they come. Raises :class:`OSError` where the connection breaks."""
        try:
            if self.status in (101, 204, 304):
                return
            if "chunked" in self.headers.get("transfer-encoding", ""):
                while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
                    yield await self.reader.readexactly(size)
                    await self.reader.readexactly(2)
                await self.reader.readuntil(b"\r\n")
            elif "content-length" in self.headers:
                yield await self.reader.readexactly(int(self.headers["content-length"]))
            else:
                while part := await self.reader.read(65536):
                    yield part
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise ConnectionError("the engine ended the connection within its answer") from error

    @property
    def keeps_connection(self) -> bool:
        """Whether the connection can carry another request, once this answer's body was read."""
        told = "chunked" in self.headers.get("transfer-encoding", "") or "content-length" in self.headers
        return (told or self.status in (204, 304)) and self.headers.get("connection", "").lower() != "close"

    async def read(self) -> bytes:
        """The whole body; closes the connection."""
        try:
            return b"".join([part async for part in self.body()])
        finally:
            self.close()

    async def json(self) -> Any:
        """The whole body as JSON, ``None`` where it is empty; closes the connection."""
        text = await self.read()
        return json.loads(text) if text.strip() else None

    async def objects(self) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON objects of a body that has one on each line."""
        rest = b""
        async for part in self.body():
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)
        if rest.strip():
            yield json.loads(rest)

    async def frames(self) -> AsyncIterator[tuple[int, bytes]]:
        """What a command without a terminal writes, as it came: 1 or 2 for the output, and the bytes."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                output, size = struct.unpack(">B3xI", await self.reader.readexactly(8))
                yield output, await self.reader.readexactly(size)

    def close(self) -> None:
        """End the connection, which also ends what the engine does for it."""
        self.writer.close()


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes


class ShortCalls:
    """Requests that the engine answers at once, on connections that stay open between them.

    The engine may have closed a kept connection meanwhile. What fails on one is asked again on another, and in the end
    on a new one: every short call may be repeated without harm.
    """

    def __init__(self, address: EngineAddress) -> None:
        self._address = address
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._closed = False

    async def request(self, method: str, path: str, query: Mapping[str, Any] | None, body: bytes | None) -> Reply:
        """Send a request, and read the whole answer. Raises :class:`OSError`."""
        headers = {"Content-Length": str(len(body or b""))}
        if body is not None:
            headers["Content-Type"] = "application/json"
        message = request_head(method, path, query, headers) + (body or b"")
        while self._idle:
            reader, writer = self._idle.pop()
            if reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            try:
                return await self._ask(message, reader, writer)
            except ConnectionError:
                continue
        return await self._ask(message, *await self._address.connect())

    async def _ask(self, message: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Reply:
        try:
            writer.write(message)
            answer = await _read_head(reader, writer)
            reply = Reply(answer.status, b"".join([part async for part in answer.body()]))
        except BaseException:
            writer.transport.abort()
            raise
        if answer.keeps_connection and not self._closed and len(self._idle) < KEPT_CONNECTIONS:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return reply

    def close(self) -> None:
        """Close what is kept."""
        self._closed = True
        while self._idle:
            self._idle.pop()[1].close()
