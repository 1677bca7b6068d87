"""Announcements, in order and to everyone."""

from __future__ import annotations

from agent_hub.hub.events import BACKLOG, Events
from agent_hub.models import EnvVar, Project, SnapshotEvent, Status
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

    def _snapshot(self, seq: int) -> SnapshotEvent:
        return SnapshotEvent(seq=seq, status=self._status, projects=tuple(self._projects), chats=(), artifacts=())


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
    assert isinstance(fresh, SnapshotEvent)
    assert (fresh.seq, len(fresh.projects)) == (3 * BACKLOG, 3 * BACKLOG)
    told.announce()
    assert (await anext(slow)).seq == 3 * BACKLOG + 1


async def test_a_secret_is_never_announced(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    listener = told.events.subscribe()
    await anext(listener)
    told.announce()
    assert "sesame" not in (await anext(listener)).model_dump_json()


async def test_who_has_stopped_listening_costs_nothing(a_process_hub: RunningHub) -> None:
    told = Told(a_process_hub.hub.status())
    listener = told.events.subscribe()
    listener.close()
    listener.close()
    told.announce()
    assert not told.events._subscriptions
