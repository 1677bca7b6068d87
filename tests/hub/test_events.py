"""Announcements, in order and to everyone."""

from __future__ import annotations

import asyncio
import random

from agent_hub.hub.backlog import BACKLOG
from agent_hub.hub.events import Events, Everything, to_json
from agent_hub.models import Chat, EnvVar, Project, SnapshotEvent, Status
from tests.hub.running import RunningHub


def project(number: int) -> Project:
    return Project(id=str(number), name="widgets", url="/srv", env=(EnvVar(name="KEY", value="sesame", secret=True),))


class Told:
    """Everything that was announced, and the announcements of it."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._projects: list[Project] = []
        self.events = Events(self._snapshot)

    def announce(self) -> None:
        self._projects.append(project(len(self._projects)))
        self.events.announce("project", self._projects[-1].id, self._projects[-1])

    def _snapshot(self, seq: int) -> Everything:
        return Everything(seq=seq, status=self._status, projects=tuple(self._projects), chats=(), artifacts=())


async def test_a_listener_gets_a_snapshot_and_then_what_comes_after_it(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    told.announce()
    listener = told.events.subscribe()
    told.announce()
    first = await anext(listener)
    assert (first.type, first.seq) == ("snapshot", 2)
    for seq in (3, 4):
        told.announce()
        event = await anext(listener)
        assert (event.type, event.seq) == ("change", seq)


async def test_a_listener_that_does_not_read_gets_a_fresh_snapshot_in_the_end(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    slow = told.events.subscribe()
    await anext(slow)
    for _ in range(3 * BACKLOG):
        told.announce()
    fresh = await anext(slow)
    assert isinstance(fresh, Everything)
    assert (fresh.seq, len(fresh.projects)) == (3 * BACKLOG, 3 * BACKLOG)
    told.announce()
    assert (await anext(slow)).seq == 3 * BACKLOG + 1


async def test_a_secret_is_never_announced(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    listener = told.events.subscribe()
    await anext(listener)
    told.announce()
    assert "sesame" not in await to_json(await anext(listener))


async def test_a_snapshot_is_sent_as_the_model_says(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    for _ in range(2):
        sent = SnapshotEvent.model_validate_json(await to_json(told.events.snapshot()))
        assert sent.projects == tuple(one.masked() for one in told.events.snapshot().projects)
        assert (sent.seq, sent.status) == (told.events.snapshot().seq, a_process_hub.hub.status())
        told.announce()


async def test_who_has_stopped_listening_costs_nothing(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    listener = told.events.subscribe()
    listener.close()
    listener.close()
    told.announce()
    assert not told.events._subscriptions


async def test_after_changes_side_by_side_every_listener_knows_what_the_store_holds(a_process_hub: RunningHub) -> None:
    hub = a_process_hub.hub
    await hub.store.projects.put(project(0))
    views: list[dict[str, Chat]] = [{} for _ in range(3)]
    done = asyncio.Event()

    async def listen(view: dict[str, Chat], pause: float) -> None:
        """Keep a view of the chats; one that pauses falls behind, and gets another snapshot."""
        listener, last = hub.events.subscribe(), -1
        try:
            while not (done.is_set() and last == hub.events.snapshot().seq):
                event = await anext(listener)
                if isinstance(event, Everything):
                    view.clear()
                    view.update({chat.id: chat for chat in event.chats})
                else:
                    assert event.seq == last + 1
                    if event.kind == "chat":
                        if isinstance(event.value, Chat):
                            view[event.id] = event.value
                        else:
                            view.pop(event.id)
                last = event.seq
                await asyncio.sleep(pause)
        finally:
            listener.close()

    async def live(number: int) -> None:
        chance = random.Random(number)
        id = f"c{number:x}"
        for turn in range(60):
            if id not in hub.store.chats:
                await hub.store.add_chat(Chat(id=id, project="0", name=f"chat {turn}", agent="shell"))
            elif chance.random() < 0.2:
                await hub.store.chats.delete(id)
            else:
                await hub.store.chats.change(id, name=f"chat {turn}")

    async with asyncio.timeout(60), asyncio.TaskGroup() as together:
        for view, pause in zip(views, (0, 0, 0.05), strict=True):
            together.create_task(listen(view, pause))
        async with asyncio.TaskGroup() as changing:
            for number in range(30):
                changing.create_task(live(number))
        # One more, so that who has read everything wakes to see that it is over.
        done.set()
        for _ in range(BACKLOG + 1):
            hub.events.announce("status", "status", hub.status())
    assert hub.events.snapshot().seq > BACKLOG
    for view in views:
        assert view == hub.store.chats.items
    for chat in list(hub.store.chats):
        await hub.store.chats.delete(chat.id)
