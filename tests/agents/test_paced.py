"""An app-server that sends frames, and no message, without end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from agent_hub.agents.appserver import AppServer
from agent_hub.errors import AgentUnavailable

Flood = Callable[[bytes, bool], Path]


@pytest.fixture
def flood(tmp_path: Path) -> Iterator[Flood]:
    """An app-server, on a thread of its own, that says who it is and then the same bytes again and again."""
    listener = socket.socket(socket.AF_UNIX)
    path = tmp_path / "socket"
    threads: list[threading.Thread] = []

    def drop(end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while end.recv(2**20):
                pass

    def serve(said: bytes, reads: bool) -> None:
        end, _ = listener.accept()
        with end, contextlib.suppress(OSError):
            protocol = ServerProtocol()
            while not (asked := protocol.events_received()):
                protocol.receive_data(end.recv(2**16))
            protocol.send_response(protocol.accept(asked[0]))  # type: ignore[arg-type]
            protocol.send_text(b'{"id": 1, "result": {}}')
            end.sendall(b"".join(protocol.data_to_send()))
            if reads:
                threads.append(reader := threading.Thread(target=drop, args=(end,)))
                reader.start()
            while True:
                end.sendall(said)

    def begin(said: bytes, reads: bool) -> Path:
        listener.bind(str(path))
        listener.listen()
        threads.append(thread := threading.Thread(target=serve, args=(said, reads)))
        thread.start()
        return path

    yield begin
    listener.close()
    for thread in threads:
        thread.join(10)


def frames(opcode: Opcode, length: int = 0) -> bytes:
    return Frame(opcode, bytes(length)).serialize(mask=False) * 30_000


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_frames_without_end_leave_most_of_the_event_loop_to_others(flood: Flood, opcode: Opcode) -> None:
    client = await AppServer.connect(flood(frames(opcode), True), lambda method, params: None)
    began, spent, longest = time.monotonic(), time.thread_time(), 0.0
    while time.monotonic() - began < 2.0:
        before = time.thread_time()
        await asyncio.sleep(0.005)
        longest = max(longest, time.thread_time() - before)
    assert time.thread_time() - spent < 0.5 * 2.0
    assert longest < 0.3
    await client.close()


async def test_who_reads_no_answer_is_no_longer_heard(flood: Flood) -> None:
    with pytest.raises(AgentUnavailable) as gone:
        client = await AppServer.connect(flood(frames(Opcode.PING, 125), False), lambda method, params: None)
        await client.call("go", seconds=60)
    assert "unanswered" not in gone.value.details


async def test_an_answer_that_nobody_reads_is_waited_for_only_so_long(
    flood: Flood, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Frame(Opcode.TEXT, b"1").serialize(mask=False)
    client = await AppServer.connect(flood(said, False), lambda method, params: None)
    monkeypatch.setattr("agent_hub.agents.appserver.ANSWER_SECONDS", 0.2)
    async with asyncio.timeout(20):
        with pytest.raises(AgentUnavailable, match="does not read"):
            await client.reply(1, {"decision": "a" * 1_000_000})
    await client.close()
