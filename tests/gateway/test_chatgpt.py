"""What a chat asks a model, answered with the ChatGPT account that is signed in, which the chat sees nothing of."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.gateway import models
from agent_hub.models import Chat, ChatChange, ConnectOpenAI, UseOpenAI
from tests.conftest import Repository
from tests.gateway.container import Container
from tests.hub.running import RunningHub
from tests.standins.chatgpt_server import ACCOUNT, ChatGPTServer
from tests.standins.model_server import USAGE, ModelServer

ASKED = {
    "model": "stand-in-1",
    "instructions": "You are Codex",
    "input": [{"role": "user", "content": "Say heron"}],
    "stream": True,
    "store": False,
}


@pytest.fixture
def openai() -> Iterator[ChatGPTServer]:
    with ChatGPTServer() as server:
        yield server


@pytest.fixture
async def hub(tmp_path: Path, a_small_codex: Path, openai: ChatGPTServer) -> AsyncIterator[RunningHub]:
    """A hub without containers, whose person has signed in."""
    engine = ProcessEngine(tmp_path / "data" / "processes")
    running = await RunningHub.open(tmp_path, engine, "any", openai_issuer=openai.url, chatgpt_url=openai.backend)
    await running.hub.openai.signed_in(openai.sign_in())
    yield running
    await running.clear()
    await running.close()


@pytest.fixture(autouse=True)
def nothing_is_logged(openai: ChatGPTServer, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens, no token of the account is in a log."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = "\n".join(record.getMessage() for record in (*caplog.get_records("setup"), *caplog.get_records("call")))
    assert "Containers find the hub" in logged and not [secret for secret in openai.given if secret in logged]


def client(container: Container) -> httpx.AsyncClient:
    """Who asks, inside of a chat."""
    base = container.url.removesuffix("/artifacts")
    headers = {"Authorization": f"Bearer {container.token}"}
    return httpx.AsyncClient(base_url=f"{base}/v1/", headers=headers, trust_env=False, timeout=30)


@pytest.fixture
async def agent(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    async with client(container) as asking:
        yield asking


async def test_a_model_is_asked_with_the_account_and_the_chat_hears_nothing_of_it(
    hub: RunningHub, openai: ChatGPTServer, agent: httpx.AsyncClient, container: Container, a_chat: Chat
) -> None:
    named = {"session_id": "s-1", "originator": "codex-tui", "x-codex-turn-state": "t-1", "chatgpt-account-id": "mine"}
    answer = await agent.post("responses", json=ASKED, headers=named)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/event-stream"
    (asked,) = openai.turns
    assert asked.path == "/backend-api/codex/responses"
    assert asked.headers["chatgpt-account-id"] == ACCOUNT and openai.is_good(asked.headers["authorization"][7:])
    assert [asked.headers[name] for name in ("session_id", "originator", "x-codex-turn-state")] == [
        "s-1",
        "codex-tui",
        "t-1",
    ]
    assert container.token not in json.dumps(asked.headers)
    assert not [secret for secret in openai.given if secret in answer.text + str(answer.headers)]
    await hub.until(lambda: hub.hub.store.chats[a_chat.id].tokens == USAGE["total_tokens"])


async def test_models_are_asked_for_by_the_agent_s_version(openai: ChatGPTServer, agent: httpx.AsyncClient) -> None:
    for query in ("?client_version=0.169.0", "?client_version=0.169.0&account=other", "?x=%0d%0a"):
        assert (await agent.get(f"models{query}")).status_code == 200
    assert [request.path for request in openai.requests] == ["/backend-api/codex/models"] * 3
    assert openai.queries == ["client_version=0.169.0", "", ""]


async def test_two_chats_whose_account_s_token_ends_have_it_renewed_once_and_are_both_answered(
    hub: RunningHub, openai: ChatGPTServer, a_chat: Chat, a_repository: Repository
) -> None:
    other = await hub.start(hub.hub.store.projects[a_chat.project], name="second")
    openai.renewal_takes = 0.3
    async with client(Container.of(hub, a_chat)) as one, client(Container.of(hub, other)) as two:
        for number in (1, 2):
            openai.end_access()
            answers = await asyncio.gather(*(agent.post("responses", json=ASKED) for agent in (one, two, one, two)))
            assert [answer.status_code for answer in answers] == [200] * 4
            assert all("heron" in answer.text for answer in answers)
            assert len(openai.renewals) == number
    assert not openai.families[0].ended
    # The whole of it, the second time as well.
    assert {json.dumps(request.body) for request in openai.turns} == {json.dumps(ASKED)}


async def test_a_renewed_token_outlives_the_hub(
    hub: RunningHub, openai: ChatGPTServer, agent: httpx.AsyncClient, tmp_path: Path
) -> None:
    openai.end_access()
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    await hub.close()
    engine = ProcessEngine(tmp_path / "data" / "processes")
    settings = {"openai_issuer": openai.url, "chatgpt_url": openai.backend}
    again = await RunningHub.open(tmp_path, engine, "any", **settings)
    hub.hub, hub.gateway = again.hub, again.gateway
    openai.end_access()
    headers = await again.hub.openai.upstream.credentials()
    assert await again.hub.openai.upstream.renewed(headers)
    assert len(set(openai.renewals)) == 2 and not openai.families[0].ended


async def test_a_long_request_whose_token_was_refused_is_the_agent_s_to_repeat(
    openai: ChatGPTServer, agent: httpx.AsyncClient
) -> None:
    openai.end_access()
    long = ASKED | {"input": [{"role": "user", "content": "heron " * (models.REPEATED // 6 + 1)}]}
    assert (await agent.post("responses", json=long)).status_code == 401
    assert len(openai.renewals) == 1
    answer = await agent.post("responses", json=long)
    assert answer.status_code == 200 and len(openai.renewals) == 1


async def test_a_sign_in_that_has_ended_is_told_to_the_agent_and_on_the_page(
    hub: RunningHub, openai: ChatGPTServer, agent: httpx.AsyncClient
) -> None:
    openai.end_access()
    openai.families[0].ended = True
    for _ in range(2):
        answer = await agent.post("responses", json=ASKED)
        # 400: Codex shows it, and does not ask again and again.
        assert answer.status_code == 400 and "Sign in again" in answer.json()["error"]["message"]
    shown = hub.hub.status().openai.chatgpt
    assert len(openai.renewals) == 1 and shown is not None and shown.problem is not None
    await hub.hub.openai.signed_in(openai.sign_in())
    assert (await agent.post("responses", json=ASKED)).status_code == 200


async def test_an_account_that_is_refused_although_it_was_renewed_is_not_renewed_without_end(
    openai: ChatGPTServer, agent: httpx.AsyncClient
) -> None:
    openai.refuses_everybody = True
    for _ in range(3):
        answer = await agent.post("responses", json=ASKED)
        assert answer.status_code == 400 and "Sign in again" in answer.json()["error"]["message"]
    assert len(openai.renewals) == 1 and len(openai.turns) == 2


@pytest.mark.parametrize("path", ["chat/completions", "embeddings", "completions", "responses/../wham/usage"])
async def test_what_a_chatgpt_account_does_not_answer_is_not_asked_of_it(
    openai: ChatGPTServer, agent: httpx.AsyncClient, path: str
) -> None:
    url = agent.base_url.copy_with(raw_path=f"/v1/{path}".encode())
    assert (await agent.post(url, json=ASKED)).status_code == 404
    assert openai.requests == []


async def test_a_budget_holds_for_an_account_as_for_a_key(
    hub: RunningHub, openai: ChatGPTServer, agent: httpx.AsyncClient, a_chat: Chat
) -> None:
    await hub.hub.chats.change(a_chat.id, ChatChange(token_budget=1000))
    assert (await agent.post("responses", json=ASKED)).status_code == 200
    await hub.until(lambda: hub.hub.store.chats[a_chat.id].tokens)
    refused = await agent.post("responses", json=ASKED)
    assert refused.status_code == 400 and "1,234 tokens of the 1,000" in refused.json()["error"]["message"]


async def test_a_chat_that_runs_follows_what_is_used(
    hub: RunningHub, openai: ChatGPTServer, agent: httpx.AsyncClient
) -> None:
    with ModelServer(key="sk-of-a-person") as api:
        given = {"api_key": "sk-of-a-person", "base_url": api.base_url()}
        await hub.hub.openai.connect(ConnectOpenAI.model_validate(given))
        await hub.hub.openai.use(UseOpenAI(kind="key"))
        assert (await agent.post("responses", json=ASKED)).status_code == 200
        assert (len(api.turns), len(openai.turns)) == (1, 0)
        assert not [secret for secret in openai.given if secret in json.dumps(api.turns[0].headers)]
        await hub.hub.openai.use(UseOpenAI(kind="chatgpt"))
        assert (await agent.post("responses", json=ASKED)).status_code == 200
        assert (len(api.turns), len(openai.turns)) == (1, 1)
        assert "sk-of-a-person" not in json.dumps(openai.turns[0].headers)
    await hub.hub.openai.sign_out()
    await hub.hub.openai.disconnect()
    answer = await agent.post("responses", json=ASKED)
    assert answer.status_code == 400 and "Connections page" in answer.json()["error"]["message"]


async def test_a_backend_that_is_away_is_named(hub: RunningHub, agent: httpx.AsyncClient) -> None:
    hub.hub.openai.chatgpt.base_url = "http://127.0.0.1:9/backend-api/codex"
    answer = await agent.post("responses", json=ASKED)
    assert answer.status_code == 502 and "127.0.0.1 does not answer" in answer.json()["error"]["message"]
