"""The newest turns of a chat, as far as they are known here: what is told as it happens, and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from agent_hub.models import ItemChanged, TextAdded, Turn, TurnChanged, TurnEvent, TurnStatus
from agent_hub.models.transcript import Transcript

MOST_TURNS = 10
"""Of one chat: what a person scrolls through in a notebook. ``chat.turns`` has all of them."""


def current(turns: Sequence[Turn]) -> Turn | None:
    """The newest that was begun, else the first that waits: what is queued behind it does not say how the agent is."""
    begun = [turn for turn in turns if turn.status is not TurnStatus.queued]
    return next(iter(begun[-1:] or turns[:1]), None)


class Conversation:
    """A chat's newest turns.

    What is told and what was asked for come in any order, on connections of their own: what was asked for never takes
    the place of what has been told.
    """

    def __init__(self) -> None:
        self._turns: dict[int, Transcript] = {}
        self._whole: set[int] = set()
        self._new: dict[int, dict[str, None]] = {}
        self._is_told = False
        self.speaks = True
        """Whether the agent is one that tells of its turns."""

    @property
    def turns(self) -> list[Turn]:
        """What is known of them, oldest first."""
        return [self._turns[number].turn for number in sorted(self._turns)]

    @property
    def current(self) -> Turn | None:
        """The one that says how the agent is, without its items."""
        return current([self._turns[number].head for number in sorted(self._turns)])

    @property
    def first(self) -> int:
        """The number of the oldest of them; 0 where there is none."""
        return min(self._turns, default=0)

    @property
    def older(self) -> int:
        """How many turns there are before those."""
        return max(0, self.first - 1)

    @property
    def missing(self) -> Turn | None:
        """The newest of them whose items are to be asked for."""
        number = max((number for number in self._turns if number not in self._whole), default=0)
        return self._turns[number].head if number else None

    def turn(self, number: int) -> Transcript | None:
        """One of them."""
        return self._turns.get(number)

    def take_heads(self, heads: Sequence[Turn]) -> None:
        """Take all turns that there are, as they were asked for: without their items."""
        for turn in heads[-MOST_TURNS:]:
            if not self._is_told and turn.number not in self._whole:
                self._put(turn)
        self._forget_older()

    def take_turn(self, turn: Turn) -> None:
        """Take a turn with its items, as it was asked for."""
        known = self._turns.get(turn.number)
        if known is None or turn.number in self._whole or (known.head.status.ended and not turn.status.ended):
            return
        self._put(turn)
        self._whole.add(turn.number)

    def take_all(self, turns: Sequence[Turn]) -> None:
        """Take all turns that there are, as a connection tells them: what happens then, it tells as well.

        Those that have ended come without their items, which are to be asked for.
        """
        self._is_told = True
        newest = turns[-1].number if turns else 0
        for number in [number for number in self._turns if number > newest]:
            # Asked for when it was newer than this; now it is told from its beginning.
            self._forget(number)
        for turn in turns[-MOST_TURNS:]:
            known = self._turns.get(turn.number)
            if not turn.status.ended:
                self._put(turn)
                self._whole.add(turn.number)
            elif known is None or not known.head.status.ended:
                self._put(turn if known is None else turn.model_copy(update={"items": known.turn.items}))
                self._whole.discard(turn.number)
        self._forget_older()

    def take(self, event: TurnEvent) -> None:
        """Take what happened in a turn."""
        number = event.turn.number if isinstance(event, TurnChanged) else event.number
        transcript = self._turns.get(number)
        if transcript is None:
            if not isinstance(event, TurnChanged) or any(number < known for known in self._turns):
                return
            self._put(event.turn)
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

    def _put(self, turn: Turn) -> None:
        self._turns[turn.number] = Transcript(turn)
        self._new[turn.number] = dict.fromkeys(item.id for item in turn.items)

    def _forget(self, number: int) -> None:
        del self._turns[number]
        self._whole.discard(number)

    def _forget_older(self) -> None:
        for number in sorted(self._turns)[:-MOST_TURNS]:
            self._forget(number)
