"""The library on an event loop, with the real Codex, on a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from agent_hub import AsyncHub
from agent_hub.errors import Conflict, HubUnavailable, NotAllowed, NotFound, TurnFailed, TurnInterrupted
from agent_hub.models import Command, TurnEvent
from agent_hub.notebook.async_chat import AsyncChat
from agent_hub.notebook.async_project import AsyncProject
from tests.conftest import Repository
from tests.notebook.server import DOCKER, Server
from tests.standins.model_server import ModelServer

pytestmark = pytest.mark.timeout(900)
LIMIT = 180.0
"""Seconds: two dozen Codexes start at once on a machine that may be busy."""
MANY = 20


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


def codex(model: ModelServer, host: str = "127.0.0.1") -> dict[str, str]:
    return {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(host), "OPENAI_MODEL": "stand-in-1"}


@pytest.fixture
async def project(async_hub: AsyncHub, model: ModelServer, a_repository: Repository) -> AsyncProject:
    return await async_hub.add_project(a_repository.path, agent="codex", env=codex(model))


async def test_a_turn_is_told_piece_by_piece(async_hub: AsyncHub, project: AsyncProject) -> None:
    chat = await async_hub.new_chat(project)
    turn = await chat.send("Say heron, crane and stork 🐦 – ünï")
    pieces = [piece async for piece in turn.stream_text(LIMIT)]
    assert "".join(pieces) == "You said: Say heron, crane and stork 🐦 – ünï" == turn.text
    assert turn.status == "completed" and turn.usage is not None and turn.error is None
    (again,) = await chat.turns()
    assert again == turn and (await again.refresh()).text == turn.text == again.sync.text


async def test_many_turns_are_awaited_together_without_a_thread_for_each(
    async_hub: AsyncHub, project: AsyncProject, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    prompts = [f"RUN: until [ -e {go} ]; do sleep 0.2; done; echo {number}" for number in range(MANY)]
    before = threading.active_count()
    chats = await asyncio.gather(*(async_hub.new_chat(project, prompt) for prompt in prompts))
    began = [asyncio.Event() for _ in chats]
    waits = [asyncio.create_task(first_turn(chat, event)) for chat, event in zip(chats, began, strict=True)]
    async with asyncio.timeout(2 * LIMIT):
        await asyncio.gather(*(event.wait() for event in began))
    # The event loop's own look names up, no more.
    assert threading.active_count() - before < MANY / 2
    go.touch()
    texts = await asyncio.gather(*waits)
    assert all(text.rstrip().endswith(str(number)) for number, text in enumerate(texts))
    found = await async_hub.chats()
    assert set(found.values()) == set(chats) and found[chats[0].id].sync.id == chats[0].id


async def first_turn(chat: AsyncChat, began: asyncio.Event) -> str:
    """What its agent has said in the end; `began` is set once it is at work."""
    turn = await (await chat.wait_ready(LIMIT)).turn()
    async for event in turn.stream(2 * LIMIT):
        if event.type == "item" and isinstance(event.item, Command):
            began.set()
    return turn.text


async def test_a_task_that_is_cancelled_leaves_the_turn_going(async_hub: AsyncHub, project: AsyncProject) -> None:
    chat = await async_hub.new_chat(project, "RUN: until [ -e go ]; do sleep 0.05; done")
    turn = await (await chat.wait_ready(LIMIT)).turn()
    began = asyncio.Event()

    async def follow() -> None:
        async for event in turn.stream(LIMIT):
            if event.type == "item" and isinstance(event.item, Command):
                began.set()

    waiting = asyncio.create_task(follow())
    async with asyncio.timeout(LIMIT):
        await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await turn.refresh()).status == "running"
    (Path(chat.workspace) / "go").touch()
    assert (await turn.wait(LIMIT)).status == "completed"


async def test_what_an_agent_asks_is_answered(async_hub: AsyncHub, project: AsyncProject) -> None:
    chat = await async_hub.new_chat(project, "RUN: touch a\nRUN: touch b", ask_before=["touch"])
    turn = await (await chat.wait_ready(LIMIT)).turn()
    for answer in (turn.decline, turn.approve):
        async with asyncio.timeout(LIMIT):
            while not (await turn.refresh()).approvals:
                await asyncio.sleep(0.05)
        await answer()
        with pytest.raises(NotFound):
            await answer()
    await turn.wait(LIMIT)
    assert (Path(chat.workspace) / "b").exists() and not (Path(chat.workspace) / "a").exists()


async def test_a_wait_may_have_no_limit(async_hub: AsyncHub, project: AsyncProject) -> None:
    chat = await async_hub.new_chat(await project.wait_ready(timeout=None))
    turn = await (await chat.wait_ready(timeout=None)).send("Say heron")
    assert (await turn.wait(timeout=None)).status == "completed"
    await (await chat.stop(timeout=None)).wait(timeout=None)
    await chat.delete(timeout=None)


async def test_a_turn_that_takes_too_long_goes_on_and_can_be_interrupted(
    async_hub: AsyncHub, project: AsyncProject
) -> None:
    chat = await async_hub.new_chat(project, "RUN: sleep 100")
    turn = await (await chat.wait_ready(LIMIT)).turn()
    with pytest.raises(TimeoutError, match=r"Turn 1 has not ended within 1 seconds"):
        await turn.wait(1)
    while not any(isinstance(item, Command) for item in (await turn.refresh()).events):
        await asyncio.sleep(0.05)
    await chat.interrupt()
    with pytest.raises(TurnInterrupted):
        await turn.wait(LIMIT)
    assert (await turn.wait(LIMIT, check=False)).status == "interrupted"


async def test_a_chat_lives_as_in_the_synchronous_library(async_hub: AsyncHub, project: AsyncProject) -> None:
    async with await async_hub.new_chat(project, "Say heron", name="One") as chat:
        await (await chat.wait_ready(LIMIT)).rename("Two")
        await (await chat.turn()).wait(LIMIT)
    assert (chat.name, chat.status) == ("Two", "exited") and "AsyncChat('Two'" in repr(chat)
    with pytest.raises(Conflict, match="does not run"):
        await chat.send("Say crane")
    with pytest.raises(Conflict, match="has ended"):
        await chat.wait_ready(LIMIT)
    await (await chat.start()).wait_ready(LIMIT)
    assert (await (await chat.send("Say crane")).wait(LIMIT)).text == "You said: Say crane"
    assert list(await chat.artifacts()) == []
    await chat.delete(force=True)
    with pytest.raises(NotFound):
        await chat.refresh()
    assert chat not in (await async_hub.chats()).values()


async def test_what_goes_wrong_in_a_chats_block_is_what_one_sees(async_hub: AsyncHub, project: AsyncProject) -> None:
    with pytest.raises(ZeroDivisionError):
        async with await async_hub.new_chat(project, agent="shell") as chat:
            await (await chat.wait_ready(LIMIT)).delete(force=True)
            raise ZeroDivisionError


async def test_what_is_wrong_is_told_as_in_the_synchronous_library(
    async_hub: AsyncHub, project: AsyncProject, server: Server, model: ModelServer
) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await async_hub.new_chat("nowhere")
    with pytest.raises(NotAllowed):
        await AsyncHub.connect(server.url, "wrong")
    with pytest.raises(HubUnavailable):
        await AsyncHub.connect("http://127.0.0.1:9/")
    with pytest.raises(RuntimeError, match="not connected"):
        await AsyncHub(server.url, server.token).chats()
    chat = await async_hub.new_chat(project, "Say heron", env={"OPENAI_API_KEY": "wrong"})
    with pytest.raises(TurnFailed):
        await (await (await chat.wait_ready(LIMIT)).turn()).wait(LIMIT)


async def test_a_stream_outlives_a_kill_of_the_server(
    tmp_path: Path,
    docker_engine: docker.DockerClient,
    base_image: str,
    model: ModelServer,
    a_repository: Repository,
) -> None:
    with Server(tmp_path, DOCKER, f"--AgentHub.base_image={base_image}") as server:
        async with AsyncHub(server.url, server.token) as hub:
            env = codex(model, "host.docker.internal")
            project = await hub.add_project(a_repository.path, agent="codex", env=env)
            chat = await hub.new_chat(project, "RUN: echo heron; until [ -e go ]; do sleep 0.05; done")
            await chat.wait_ready(2 * LIMIT)
            seen: list[TurnEvent] = []
            began = asyncio.Event()

            async def listen() -> None:
                async for event in (await chat.turn()).stream(2 * LIMIT):
                    seen.append(event)
                    if event.type == "item" and isinstance(event.item, Command):
                        began.set()

            listening = asyncio.create_task(listen())
            async with asyncio.timeout(LIMIT):
                await began.wait()
            await asyncio.to_thread(server.restart)
            (Path(chat.workspace) / "go").touch()
            async with asyncio.timeout(2 * LIMIT):
                await listening
            turn = await (await chat.turn()).refresh()
            assert turn.status == "completed" and "heron" in turn.text
            assert len([event for event in seen if event.type == "turn" and event.turn.status.ended]) == 1
            await chat.delete(force=True)
            await project.delete(force=True)
