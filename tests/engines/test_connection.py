"""An engine that answers badly, late, or not at all: a socket that says what the test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from agent_hub.engines.base import ContainerSpec, Handle
from agent_hub.engines.docker import DockerEngine
from agent_hub.errors import Conflict, ContainerLost, EngineUnavailable
from tests.engines.conftest import TIMEOUT, Attached, read_all, read_until

HANDLE = Handle("f" * 64, "one")
VERSION = b'{"ApiVersion": "1.41"}'
RUNNING = b'{"Id": "%s", "Config": {"Tty": true}, "State": {"Status": "running", "Running": true}}' % (b"f" * 64)

Answers = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def whole(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status.encode(), len(body)) + body


HIJACKED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


class Listener:
    """Answers ``/version`` and a look at the container well, and everything else with `answers`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connections = 0
        self.asked: list[str] = []
        self.answers: Answers = self.hang
        self.hangs_up = False
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def hang(self, asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                asked = " ".join(head.split(" ")[:2]).split("?")[0].replace("/v1.41", "")
                self.asked.append(asked)
                if asked == "GET /version":
                    writer.write(whole(VERSION))
                elif asked.endswith(f"{HANDLE.id}/json") and self.answers != self.hang:
                    writer.write(whole(RUNNING))
                else:
                    await self.answers(asked, reader, writer)
                if self.hangs_up:
                    break
        writer.close()


@pytest_asyncio.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    made = Listener(tmp_path / "engine.sock")
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def engine(listener: Listener) -> AsyncIterator[DockerEngine]:
    # On a network that is there already, for which nothing is asked.
    made = DockerEngine(f"unix://{listener.path}", network="bridge")
    yield made
    await made.close()


def says(*parts: bytes) -> Answers:
    """Each part in a segment of its own, then the end."""

    async def answer(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.001)
        writer.close()

    return answer


async def test_bytes_that_come_with_the_head_are_not_lost(engine: DockerEngine, listener: Listener) -> None:
    listener.answers = says(HIJACKED + b"first ", b"second")
    stream = Attached(await engine.attach(HANDLE))
    assert await read_all(stream) == b"first second"


async def test_a_head_that_comes_in_pieces_is_read(engine: DockerEngine, listener: Listener) -> None:
    listener.answers = says(*(HIJACKED[i : i + 1] for i in range(len(HIJACKED))), b"first")
    assert await read_all(Attached(await engine.attach(HANDLE))) == b"first"


async def test_an_attach_that_is_dropped_half_way_is_an_engine_away(engine: DockerEngine, listener: Listener) -> None:
    for answer in (b"", HIJACKED[:20], b"220 mail.example ESMTP\r\n\r\n", b"x" * 100_000):
        listener.answers = says(answer)
        with pytest.raises(EngineUnavailable):
            await asyncio.wait_for(engine.attach(HANDLE), TIMEOUT)


async def test_a_refused_attach_says_why(engine: DockerEngine, listener: Listener) -> None:
    listener.answers = says(whole(b'{"message": "No such container: one"}', "404 Not Found"))
    with pytest.raises(ContainerLost):
        await engine.attach(HANDLE)
    listener.answers = says(b'HTTP/1.1 409 Conflict\r\n\r\n{"message": "it is restarting"}')
    with pytest.raises(Conflict, match="it is restarting"):
        await engine.attach(HANDLE)


async def test_a_terminal_that_is_cut_off_ends(engine: DockerEngine, listener: Listener) -> None:
    async def cut(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HIJACKED + b"ready")
        await reader.readexactly(1)
        writer.transport.abort()

    listener.answers = cut
    stream = Attached(await engine.attach(HANDLE))
    await read_until(stream, b"ready")
    await stream.write(b"x")
    assert await read_all(stream) == b""
    with pytest.raises(ConnectionError):
        await stream.write(b"x")
    await stream.close()


async def test_an_engine_that_takes_no_input_lets_the_writer_wait_and_is_detached_from(
    engine: DockerEngine, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HIJACKED)
        await asyncio.Event().wait()

    monkeypatch.setattr("agent_hub.engines.streams.CLOSE_TIMEOUT", 0.1)
    listener.answers = deaf
    stream = Attached(await engine.attach(HANDLE))
    writing = asyncio.create_task(stream.write(b"x" * 4_000_000))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(writing), 0.2)
    async with asyncio.timeout(TIMEOUT):
        await stream.close()
        await writing


