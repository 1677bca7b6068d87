"""A turn put together of what is told about it, by the hub that records it and by whoever follows it."""

from __future__ import annotations

from collections.abc import Iterable

from agent_hub.models.turns import Item, ItemChanged, Turn, TurnChanged, TurnEvent


class Transcript:
    """A turn that goes on.

    Parameters
    ----------
    turn
        As it was when the telling began.
    """

    def __init__(self, turn: Turn) -> None:
        self._head = turn.model_copy(update={"items": ()})
        self._items: dict[str, Item] = {item.id: item for item in turn.items}
        # Joined only when somebody looks: text may come in many small pieces.
        self._added: dict[str, list[str]] = {}
        self._whole: Turn | None = turn

    @property
    def head(self) -> Turn:
        """The turn without its items."""
        return self._head

    @property
    def turn(self) -> Turn:
        """The turn with all that was told of it so far."""
        if self._whole is None:
            for id in list(self._added):
                self._join(id)
            self._whole = self._head.model_copy(update={"items": tuple(self._items.values())})
        return self._whole

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._items)

    def item(self, id: str) -> Item | None:
        """One item as it is now."""
        if id in self._added:
            self._join(id)
        return self._items.get(id)

    def take(self, event: TurnEvent) -> None:
        """Take what was told; text of an item that is not known is left out."""
        self._whole = None
        if isinstance(event, TurnChanged):
            self._head = event.turn.model_copy(update={"items": ()})
        elif isinstance(event, ItemChanged):
            self._added.pop(event.item.id, None)
            self._items[event.item.id] = event.item
        elif event.item in self._items:
            self._added.setdefault(event.item, []).append(event.text)

    def events(self) -> list[TurnEvent]:
        """What somebody has to be told who knows nothing of it yet."""
        turn = self.turn
        return [
            TurnChanged(turn=self._head),
            *(ItemChanged(number=turn.number, item=item) for item in turn.items),
        ]

    def _join(self, id: str) -> None:
        item = self._items[id]
        self._items[id] = item.model_copy(update={"text": item.text + "".join(self._added.pop(id))})


def together(events: Iterable[TurnEvent]) -> list[Turn]:
    """The turns that events tell of, from the first on."""
    transcripts: dict[int, Transcript] = {}
    for event in events:
        number = event.turn.number if isinstance(event, TurnChanged) else event.number
        if number in transcripts:
            transcripts[number].take(event)
        elif isinstance(event, TurnChanged):
            transcripts[number] = Transcript(event.turn)
    return [transcript.turn for transcript in transcripts.values()]
