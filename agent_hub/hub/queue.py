"""Which chat starts next: fair between projects, and no more at once than the machine can do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CROWD = 4
"""How many times the usual number of starts may run where each is another project's first."""

NEAR = 20
"""Places from the front that are told each time they change."""


@dataclass(eq=False)
class Ticket:
    """A start that waits for its turn, or has it."""

    project: str
    chat: str
    turn: asyncio.Event = field(default_factory=asyncio.Event)


class StartQueue:
    """Starts wait per project, and projects take turns.

    A project that starts nothing at the moment begins at once, whatever the others are doing, so a burst in one never
    delays the first chat of another (:data:`CROWD` is the bound). Beyond that, `slots` starts run at once: starting a
    container is work for the processor, and more starts than cores would only delay the first.

    Parameters
    ----------
    slots
        How many starts run side by side.
    on_place
        Called when a waiting chat's place changes, with its id and its place in its project's queue; 1 is next. Of
        those far back only every :data:`NEAR`-th is told: a thousand chats that wait must not be a thousand
        announcements each time that one of them starts.
    """

    def __init__(self, slots: int, on_place: Callable[[str, int], None]) -> None:
        self._slots = slots
        self._on_place = on_place
        self._waiting: dict[str, list[Ticket]] = {}
        self._running: Counter[str] = Counter()
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def turn(self, project: str, chat: str) -> AsyncIterator[None]:
        """Wait for the chat's turn, and have it as long as the context lasts; cancel the task to leave the queue."""
        ticket = Ticket(project, chat)
        self._empty.clear()
        self._waiting.setdefault(project, []).append(ticket)
        self._admit()
        if not ticket.turn.is_set():
            self._on_place(chat, len(self._waiting[project]))
        try:
            await ticket.turn.wait()
            yield
        finally:
            if ticket.turn.is_set():
                self._running[project] -= 1
                if not self._running[project]:
                    del self._running[project]
            else:
                self._leave(ticket)
            self._admit()
            if not self._running and not self._waiting:
                self._empty.set()

    @property
    def busy(self) -> bool:
        """Whether anything starts, or waits to."""
        return not self._empty.is_set()

    async def idle(self) -> None:
        """Wait until nothing starts and nothing waits to."""
        await self._empty.wait()

    def _admit(self) -> None:
        while (ticket := self._next()) is not None:
            self._running[ticket.project] += 1
            ticket.turn.set()
            self._leave(ticket)

    def _next(self) -> Ticket | None:
        """Of the projects that wait, the one that starts fewest now; of those, the one that has waited longest."""
        if not self._waiting:
            return None
        project = min(self._waiting, key=lambda project: self._running[project])
        if self._running.total() >= (self._slots if self._running[project] else self._slots * CROWD):
            return None
        return self._waiting[project][0]

    def _leave(self, ticket: Ticket) -> None:
        line = self._waiting.pop(ticket.project)
        index = line.index(ticket)
        del line[index]
        if line:
            # At the end: the next turn is another project's, where one waits as well.
            self._waiting[ticket.project] = line
        for place, later in enumerate(line[index:], start=index + 1):
            if place <= NEAR or place % NEAR == 0:
                self._on_place(later.chat, place)
