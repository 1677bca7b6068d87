"""What one listener has yet to be told, however slowly it reads."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

E = TypeVar("E")

BACKLOG = 1000
"""Events kept for a listener that does not read; past it, it is told everything anew instead."""

BACKLOG_CHARACTERS = 8 * 2**20
"""Most that all of them say."""


class Backlog(Generic[E]):
    """First that everything is to be told, then every event, each exactly once; in place of too many, everything anew.

    Base of those who listen: memory stays bounded, and whoever tells never waits.
    """

    def __init__(self) -> None:
        self._pending: deque[E] = deque()
        self._characters = 0
        self._stale = True
        self._ended = False
        self._ready = asyncio.Event()
        self._ready.set()

    def offer(self, event: E) -> None:
        """Queue an event; never waits."""
        if self._stale:
            return
        self._characters += self._size(event)
        if len(self._pending) >= BACKLOG or self._characters > BACKLOG_CHARACTERS:
            self._pending.clear()
            self._characters = 0
            self._stale = True
        else:
            self._pending.append(event)
        self._ready.set()

    def end(self) -> None:
        """Nothing more follows."""
        self._ended = True
        self._ready.set()

    async def _next(self, most: int = BACKLOG) -> Sequence[E] | None:
        """The next events; ``None`` where everything is to be told. Raises :class:`StopAsyncIteration` at the end."""
        await self._ready.wait()
        if self._ended and not self._pending:
            raise StopAsyncIteration
        if self._stale:
            self._stale = False
            self._settle()
            return None
        events = list(itertools.islice(self._pending, most))
        for event in events:
            self._pending.popleft()
            self._characters -= self._size(event)
        self._settle()
        return events

    def _size(self, event: E) -> int:
        """How many characters an event has of those that there may be many of."""
        return 0

    def _settle(self) -> None:
        if not self._pending and not self._ended:
            self._ready.clear()
