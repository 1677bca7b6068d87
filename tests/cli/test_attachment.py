"""A chat's terminal in this one, with a stand-in for the hub."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from agent_hub.cli import run, sockets
from agent_hub.cli.attachment import HELD, Attachment, Left
from agent_hub.cli.options import Wanted, Where
from agent_hub.cli.project import Projects
from agent_hub.cli.tty import Tty
from agent_hub.models import Chat, ChatStatus
from agent_hub.notebook.discovery import Server as Address
from agent_hub.notebook.transport import Transport
from tests.conftest import Repository

CHAT = Chat(id="c1", project="p1", name="A chat", agent="shell", status=ChatStatus.running)
LIMIT = 20.0


class OneChat:
    """A hub with one chat, whose connections are lost when it is told so."""

    def __init__(self) -> None:
        self.viewers: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.watchers: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.heard: asyncio.Queue[list[object]] = asyncio.Queue()

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        if connection.request.path.endswith("/api/events"):
            await connection.send(json.dumps({"type": "snapshot", "chats": [CHAT.model_dump(mode="json")]}))
            self.watchers.put_nowait(connection)
        else:
            await connection.send('["setup", {}]')
            self.viewers.put_nowait(connection)
        try:
            async for message in connection:
                self.heard.put_nowait(json.loads(message))
        except ConnectionClosed:
            return


@pytest.fixture
async def hub() -> AsyncIterator[tuple[OneChat, Transport]]:
    chat = OneChat()
    server: Server
    async with serve(chat, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        transport = Transport(Address(f"http://127.0.0.1:{port}/"), LIMIT)
        yield chat, transport
        transport.close()


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tty]:
    """No terminal: a pipe that nothing is typed into, and a file."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w"), (tmp_path / "shown").open("w+") as stdout:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        yield Tty()


def press_ctrl_c() -> None:
    """Interrupt this thread: any other would take what this one has blocked."""
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)


def ended(exit_code: int) -> str:
    chat = CHAT.model_copy(update={"status": ChatStatus.exited, "exit_code": exit_code})
    return json.dumps({"type": "change", "kind": "chat", "id": CHAT.id, "value": chat.model_dump(mode="json")})


async def test_a_server_that_is_lost_after_a_long_silence_is_waited_for(
    hub: tuple[OneChat, Transport], tty: Tty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, transport = hub
    clock = [1000.0]
    monkeypatch.setattr(sockets, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    attachment = Attachment(transport, CHAT, tty)
    async with asyncio.timeout(LIMIT):
        showing = asyncio.create_task(attachment.show(lambda: None))
        lost = [await server.viewers.get(), await server.watchers.get()]
        # An agent that waits for a person says nothing for hours.
        clock[0] += 3600
        for connection in lost:
            connection.transport.abort()
        viewer, watcher = await server.viewers.get(), await server.watchers.get()
        await viewer.send('["stdout", "back"]')
        await watcher.send(ended(7))
        assert await showing is Left.ended
    assert attachment.chat.exit_code == 7
    assert (tmp_path / "shown").read_text() == "back"


async def test_who_sees_no_terminal_presses_nobodys_together(hub: tuple[OneChat, Transport], tty: Tty) -> None:
    server, transport = hub
    async with asyncio.timeout(LIMIT):
        showing = asyncio.create_task(Attachment(transport, CHAT, tty).show(lambda: None))
        await server.viewers.get()
        await (await server.watchers.get()).send(ended(0))
        await showing
    assert server.heard.empty()


@pytest.mark.parametrize("owned", [True, False])
async def test_the_end_of_what_is_typed_is_told_to_the_agent_of_a_chat_of_ones_own_alone(
    hub: tuple[OneChat, Transport], tty: Tty, monkeypatch: pytest.MonkeyPatch, owned: bool
) -> None:
    server, transport = hub
    with Path(os.devnull).open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        attachment = Attachment(transport, CHAT, Tty())
        async with asyncio.timeout(LIMIT):
            showing = asyncio.create_task(attachment.show((lambda: None) if owned else None))
            viewer, watcher = await server.viewers.get(), await server.watchers.get()
            if owned:
                assert await server.heard.get() == ["stdin", "\x04"]
            await viewer.send('["stdout", "said"]')
            await watcher.send(ended(0))
            assert await showing is Left.ended
        assert owned or server.heard.empty()


async def test_ctrl_c_before_there_is_an_agent_to_interrupt_ends_the_command(tty: Tty) -> None:
    given_up: list[bool] = []
    nowhere = Transport(Address("http://127.0.0.1:9/"), LIMIT)
    attachment = Attachment(nowhere, CHAT, tty)
    # As it waits since the chat was asked for.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    press_ctrl_c()
    async with asyncio.timeout(LIMIT):
        assert await attachment.show(lambda: given_up.append(True)) is Left.told
    assert (attachment.signal, given_up) == (signal.SIGINT, [True])
    nowhere.close()


async def test_ctrl_c_is_for_the_agent_at_first_where_nothing_is_typed_here(
    hub: tuple[OneChat, Transport], tty: Tty
) -> None:
    server, transport = hub
    attachment = Attachment(transport, CHAT, tty)
    async with asyncio.timeout(LIMIT):
        showing = asyncio.create_task(attachment.show(lambda: None))
        await server.viewers.get()
        await attachment._connected.wait()
        press_ctrl_c()
        assert await server.heard.get() == ["stdin", "\x03"]
        assert not showing.done()
        press_ctrl_c()
        assert await showing is Left.told
    assert attachment.signal == signal.SIGINT


def test_no_signal_comes_between_a_chat_and_who_is_to_stop_it(
    a_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: set[int] = set()

    def create(*asked: object) -> Chat:
        press_ctrl_c()
        return CHAT

    def attach(hub: Transport, chat: Chat, *, owned: bool) -> int:
        waiting.update(signal.sigpending())
        signal.sigwait([signal.SIGINT])
        return 0

    hub = SimpleNamespace(create=create, read=lambda *asked: SimpleNamespace(engine=SimpleNamespace(isolated=True)))
    monkeypatch.setattr(run, "attach", attach)
    monkeypatch.setattr(run, "named", lambda where: hub)
    monkeypatch.setattr(Projects, "ready", lambda projects: SimpleNamespace(id="p1"))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run.run(str(a_repository.path), Wanted(), None, Where(url="http://127.0.0.1:9/")) == 0
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        signal.signal(signal.SIGINT, before)
    assert waiting == {signal.SIGINT}
