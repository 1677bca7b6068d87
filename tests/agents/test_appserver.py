from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from agent_hub.agents import codex_items
from agent_hub.agents.appserver import MESSAGE_BYTES, AppServer
from agent_hub.agents.codex_conversation import RECALLED, RECALLED_CHARACTERS, CodexConversation
from agent_hub.agents.codex_spare import WarmCodex
from agent_hub.agents.conversation import Listener
from agent_hub.errors import AgentUnavailable
from agent_hub.models import PROMPT_BYTES, Chat

Answer = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


def ignore(method: str, params: Mapping[str, Any]) -> None:
    """Take a notification that a test does not ask for."""


class Peer:
    """The other end, which may say anything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, Answer] = {}

    async def serve(self, connection: ServerConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            if "id" in message:
                await self.answers.get(message["method"], result)(connection, message)


async def result(connection: ServerConnection, message: dict[str, Any]) -> None:
    await connection.send(json.dumps({"id": message["id"], "result": {"asked": message["params"]}}))


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    # A longer path than the address of a socket has room for.
    folder = tmp_path / ("a" * 100)
    folder.mkdir()
    peer = Peer(folder / "socket")
    here = os.open(folder, os.O_PATH)
    async with unix_serve(peer.serve, f"/proc/self/fd/{here}/socket"):
        yield peer
    os.close(here)


@contextlib.contextmanager
def listening(answer: Answer) -> Iterator[Path]:
    """An app-server on a thread of its own, which answers one method."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "socket"
    peer = Peer(path)
    peer.answers["go"] = answer
    ready, loop = threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with unix_serve(peer.serve, str(path)):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield path
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()
    folder.cleanup()


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[AppServer]:
    client = await AppServer.connect(peer.path, ignore)
    yield client
    await client.close()


async def test_answers_go_to_who_asked_in_whatever_order_they_come(peer, client):
    first: list[dict[str, Any]] = []

    async def hold(connection: ServerConnection, message: dict[str, Any]) -> None:
        first.append(message)

    async def release(connection: ServerConnection, message: dict[str, Any]) -> None:
        await result(connection, message)
        await result(connection, first[0])

    peer.answers = {"a": hold, "b": release}
    found = await asyncio.gather(client.call("a", one=1), client.call("b", two=2))
    assert found == [{"asked": {"one": 1}}, {"asked": {"two": 2}}]


async def test_what_makes_no_sense_is_left_out(peer):
    async def babble(connection: ServerConnection, message: dict[str, Any]) -> None:
        for text in (
            "no JSON",
            "[" * 100_000,
            "[]",
            "1",
            '{"id": 999, "result": {}}',
            '{"id": {"a": 1}, "result": {}}',
            '{"method": 7}',
            '{"id": 1, "method": "item/commandExecution/requestApproval", "params": {}}',
            '{"method": "thread/started", "params": "none"}',
        ):
            await connection.send(text)
        await connection.send(b"\xff\xfe")
        await result(connection, message)

    peer.answers["go"] = babble
    noticed: list[tuple[str, Mapping[str, Any]]] = []
    client = await AppServer.connect(peer.path, lambda method, params: noticed.append((method, params)))
    assert await client.call("go") == {"asked": {}}
    assert noticed == [("thread/started", {})]
    await client.close()


async def test_a_message_that_cannot_be_taken_is_one_message(peer):
    async def babble(connection: ServerConnection, message: dict[str, Any]) -> None:
        for method in ("bad", "good"):
            await connection.send(json.dumps({"method": method}))
        await result(connection, message)

    peer.answers["go"] = babble
    noticed: list[str] = []

    def notice(method: str, params: Mapping[str, Any]) -> None:
        noticed.append(method)
        if method == "bad":
            raise ZeroDivisionError

    client = await AppServer.connect(peer.path, notice)
    assert await client.call("go") == {"asked": {}}
    assert noticed == ["bad", "good"] and client.connected
    await client.close()


