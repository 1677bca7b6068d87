"""Terminado's protocol and REST on a real Jupyter server, over a real shell."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection

from agent_hub.hub.hub import Hub
from agent_hub.terminals.terminal import Terminal
from tests.terminals.programs import LIMIT_SECONDS, Pty

NAME = "0123abcd"


@pytest.fixture
def jp_server_config(tmp_path):
    return {
        "ServerApp": {"jpserver_extensions": {"agent_hub": True}},
        "IdentityProvider": {"cookie_name": "signed-in"},
        "AgentHub": {
            "data_dir": str(tmp_path / "hub"),
            "engine_class": "agent_hub.engines.process.ProcessEngine",
        },
    }


@pytest.fixture
def run(jp_asyncio_loop) -> Callable[[Awaitable[Any]], Any]:
    """Runs a story on the loop that the server runs on."""

    async def limited(story: Awaitable[Any]) -> Any:
        async with asyncio.timeout(3 * LIMIT_SECONDS):
            return await story

    return lambda story: jp_asyncio_loop.run_until_complete(limited(story))


@pytest.fixture
def hub(jp_serverapp, run) -> Hub:
    run(jp_serverapp.extension_manager.start_all_extensions())
    found = jp_serverapp.web_app.settings.get("agent_hub")
    assert isinstance(found, Hub), jp_serverapp.web_app.settings.get("agent_hub_failure")
    return found


@pytest.fixture
def terminal(hub) -> Terminal:
    return hub.terminals.get_or_create(NAME)


@pytest.fixture
def shell(terminal, run) -> Iterator[Pty]:
    async def start() -> Pty:
        program = await Pty.start("bash", "--norc", "--noprofile")
        terminal.connect(program)
        return program

    program = run(start())
    yield program
    run(program.kill())


class Client:
    """A browser's end of the protocol."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self.text = ""

    async def receive_raw(self) -> str | bytes | None:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self._connection.read_message()

    async def receive(self) -> list[Any]:
        message = await self.receive_raw()
        assert message is not None, "the server closed the connection"
        received: list[Any] = json.loads(message)
        return received

    async def until(self, wanted: str) -> None:
        while wanted not in self.text:
            kind, text = await self.receive()
            assert kind == "stdout"
            self.text += text

    async def send(self, *message: Any) -> None:
        await self.send_raw(json.dumps(message))

    async def send_raw(self, message: str | bytes) -> None:
        await self._connection.write_message(message, binary=isinstance(message, bytes))

    async def send_frame(self, final: bool, opcode: int, data: bytes) -> None:
        await self._connection.protocol._write_frame(final, opcode, data)


@pytest.fixture
def client(jp_ws_fetch) -> Callable[..., Any]:
    @asynccontextmanager
    async def connect(name: str = NAME):
        connection = await jp_ws_fetch("agent-hub", "terminals", "websocket", name)
        client = Client(connection)
        assert await client.receive() == ["setup", {}]
        yield client
        connection.close()

    return connect


def test_a_client_types_and_sees_the_answer(run, client, shell):
    async def story():
        async with client() as browser:
            await browser.send("stdin", "echo $((6*7))\r")
            await browser.until("42\r\n")

    run(story())


def test_a_client_that_comes_before_the_program_waits_for_its_bytes(run, client, terminal):
    async def story():
        async with client() as browser:
            program = await Pty.start("printf", "FIRST")
            terminal.connect(program)
            await browser.until("FIRST")
            await program.kill()

    run(story())


def test_a_client_that_comes_back_finds_its_screen(run, client, shell):
    async def story():
        async with client() as browser:
            await browser.send("stdin", "echo $((6*7))\r")
            await browser.until("42\r\n")
        async with client() as browser:
            await browser.until("42")
            await browser.send("stdin", "echo again $((6*7))\r")
            await browser.until("again 42\r\n")

    run(story())


def test_the_smallest_client_sets_the_size(run, client, shell, terminal):
    async def story():
        async with client() as one, client() as other:
            await one.send("set_size", 40, 100, 800, 1000)
            await other.send("set_size", 30, 120, 800, 1000)
            await other.send("stdin", "stty size\r")
            await one.until("30 100\r\n")

    run(story())


def test_a_tab_that_was_never_on_the_screen_sets_no_size(run, client, shell, terminal):
    async def story():
        async with client() as shown, client() as behind:
            await shown.send("set_size", 40, 100, 800, 1000)
            await behind.send("set_size", 24, 80, -1, -1)
            await behind.send("stdin", "stty size\r")
            await shown.until("40 100\r\n")

    run(story())


