"""Connecting accounts from a notebook, with secrets that are shown nowhere."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from agent_hub import AsyncHub
from agent_hub.errors import ApiUnreachable, InvalidInput
from agent_hub.notebook.client import Hub
from tests.conftest import Repository
from tests.standins.github_server import GitHubServer, Token
from tests.standins.model_server import ModelServer

KEY = "sk-proj-typed-into-a-notebook-by-a-person-7Qf2"
TOKEN = "github_pat_11TYPEDINTOANOTEBOOK0byaperson_9xQ"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(key=KEY) as server:
        yield server


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubServer]:
    with GitHubServer(tmp_path / "github", {TOKEN: Token("heron", name="Grey Heron")}) as server:
        yield server


@pytest.fixture
def a_hub(hub: Hub) -> Iterator[Hub]:
    """A hub that is not connected, after a test either."""
    yield hub
    hub.connections.openai.disconnect()
    hub.connections.github.disconnect()


def shown(hub: Hub) -> str:
    """All that a notebook shows of the connections."""
    connections = hub.connections
    both = [connections, connections.openai, connections.github, connections.openai.status, connections.github.status]
    html = [connections.openai._repr_html_(), connections.github._repr_html_(), connections._repr_mimebundle_()]
    return "\n".join([*map(repr, both), *map(str, html)])


def test_a_key_is_connected_checked_and_forgotten_and_never_shown(a_hub: Hub, model: ModelServer) -> None:
    openai = a_hub.connections.openai
    assert not openai.status.connected and "not connected" in shown(a_hub)
    connected = openai.connect(KEY, base_url=model.base_url())
    assert (connected.connected, connected.kind, connected.key) == (True, "key", "sk-proj-…7Qf2")
    assert openai.check().problem is None
    assert "sk-proj-…7Qf2" in shown(a_hub) and KEY not in shown(a_hub)
    openai.disconnect()
    assert not openai.status.connected


def test_what_is_answered_is_shown_as_the_connection_is(a_hub: Hub, model: ModelServer, github: GitHubServer) -> None:
    openai = a_hub.connections.openai
    assert f"{openai.check()}" == repr(openai.check()) == "OpenAI(not connected)"
    connected = openai.connect(KEY, base_url=model.base_url())
    assert repr(connected) == f"OpenAI(sk-proj-…7Qf2 at {model.base_url()})" and "connected" in connected._repr_html_()
    assert repr(a_hub.connections.github.connect(TOKEN, url=github.url)) == f"GitHub(heron at {github.url})"
    gateway = a_hub.connections.gateway
    assert f"127.0.0.1:{model.port}  idle  no requests  –" in repr(gateway)
    assert f"127.0.0.1:{model.port}" in gateway._repr_html_() and "GatewayRoute" not in repr(gateway)


def test_a_key_that_is_not_given_is_asked_for(a_hub: Hub, model: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: prompts.append(prompt) or f" {KEY}\n")
    assert a_hub.connections.openai.connect(base_url=model.base_url()).connected
    assert prompts == ["OpenAI API key: "]
    assert a_hub.connections.openai.connect(lambda: KEY, base_url=model.base_url()).connected
    with pytest.raises(InvalidInput, match="gives no OpenAI API key, but NoneType"):
        a_hub.connections.openai.connect(lambda: None)  # type: ignore[arg-type, return-value]
    assert len(prompts) == 1


def test_what_is_refused_is_told_without_the_secret(a_hub: Hub, model: ModelServer, github: GitHubServer) -> None:
    with pytest.raises(InvalidInput, match="refuses the key") as wrong_key:
        a_hub.connections.openai.connect(f"{KEY}x", base_url=model.base_url())
    with pytest.raises(ApiUnreachable) as away:
        a_hub.connections.openai.connect(KEY, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(InvalidInput) as two_words:
        a_hub.connections.openai.connect(f"{KEY} {KEY}", base_url=model.base_url())
    with pytest.raises(InvalidInput, match="refuses the token") as wrong_token:
        a_hub.connections.github.connect(f"{TOKEN}x", url=github.url)
    told = "".join(f"{error.value!r}{error.value}" for error in (wrong_key, away, two_words, wrong_token))
    assert KEY not in told and TOKEN not in told
    unverified = a_hub.connections.openai.connect(KEY, base_url="http://127.0.0.1:9/v1", verify=False)
    assert unverified.connected and unverified.checked_at is None
    assert a_hub.connections.openai.check().problem is not None
    assert "does not answer" in shown(a_hub) and KEY not in shown(a_hub)


def test_github_is_connected_by_a_token(a_hub: Hub, github: GitHubServer) -> None:
    connected = a_hub.connections.github.connect(TOKEN, url=github.url)
    assert (connected.connected, connected.login, connected.name) == (True, "heron", "Grey Heron")
    assert a_hub.connections.github.check().problem is None
    assert "heron" in shown(a_hub) and TOKEN not in shown(a_hub)
    a_hub.connections.github.disconnect()
    assert not a_hub.connections.github.status.connected


async def test_an_event_loop_does_the_same(
    a_hub: Hub, async_hub: AsyncHub, model: ModelServer, github: GitHubServer
) -> None:
    connections = async_hub.connections
    assert (await connections.openai.connect(lambda: KEY, base_url=model.base_url())).key == "sk-proj-…7Qf2"
    assert (await connections.openai.check()).problem is None
    assert (await connections.openai.status()).connected
    assert (await connections.github.connect(TOKEN, url=github.url)).login == "heron"
    assert (await connections.github.check()).problem is None
    hosts = {route.host: route.state for route in (await connections.gateway()).routes}
    assert hosts[f"127.0.0.1:{model.port}"] == "idle"
    await connections.openai.disconnect()
    await connections.github.disconnect()
    assert not (await connections.openai.status()).connected and not (await connections.github.status()).connected


ASK = """
import os, pathlib, urllib.error, urllib.request

