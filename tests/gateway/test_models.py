"""What a chat asks a model, by way of the gateway: answered with the hub's own key, and with nothing of it told."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from agent_hub.connections import openai
from agent_hub.errors import ApiUnreachable, InvalidInput, NotConnected
from agent_hub.gateway import callers
from agent_hub.gateway.background import BackgroundSearch
from agent_hub.gateway.meter import Meter
from agent_hub.gateway.redaction import Redaction
from agent_hub.models import Chat, ChatChange, ConnectOpenAI, ProjectChange, Usage
from tests.gateway.container import Container
from tests.hub.running import RunningHub
from tests.standins.model_server import USAGE, ModelServer

KEY = "sk-proj-the-real-key-of-a-person-7Qf2"
CODEX = {"X-Codex-Window-Id": "1:0"}
"""What is in each request of Codex's, and of nobody else's."""
ASKED = {"model": "stand-in-1", "input": [{"role": "user", "content": "Say heron"}], "stream": True}


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in that takes one key alone."""
    with ModelServer(key=KEY) as server:
        yield server


def connection(model: ModelServer, key: str = KEY, verify: bool = True) -> ConnectOpenAI:
    return ConnectOpenAI.model_validate({"api_key": key, "base_url": model.base_url(), "verify": verify})


@asynccontextmanager
async def an_api(
    hub: RunningHub, answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> AsyncIterator[int]:
    """Something at an address that is connected as an API, whatever it answers; its port."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        given = {"api_key": KEY, "base_url": f"http://127.0.0.1:{port}", "verify": False}
        await hub.hub.openai.connect(ConnectOpenAI.model_validate(given))
        yield port


@pytest.fixture
async def agent(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    """Who asks, inside of `a_chat`."""
    base = container.url.removesuffix("/artifacts")
    async with httpx.AsyncClient(
        base_url=f"{base}/v1/", headers={"Authorization": f"Bearer {container.token}"}, trust_env=False, timeout=30
    ) as client:
        yield client


async def test_a_model_is_asked_with_the_hubs_key_and_the_chat_s_own_goes_no_further(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, container: Container
) -> None:
    await hub.hub.openai.connect(connection(model))
    answer = await agent.post("responses", json=ASKED)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/event-stream"
    words = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert "".join(word.get("delta", "") for word in words) == "You said: Say heron"
    (asked,) = model.turns
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert container.token not in json.dumps([request.headers for request in model.requests])
    assert KEY not in answer.text and KEY not in str(answer.headers)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A stand-in that is whoever a hub made after it asks, as an HTTP proxy; it takes any key, in any header."""
    with ModelServer() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield server


@pytest.mark.parametrize("domain", ["openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"])
async def test_azure_is_asked_with_the_key_in_the_header_that_it_takes(
    azure: ModelServer, hub: RunningHub, agent: httpx.AsyncClient, container: Container, domain: str
) -> None:
    base = f"http://herons.{domain}/openai/v1"
    await hub.hub.openai.connect(ConnectOpenAI.model_validate({"api_key": KEY, "base_url": base, "verify": True}))
    own = {"api-key": "sk-of-the-chat-s-own", "Api-Key-Of-Mine": "x"}
    assert (await agent.post("responses", json=ASKED, headers=own)).status_code == 200
    verified, asked = azure.requests
    assert (verified.path, asked.path) == (f"{base}/models", f"{base}/responses")
    for request in (verified, asked):
        assert request.headers["api-key"] == KEY and "authorization" not in request.headers
    assert container.token not in str(asked.headers) and "api-key-of-mine" not in asked.headers


@pytest.mark.parametrize("base", ["http://azure.com.example/v1", "http://openai.azure.com.example/v1"])
async def test_who_only_looks_like_azure_is_asked_as_openai_is_and_a_chat_s_own_key_goes_nowhere(
    azure: ModelServer, hub: RunningHub, agent: httpx.AsyncClient, base: str
) -> None:
    await hub.hub.openai.connect(ConnectOpenAI.model_validate({"api_key": KEY, "base_url": base}))
    own = {"api-key": "sk-of-the-chat-s-own", "x-api-key": "sk-of-the-chat-s-own"}
    assert (await agent.post("responses", json=ASKED, headers=own)).status_code == 200
    (asked,) = azure.turns
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert "api-key" not in asked.headers and "of-the-chat" not in str(asked.headers)


async def test_tokens_are_counted_for_the_chat_and_its_project(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    await hub.hub.openai.connect(connection(model))
    for _ in range(2):
        await agent.post("responses", json=ASKED)
    await hub.until(lambda: hub.hub.store.projects[a_chat.project].tokens == 2 * USAGE["total_tokens"])
    assert hub.hub.store.chats[a_chat.id].tokens == 2 * USAGE["total_tokens"]


@pytest.mark.parametrize("of", ["chat", "project"])
async def test_a_budget_that_is_used_up_stops_further_requests_and_says_why(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, a_chat: Chat, of: str
) -> None:
    await hub.hub.openai.connect(connection(model))
    if of == "chat":
        await hub.hub.chats.change(a_chat.id, ChatChange(token_budget=1000))
    else:
        await hub.hub.projects.change(a_chat.project, ProjectChange(token_budget=1000))
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    await hub.until(lambda: hub.hub.store.projects[a_chat.project].tokens)
    refused = await agent.post("responses", json=ASKED)
    assert refused.status_code == 400
    assert "1,234 tokens of the 1,000" in refused.json()["error"]["message"]
    assert len(model.turns) == 1
    # Raised, it goes on.
    if of == "chat":
        await hub.hub.chats.change(a_chat.id, ChatChange(token_budget=None))
    else:
        await hub.hub.projects.change(a_chat.project, ProjectChange(token_budget=None))
    assert (await agent.post("responses", json=ASKED)).status_code == 200


async def test_without_a_connection_an_agent_is_told_what_to_do(agent: httpx.AsyncClient) -> None:
    answer = await agent.post("responses", json=ASKED)
    assert answer.status_code == 400
    said = answer.json()["error"]["message"]
    assert said.startswith("Agent Hub: OpenAI is not connected") and "Connections page" in said
    # Codex shows it as it comes.
    answer = await agent.post("responses", json=ASKED, headers=CODEX)
    assert (answer.status_code, answer.text) == (400, said)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "files"),
        ("DELETE", "models/stand-in-1"),
        ("GET", "organization/admin_api_keys"),
        ("POST", "responses/../files"),
        ("POST", "%2e%2e/admin"),
        ("GET", "models/../../other"),
    ],
)
async def test_the_rest_of_the_api_is_the_person_s_own(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, method: str, path: str
) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    # As it stands: a client would resolve the dots itself.
    url = agent.base_url.copy_with(raw_path=f"/v1/{path}".encode())
    answer = await agent.request(method, url)
    assert answer.status_code in (404, 405)
    assert model.requests == []


