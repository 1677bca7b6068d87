"""Messages on a WebSocket, on a real server and a plain socket: every byte is what a client may send."""

from __future__ import annotations

import asyncio
import os
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from agent_hub.server.frames import TextFrames

LIMIT = 180.0
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, PING, CLOSE, CONTINUATION, FINAL = 1, 9, 8, 0, 128


class Desk:
    """What a server has taken, and what it is to do."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.changed = asyncio.Event()
        self.room: asyncio.Future[None] | None = None
        self.handler: Taker | None = None
        self.closed = False

    def change(self) -> None:
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Taker(WebSocketHandler):
    desk: Desk
    frames: TextFrames

    def initialize(self, desk: Desk) -> None:
        self.desk = desk

    async def open(self, *args: Any) -> None:
        assert self.ws_connection is not None
        self.frames = await TextFrames.on(self.ws_connection, self.on_message)
        self.desk.handler = self
        self.desk.change()

    def on_message(self, message: str | bytes) -> asyncio.Future[None] | None:
        assert isinstance(message, str)
        self.desk.taken.append(message)
        self.desk.change()
        return self.desk.room

    def on_close(self) -> None:
        self.desk.closed = True
        self.desk.change()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def listening(desk: Desk, **options: Any) -> AsyncIterator[int]:
    listener, port = bind_unused_port()
    server = HTTPServer(Application([("/", Taker, {"desk": desk})], websocket_max_message_size=1 << 20), **options)
    server.add_socket(listener)
    yield port
    server.stop()
    await server.close_all_connections()


@asynccontextmanager
async def connected(
    port: int, early: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that was upgraded, with `early` in one segment with the request for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(HANDSHAKE + early)
    async with asyncio.timeout(LIMIT):
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    yield reader, writer
    writer.close()


def frame(data: bytes, kind: int = FINAL | TEXT) -> bytes:
    size = len(data)
    mask = os.urandom(4)
    if size < 126:
        head = struct.pack("!BB", kind, 128 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", kind, 254, size)
    else:
        head = struct.pack("!BBQ", kind, 255, size)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


async def test_what_comes_in_one_segment_with_the_handshake_is_taken(desk: Desk) -> None:
    async with listening(desk) as port, connected(port, frame(b"one") + frame(b"two" * 100) + frame(b"three")):
        await desk.until(lambda: desk.taken == ["one", "two" * 100, "three"])


@pytest.mark.parametrize("seed", range(4))
async def test_messages_arrive_in_their_order_however_long_and_however_cut(desk: Desk, seed: int) -> None:
    random = Random(seed)
    sizes = (0, 1, 4, 5, 125, 126, 127, 1000, 65535, 65536, 200_000)
    sent, data = [], b""
    for _ in range(100):
        text = "".join(random.choices("aä€😀", k=random.choice(sizes) // 4)) + "x" * random.randrange(4)
        sent.append(text)
        whole = text.encode()
        if random.random() < 0.3:
            # In fragments, with a ping between them as RFC 6455 allows.
            cut = random.randrange(len(whole) + 1)
            data += frame(whole[:cut], TEXT) + frame(b"", FINAL | PING) + frame(whole[cut:], FINAL | CONTINUATION)
        else:
            data += frame(whole)
    async with listening(desk) as port, connected(port) as (_, writer):
        while data:
            size = random.choice((1, 3, 7, 100, 5000, 100_000))
            writer.write(data[:size])
            data = data[size:]
            # Each in a segment of its own, as far as the system goes along.
            await writer.drain()
            await asyncio.sleep(0)
        await desk.until(lambda: len(desk.taken) == len(sent))
        assert desk.taken == sent


async def test_nothing_more_is_taken_while_a_message_waits_for_room_and_nothing_is_lost(desk: Desk) -> None:
    desk.room = asyncio.get_running_loop().create_future()
    texts = [f"{number:0100}" for number in range(100_000)]

    async def send(writer: asyncio.StreamWriter) -> None:
        for text in texts:
            writer.write(frame(text.encode()))
            await writer.drain()

    async with listening(desk) as port, connected(port) as (_, writer):
        writer.transport.set_write_buffer_limits(0)
        sending = asyncio.create_task(send(writer))
        await desk.until(lambda: bool(desk.taken))
        # The server stops reading, so the client finds no room before it has sent a part.
        done, _ = await asyncio.wait([sending], timeout=1)
        assert not done and desk.taken == texts[:1]
        room, desk.room = desk.room, None
        room.set_result(None)
        await desk.until(lambda: len(desk.taken) == len(texts))
        await sending
    assert desk.taken == texts


async def test_a_client_that_goes_is_noticed_and_sent_nothing_more(desk: Desk) -> None:
    async with listening(desk) as port:
        async with connected(port, frame(b"here")) as (_, writer):
            await desk.until(lambda: desk.taken == ["here"])
            writer.transport.abort()
            await desk.until(lambda: desk.closed)
        assert desk.handler is not None
        with pytest.raises(StreamClosedError):
            desk.handler.frames.send(b"anyone?")


async def test_a_client_that_says_goodbye_is_answered(desk: Desk) -> None:
    async with listening(desk) as port, connected(port, frame(struct.pack("!H", 1000), FINAL | CLOSE)) as (reader, _):
        async with asyncio.timeout(LIMIT):
            assert await reader.read() == struct.pack("!BBH", FINAL | CLOSE, 2, 1000)
        await desk.until(lambda: desk.closed)


async def test_what_a_client_does_not_take_is_waited_for_until_it_goes(desk: Desk) -> None:
    async with listening(desk) as port, connected(port) as (_, writer):
        await desk.until(lambda: desk.handler is not None)
        assert desk.handler is not None
        waiting = None
        while waiting is None:
            waiting = desk.handler.frames.send(b"x" * 100_000)
        assert not waiting.done()
        writer.transport.abort()
        async with asyncio.timeout(LIMIT):
            with pytest.raises(StreamClosedError):
                await waiting


async def test_an_encrypted_connection_carries_the_same(desk: Desk, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
        + ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
        timeout=LIMIT,
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=certificate)
    async with (
        listening(desk, ssl_options=server) as port,
        connected(port, frame(b"key") + frame(b"paste" * 100), client) as (reader, _),
    ):
        await desk.until(lambda: desk.taken == ["key", "paste" * 100])
        assert desk.handler is not None
        desk.handler.frames.send(b"shown")
        async with asyncio.timeout(LIMIT):
            assert await reader.readexactly(7) == b"\x81\x05shown"