NONSENSE: list[str | bytes] = [
    "",
    "no json",
    "{}",
    "[]",
    "null",
    "[" * 100_000,
    '["stdin"]',
    '["stdin", 7]',
    '["stdin", null]',
    '["stdin", "one", "two"]',
    '["unknown", 1]',
    '[["stdin"], "x"]',
    '["set_size"]',
    '["set_size", 24]',
    '["set_size", -5, -5, 0, 0]',
    '["set_size", NaN, Infinity, 0, 0]',
    '["set_size", "24", "80"]',
    '["set_size", true, true]',
    '["set_size", null, null]',
    '["set_size", 1e400, 80]',
    '["set_size", ' + "9" * 5000 + ", 80]",
    '["set_size", {}, []]',
    b'["stdin", "exit\\r"]',
    b"\xff\xfe\x00",
    '["stdin", "\\ud800"]',
    '["stdin", "\\u0015"]',
]


def test_no_message_ends_a_terminal(run, client, shell, terminal):
    async def story():
        async with client() as browser:
            for message in NONSENSE:
                await browser.send_raw(message)
            await browser.send("stdin", "\x15echo $((6*7))\r")
            await browser.until("42\r\n")
            assert terminal.size == (24, 80)

    run(story())


def anything(random: Random, depth: int = 0) -> Any:
    """Any JSON value, of words that the protocol knows and of those that it does not."""
    kind = random.randrange(9 if depth < 3 else 7)
    if kind == 7:
        return [anything(random, depth + 1) for _ in range(random.randrange(6))]
    if kind == 8:
        return {str(random.random()): anything(random, depth + 1) for _ in range(random.randrange(4))}
    words = ("set_size", "setup", "disconnect", "stdout", "", "\x00", "stdi", "\ud800")
    numbers = (0, -1, 24, 1e308, float("nan"), float("-inf"), 10**400, 0.5)
    return (random.choice(words), random.choice(numbers), None, True, False, random.choice(words), "x" * 2000)[kind]


def test_no_shape_of_a_message_ends_a_terminal(run, client, shell, terminal):
    random = Random(3)

    async def story():
        async with client() as browser:
            for _ in range(2000):
                message = anything(random)
                if random.random() < 0.5:
                    message = ["set_size", *(message if isinstance(message, list) else [message])]
                await browser.send_raw(json.dumps(message))
            await browser.send("stdin", "echo $((6*7))\r")
            await browser.until("42\r\n")
            assert all(1 <= side <= 1000 for side in terminal.size)

    run(story())


def test_a_text_that_is_no_utf8_ends_its_own_connection_alone(run, client, shell):
    async def story():
        async with client() as browser, client() as other:
            await browser.send_frame(True, 1, b'["stdin", "\xff"]')
            while await browser.receive_raw() is not None:
                pass
            await other.send("stdin", "echo $((6*7))\r")
            await other.until("42\r\n")

    run(story())


def test_messages_are_taken_however_they_are_cut(run, client, shell):
    async def story():
        async with client() as browser:
            # Many in one segment, one in many frames with a ping between them, and one in many segments.
            for letter in "echo one$":
                await browser.send_frame(True, 1, json.dumps(["stdin", letter]).encode())
            await browser.send_frame(False, 1, b'["stdin", "((6')
            await browser.send_frame(True, 9, b"there?")
            await browser.send_frame(False, 0, b"*7")
            await browser.send_frame(True, 0, b'))\\r"]')
            await browser.until("one42\r\n")
            await browser.send("stdin", "echo " + "long" * 500 + "$((6*7))\r")
            await browser.until("longlong42\r\n")

    run(story())


def test_a_flood_arrives_whole(run, client, terminal):
    count = 5_000_000

    async def story():
        digest = hashlib.sha256()
        async with client() as browser:
            flood = await Pty.start(
                "bash", "-c", f"stty raw -echo; printf READY; read -n1; seq 1 {count}; printf END; read"
            )
            terminal.connect(flood)
            await browser.until("READY")
            await browser.send("stdin", "x")
            text = ""
            while not text.endswith("END"):
                text = (await browser.receive())[1]
                digest.update(text.encode())
            await flood.kill()
        return digest.hexdigest()

    expected = hashlib.sha256("".join(f"{number}\n" for number in range(1, count + 1)).encode() + b"END")
    assert run(story()) == expected.hexdigest()


