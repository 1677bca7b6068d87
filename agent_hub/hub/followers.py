"""Those who follow a conversation, each at their own pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent_hub.hub.backlog import Backlog
from agent_hub.hub.turnlimits import size
from agent_hub.models import ItemChanged, TextAdded, TurnEvent


class Follower(Backlog[TurnEvent]):
    """One of them: everything first, then every event, each exactly once.

    Iterate over it, and :meth:`close` it in the end. What it gives is a list of events that belong together, the first
    of them, or of those after too many were missed, being all there is.
    """

    def __init__(self, followers: Followers) -> None:
        super().__init__()
        self._followers = followers
        self.anew = True
        """Whether what it gave last is everything, in place of what it missed."""

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> Sequence[TurnEvent]:
        events = await self._next()
        self.anew = events is None
        return self._followers.everything() if events is None else events

    def _size(self, event: TurnEvent) -> int:
        if isinstance(event, TextAdded):
            return len(event.text)
        return size(event.item) if isinstance(event, ItemChanged) else len(event.turn.prompt)

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