@pytest.mark.parametrize(
    "told",
    [
        {"type": "commandExecution", "command": "ls", "durationMs": 10**400},
        {"type": "commandExecution", "command": "'" + "a" * 3_000_000},
        {"type": "fileChange", "changes": [{"path": "a", "kind": {"type": "add"}}] * 50_000},
    ],
    ids=["a number past any", "a word without end", "files without number"],
)
def test_an_item_past_any_measure_is_taken_at_once(told):
    began = time.thread_time()
    item = codex_items.item({"id": "i", **told}, ended=True)
    assert time.thread_time() - began < 2.5
    assert item is not None and len(item.model_dump_json()) < 200_000


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            '{"error": {"message": "The budget is used up.", "code": "budget_used_up", "param": null}}',
            "The budget is used up.",
        ),
        ('{"detail": "The model is not supported."}', "The model is not supported."),
        ('unexpected status 400: {"error": {"message": "No such model."}}', "No such model."),
        ("stream disconnected before completion", "stream disconnected before completion"),
        ('{"error": {"message": "cut', '{"error": {"message": "cut'),
        ('{"error": {"message": 7}}', '{"error": {"message": 7}}'),
        ('{"error": "quota"}', "quota"),
        ('{"message": "Gone.", "error": {}}', "Gone."),
        ('no {model} here: {"error": {"message": "No."}}, url: http://x', "No."),
        ('{"error": ["x"]}', '{"error": ["x"]}'),
        ('{"a": ' * 100_000, '{"a": ' * 100_000),
        ('{"error": {"message": "\\ud800"}}', "?"),
        (7, ""),
    ],
    ids=[
        "an API's",
        "ChatGPT's",
        "its end",
        "words",
        "cut",
        "a number",
        "no object",
        "outside",
        "in the middle",
        "a list",
        "without end",
        "half",
        "no text",
    ],
)
def test_a_turn_that_an_api_refused_says_why_in_the_api_s_words(told, said):
    assert codex_items.problem({"message": told}) == said
    assert codex_items.problem(None) == ""


class Threads(Listener):
    """Who counts the threads that an agent tells of."""

    def __init__(self) -> None:
        self.began: list[str] = []

    def thread_began(self, thread: str) -> None:
        self.began.append(thread)


async def conversation(peer: Peer, listener: Listener) -> CodexConversation:
    async def loaded(connection: ServerConnection, message: dict[str, Any]) -> None:
        await connection.send(json.dumps({"id": message["id"], "result": {"data": ["t"]}}))

    peer.answers["thread/loaded/list"] = loaded
    return await CodexConversation.join(
        lambda: peer.path, Chat(id="c1", project="p1", name="Chat", agent="codex"), listener
    )


async def test_of_threads_without_number_the_newest_alone_is_listened_to(peer):
    threads = Threads()
    joined = await conversation(peer, threads)
    before = len(asyncio.all_tasks())
    for number in range(1000):
        joined.notify("thread/started", {"thread": {"id": f"t{number}"}})
        if number % 100 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (len(threads.began), joined.thread) == (1000, "t999")
    assert len(asyncio.all_tasks()) <= before + 2
    await joined.close()


@pytest.mark.parametrize("thread", ["--config=a", "a\0b", "a\nb", "a" * 200, "", "../a", 7])
async def test_a_thread_whose_id_is_none_is_not_followed(peer, thread):
    threads = Threads()
    joined = await conversation(peer, threads)
    joined.notify("thread/started", {"thread": {"id": thread}})
    assert (threads.began, joined.thread) == ([], "t")
    await joined.close()


async def test_what_an_agent_remembers_has_a_bound(peer):
    """However much it answers to what it is asked for."""
    pages = 0

    async def turns(connection: ServerConnection, message: dict[str, Any]) -> None:
        data = [{"id": f"t{number}", "status": "inProgress"} for number in range(20_000)]
        await connection.send(json.dumps({"id": message["id"], "result": {"data": data}}))

    async def items(connection: ServerConnection, message: dict[str, Any]) -> None:
        nonlocal pages
        pages += 1
        said = {"turnId": "t1", "item": {"id": f"i{pages}", "type": "agentMessage", "text": "a" * 1_000_000}}
        answer = {"data": [said] * 3, "nextCursor": "more"}
        await connection.send(json.dumps({"id": message["id"], "result": answer}))

    peer.answers |= {"thread/turns/list": turns, "thread/items/list": items}
    joined = await conversation(peer, Listener())
    told = await joined.recall()
    assert len(told) == RECALLED
    assert sum(len(item.text) for turn in told for item in turn.items) < RECALLED_CHARACTERS + MESSAGE_BYTES
    await joined.close()


