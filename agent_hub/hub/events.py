"""What changed, told to everyone who listens, in the order it was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from agent_hub.hub.backlog import Backlog
from agent_hub.models import Artifact, ChangeEvent, Chat, Project, SnapshotEvent, Status

Kind = Literal["status", "project", "chat", "artifact"]
Value = Status | Project | Chat | Artifact


@dataclass(frozen=True)
class Everything:
    """What there is at a moment, taken hold of at once: what it holds is never changed, but for being replaced."""

    seq: int
    status: Status
    projects: tuple[Project, ...]
    chats: tuple[Chat, ...]
    artifacts: tuple[Artifact, ...]

    type: ClassVar[Literal["snapshot"]] = "snapshot"

    def json(self) -> str:
        """The JSON of a :class:`~agent_hub.models.SnapshotEvent`, without secrets.

        Blocks, for a time in proportion, so call it in a thread. Each item is masked and written by itself, and leaves
        nothing but text: one call for all of them would keep every other thread waiting, as would the collection of
        that much garbage.
        """
        empty = SnapshotEvent(seq=self.seq, status=self.status, projects=(), chats=(), artifacts=())
        lists = {
            "projects": (project.masked() for project in self.projects),
            "chats": (chat.masked() for chat in self.chats),
            "artifacts": iter(self.artifacts),
        }
        rest = empty.model_dump_json(exclude=set(lists))
        written = (f'"{name}":[{",".join(item.model_dump_json() for item in items)}]' for name, items in lists.items())
        return f"{rest[:-1]},{','.join(written)}}}"


class Subscription(Backlog[ChangeEvent]):
    """One listener: a snapshot first, then every change, each exactly once.

    Iterate over it, and :meth:`close` it in the end. A listener that falls more than
    :data:`~agent_hub.hub.backlog.BACKLOG` changes behind gets a new snapshot in their place.
    """

    def __init__(self, events: Events) -> None:
        super().__init__()
        self._events = events

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Everything | ChangeEvent:
        events = await self._next(most=1)
        return self._events.snapshot() if events is None else events[0]

    def close(self) -> None:
        """Stop listening."""
        self._events.forget(self)


class Events:
    """The hub's announcements.

    Parameters
    ----------
    take_snapshot
        Called with the current sequence number to describe everything as of now.
    """

    def __init__(self, take_snapshot: Callable[[int], Everything]) -> None:
        self._take_snapshot = take_snapshot
        self._subscriptions: set[Subscription] = set()
        self._seq = 0

    def snapshot(self) -> Everything:
        """Everything, as of the last change announced."""
        return self._take_snapshot(self._seq)

    def subscribe(self) -> Subscription:
        """Listen from now on."""
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Drop a subscription; no error where it was dropped before."""
        self._subscriptions.discard(subscription)

    def announce(self, kind: Kind, id: str, value: Value | None) -> None:
        """Tell every listener of a change that has been committed. Secrets are masked here, once for all of them."""
        self._seq += 1
        shown = value.masked() if isinstance(value, Project | Chat) else value
        event = ChangeEvent(seq=self._seq, kind=kind, id=id, value=shown)
        for subscription in self._subscriptions:
            subscription.offer(event)


async def to_json(event: Everything | ChangeEvent) -> str:
    """An event as it is sent."""
    return event.model_dump_json() if isinstance(event, ChangeEvent) else await asyncio.to_thread(event.json)