async def test_codex_is_refused_with_what_it_asks_no_second_time_after(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient
) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    answer = await agent.get("files", headers=CODEX)
    assert answer.status_code == 400 and answer.text.startswith("Agent Hub: The hub sends on no GET")


@pytest.mark.parametrize("name", [".", "..", ".hidden"])
async def test_dots_are_no_model_s_name(hub: RunningHub, model: ModelServer, container: Container, name: str) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    # A client that folds nothing.
    root = replace(container, url=container.url.removesuffix("/artifacts"))
    assert (await root.send(f"/v1/models/{name}", None, "GET")).code == 404
    assert model.requests == []


BACKGROUND = [
    b'{"model": "stand-in-1", "background": true, "input": "x"}',
    b'{"background":true}',
    b'{"input": "' + b"x" * 3_000_000 + b'", "background"\n\n:\t' + b" " * 3_000_000 + b"true}",
    rb'{"back\u0067round": true}',
    rb'{"\u0062\u0061\u0063\u006B\u0067\u0072\u006f\u0075\u006E\u0064": true}',
    b'{"background": false, "background": true}',
    '{"background": true}'.encode("utf-16"),
]


@pytest.mark.parametrize("body", BACKGROUND, ids=range(len(BACKGROUND)))
async def test_what_is_asked_in_the_background_is_refused_and_never_asked(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, a_chat: Chat, body: bytes
) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    answer = await agent.post("responses", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_input", "background")
    assert "background" in error["message"] and "Ask without it" in error["message"]
    assert model.requests == [] and hub.hub.store.chats[a_chat.id].tokens == 0
    (told,) = hub.hub.access_log.newest()
    assert told.refused and told.status == 400


async def test_what_only_speaks_of_the_background_is_asked(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient
) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    tools = [
        {"type": "function", "name": "run", "parameters": {"properties": {"background": {"type": "boolean"}}}},
        {"type": "image_generation", "background": "transparent"},
    ]
    said = {"role": "user", "content": json.dumps({"background": True})}
    for asked in ({"background": False}, {"background": None}, {"tools": tools}, {"input": [said]}):
        assert (await agent.post("responses", json=ASKED | asked)).status_code == 200
    assert len(model.turns) == 4


def test_the_background_is_found_however_a_request_is_cut() -> None:
    text = rb'{"input": "b", "\u0062ackg\u0072ound"  :  true}'
    for size in range(1, len(text) + 1):
        search = BackgroundSearch()
        assert any([search.feed(text[begin : begin + size]) for begin in range(0, len(text), size)])


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nonsense", "Basic {}", "bearer x"])
async def test_who_shows_no_token_of_a_chat_that_runs_is_refused(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, token: str, container: Container
) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    answer = await agent.post("responses", json=ASKED, headers={"Authorization": token.format(container.token)})
    assert answer.status_code == 403
    assert model.requests == []


async def test_a_chat_that_was_stopped_asks_nothing_any_more(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    await hub.hub.openai.connect(connection(model, verify=False))
    await hub.hub.chats.stop(a_chat.id)
    assert (await agent.post("responses", json=ASKED)).status_code == 403
    assert model.requests == []


async def test_a_key_that_the_api_refuses_is_not_kept(hub: RunningHub, model: ModelServer) -> None:
    await hub.hub.openai.connect(connection(model))
    with pytest.raises(InvalidInput, match="refuses the key") as refused:
        await hub.hub.openai.connect(connection(model, key="sk-wrong"))
    assert "sk-wrong" not in str(refused.value)
    assert hub.hub.openai.account.key == KEY


async def test_a_key_that_works_no_more_is_the_connection_s_problem_until_it_is_taken_again(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.hub.openai.connect(connection(model))
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    assert hub.hub.openai.status.problem is None
    model.key = "another"
    for _ in range(2):
        refused = await agent.post("responses", json=ASKED)
        # No 401, which Codex would ask again after, five times.
        assert refused.status_code == 400
        said = refused.json()["error"]["message"]
        assert "refuses the API key (401). It says: “Incorrect API key provided.” Replace it on Agent" in said
    problem = hub.hub.status().openai.problem
    assert problem is not None and problem.message in said and "Incorrect" not in problem.message
    row, *_ = hub.hub.access_log.newest()
    assert (row.status, row.problem, row.refused, row.count) == (401, "it answers 401", False, 2)
    model.key = KEY
    # Not at once: a chat whose requests are refused and taken in turn would tell each browser of each.
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    assert hub.hub.openai.status.problem == problem
    monkeypatch.setattr(openai, "REFUSED_SECONDS", 0.0)
    assert (await agent.get("models")).status_code == 200
    assert hub.hub.openai.status.problem == problem, "anybody may be told which models there are"
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    assert hub.hub.openai.status.problem is None


async def test_the_refusal_of_a_key_that_was_replaced_meanwhile_says_nothing_of_the_new_one(
    hub: RunningHub, model: ModelServer
) -> None:
    await hub.hub.openai.connect(connection(model, key="sk-old", verify=False))
    before = hub.hub.openai.account
    await hub.hub.openai.connect(connection(model))
    with pytest.raises(NotConnected):
        before.refuse(before.headers)
    assert hub.hub.openai.status.problem is None


async def test_an_api_that_is_away_is_named(hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient) -> None:
    away = ConnectOpenAI.model_validate({"api_key": KEY, "base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(ApiUnreachable, match="127.0.0.1:9 does not answer"):
        await hub.hub.openai.connect(away)
    await hub.hub.openai.connect(away.model_copy(update={"verify": False}))
    answer = await agent.post("responses", json=ASKED)
    assert answer.status_code == 502 and "does not answer" in answer.json()["error"]["message"]
    problem = (await hub.hub.openai.check()).problem
    assert problem is not None and problem.code == "api_unreachable"


async def test_a_key_outlives_the_hub_in_a_file_of_its_owner_s_alone(hub: RunningHub, model: ModelServer) -> None:
    status = await hub.hub.openai.connect(connection(model))
    assert (status.key, status.connected) == ("sk-proj-…7Qf2", True)
    folder = hub.hub.folders.secrets
    assert folder.stat().st_mode & 0o777 == 0o700
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and KEY in file.read_text()
    assert KEY not in repr(hub.hub.openai.account) + hub.hub.status().model_dump_json()
    await hub.hub.openai.disconnect()
    assert list(folder.iterdir()) == [] and not hub.hub.openai.status.connected


async def test_an_answer_reaches_the_agent_as_it_comes(hub: RunningHub, agent: httpx.AsyncClient) -> None:
    go_on = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: first\n\n")
        await go_on.wait()
        writer.write(b"data: second\n\n")
        writer.close()

    async with an_api(hub, answer):
        async with asyncio.timeout(20), agent.stream("POST", "responses", json=ASKED) as told:
            pieces = told.aiter_raw()
            assert await anext(pieces) == b"data: first\n\n"
            go_on.set()
            assert b"".join([piece async for piece in pieces]) == b"data: second\n\n"


async def test_an_answer_that_breaks_off_does_not_look_like_one_that_is_whole(
    hub: RunningHub, agent: httpx.AsyncClient
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await writer.drain()
        writer.close()

    async with an_api(hub, answer):
        with pytest.raises(httpx.RemoteProtocolError):
            await agent.post("responses", json=ASKED)


async def test_an_agent_that_goes_away_ends_what_was_asked_for_it(hub: RunningHub, agent: httpx.AsyncClient) -> None:
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\ndata: first\n\n")
        while await reader.read(65536):
            continue
        ended.set()
        writer.close()

    async with an_api(hub, answer):
        async with asyncio.timeout(20):
            async with agent.stream("POST", "responses", json=ASKED) as told:
                assert await anext(told.aiter_raw()) == b"data: first\n\n"
            await ended.wait()


async def test_an_answer_that_an_agent_breaks_off_is_counted_by_its_length(
    hub: RunningHub, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"data: word\n\n" * 1000)
        while await reader.read(65536):
            continue
        writer.close()

    async with an_api(hub, answer):
        heard = 0
        async with asyncio.timeout(20), agent.stream("POST", "responses", json=ASKED | {"input": "x" * 4000}) as told:
            async for piece in told.aiter_raw():
                heard += len(piece)
                if heard == 12_000:
                    break
        await hub.until(lambda: hub.hub.store.chats[a_chat.id].tokens)
    assert 1000 + 120 <= hub.hub.store.chats[a_chat.id].tokens < 1200


@pytest.mark.parametrize("path", ["/v1/responses", "/artifacts?name=half.txt"])
async def test_who_stops_in_the_middle_of_a_body_is_hung_up_on(
    hub: RunningHub, model: ModelServer, container: Container, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("agent_hub.gateway.streamed.STALL_SECONDS", 4.0)
    await hub.hub.openai.connect(connection(model))
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {container.token}\r\nContent-Length: 100\r\n"
        )
        writer.write(f"{head}\r\n".encode())
        # Longer than a stall in all, and never one at once.
        for _ in range(9):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.5)
        assert not reader.at_eof()
        assert await asyncio.wait_for(reader.read(), 30) == b""
    finally:
        writer.close()
    assert hub.hub.store.artifacts.items == {} and model.turns == []


async def test_a_chat_that_asks_without_end_is_slowed_down(
    hub: RunningHub, agent: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "BURST", 3)
    # However slowly it asks here.
    monkeypatch.setattr(callers, "PER_SECOND", 0.001)
    answers = [await agent.get("models") for _ in range(5)]
    assert [answer.status_code for answer in answers][:3] == [400] * 3
    assert answers[-1].status_code == 429
    assert hub.hub.access_log.newest()[0].status == 429


def test_a_meter_counts_however_an_answer_is_cut() -> None:
    done = {"type": "response.completed", "response": {"usage": USAGE}}
    told = f"event: a\ndata: {{}}\n\nevent: response.completed\ndata: {json.dumps(done)}\n\n".encode()
    chat = json.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}).encode()
    for text, total in ((told, 1234), (chat, 7), (b'data: {"usage": null}\n', None), (b'{"usage": [' * 10_000, None)):
        for size in (1, 7, len(text)):
            meter = Meter()
            for begin in range(0, len(text), size):
                meter.feed(text[begin : begin + size])
            meter.end()
            assert (meter.usage.total if meter.usage else None) == total


async def test_how_it_goes_with_the_api_is_told(hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient) -> None:
    def routes() -> dict[str, str]:
        return {route.host: route.state for route in hub.hub.gateway_status().routes}

    assert routes() == {
        "api.openai.com": "not_connected",
        "github.com": "not_connected",
        "chatgpt.com": "not_connected",
    }
    await hub.hub.openai.connect(connection(model))
    host = f"127.0.0.1:{model.port}"
    assert routes()[host] == "idle"
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    (first, *_) = hub.hub.gateway_status().routes
    assert (first.host, first.state, first.requests, first.errors) == (host, "ok", 1, 0)
    assert first.median_ms is not None and first.median_ms > 0
    # What a chat asks wrongly is no trouble of the API's; a key that is refused is.
    assert (await agent.post("embeddings", json={})).status_code == 404
    assert routes()[host] == "ok"
    await hub.hub.openai.connect(connection(model, key="sk-wrong", verify=False))
    assert (await agent.post("responses", json=ASKED)).status_code == 400
    (first, *_) = hub.hub.gateway_status().routes
    assert (first.state, first.errors, first.problem) == ("trouble", 1, "it answers 401")
    # What the hub itself has found to work again has no trouble until a chat asks.
    await hub.hub.openai.connect(connection(model))
    assert routes()[host] == "ok"
    await hub.hub.openai.disconnect()
    assert routes()[host] == "not_connected"
    away = ConnectOpenAI.model_validate({"api_key": KEY, "base_url": "http://127.0.0.1:9/v1", "verify": False})
    await hub.hub.openai.connect(away)
    assert (await agent.post("responses", json=ASKED)).status_code == 502
    assert routes()["127.0.0.1:9"] == "trouble"


async def test_what_a_chat_asked_is_told_one_by_one_and_nothing_that_was_in_it(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    await hub.hub.openai.connect(connection(model))
    await agent.post("responses", json=ASKED)
    await agent.get("files?limit=heron")
    away = ConnectOpenAI.model_validate({"api_key": KEY, "base_url": "http://127.0.0.1:9/v1", "verify": False})
    await hub.hub.openai.connect(away)
    await agent.post("responses", json=ASKED)
    unheard, refused, answered = told = hub.hub.access_log.newest()
    assert {one.chat for one in told} == {a_chat.id}
    assert (answered.asked, answered.host) == ("POST /v1/responses", f"127.0.0.1:{model.port}")
    assert (answered.status, answered.problem, answered.refused) == (200, "", False)
    assert answered.ms is not None and answered.ms > 0
    assert (refused.asked, refused.host, refused.status, refused.refused) == ("GET /v1/files", "", 404, True)
    assert (unheard.asked, unheard.host, unheard.status, unheard.refused) == (
        "POST /v1/responses",
        "127.0.0.1:9",
        None,
        False,
    )
    assert unheard.problem and "heron" not in str(told)


async def test_a_chat_that_hangs_up_hides_nothing_of_what_it_asked(
    hub: RunningHub, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    heard = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        heard.set()
        await reader.read()
        writer.close()

    async with an_api(hub, silent) as port:
        asked = asyncio.create_task(agent.post("responses", json=ASKED))
        await asyncio.wait_for(heard.wait(), 20)
        asked.cancel()
        (told,) = await hub.until(hub.hub.access_log.newest)
    assert (told.chat, told.asked, told.status) == (a_chat.id, "POST /v1/responses", None)
    assert (told.host, told.problem, told.refused) == (f"127.0.0.1:{port}", "the chat hung up", False)
    assert hub.hub.gateway_status().routes[0].errors == 0


async def test_a_refusal_of_any_kind_is_told(hub: RunningHub, agent: httpx.AsyncClient, a_chat: Chat) -> None:
    asked = [("DELETE", "files/x", 405), ("PUT", "../git/13/github.com/heron/widgets.git/git-receive-pack", 405),
             ("PUT", "../artifacts", 400), ("GET", "../github-token", 405), ("GET", "../elsewhere", 404)]  # fmt: skip
    for method, path, status in asked:
        assert (await agent.request(method, path)).status_code == status, path
    told = {(one.asked, one.status) for one in hub.hub.access_log.newest() if one.refused and one.chat == a_chat.id}
    assert told == {
        ("DELETE /v1/files/x", 405),
        ("PUT /git/13/github.com/heron/widgets.git/git-receive-pack", 405),
        ("PUT /artifacts", 400),
        ("GET /github-token", 405),
        ("GET /elsewhere", 404),
    }
    agent.headers.pop("Authorization")
    assert (await agent.get("../elsewhere")).status_code == 404
    assert len(hub.hub.access_log.newest()) == len(asked)


async def test_a_body_where_none_belongs_is_sent_on_to_nobody_and_hides_no_request(
    hub: RunningHub, model: ModelServer, agent: httpx.AsyncClient
) -> None:
    await hub.hub.openai.connect(connection(model))
    assert (await agent.request("GET", "models", content=b"abc")).status_code == 200
    assert [(one.asked, one.status) for one in hub.hub.access_log.newest()] == [("GET /v1/models", 200)]


async def test_a_request_that_was_begun_while_there_was_budget_is_not_ended_once_there_is_none(
    hub: RunningHub, model: ModelServer, container: Container, a_chat: Chat
) -> None:
    await hub.hub.openai.connect(connection(model))
    await hub.hub.chats.change(a_chat.id, ChatChange(token_budget=1000))
    parts, body = urlsplit(container.url), json.dumps(ASKED).encode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        shown = f"Authorization: Bearer {container.token}\r\nContent-Length: {len(body)}"
        writer.write(f"POST /v1/responses HTTP/1.1\r\nHost: hub\r\n{shown}\r\n\r\n".encode() + body[:1])
        await writer.drain()
        await hub.hub.budgets.count(a_chat.id, Usage(input=1000, total=1000))
        writer.write(body[1:])
        answer = await asyncio.wait_for(reader.readuntil(b"}"), 30)
    finally:
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400") and b"of the 1,000 that it may" in answer
    assert model.turns == []


@pytest.mark.parametrize(
    "said",
    [
        "HTTP/1.1 400 Bad\r\nx debug: {key}\r\n\r\n",
        "Oops {key}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{key}\r\n",
    ],
)
async def test_what_is_no_http_is_quoted_to_nobody(
    hub: RunningHub, agent: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (proof,) = (line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("authorization"))
        writer.write(said.format(key=proof).encode())
        await writer.drain()
        writer.close()

    async with an_api(hub, answer):
        heard = ""
        try:
            refused = await agent.post("responses", json=ASKED)
            heard = f"{refused.headers} {refused.text}"
        except httpx.HTTPError as error:
            heard = str(error)
        checked = await hub.hub.openai.check()
    told = f"{hub.hub.access_log.newest()} {hub.hub.gateway_status()} {checked} {hub.hub.openai.status}"
    assert hub.hub.access_log.newest()[0].problem
    for words in (heard, told, caplog.text):
        assert KEY not in words


async def test_an_answer_that_is_packed_is_passed_on_to_nobody(hub: RunningHub, agent: httpx.AsyncClient) -> None:
    packed = gzip.compress(f"Incorrect API key provided: {KEY}".encode())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"identity" in await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 401 No\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode())
        writer.write(packed)
        await writer.drain()
        writer.close()

    async with an_api(hub, answer):
        refused = await agent.post("responses", json=ASKED)
    assert refused.status_code == 502 and packed not in refused.content and KEY not in refused.text


@pytest.mark.parametrize("cut", [1, 7, 1000])
@pytest.mark.parametrize("status", [401, 403])
async def test_an_api_that_quotes_the_key_tells_it_to_no_chat(
    hub: RunningHub, agent: httpx.AsyncClient, status: int, cut: int
) -> None:
    told = f'{{"error": {{"message": "Incorrect API key provided: {KEY}. sk-proj-t"}}}}'.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = f"OpenAI-Asked: {KEY}\r\nX-Request-Id: \xc3\xa9\r\nContent-Length: {len(told)}"
        writer.write(f"HTTP/1.1 {status} No\r\n{said}\r\n\r\n".encode())
        for begin in range(0, len(told), cut):
            writer.write(told[begin : begin + cut])
            await writer.drain()
        writer.close()

    async with an_api(hub, answer):
        refused = await agent.post("responses", json=ASKED)
    said = refused.json()["error"]["message"]
    assert "Incorrect API key provided: sk-proj-...7Qf2. sk-proj-t" in said
    assert KEY not in said + hub.hub.status().model_dump_json()
    assert KEY not in str(refused.headers)


def test_nothing_is_held_back_of_what_is_not_the_key() -> None:
    redaction = Redaction({"sk-abc-of-20-letters": "…"})
    assert redaction.feed(b"a task-") == b"a ta"
    assert redaction.feed(b"as") == b"sk-a"
    assert redaction.feed(b"k-a") == b""
    assert redaction.feed(b"x sk") == b"sk-ax "
    assert redaction.feed(b"-abc-of-20-letterssk-abc-of-20-letters") == "……".encode()
    assert redaction.feed(b"s") + redaction.end() == b"s"


@pytest.mark.parametrize("key", ["x", "none", "EMPTY", "ollama", "sk-no-key-required"])
async def test_a_word_in_the_place_of_a_key_may_be_in_an_answer(
    hub: RunningHub, agent: httpx.AsyncClient, key: str
) -> None:
    with ModelServer(key=key) as local:
        await hub.hub.openai.connect(connection(local, key=key))
        asked = ASKED | {"input": [{"role": "user", "content": f"Say none, x, EMPTY and {key}"}]}
        answer = await agent.post("responses", json=asked)
    words = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert "".join(word.get("delta", "") for word in words) == f"You said: Say none, x, EMPTY and {key}"


@pytest.mark.parametrize("indent", [None, 2])
async def test_an_answer_in_one_piece_is_counted_however_it_is_written(
    hub: RunningHub, agent: httpx.AsyncClient, a_chat: Chat, indent: int | None
) -> None:
    # A key of that name in what was asked, which the API repeats, counts for nothing.
    tools = [{"parameters": {"usage": {"input_tokens": 1}}}]
    told = json.dumps({"object": "response", "tools": tools, "usage": USAGE, "user": None}, indent=indent).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + told)
        await writer.drain()
        writer.close()

    async with an_api(hub, answer):
        assert (await agent.post("responses", json=ASKED | {"stream": False})).content == told
    assert hub.hub.store.chats[a_chat.id].tokens == USAGE["total_tokens"]


async def test_an_agent_that_goes_away_before_an_answer_begins_is_counted(
    hub: RunningHub, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    asked = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
        asked.set()
        while await reader.read(65536):
            continue
        writer.close()

    async with an_api(hub, answer):
        asking = asyncio.create_task(agent.post("responses", json=ASKED | {"input": "x" * 4000}))
        async with asyncio.timeout(20):
            await asked.wait()
        asking.cancel()
        await hub.until(lambda: hub.hub.store.chats[a_chat.id].tokens)
    assert 1000 <= hub.hub.store.chats[a_chat.id].tokens < 1100
