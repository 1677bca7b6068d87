"""Which chats of a run begin, and when, whatever happens to the hub and to them."""

from __future__ import annotations

import asyncio

import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.errors import Conflict
from agent_hub.models import Chat, ChatStatus, NewRun, Project, Task
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE, RunningHub
from tests.hub.test_conversations import a_codex_project, codex, codex_project, model
from tests.standins.model_server import ModelServer

__all__ = ["a_codex_project", "codex", "model"]

WAITING = "RUN: until [ -e go ]; do sleep 0.05; done"


def new_run(project: Project, count: int, concurrency: int, **more: str) -> NewRun:
    tasks = tuple(Task(prompt=WAITING, parameters={"n": number}) for number in range(count))
    return NewRun(project=project.id, tasks=tasks, concurrency=concurrency, **more)


def chats(hub: RunningHub, id: str) -> list[Chat]:
    return list(hub.hub.runs.chats(id))


def statuses(hub: RunningHub, id: str) -> list[ChatStatus]:
    return [chat.status for chat in chats(hub, id)]


def is_at_work(chat: Chat) -> bool:
    return chat.status is ChatStatus.running and chat.turn is not None and chat.turn.status == "running"


def go(hub: RunningHub, chat: Chat) -> None:
    (hub.hub.folders.workspace(chat.id) / "go").touch()


async def test_a_hub_that_comes_back_goes_on_with_a_run(
    open_hub: OpenHub, opened: list[RunningHub], a_repository: Repository, model: ModelServer
) -> None:
    await codex_binary(CACHE, print)
    hub = await open_hub()
    run = await hub.hub.runs.add(new_run(await codex_project(hub, a_repository, model), 3, 1))
    await hub.until(lambda: is_at_work(chats(hub, run.id)[0]))
    await hub.close()
    opened.remove(hub)
    # It ends while no hub looks.
    go(hub, chats(hub, run.id)[0])
    await asyncio.to_thread(model.wait_for_turns, 2)
    again = await open_hub()
    assert again.hub.runs[run.id].chats == 3
    await again.until(lambda: is_at_work(chats(again, run.id)[1]))
    assert statuses(again, run.id) == [ChatStatus.exited, ChatStatus.running, ChatStatus.queued]
    first = chats(again, run.id)[0]
    assert first.turn is not None and first.turn.status == "completed" and first.run is not None and first.run.done


async def test_a_project_that_is_deleted_begins_no_more_of_its_runs(
    codex: RunningHub, a_codex_project: Project
) -> None:
    run = await codex.hub.runs.add(new_run(a_codex_project, 5, 1))
    await codex.until(lambda: is_at_work(chats(codex, run.id)[0]))
    begun: set[str] = set()
    events = codex.hub.events.subscribe()

    async def listen() -> None:
        async for _ in events:
            begun.update(chat.id for chat in codex.hub.store.chats if chat.status is ChatStatus.starting)

    listening = asyncio.create_task(listen())
    await codex.hub.projects.delete(a_codex_project.id, force=True)
    listening.cancel()
    events.close()
    assert not begun and not list(codex.hub.runs)


async def test_a_chat_that_ends_in_whatever_way_makes_room(codex: RunningHub, a_codex_project: Project) -> None:
    run = await codex.hub.runs.add(new_run(a_codex_project, 5, 1))
    first, second, third, fourth, fifth = (chat.id for chat in chats(codex, run.id))
    await codex.until(lambda: is_at_work(codex.hub.store.chats[first]))
    # One that waits leaves the line; the others end by a stop, by a kill, and by being deleted.
    await codex.hub.chats.stop(second)
    await codex.hub.chats.stop(first)
    await codex.until(lambda: is_at_work(codex.hub.store.chats[third]))
    (handle,) = await codex.hub.engine.list({"agent-hub.chat": third})
    await codex.hub.engine.stop(handle, 0)
    await codex.until(lambda: is_at_work(codex.hub.store.chats[fourth]))
    await codex.hub.chats.delete(fourth, force=True)
    await codex.until(lambda: is_at_work(codex.hub.store.chats[fifth]))
    assert [chat.run is not None and chat.run.done for chat in chats(codex, run.id)] == [True, True, True, False]


async def test_a_request_that_comes_again_is_one_run(codex: RunningHub, a_codex_project: Project) -> None:
    new = new_run(a_codex_project, 2, 1, name="birds")
    first, second = await asyncio.gather(*(codex.hub.runs.add(new, "key") for _ in range(2)))
    assert first.id == second.id == (await codex.hub.runs.add(new, "key")).id
    assert len(codex.hub.store.chats) == 2
    with pytest.raises(Conflict, match="named “birds” already"):
        await codex.hub.runs.add(new, "another key")
