"""One chat's turns: recorded as its agent tells of them, and said to it one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from agent_hub.agents.conversation import Conversation, Decision, Listener, Told
from agent_hub.errors import AgentHubError, Conflict, NotFound, StorageFull, TurnFailed, TurnInterrupted
from agent_hub.hub.known_turns import RUNNING, KnownTurns
from agent_hub.hub.speaker import Speaker
from agent_hub.hub.turnlimits import MOST_APPROVALS, PROBLEM_CHARACTERS, cut
from agent_hub.hub.turnrecord import TurnRecord, summarized
from agent_hub.models import Approval, Item, Turn, TurnStatus, TurnSummary, Usage

MOST_QUEUED = 100
"""Prompts that wait for an agent."""


class ChatTurns(Listener):
    """The turns of a chat, from the moment that somebody asks for them, or that its agent is heard.

    Parameters
    ----------
    record
        Loaded already.
    on_thread
        Called with the agent's id of the conversation, when it goes over to another one.
    on_lost
        Called when the agent is not heard any more.
    """

    def __init__(
        self, chat: str, record: TurnRecord, on_thread: Callable[[str], None], on_lost: Callable[[], None]
    ) -> None:
        self.chat = chat
        self.record = record
        self._on_thread = on_thread
        self._on_lost = on_lost
        self._known = KnownTurns(chat, record, lambda number, turn: self._speaker.began(number, turn))
        self._speaker = Speaker(record, self._known.mark)
        self._measured: set[int] = set()
        self._held: list[tuple[str, TurnStatus, str]] | None = None

    @property
    def heard(self) -> bool:
        """Whether its agent is heard."""
        return self._speaker.agent is not None

    @property
    def in_use(self) -> bool:
        """Whether there is more to it than what is written down."""
        return self.heard or self._speaker.busy or bool(self.record.followers)

    @property
    def at_work(self) -> TurnSummary | None:
        """The turn that the agent is at, or was at last; before any, the one that it is to begin with."""
        return self.record.summary if (turn := self._running) is None else summarized(turn)

    @property
    def _running(self) -> Turn | None:
        return next((turn for turn in reversed(self.record.live()) if turn.status in RUNNING), None)

    def mark(self, number: int) -> str:
        """What the agent is given with a prompt, to know the turn again by it."""
        return self._known.mark(number)

    # -- what a person says

    def add(self, prompt: str, key: str = "") -> Turn:
        """Take a prompt, which is said as soon as the agent has room for it.

        Parameters
        ----------
        key
            The request's own: one that comes again is answered with the turn that it made.

        Raises
        ------
        OSError
            It cannot be written down.
        """
        if key and (known := next((turn for turn in self.record.heads() if turn.key == key), None)):
            return known
        if sum(turn.status is TurnStatus.queued for turn in self.record.live()) >= MOST_QUEUED:
            raise Conflict(
                f"{MOST_QUEUED} prompts wait for this agent already.", "Wait until it has done some of them."
            )
        if self.record.full:
            raise Conflict("This chat has as many turns as it can have.", "Go on in a new chat.")
        turn = Turn(chat=self.chat, number=self.record.next_number, prompt=prompt, key=key)
        # Whoever is told that a prompt was taken counts on it.
        self.record.begin(turn, must=True)
        self._speaker.next()
        return turn

    async def interrupt(self, number: int) -> Turn:
        """End a turn: one that waits is never said. No error where it has ended.

        Raises
        ------
        StorageFull
            There is no room to write down that it is not to be said: the next hub would say it.
        """
        turn = self.record.head(number)
        if turn.status is TurnStatus.queued and self._speaker.said != number:
            try:
                self.record.end(number, TurnStatus.interrupted, must=True)
            except OSError as error:
                raise StorageFull.from_os_error(error) from error
        elif not turn.status.ended:
            await self._speaker.interrupt(number)
        return self.record.head(number)

    async def answer(self, approval: str, decision: Decision) -> None:
        """Answer what the agent has asked.

        Raises
        ------
        NotFound
            It does not wait for that answer.
        """
        asked = any(one.id == approval for turn in self.record.live() for one in turn.approvals)
        if not asked or self._speaker.agent is None:
            raise NotFound("The agent does not wait for this answer.", "Somebody may have given it already.")
        await self._speaker.agent.answer(approval, decision)
        # Before the agent says so: who answers a second time is told that it was answered.
        self.answered(approval)

    # -- its agent comes and goes

    async def joined(self, agent: Conversation) -> None:
        """The agent is heard from now on; what happened while it was not is recorded now."""
        begun = [turn for turn in self.record.live() if turn.status in RUNNING]
        # A turn that ends while the agent is asked would be written down without what it is asked for.
        held: list[tuple[str, TurnStatus, str]] = []
        self._held = held
        try:
            remembered = await agent.recall()
        finally:
            self._held = None
        self._reconcile(remembered, begun)
        for end in held:
            self.turn_ended(*end)
        self._hear(agent)

    def given(self, agent: Conversation, saying: int | None) -> None:
        """As :meth:`joined`, of an agent that had no turns before it became the chat's.

        Parameters
        ----------
        saying
            The turn whose prompt it was given then, of which it may have told already.
        """
        if saying is not None and saying in self.record and self.record.head(saying).status is TurnStatus.queued:
            self._speaker.said = saying
        self._hear(agent)

    def _hear(self, agent: Conversation) -> None:
        self._speaker.agent = agent
        if agent.heard:
            self._speaker.next()
        else:
            self.lost()

    def left(self, error: AgentHubError | None = None) -> None:
        """The agent has ended: so has what it was at, and what it was yet to be told.

        Parameters
        ----------
        error
            Why, where nobody meant it to.
        """
        self._hear_nothing()
        for turn in self.record.live():
            if error is not None:
                self.record.end(turn.number, TurnStatus.failed, error)
            else:
                stopped = TurnInterrupted("The chat was stopped.", "Start it again, and say it again.")
                self.record.end(turn.number, TurnStatus.interrupted, stopped)

    async def close(self) -> None:
        """Hang up; the agent goes on."""
        agent = self._speaker.agent
        self._hear_nothing()
        await self._speaker.close()
        if agent is not None:
            with suppress(AgentHubError):
                await agent.close()

    # -- what the agent tells

    def thread_began(self, thread: str) -> None:
        self._speaker.active = ""
        self._on_thread(thread)

    def turn_began(self, turn: str) -> None:
        self._speaker.active = turn

    def prompted(self, turn: str, mark: str, prompt: str) -> None:
        number = self._known.get(turn)
        if number is None:
            if turn:
                self._known.find(turn, mark, prompt)
        elif number in self.record and mark != self.mark(number):
            # Said into a turn that goes on.
            self._end_taken(mark, number)
            self._known.say_more(number, prompt)

    def _end_taken(self, mark: str, into: int) -> None:
        """End the turn that was to be of its own, and which the agent took into another one."""
        own = next((turn.number for turn in self.record.live() if mark and mark == self.mark(turn.number)), None)
        if own is not None:
            taken = f"The agent was at turn {into}, and has taken this into it."
            self.record.end(own, TurnStatus.interrupted, TurnInterrupted(taken, f"Turn {into} has what came of it."))
            self._speaker.forget(own)

    def item(self, turn: str, item: Item) -> None:
        if (number := self._number(turn)) is not None:
            self.record.take_item(number, item)

    def text(self, turn: str, item: str, text: str) -> None:
        if text and (number := self._number(turn)) is not None:
            self.record.add_text(number, item, text)

    def usage(self, turn: str, usage: Usage) -> None:
        if (number := self._number(turn)) is None:
            return
        known = self.record.head(number).usage
        if number in self._measured and known is not None:
            # The gateway has counted itself; the agent alone knows how much its model sees at once.
            usage = known.model_copy(update={"context_window": usage.context_window})
        self.record.change(number, usage=usage)

    def asked(self, turn: str, approval: Approval) -> None:
        if (number := self._number(turn)) is not None:
            others = [one for one in self.record.head(number).approvals if one.id != approval.id]
            if len(others) >= MOST_APPROVALS:
                # They can be answered in the terminal.
                return
            self.record.change(number, approvals=(*others, approval), status=TurnStatus.waiting)

    def answered(self, approval: str) -> None:
        for turn in self.record.live():
            left = tuple(one for one in turn.approvals if one.id != approval)
            if left != turn.approvals:
                status = TurnStatus.waiting if left else TurnStatus.running
                self.record.change(turn.number, approvals=left, status=status)

    def turn_ended(self, turn: str, status: TurnStatus, problem: str) -> None:
        if self._held is not None:
            self._held.append((turn, status, problem))
            return
        if turn == self._speaker.active:
            self._speaker.active = ""
        number = self._number(turn)
        if number is not None and status.ended:
            self.record.end(number, status, _failure(status, problem))
        self._speaker.next()

    def lost(self) -> None:
        if self._speaker.agent is not None:
            self._hear_nothing()
            self._on_lost()

    def _hear_nothing(self) -> None:
        self.record.settle()
        self._speaker.hush()

    def measured(self, usage: Usage) -> None:
        """Add what the model has counted for an answer, as the gateway has heard, to the turn that the agent is at."""
        if (turn := self._running) is not None:
            self._measured.add(turn.number)
            self.record.change(turn.number, usage=usage if turn.usage is None else turn.usage + usage)

    # -- which turn it is

    def _number(self, turn: str) -> int | None:
        """The number of the agent's turn, where it goes on; one that was never heard of begins here."""
        number = self._known.get(turn)
        if number is None and turn:
            number = self._known.find(turn)
        return number if number in self.record else None

    def _reconcile(self, remembered: Sequence[Told], begun: Sequence[Turn]) -> None:
        """Make the record agree with what the agent remembers: turns that began, went on or ended unheard.

        Parameters
        ----------
        begun
            Those that went on as far as is known: by now others may, of which the agent tells already.
        """
        for told in remembered:
            number = self._known.get(told.id)
            if number is None:
                number = self._known.find(told.id, told.mark, told.prompt, unmarked=True)
            if number is None or number not in self.record:
                continue
            for item in told.items:
                self.record.take_item(number, item)
            if told.status.ended:
                self.record.end(number, told.status, _failure(told.status, told.problem))
            else:
                self._speaker.active = told.id
        heard = {told.id for told in remembered}
        for turn in begun:
            if turn.number in self.record and turn.agent_turn not in heard:
                # The agent was killed before it had written it down.
                ended = TurnFailed("The agent ended in the middle of it.", "Say it again.")
                self.record.end(turn.number, TurnStatus.failed, ended)


def _failure(status: TurnStatus, problem: str) -> AgentHubError | None:
    if status is not TurnStatus.failed:
        return None
    return TurnFailed(
        cut(problem, PROBLEM_CHARACTERS)[0] or "The agent could not go on.", "The chat's terminal says more."
    )