async def test_an_engine_that_hangs_is_given_up(listener: Listener) -> None:
    engine = DockerEngine(f"unix://{listener.path}", timeout=0.1)
    asks: list[Callable[[], Awaitable[object]]] = [
        lambda: engine.inspect(HANDLE),
        lambda: engine.attach(HANDLE),
        lambda: engine.start(HANDLE),
        lambda: engine.pause(HANDLE),
        lambda: engine.unpause(HANDLE),
        lambda: engine.stop(HANDLE, 0),
        lambda: engine.execute(HANDLE, ["true"]),
        lambda: engine.list({}),
        lambda: engine.wait(HANDLE),
        lambda: anext(engine.watch({})),  # type: ignore[arg-type]
    ]
    for ask in asks:
        with pytest.raises(EngineUnavailable, match="does not answer"):
            await asyncio.wait_for(ask(), TIMEOUT)
    await engine.close()


async def test_an_engine_that_hangs_from_the_first_word_is_unreachable(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(hang, tmp_path / "deaf.sock")
    engine = DockerEngine(f"unix://{tmp_path}/deaf.sock", timeout=0.1)
    try:
        assert not (await asyncio.wait_for(engine.status(), TIMEOUT)).reachable
        with pytest.raises(EngineUnavailable):
            await asyncio.wait_for(engine.inspect(HANDLE), TIMEOUT)
    finally:
        await engine.close()
        server.close()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n", whole(b"{")[:-1], whole(b"<html>"), b"220 hello\r\n\r\n"]
)
async def test_an_answer_that_is_none_is_an_engine_away(
    engine: DockerEngine, listener: Listener, answer: bytes
) -> None:
    listener.answers = says(answer)
    with pytest.raises(EngineUnavailable):
        await asyncio.wait_for(engine.list({}), TIMEOUT)


async def test_calls_share_a_connection(engine: DockerEngine, listener: Listener) -> None:
    async def ok(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    listener.answers = ok
    for _ in range(5):
        await engine.start(HANDLE)
        await engine.inspect(HANDLE)
    assert listener.connections == 1
    await asyncio.gather(*(engine.inspect(HANDLE) for _ in range(50)))
    before = listener.connections
    await asyncio.gather(*(engine.inspect(HANDLE) for _ in range(5)))
    assert listener.connections == before


async def test_a_connection_that_the_engine_closed_meanwhile_is_replaced(
    engine: DockerEngine, listener: Listener
) -> None:
    listener.answers = says()
    listener.hangs_up = True
    for _ in range(5):
        assert (await engine.inspect(HANDLE)).state == "running"


async def test_a_size_from_before_the_start_costs_no_request(engine: DockerEngine, listener: Listener) -> None:
    async def answer(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked.endswith("/attach"):
            writer.write(HIJACKED)
            await reader.read()
        elif asked.endswith("/create"):
            await reader.read(65536)
            writer.write(whole(b'{"Id": "%s"}' % (b"f" * 64), "201 Created"))
        else:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    listener.answers = answer
    handle = await engine.create(ContainerSpec(name="one", image="some"))
    stream = await engine.attach(handle)
    await stream.resize(30, 100)
    await engine.start(handle)
    path = f"POST /containers/{handle.id}"
    assert listener.asked == [
        "GET /version",
        "POST /containers/create",
        f"{path}/attach",
        f"{path}/start",
        f"{path}/resize",
    ]
    await stream.close()
