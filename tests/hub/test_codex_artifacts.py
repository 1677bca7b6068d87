"""The real Codex, which finds the hub's tools by itself, and publishes by them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.engines.process import ProcessEngine
from agent_hub.models import NewChat, TurnStatus
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE, RunningHub
from tests.hub.test_conversations import ended
from tests.hub.test_spares import spares
from tests.standins.model_server import ModelServer

HOST = "host.docker.internal"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in for a model, which containers reach at the bridge's address."""
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


def calls(tool: str, **arguments: Any) -> str:
    """What makes the stand-in call a tool of the hub's."""
    return f"MCP: agent_hub {tool} {json.dumps(arguments)}"


async def publishes_and_lists(hub: RunningHub, repository: Repository, model: ModelServer, host: str) -> None:
    """Have a new chat publish a file by a tool, and list it by another."""
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(host), "OPENAI_MODEL": "stand-in-1"}
    project = await hub.ready(repository, agent="codex", env=env)
    ahead = await spares(hub, project) if hub.hub.settings.spares else set()
    publish = calls("publish_artifact", paths=["plot.txt"], name="the plot.txt")
    prompt = "\n".join(["RUN: echo heron >plot.txt", publish, calls("list_artifacts")])
    # Where it is told to ask before some commands, which no spare is, it asks nobody about the hub's own tools.
    ask_before = () if ahead else ("rm",)
    chat = await hub.hub.new_chats.add(NewChat(project=project.id, prompt=prompt, ask_before=ask_before))
    assert not ahead or {chat.id} == ahead
    turn = await ended(hub, chat.id, 1)
    assert turn.status is TurnStatus.completed
    assert "the plot.txt\t1\t6\t" in turn.text
    (artifact,) = hub.hub.store.artifacts
    assert (artifact.chat, artifact.name, artifact.turn) == (chat.id, "the plot.txt", 1)
    assert hub.hub.artifacts.content(artifact.id).read_bytes() == b"heron\n"


@pytest.mark.parametrize("kept", [1, 0], ids=["from a spare", "from nothing"])
async def test_codex_publishes_by_a_tool_and_lists_by_another(
    kept: int, open_hub: OpenHub, a_repository: Repository, model: ModelServer
) -> None:
    await codex_binary(CACHE, print)
    await publishes_and_lists(await open_hub(spares=kept), a_repository, model, HOST)


async def test_codex_without_a_container_finds_the_tools_too(
    tmp_path: Path, a_repository: Repository, model: ModelServer
) -> None:
    await codex_binary(CACHE, print)
    hub = await RunningHub.open(tmp_path / "hub", ProcessEngine(tmp_path / "hub/data/processes"), "any")
    try:
        await publishes_and_lists(hub, a_repository, model, "127.0.0.1")
    finally:
        await hub.clear()
        await hub.close()