@pytest.mark.parametrize("rows, columns", [(10**9, 10**9), (1, 1), (24.0, 80.0), (0, 0)])
def test_a_size_of_any_number_is_brought_within_reason(run, client, shell, terminal, rows, columns):
    async def story():
        async with client() as browser:
            await browser.send("set_size", rows, columns, 0, 0)
            await browser.send("stdin", "echo $((6*7))\r")
            await browser.until("42")
            assert 1 <= terminal.size[0] <= 1000 and 1 <= terminal.size[1] <= 1000

    run(story())


def test_a_client_that_does_not_read_slows_no_one_and_costs_little_memory(run, client, terminal):
    async def story():
        async with client() as quick, client():
            flood = await Pty.start("bash", "-c", "yes 0123456789abcde | head -c 48M; echo; echo THE END; read")
            tracemalloc.start()
            terminal.connect(flood)
            while "THE END" not in quick.text:
                quick.text = quick.text[-64:] + (await quick.receive())[1]
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            await flood.kill()
            assert peak < 24 * 2**20

    run(story())


def test_a_closed_terminal_disconnects_its_clients(run, client, shell, hub):
    async def story():
        async with client() as browser:
            await hub.terminals.remove(NAME)
            while (message := await browser.receive())[0] == "stdout":
                pass
            assert message == ["disconnect", 1]

    run(story())


def status_of(error: pytest.ExceptionInfo[HTTPClientError]) -> int:
    return int(error.value.code)


def test_an_unknown_terminal_is_not_found(run, client, jp_fetch, hub):
    async def open_unknown():
        async with client("nobody"):
            pass

    with pytest.raises(HTTPClientError) as error:
        run(open_unknown())
    assert status_of(error) == 404
    for method in ("GET", "DELETE"):
        with pytest.raises(HTTPClientError) as error:
            run(jp_fetch("agent-hub", "api", "terminals", "nobody", method=method))
        assert status_of(error) == 404
        assert json.loads(error.value.response.body)["code"] == "not_found"


def test_a_terminal_needs_a_token(run, jp_ws_fetch, jp_fetch, terminal):
    with pytest.raises(HTTPClientError) as error:
        run(jp_ws_fetch("agent-hub", "terminals", "websocket", NAME, headers={"Authorization": "token wrong"}))
    assert status_of(error) == 403
    with pytest.raises(HTTPClientError) as error:
        run(jp_fetch("agent-hub", "api", "terminals", headers={"Authorization": "token wrong"}))
    assert status_of(error) == 403


def test_a_page_of_another_origin_cannot_watch(run, jp_ws_fetch, jp_fetch, jp_serverapp, terminal):
    # A browser is signed in by a cookie, which it sends along from any page.
    token = jp_serverapp.identity_provider.token
    signed_in = run(jp_fetch("api", "me", params={"token": token}, headers={"Authorization": ""}))
    cookie = "; ".join(line.split(";")[0] for line in signed_in.headers.get_list("Set-Cookie"))

    async def watch(origin: str) -> None:
        headers = {"Authorization": "", "Cookie": cookie, "Origin": origin}
        (await jp_ws_fetch("agent-hub", "terminals", "websocket", NAME, headers=headers)).close()

    run(watch(f"http://{jp_serverapp.ip}:{jp_serverapp.port}"))
    with pytest.raises(HTTPClientError) as error:
        run(watch("http://elsewhere.example"))
    assert status_of(error) == 403


def test_terminals_are_listed(run, jp_fetch, terminal):
    answer = run(jp_fetch("agent-hub", "api", "terminals"))
    (listed,) = json.loads(answer.body)
    assert listed.keys() == {"name", "last_activity"}
    assert listed["name"] == NAME
    one = json.loads(run(jp_fetch("agent-hub", "api", "terminals", NAME)).body)
    assert one == listed


def test_a_terminal_is_searched(run, jp_fetch, terminal):
    terminal.note("a Needle in it")
    answer = json.loads(run(jp_fetch("agent-hub", "api", "terminals", NAME, "search", params={"q": "needle"})).body)
    assert answer == {
        "query": "needle",
        "lines": 2,
        "complete": True,
        "matches": [{"line": 2, "text": "a Needle in it", "spans": [[2, 8]]}],
    }


@pytest.mark.parametrize(
    "params", [{}, {"q": ""}, {"q": "x" * 501}, {"q": "x", "limit": "0"}, {"q": "x", "limit": "²"}]
)
def test_a_search_that_makes_no_sense_is_refused(run, jp_fetch, terminal, params):
    with pytest.raises(HTTPClientError) as error:
        run(jp_fetch("agent-hub", "api", "terminals", NAME, "search", params=params))
    assert status_of(error) == 400
    assert json.loads(error.value.response.body)["details"]["field"] in ("q", "limit")