async def test_a_refusal_says_why(peer, client):
    async def refuse(connection: ServerConnection, message: dict[str, Any]) -> None:
        await connection.send(json.dumps({"id": message["id"], "error": {"code": -1, "message": "no such thread"}}))

    peer.answers["thread/resume"] = refuse
    with pytest.raises(AgentUnavailable, match="refused thread/resume: no such thread"):
        await client.call("thread/resume")


async def test_a_name_that_is_refused_is_no_reason_to_say_a_prompt_twice(peer):
    said: list[Any] = []

    async def refuse(connection: ServerConnection, message: dict[str, Any]) -> None:
        await connection.send(json.dumps({"id": message["id"], "error": {"message": "no"}}))

    async def hear(connection: ServerConnection, message: dict[str, Any]) -> None:
        said.append((message["params"]["input"], message["params"]["clientUserMessageId"]))
        await result(connection, message)

    async def loaded(connection: ServerConnection, message: dict[str, Any]) -> None:
        await connection.send(json.dumps({"id": message["id"], "result": {"data": ["t1"]}}))

    peer.answers = {"thread/loaded/list": loaded, "turn/start": hear}
    spare = Chat(id="c1", project="p1", name="Spare", agent="codex")
    warm = await WarmCodex.wait_for(lambda: peer.path, spare, lambda chat: chat.model)
    peer.answers["thread/name/set"] = refuse
    claimed = await warm.claim(spare.model_copy(update={"name": "Mine", "prompt": "hello"}), "c1.1", Listener())
    assert claimed.thread == "t1"
    assert said == [([{"type": "text", "text": "hello"}], "c1.1")]
    await claimed.close()


async def test_no_answer_is_waited_for_only_so_long(peer, client):
    async def silent(connection: ServerConnection, message: dict[str, Any]) -> None:
        """Say nothing."""

    peer.answers["turn/start"] = silent
    with pytest.raises(AgentUnavailable, match=r"did not answer turn/start within 0\.05 s"):
        await client.call("turn/start", seconds=0.05)
    assert await client.call("another") == {"asked": {}}


async def test_a_message_past_the_bound_ends_the_connection_and_every_wait(peer, client):
    async def flood(connection: ServerConnection, message: dict[str, Any]) -> None:
        await connection.send(" " * (MESSAGE_BYTES + 1))

    peer.answers["go"] = flood
    with pytest.raises(AgentUnavailable, match="has ended"):
        await client.call("go")
    with pytest.raises(AgentUnavailable, match="gone"):
        await client.call("again")


@pytest.mark.parametrize("text", [json.dumps({"method": "a", "params": {"a": "a" * 500_000}}), "{}"])
async def test_a_server_that_says_things_without_end_leaves_most_of_the_event_loop_to_others(text):
    """Its other end is a thread of its own, as an app-server is a process: only what it costs to hear is measured."""
    heard = 0

    def hear(method: str, params: Mapping[str, Any]) -> None:
        nonlocal heard
        heard += 1

    async def babble(connection: ServerConnection, message: dict[str, Any]) -> None:
        await result(connection, message)
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(text)

    with listening(babble) as path:
        client = await AppServer.connect(path, hear)
        await client.call("go")
        began, spent = time.monotonic(), time.thread_time()
        while time.monotonic() - began < 2.0:
            await asyncio.sleep(0.01)
        share = (time.thread_time() - spent) / (time.monotonic() - began)
        await client.close()
    assert share < 0.5
    assert heard or text == "{}"


async def test_the_longest_prompt_is_taken_by_whoever_tells_of_it(peer, client):
    prompt = "\x01" * PROMPT_BYTES
    assert await client.call("turn/start", input=prompt) == {"asked": {"input": prompt}}


async def test_a_server_that_names_another_one_is_refused(tmp_path):
    async def name_another(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: ws://localhost:1/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(name_another, tmp_path / "socket"):
        with pytest.raises(AgentUnavailable):
            await AppServer.connect(tmp_path / "socket", ignore)


async def test_a_link_is_not_followed_to_a_socket(peer, tmp_path):
    (tmp_path / "link").symlink_to(peer.path)
    (tmp_path / "file").touch()
    for name in ("link", "file", "nothing"):
        with pytest.raises(AgentUnavailable, match="cannot be reached"):
            await AppServer.connect(tmp_path / name, ignore)