run = pathlib.Path(os.environ["AGENT_HUB_RUN"])
url = (run / "artifacts_url").read_text().strip().removesuffix("artifacts") + "v1/files"
shown = {"Authorization": f"Bearer {(run / 'token').read_text().strip()}"}
try:
    urllib.request.urlopen(urllib.request.Request(url, headers=shown), timeout=30)
except urllib.error.HTTPError as refusal:
    print(refusal.code)
"""


async def test_what_a_chat_asked_the_gateway_for_is_told(
    a_hub: Hub, async_hub: AsyncHub, model: ModelServer, a_repository: Repository
) -> None:
    a_hub.connections.openai.connect(KEY, base_url=model.base_url())
    chat = a_hub.new_chat(a_hub.add_project(a_repository.path, agent="shell", progress=False)).wait_ready()
    assert chat.run(["python3", "-c", ASK], check=True).output == "404\n"
    (told,) = a_hub.connections.requests
    assert (told.chat, told.asked, told.status, told.refused) == (chat.id, "GET /v1/files", 404, True)
    assert await async_hub.connections.requests() == [told]
    assert f"  {chat.name}  GET /v1/files  the hub, which refused  404  " in repr(a_hub.connections.requests)
    assert (
        chat.name in a_hub.connections.requests._repr_html_()
        and chat.id not in a_hub.connections.requests._repr_html_()
    )


async def test_it_is_told_whose_name_commits_carry_and_who_says_so(
    a_hub: Hub, async_hub: AsyncHub, github: GitHubServer
) -> None:
    a_hub.connections.github.connect(TOKEN, url=github.url)
    committer = a_hub.connections.committer
    assert await async_hub.connections.committer() == committer
    assert (committer.name, committer.source) == ("Grey Heron", "github")
    assert "Grey Heron" in committer._repr_html_() and "as GitHub says" in repr(committer)


async def test_tokens_are_told_and_limited_for_a_chat_and_a_project(
    a_hub: Hub, async_hub: AsyncHub, a_repository: Repository
) -> None:
    project = a_hub.add_project(a_repository.path, agent="shell", progress=False)
    chat = a_hub.new_chat(project)
    for limited in (project, chat):
        assert (limited.tokens, limited.token_budget) == (0, None)
        assert limited.set_token_budget(1000).token_budget == 1000
    for awaited in ((await async_hub.projects())[project.id], (await async_hub.chats())[chat.id]):
        assert (awaited.tokens, awaited.token_budget) == (0, 1000)
        assert (await awaited.set_token_budget(None)).token_budget is None
    assert project.token_budget is None and chat.token_budget is None
    with pytest.raises(InvalidInput):
        chat.set_token_budget(-1)


async def test_a_budget_is_given_with_what_is_started(
    a_hub: Hub, async_hub: AsyncHub, a_repository: Repository
) -> None:
    project = a_hub.add_project(
        a_repository.path, agent="shell", token_budget=5000, chat_token_budget=1000, progress=False
    )
    assert project.token_budget == 5000
    assert a_hub.new_chat(project).token_budget == 1000
    assert a_hub.new_chat(project, token_budget=numpy.int64(200)).token_budget == 200
    assert (await async_hub.new_chat(project, token_budget=0)).token_budget == 0
