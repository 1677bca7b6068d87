"""HTTP to a container engine on the event loop, for all that waits or streams: no thread is held while it does.

:class:`EngineAddress` opens a connection of its own for each request. After ``101 Switching Protocols`` that connection
is the container's terminal, a :class:`TerminalStream`: headers and terminal bytes may come in one segment, and both are
read from the same buffer, so that none is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

READ_BUFFER = 256 * 1024
"""Bytes kept of what a reader has not taken; twice as much stops reading from the engine."""

WRITE_BUFFER = 64 * 1024
"""Bytes taken from a writer before it has to wait."""

CONNECT_TIMEOUT = 10.0
"""Seconds that an engine gets to take a connection."""

LONGEST_LINE = 64 * 1024
"""Characters after which a line is broken: a program that never ends its line must not fill the memory."""

OUTPUT_KEPT = 8 * 2**20
"""Bytes of a command's output that are kept, counted from its end."""

Body = bytes | AsyncIterator[bytes]


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

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection. Raises :class:`OSError`."""
        async with asyncio.timeout(CONNECT_TIMEOUT):
            if self.path:
                reader, writer = await asyncio.open_unix_connection(self.path, limit=READ_BUFFER)
            else:
                reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.tls, limit=READ_BUFFER)
        writer.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        return reader, writer

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
            Ask for the connection itself, as an attach does.

        Raises
        ------
        OSError
            The engine does not answer, or answers what is no HTTP.
        """
        lines = {"Host": "engine", "User-Agent": "agent-hub"}
        lines |= {"Connection": "Upgrade", "Upgrade": "tcp"} if upgrade else {"Connection": "close"}
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
        lines |= headers or {}
        target = quote(path) + ("?" + urlencode(query) if query else "")
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        reader, writer = await self.connect()
        try:
            writer.write(head.encode("latin-1") + b"\r\n")
            await _send(writer, payload)
            return await _read_head(reader, writer)
        except BaseException:
            writer.transport.abort()
            raise


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
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ValueError) as error:
        raise ConnectionError("the engine ended the connection without an answer") from error
    headers = {}
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Answer(status, headers, reader, writer)


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
            elif "content-length" in self.headers:
                yield await self.reader.readexactly(int(self.headers["content-length"]))
            else:
                while part := await self.reader.read(65536):
                    yield part
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise ConnectionError("the engine ended the connection within its answer") from error

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


Resize = Callable[[int, int], Awaitable[None]]


class TerminalStream:
    """A container's terminal over a hijacked connection; a :class:`~agent_hub.engines.base.Stream`.

    Parameters
    ----------
    answer
        Of an attach that was upgraded.
    resize
        Tells the engine the terminal's rows and columns.
    framed
        The container has no terminal, and its outputs come in frames.
    """

    def __init__(self, answer: Answer, resize: Resize, framed: bool = False) -> None:
        self._answer = answer
        self._reader = answer.reader
        self._writer = answer.writer
        self._resize = resize
        self._frames = answer.frames() if framed else None

    async def read(self, size: int = 65536) -> bytes:
        """The next bytes, or ``b""`` once the container ended or the stream was closed."""
        try:
            data = await self._reader.read(size) if self._frames is None else (await anext(self._frames))[1]
        except (OSError, StopAsyncIteration):
            data = b""
        if not data:
            self._writer.close()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes to the program. Raises :class:`ConnectionError` where the container has ended."""
        self._writer.write(data)
        await self._writer.drain()

    async def resize(self, rows: int, columns: int) -> None:
        """Set the terminal's size; before the start it is remembered."""
        await self._resize(rows, columns)

    async def close(self) -> None:
        """Detach; the program goes on."""
        self._writer.close()
        self._reader.feed_eof()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self._writer.wait_closed()


class LineSplitter:
    """Cuts a program's output into lines, whatever pieces it comes in."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes, and hand on each line that they end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._emit(line)
        while len(self._rest) > LONGEST_LINE:
            self._emit(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]

    def close(self) -> None:
        """Hand on a last line that has no end."""
        if self._rest:
            self._emit(self._rest)
            self._rest = b""

    def _emit(self, line: bytes) -> None:
        # A progress bar rewrites its line with carriage returns: what it ends with is what a person would see.
        text = line.decode(errors="replace").rstrip("\r")
        self._on_line(text.rpartition("\r")[2])
