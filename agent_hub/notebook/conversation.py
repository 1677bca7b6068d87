"""The newest turns of a chat, as far as they are known here: loaded once, and then kept up by what is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agent_hub.errors import NoConversation
from agent_hub.models import ItemChanged, TextAdded, Turn, TurnChanged, TurnEvent, TurnStatus
from agent_hub.models.transcript import Transcript

if TYPE_CHECKING:
    from agent_hub.notebook.transport import Transport

MOST_TURNS = 10
"""Of one chat: what a person scrolls through in a notebook. ``chat.turns`` has all of them."""


def current(turns: Sequence[Turn]) -> Turn | None:
    """The newest that was begun, else the first that waits: what is queued behind it does not say how the agent is."""
    begun = [turn for turn in turns if turn.status is not TurnStatus.queued]
    return next(iter(begun[-1:] or turns[:1]), None)


class Conversation:
    """A chat's newest turns.

    Parameters
    ----------
    path
        The chat's.
    """

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path
        self._turns: dict[int, Transcript] = {}
        self._whole: set[int] = set()
        self._new: dict[int, dict[str, None]] = {}
        self.older = 0
        """How many turns there are before those."""
        self.speaks = True
        """Whether the agent is one that tells of its turns."""

    @property
    def turns(self) -> list[Turn]:
        """What is known of them, oldest first."""
        return [transcript.turn for transcript in self._turns.values()]

    @property
    def current(self) -> Turn | None:
        """The one that says how the agent is."""
        return current([transcript.head for transcript in self._turns.values()])

    @property
    def first(self) -> int:
        """The number of the oldest of them; 0 where there is none."""
        return min(self._turns, default=0)

    def turn(self, number: int) -> Transcript | None:
        """One of them."""
        return self._turns.get(number)

    def load(self) -> None:
        """Ask the hub for all that is not known."""
        try:
            self.take_all(self._transport.read_all(f"{self._path}/turns", Turn), live_whole=False)
        except NoConversation:
            self.speaks = False

    def take_all(self, heads: Iterable[Turn], *, live_whole: bool = True) -> None:
        """Take all turns that there are; those that have ended come without their items, which are asked for.

        Parameters
        ----------
        live_whole
            Those that go on come with their items.
        """
        turns = list(heads)
        self.older = max(0, len(turns) - MOST_TURNS)
        for told in turns[self.older :]:
            known = self._turns.get(told.number)
            if told.status.ended or not live_whole:
                if told.number in self._whole and known is not None and known.head.status.ended:
                    continue
                told = self._transport.read(f"{self._path}/turns/{told.number}", Turn)
            self._whole.add(told.number)
            self._turns[told.number] = Transcript(told)
            self._new[told.number] = dict.fromkeys(item.id for item in told.items)
        self._forget_older()

    def take(self, event: TurnEvent) -> None:
        """Take what happened in a turn."""
        number = event.turn.number if isinstance(event, TurnChanged) else event.number
        transcript = self._turns.get(number)
        if transcript is None:
            if not isinstance(event, TurnChanged) or any(number < known for known in self._turns):
                return
            self._turns[number] = Transcript(event.turn)
            self._whole.add(number)
            self._forget_older()
        else:
            transcript.take(event)
        items = self._new.setdefault(number, {})
        if isinstance(event, ItemChanged):
            items[event.item.id] = None
        elif isinstance(event, TextAdded):
            items[event.item] = None

    def news(self) -> dict[int, dict[str, None]]:
        """The turns in which something is new since this was last asked, each with the ids of its new items."""
        new, self._new = self._new, {}
        return {number: items for number, items in new.items() if number in self._turns}

    def _forget_older(self) -> None:
        for number in sorted(self._turns)[:-MOST_TURNS]:
            del self._turns[number]
            self.older += 1
