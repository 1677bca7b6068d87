"""Chats that start in their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent_hub.models import Chat, ChatStatus, NewChat, Project
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import RunningHub

BURST = 10


async def a_burst(hub: RunningHub, project: Project) -> list[Chat]:
    """More chats of one project than can start at once."""
    new = NewChat(project=project.id, agent="shell")
    return list(await asyncio.gather(*(hub.hub.new_chats.add(new) for _ in range(BURST))))


async def test_a_chat_that_waits_has_a_place_and_a_reason(a_hub: RunningHub, a_ready_project: Project) -> None:
    seen: dict[str, list[tuple[int, str]]] = {}
    subscription = a_hub.hub.events.subscribe()
    chats = await a_burst(a_hub, a_ready_project)
    running: set[str] = set()
    async with asyncio.timeout(60):
        async for event in subscription:
            if event.type == "change" and isinstance(event.value, Chat):
                seen.setdefault(event.id, []).append((event.value.place, event.value.reason))
                if event.value.status is ChatStatus.running:
                    running.add(event.id)
            if len(running) == BURST:
                break
    subscription.close()
    places = [place for place, _ in seen[chats[-1].id]]
    waited = [place for place in places if place]
    assert waited == sorted(waited, reverse=True) and waited[0] > 2 and waited[-1] == 1
    assert places[-1] == 0
    assert (3, "waits for 2 starts before it") in seen[chats[-1].id]
    assert seen[chats[-1].id][-1] == (0, "")


async def test_a_burst_in_one_project_does_not_delay_anothers_first_chat(
    a_hub: RunningHub, a_ready_project: Project, make_repository: Callable[[str], Repository]
) -> None:
    another = await a_hub.ready(make_repository("gadgets"))
    chats = await a_burst(a_hub, a_ready_project)
    await a_hub.start(another)
    left = [a_hub.hub.store.chats[chat.id].status for chat in chats]
    # Slots are taken in turn, and how many rounds it takes is the machine's.
    assert left.count(ChatStatus.queued) >= 1
    for chat in chats:
        await a_hub.settled(chat.id)


async def test_a_queued_start_can_be_given_up(a_hub: RunningHub, a_ready_project: Project) -> None:
    chats = await a_burst(a_hub, a_ready_project)
    last = await a_hub.hub.chats.stop(chats[-1].id)
    assert (last.status, last.reason, last.place) == (ChatStatus.exited, "stopped", 0)
    await a_hub.hub.chats.delete(chats[-2].id)
    for chat in chats[:-2]:
        await a_hub.settled(chat.id)
    assert len(await a_hub.containers()) == BURST - 2
    assert a_hub.hub.store.chats[last.id].status is ChatStatus.exited
    await a_hub.hub.chats.start(last.id)
    await a_hub.settled(last.id)


async def test_a_chat_that_is_deleted_as_its_turn_comes_is_never_seen_to_start(
    a_process_hub: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub.hub
    chat = await a_process_hub.start(await a_process_hub.ready(a_repository))
    await hub.chats.stop(chat.id)
    seen: list[ChatStatus] = []
    subscription = hub.events.subscribe()
    written = asyncio.Event()
    async with hub.chats._lock(chat.id):
        await hub.chats.start(chat.id)
        await anext(subscription)
        # The store is busy: the deletion is kept first, and the start, whose turn it is then, behind it.
        writing = asyncio.create_task(hub.store.transact(written.wait))
        deleting = asyncio.create_task(hub.chats.delete(chat.id, force=True))
        await _everything_that_can_go_on()
    await _everything_that_can_go_on()
    written.set()
    async with asyncio.timeout(30):
        await asyncio.gather(writing, deleting)
        async for event in subscription:
            if event.type == "change" and isinstance(event.value, Chat):
                seen.append(event.value.status)
            elif event.type == "change" and (event.kind, event.id) == ("chat", chat.id):
                break
    subscription.close()
    assert seen == [ChatStatus.deleting]


async def test_a_chat_that_two_have_stopped_starts_again_for_who_asks_then(
    a_process_hub: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub.hub
    chat = await a_process_hub.start(await a_process_hub.ready(a_repository))
    async with hub.chats._lock(chat.id):
        first = asyncio.create_task(hub.chats.stop(chat.id))
        await _everything_that_can_go_on()
        second = asyncio.create_task(hub.chats.stop(chat.id))
        await _everything_that_can_go_on()
    assert (await first).status is ChatStatus.exited
    await hub.chats.start(chat.id)
    await second
    assert (await a_process_hub.settled(chat.id)).status is ChatStatus.running


async def test_queued_chats_start_after_a_restart(
    open_hub: OpenHub, opened: list[RunningHub], a_repository: Repository
) -> None:
    first = await open_hub()
    chats = await a_burst(first, await first.ready(a_repository))
    await first.close()
    opened.remove(first)
    second = await open_hub()
    for chat in chats:
        await second.settled(chat.id)
    assert len(await second.containers()) == BURST


async def _everything_that_can_go_on() -> None:
    for _ in range(100):
        await asyncio.sleep(0)
