"""The real Codex, answered with a ChatGPT account: signed in by the real login, renewed meanwhile, nowhere inside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import docker
import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.models import Command, NewChat, Project, StartSignIn, TurnStatus
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE, RunningHub
from tests.hub.test_conversations import ended, reads
from tests.hub.test_gateway_codex import found_in
from tests.hub.test_sign_ins import bridge, state, waits
from tests.standins.chatgpt_server import ACCOUNT, ChatGPTServer

__all__ = ["bridge"]


@pytest.fixture
def openai(bridge: str) -> Iterator[ChatGPTServer]:
    with ChatGPTServer(bridge) as server:
        yield server


@pytest.fixture
async def hub(open_hub: OpenHub, openai: ChatGPTServer) -> RunningHub:
    """A hub whose person has signed in with ChatGPT."""
    await codex_binary(CACHE, print)
    hub = await open_hub(openai_issuer=openai.url, chatgpt_url=openai.backend)
    await hub.hub.sign_ins.start(StartSignIn(method="device"))
    openai.confirm((await waits(hub)).code)
    await state(hub, "done")
    return hub


@pytest.fixture
async def a_project(hub: RunningHub, a_repository: Repository) -> Project:
    """A project whose chats use the model that Codex itself chooses."""
    return await hub.ready(a_repository, agent="codex")


async def test_codex_calls_a_tool_and_nothing_of_the_account_is_in_its_container(
    hub: RunningHub, a_project: Project, openai: ChatGPTServer, docker_engine: docker.DockerClient
) -> None:
    prompt = "RUN: echo heron; env; cat /hub/run/* /hub/agent/*.toml"
    chat = await hub.hub.new_chats.add(NewChat(project=a_project.id, prompt=prompt, model="stand-in-1"))
    turn = await ended(hub, chat.id, 1)
    assert turn.status is TurnStatus.completed, turn.error
    (command,) = (item for item in turn.items if isinstance(item, Command))
    assert "heron" in command.text
    # Everything that Codex asks is of what the backend has.
    assert {request.path for request in openai.requests} <= {
        "/backend-api/codex/responses", "/backend-api/codex/models",
    }  # fmt: skip
    assert {request.headers["chatgpt-account-id"] for request in openai.requests} == {ACCOUNT}
    container = docker_engine.containers.get(hub.hub.store.chats[chat.id].container)
    token = (hub.hub.folders.run(chat.id) / "token").read_text().strip()
    # What it does hold is found, so the search is one.
    assert "/hub/run/token" in await found_in(container, token)
    for secret in (*openai.given, ACCOUNT):
        assert secret not in command.text and secret not in str(container.attrs)
        assert await found_in(container, secret) == []
    assert not (hub.hub.folders.agent_home(chat.id) / "auth.json").exists()
    assert await hub.until(lambda: hub.hub.store.chats[chat.id].tokens) >= 1234


async def test_two_chats_go_on_when_the_token_ends_in_between(
    hub: RunningHub, a_project: Project, openai: ChatGPTServer
) -> None:
    chats = [
        await hub.hub.new_chats.add(NewChat(project=a_project.id, prompt=f"Say {bird}")) for bird in ("heron", "crane")
    ]
    for turn in await asyncio.gather(*(ended(hub, chat.id, 1) for chat in chats)):
        assert turn.status is TurnStatus.completed, turn.error
    openai.end_access()
    openai.renewal_takes = 0.3
    for chat in chats:
        await hub.hub.conversations.send(chat.id, "Say stork")
    for turn in await asyncio.gather(*(ended(hub, chat.id, 2) for chat in chats)):
        assert turn.status is TurnStatus.completed, turn.error
        assert turn.text == "You said: Say stork"
    assert len(openai.renewals) == 1 and not openai.families[0].ended


async def test_an_agent_shows_that_its_person_has_to_sign_in_again(
    hub: RunningHub, a_project: Project, openai: ChatGPTServer
) -> None:
    openai.end_access()
    openai.families[0].ended = True
    chat = await hub.hub.new_chats.add(NewChat(project=a_project.id, prompt="Say heron"))
    turn = await ended(hub, chat.id, 1)
    assert turn.status is TurnStatus.failed
    assert turn.error is not None and "Sign in again" in turn.error.message
    await reads(hub, chat.id, "Connections page")
    await hub.hub.openai.signed_in(openai.sign_in())
    await hub.hub.conversations.send(chat.id, "Say crane")
    turn = await ended(hub, chat.id, 2)
    assert turn.text == "You said: Say crane", turn.error
