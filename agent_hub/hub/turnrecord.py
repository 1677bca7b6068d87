"""What a chat's turns are, and were: written down before anybody is told, kept within bounds, told to who follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from agent_hub.errors import AgentHubError, NotFound
from agent_hub.hub.followers import Follower, Followers
from agent_hub.hub.turnlimits import ITEM_CHARACTERS, MOST_ITEMS, MOST_TURNS, TURN_CHARACTERS, cut_item, size
from agent_hub.hub.turnlog import TurnLog
from agent_hub.models import (
    ErrorBody,
    Item,
    ItemChanged,
    ItemStatus,
    TextAdded,
    Turn,
    TurnChanged,
    TurnEvent,
    TurnStatus,
    TurnSummary,
    now,
    plain_line,
)
from agent_hub.models.transcript import Transcript

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.02
"""How long text is gathered, after a piece was told, before the next is: an agent says it word by word."""

SUMMARY_CHARACTERS = 200
"""Of a turn's prompt, in the summary of its chat."""

REASON_CHARACTERS = 500
"""Of why it failed."""


class TurnRecord:
    """The record of one chat's turns. All of it happens on the event loop, and in order.

    Parameters
    ----------
    on_change
        Called when a turn is new, or something but its items has changed.
    """

    def __init__(self, log: TurnLog, on_change: Callable[[], None]) -> None:
        self._log = log
        self._on_change = on_change
        self._ended: dict[int, Turn] = {}
        self._live: dict[int, Transcript] = {}
        self._sizes: dict[int, int] = {}
        self._dropped: dict[tuple[int, str], int] = {}
        self._gathered: dict[tuple[int, str], list[str]] = {}
        self._gathering: asyncio.TimerHandle | None = None
        self.followers = Followers(self._everything)

    def load(self) -> None:
        """Read what was written down. Blocks; before anything else."""
        for number in self._log.numbers():
            turn = self._log.head(number)
            if turn is not None and turn.status.ended:
                self._ended[number] = turn
            elif (turn := self._log.load(number)) is not None:
                self._live[number] = Transcript(turn)
                self._sizes[number] = sum(map(size, turn.items))

    # -- what there is

    def heads(self) -> list[Turn]:
        """Every turn without its items, oldest first."""
        return [turn for _, turn in sorted((self._ended | {turn.number: turn for turn in self.live()}).items())]

    def live(self) -> list[Turn]:
        """Those that have not ended, without their items, oldest first."""
        return [transcript.head for _, transcript in sorted(self._live.items())]

    def __contains__(self, number: object) -> bool:
        """Whether a turn of that number goes on, or waits."""
        return number in self._live

    def head(self, number: int) -> Turn:
        """One turn without its items. Raises :class:`~agent_hub.errors.NotFound`."""
        if number in self._live:
            return self._live[number].head
        if number in self._ended:
            return self._ended[number]
        raise _no_turn(number)

    async def turn(self, number: int) -> Turn:
        """One turn, with its items. Raises :class:`~agent_hub.errors.NotFound`."""
        if number in self._live:
            self.settle()
            return self._live[number].turn
        turn = await asyncio.to_thread(self._log.load, number) if number in self._ended else None
        if turn is None:
            raise _no_turn(number)
        return turn

    @property
    def summary(self) -> TurnSummary | None:
        """The newest turn that was begun, or the first that waits; ``None`` before any."""
        heads = self.heads()
        queued = [turn for turn in heads if turn.status is TurnStatus.queued]
        # What was taken back, or into another turn, says nothing about what the agent is at.
        begun = [turn for turn in heads if turn.status is not TurnStatus.queued and not _was_never_said(turn)]
        turn = next(iter(begun[-1:] or queued[:1] or heads[-1:]), None)
        if turn is None:
            return None
        return summarized(turn, len(queued) - (turn.status is TurnStatus.queued))

    @property
    def full(self) -> bool:
        """Whether there are as many turns as there can be."""
        return len(self._ended) + len(self._live) >= MOST_TURNS

    @property
    def next_number(self) -> int:
        """The number of the turn that is begun next."""
        return max((*self._ended, *self._live), default=0) + 1

    def follow(self) -> Follower:
        """Hear everything, and then whatever happens."""
        return self.followers.follow()

    async def events(self, number: int, follower: Follower) -> AsyncIterator[Sequence[TurnEvent]]:
        """What happens in one turn, of what a follower hears, from the turn's beginning to its end."""
        async for events in follower:
            own = [event for event in events if _number(event) == number]
            ended = any(isinstance(event, TurnChanged) and event.turn.status.ended for event in own)
            if ended and follower.anew:
                # Of turns that have ended, not everything is told to everyone.
                own = Transcript(await self.turn(number)).events()
            if own:
                yield own
            if ended:
                return

    # -- what happens

    def begin(self, turn: Turn, *, must: bool = False) -> Turn:
        """Record a new turn.

        Parameters
        ----------
        must
            Raise :class:`OSError` where it cannot be written down, and record nothing.
        """
        event = TurnChanged(turn=turn)
        if must:
            self._log.append(turn.number, [event])
        else:
            self._write(turn.number, [event])
        self._live[turn.number] = Transcript(turn)
        self._sizes[turn.number] = 0
        self.followers.tell(event)
        self._on_change()
        return turn

    def change(self, number: int, **update: object) -> None:
        """Record that something but the items of a turn is another."""
        head = self._live[number].head.model_copy(update=update)
        if head != self._live[number].head:
            self._tell(TurnChanged(turn=head))
            self._on_change()

    def take_item(self, number: int, item: Item) -> None:
        """Record that an item began, or ended."""
        self.settle()
        transcript = self._live[number]
        known = transcript.item(item.id)
        if known is not None and known.status is not ItemStatus.running and item.status is ItemStatus.running:
            # What the agent remembered is older than what it told meanwhile.
            return
        if known is None and len(transcript) >= MOST_ITEMS:
            self._leave_out(number, size(item))
            return
        dropped = self._dropped.pop((number, item.id), 0)
        if known is not None and not item.text:
            # Codex does not always say at the end what a command has printed.
            item = item.model_copy(update={"text": known.text})
            self._leave_out(number, dropped)
        before = size(known) if known is not None else 0
        kept, over = cut_item(item, max(0, min(ITEM_CHARACTERS, TURN_CHARACTERS - self._sizes[number] + before)))
        self._sizes[number] += size(kept) - before
        if kept != known:
            self._tell(ItemChanged(number=number, item=kept))
        self._leave_out(number, over)

    def add_text(self, number: int, item: str, text: str) -> None:
        """Record more text of an item, at once or, where it comes quickly, together with what comes next."""
        self._gathered.setdefault((number, item), []).append(text)
        if self._gathering is None:
            self._end_gathering()

    def end(self, number: int, status: TurnStatus, error: AgentHubError | None = None, *, must: bool = False) -> None:
        """Record that nothing more happens in a turn.

        Parameters
        ----------
        must
            Raise :class:`OSError` where it cannot be written down, and record nothing.
        """
        self.settle()
        for key in [key for key in self._dropped if key[0] == number]:
            self._leave_out(number, self._dropped.pop(key))
        transcript = self._live[number]
        head, ended = transcript.head, now()
        update = {
            "status": status,
            "error": None if error is None else ErrorBody.model_validate(error.to_dict()),
            "approvals": (),
            "started_at": head.started_at or (ended if head.agent_turn else None),
            "ended_at": ended,
        }
        event = TurnChanged(turn=head.model_copy(update=update))
        if must:
            self._log.append(number, [event])
        transcript.take(event)
        try:
            self._log.replace(transcript)
        except OSError as full:
            logger.warning("Turn %d of chat %s could not be written as it ended: %s", number, head.chat, full)
            self._write(number, [event])
        self._ended[number] = transcript.head
        del self._live[number], self._sizes[number]
        self.followers.tell(event)
        self._on_change()

    def settle(self) -> None:
        """Record now what was gathered."""
        gathered, self._gathered = self._gathered, {}
        for (number, item), pieces in gathered.items():
            if number in self._live:
                self._add(number, item, "".join(pieces))

    # -- within

    def _end_gathering(self) -> None:
        self._gathering = None
        if self._gathered:
            self.settle()
            self._gathering = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._end_gathering)

    def _add(self, number: int, item: str, text: str) -> None:
        known = self._live[number].item(item)
        if known is None:
            return
        room = min(ITEM_CHARACTERS - len(known.text), TURN_CHARACTERS - self._sizes[number])
        kept = text[: max(0, room)]
        self._sizes[number] += len(kept)
        if len(kept) < len(text):
            # Counted once it is known that the item's end does not say all of it again.
            self._dropped[number, item] = self._dropped.get((number, item), 0) + len(text) - len(kept)
        if kept:
            self._tell(TextAdded(number=number, item=item, text=kept))

    def _leave_out(self, number: int, characters: int) -> None:
        if characters:
            self.change(number, left_out=self._live[number].head.left_out + characters)

    def _tell(self, event: TurnEvent) -> None:
        number = _number(event)
        self._live[number].take(event)
        self._write(number, [event])
        self.followers.tell(event)

    def _write(self, number: int, events: Iterable[TurnEvent]) -> None:
        try:
            is_long = self._log.append(number, list(events))
            if is_long and number in self._live:
                self._log.replace(self._live[number])
        except OSError as error:
            # It is told all the same; as the turn ends it is written as a whole.
            logger.warning("What happened in turn %d was not written down: %s", number, error)

    def _everything(self) -> Sequence[TurnEvent]:
        self.settle()
        ended: list[TurnEvent] = [TurnChanged(turn=turn) for _, turn in sorted(self._ended.items())]
        return [*ended, *(event for _, transcript in sorted(self._live.items()) for event in transcript.events())]


def summarized(turn: Turn, queued: int = 0) -> TurnSummary:
    """A turn in short, with the number of prompts that wait behind it."""
    return TurnSummary(
        number=turn.number,
        status=turn.status,
        prompt=turn.prompt[:SUMMARY_CHARACTERS],
        reason=_reason(turn),
        queued=queued,
        usage=turn.usage,
        started_at=turn.started_at,
        ended_at=turn.ended_at,
    )


def _was_never_said(turn: Turn) -> bool:
    return turn.status is TurnStatus.interrupted and not turn.agent_turn


def _reason(turn: Turn) -> str:
    if turn.status is not TurnStatus.failed or turn.error is None:
        return ""
    words = plain_line(turn.error.message)
    return words if len(words) <= REASON_CHARACTERS else f"{words[: REASON_CHARACTERS - 1]}…"


def _number(event: TurnEvent) -> int:
    return event.turn.number if isinstance(event, TurnChanged) else event.number


def _no_turn(number: int) -> NotFound:
    return NotFound(f"This chat has no turn {number}.", "Look at the list of its turns.")
