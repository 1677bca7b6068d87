"""Which of a chat's turns it is that its agent tells of: the agent has names of its own for them."""

from __future__ import annotations

from collections.abc import Callable

from agent_hub.errors import TurnFailed
from agent_hub.hub.turnlimits import ITEM_CHARACTERS, MOST_AT_WORK, PROMPTS_CHARACTERS, cut
from agent_hub.hub.turnrecord import SUMMARY_CHARACTERS, TurnRecord
from agent_hub.models import Turn, TurnStatus, now

RUNNING = (TurnStatus.running, TurnStatus.waiting)


class KnownTurns:
    """A chat's turns by what its agent calls them; one that nobody has heard of begins when it is told of.

    Parameters
    ----------
    record
        Loaded already.
    on_began
        Called with the number of one that the hub has said, and with the agent's name of it, when it begins.
    """

    def __init__(self, chat: str, record: TurnRecord, on_began: Callable[[int, str], None]) -> None:
        self._chat = chat
        self._record = record
        self._on_began = on_began
        self._typed = sum(len(turn.prompt) for turn in record.heads() if turn.source == "terminal")
        self._numbers = {turn.agent_turn: turn.number for turn in record.heads() if turn.agent_turn}

    def mark(self, number: int) -> str:
        """What the agent is given with a prompt, to know the turn again by it."""
        return f"{self._chat}.{number}"

    def get(self, turn: str) -> int | None:
        """The number of one that was told of before."""
        return self._numbers.get(turn)

    def find(self, turn: str, mark: str = "", prompt: str = "", unmarked: bool = False) -> int | None:
        """The turn that the hub said under that mark, else a new one, which was typed in the terminal.

        ``None`` where there are as many as there can be.

        Parameters
        ----------
        unmarked
            It may also be one of the hub's that was said without a mark.
        """
        number = next((one.number for one in self._record.live() if self._is(one, mark, prompt, unmarked)), None)
        if number is None:
            if self._record.full:
                return None
            number = self._begin(turn, prompt)
        else:
            self._record.change(number, status=TurnStatus.running, agent_turn=turn, started_at=now())
            self._on_began(number, turn)
        self._numbers[turn] = number
        return number

    def say_more(self, number: int, prompt: str) -> None:
        """Add what was said into a turn that goes on to its prompt, as far as there is room."""
        before = self._record.head(number).prompt
        room = min(ITEM_CHARACTERS - len(before), PROMPTS_CHARACTERS - self._typed)
        if room > 0:
            more = cut(prompt, room)[0]
            self._typed += len(more)
            self._record.change(number, prompt=f"{before}\n\n{more}" if before else more)

    def _begin(self, turn: str, prompt: str) -> int:
        number = self._record.next_number
        self._end_oldest()
        room = max(SUMMARY_CHARACTERS, min(ITEM_CHARACTERS, PROMPTS_CHARACTERS - self._typed))
        new = Turn(
            chat=self._chat,
            number=number,
            prompt=cut(prompt, room)[0],
            source="terminal",
            agent_turn=turn,
            status=TurnStatus.running,
            started_at=now(),
        )
        self._typed += len(new.prompt)
        self._record.begin(new)
        return number

    def _end_oldest(self) -> None:
        """Keep only so many turns at work: an agent that begins one after the other without an end has left them."""
        begun = [turn.number for turn in self._record.live() if turn.status in RUNNING]
        for number in begun[: max(0, len(begun) - MOST_AT_WORK + 1)]:
            gone = TurnFailed("The agent went on to other turns.", "The chat's terminal says more.")
            self._record.end(number, TurnStatus.failed, gone)

    def _is(self, turn: Turn, mark: str, prompt: str, unmarked: bool) -> bool:
        if mark:
            return mark == self.mark(turn.number)
        return unmarked and turn.status is TurnStatus.queued and turn.prompt.strip() == prompt.strip()
