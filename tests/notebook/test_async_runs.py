"""Inputs and runs on an event loop, with the real Codex, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import agent_hub
from agent_hub import AsyncHub
from agent_hub.errors import AgentHubError, InvalidInput, NotSerialisable
from agent_hub.notebook.async_project import AsyncProject
from tests.conftest import Repository
from tests.standins.model_server import ModelServer

LIMIT = 120.0
WAITING = "RUN: until [ -e {go} ]; do sleep 0.05; done; mkdir results; echo {n} > results/metrics.json"


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture
async def project(async_hub: AsyncHub, model: ModelServer, a_repository: Repository) -> AsyncProject:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    return await async_hub.add_project(a_repository.path, agent="codex", env=env)


async def test_values_are_handed_over(async_hub: AsyncHub, project: AsyncProject) -> None:
    chat = await async_hub.new_chat(project, "RUN: cat inputs/n.json", inputs={"n": [7]})
    turn = await (await chat.turn()).wait(LIMIT)
    assert "[7]" in turn.text and "- inputs/n.json: n, JSON (list), of 1" in turn.prompt
    again = await chat.send("RUN: cat inputs/m.json", inputs={"m": [8]})
    assert "[8]" in (await again.wait(LIMIT)).text


async def test_an_input_that_is_refused_leaves_no_chat(async_hub: AsyncHub, project: AsyncProject) -> None:
    with pytest.raises(NotSerialisable):
        await async_hub.new_chat(project, "Say heron", inputs={"m": agent_hub.Pickle(lambda: 1)})
    with pytest.raises(AgentHubError):
        await async_hub.new_chat(project, "x" * 200_000, inputs={"m": 1})
    assert not await async_hub.chats()


async def test_the_chats_of_a_run_come_as_they_end(async_hub: AsyncHub, project: AsyncProject, tmp_path: Path) -> None:
    # The first of them is let go last.
    gates = [tmp_path / name for name in ("a", "b")]
    grid = [{"n": n, "go": str(gate)} for n, gate in enumerate(gates)]
    runs = await async_hub.map(WAITING, grid, project=project, name="birds")
    assert not await runs.done() and [chat.parameters["n"] for chat in await runs.chats()] == [0, 1]
    with pytest.raises(TimeoutError, match="'birds' has not ended within 1 seconds"):
        await runs.wait(1)
    gates[1].touch()
    ended = []
    async for chat in runs.as_completed(LIMIT):
        ended.append(chat.parameters["n"])
        gates[0].touch()
    assert ended == [1, 0] and await runs.done()
    table = await (await async_hub.runs())["birds"].results()
    assert list(table["metrics"]) == [0, 1] and set(table["status"]) == {"completed"}
    assert [diff and diff.paths for diff in await runs.diffs()] == [("results/metrics.json",)] * 2
    assert [list(artifacts) for artifacts in await runs.artifacts()] == [[], []]
    await runs.delete(force=True)
    assert not await async_hub.runs() and not await async_hub.chats()


async def test_a_run_is_stopped(async_hub: AsyncHub, project: AsyncProject, tmp_path: Path) -> None:
    grid = {"n": range(3), "go": str(tmp_path / "go")}
    runs = await async_hub.map(WAITING, grid, project=project, concurrency=1)
    waiting = asyncio.create_task(runs.wait(LIMIT))
    await runs.stop()
    assert await (await waiting).done()
    assert {chat.status for chat in await runs.chats()} == {"exited"}
    with pytest.raises(InvalidInput, match=r"names \{lr\}"):
        await async_hub.map("Say {lr}", {"n": [1]}, project=project)
