"""The real Codex, which asks a model by way of the gateway: no key is where it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container

from agent_hub.models import Command, ConnectOpenAI, NewChat, Project, TurnStatus
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.hub.test_conversations import codex, ended, reads
from tests.standins.model_server import ModelServer

__all__ = ["codex"]

KEY = "sk-proj-planted-key-that-no-container-may-hold-7Qf2"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in that takes the hub's key alone, and that only the hub reaches."""
    with ModelServer(key=KEY) as server:
        yield server


@pytest.fixture
async def a_project(codex: RunningHub, a_repository: Repository) -> Project:
    return await codex.ready(a_repository, agent="codex", env={"OPENAI_MODEL": "stand-in-1"})


async def connect(hub: RunningHub, model: ModelServer) -> None:
    given = {"api_key": KEY, "base_url": model.base_url()}
    await hub.hub.openai.connect(ConnectOpenAI.model_validate(given))


async def found_in(container: Container, secret: str) -> list[str]:
    """The files of a container, and of its processes, that hold a secret."""
    # In two parts, so that it is not found in what looks for it.
    half = len(secret) // 2
    search = 'grep -rlsF --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev -e "$1$2" /'
    processes = 'grep -lsF -e "$1$2" /proc/[0-9]*/environ /proc/[0-9]*/cmdline'
    command = ["sh", "-c", f"{search}; {processes}", "sh", secret[:half], secret[half:]]
    found = await asyncio.to_thread(container.exec_run, command)
    return [line for line in found.output.decode().splitlines() if line]


async def test_codex_calls_a_tool_and_the_key_is_nowhere_in_its_container(
    codex: RunningHub, a_project: Project, model: ModelServer, docker_engine: docker.DockerClient
) -> None:
    await connect(codex, model)
    chat = await codex.hub.new_chats.add(NewChat(project=a_project.id, prompt="RUN: echo heron; env; cat /hub/run/*"))
    turn = await ended(codex, chat.id, 1)
    assert turn.status is TurnStatus.completed
    (command,) = (item for item in turn.items if isinstance(item, Command))
    assert "heron" in command.text and KEY not in command.text
    assert {request.headers["authorization"] for request in model.turns} == {f"Bearer {KEY}"}
    container = docker_engine.containers.get(codex.hub.store.chats[chat.id].container)
    token = (codex.hub.folders.run(chat.id) / "token").read_text().strip()
    # What it does hold is found, so the search is one.
    assert "/hub/run/token" in await found_in(container, token)
    assert await found_in(container, KEY) == []
    assert KEY not in str(container.attrs)
    counted = await codex.until(lambda: codex.hub.store.chats[chat.id].tokens)
    assert counted >= 1234


async def test_an_agent_shows_why_it_reaches_no_model_and_goes_on_once_it_does(
    codex: RunningHub, a_project: Project, model: ModelServer
) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_project.id, prompt="Say heron"))
    turn = await ended(codex, chat.id, 1)
    assert turn.status is TurnStatus.failed
    assert turn.error is not None and turn.error.message.startswith("Agent Hub: OpenAI is not connected")
    await reads(codex, chat.id, "Agent Hub: OpenAI is not connected")
    assert '"error"' not in codex.shown(chat.id) and "not_connected" not in codex.shown(chat.id)
    await connect(codex, model)
    await codex.hub.conversations.send(chat.id, "Say crane")
    assert (await ended(codex, chat.id, 2)).text == "You said: Say crane"
