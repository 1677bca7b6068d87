"""Those who follow a conversation, each at their own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from agent_hub.models import TurnEvent

BACKLOG = 1000
"""Events kept for a follower that does not read; past it, it is told everything anew instead."""


class Follower:
    """One of them: everything first, then every event, each exactly once.

    Iterate over it, and :meth:`close` it in the end. What it gives is a list of events that belong together, the first
    of them, or of those after too many were missed, being all there is.
    """

    def __init__(self, followers: Followers) -> None:
        self._followers = followers
        self._pending: deque[TurnEvent] = deque()
        self._stale = True
        self._ended = False
        self.anew = True
        """Whether what it gave last is everything, in place of what it missed."""
        self._ready = asyncio.Event()
        self._ready.set()

    def offer(self, event: TurnEvent) -> None:
        """Queue an event; never waits."""
        if self._stale:
            return
        if len(self._pending) >= BACKLOG:
            self._pending.clear()
            self._stale = True
        else:
            self._pending.append(event)
        self._ready.set()

    def end(self) -> None:
        """Nothing more follows."""
        self._ended = True
        self._ready.set()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> Sequence[TurnEvent]:
        await self._ready.wait()
        self.anew = self._stale
        if self._stale and not self._ended:
            self._stale = False
            self._ready.clear()
            return self._followers.everything()
        if self._pending:
            events = list(self._pending)
            self._pending.clear()
            if not self._ended:
                self._ready.clear()
            return events
        raise StopAsyncIteration

    def close(self) -> None:
        """Follow no longer."""
        self._followers.forget(self)


class Followers:
    """All who follow one conversation.

    Parameters
    ----------
    everything
        Tells what there is to somebody who knows nothing yet.
    """

    def __init__(self, everything: Callable[[], Sequence[TurnEvent]]) -> None:
        self.everything = everything
        self._followers: set[Follower] = set()

    def __bool__(self) -> bool:
        return bool(self._followers)

    def follow(self) -> Follower:
        """Follow from now on."""
        follower = Follower(self)
        self._followers.add(follower)
        return follower

    def forget(self, follower: Follower) -> None:
        """Drop a follower; no error where it was dropped before."""
        self._followers.discard(follower)

    def tell(self, event: TurnEvent) -> None:
        """Tell all of them."""
        for follower in self._followers:
            follower.offer(event)

    def end(self) -> None:
        """Tell all of them that nothing more follows."""
        for follower in self._followers:
            follower.end()
