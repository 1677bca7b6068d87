"""What a chat's agent is yet to be told: one prompt after the other, and that a turn is to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from agent_hub.agents.conversation import Conversation
from agent_hub.errors import AgentHubError, AgentUnavailable
from agent_hub.hub.turnrecord import TurnRecord
from agent_hub.models import TurnStatus

logger = logging.getLogger(__name__)


class Speaker:
    """Says to an agent what waits in the record, as soon as the agent has room for it.

    Parameters
    ----------
    mark
        Gives what the agent is given with a turn's prompt, by the turn's number.
    """

    def __init__(self, record: TurnRecord, mark: Callable[[int], str]) -> None:
        self._record = record
        self._mark = mark
        self._saying: asyncio.Task[None] | None = None
        self._unwanted: set[int] = set()
        self._interrupting: set[asyncio.Task[None]] = set()
        self.agent: Conversation | None = None
        """Who is spoken to, and heard; ``None`` while nobody is."""
        self.active = ""
        """What the agent calls the turn that it works on; empty where it works on none."""
        self.said: int | None = None
        """The turn whose prompt the agent has, and which it has not begun as far as is known."""

    @property
    def busy(self) -> bool:
        """Whether something is being said."""
        return self._saying is not None

    def next(self) -> None:
        """Say what waits, unless the agent is at something."""
        if self.agent is None or self.active or self.said is not None or self._saying is not None:
            return
        number = next((turn.number for turn in self._record.live() if turn.status is TurnStatus.queued), None)
        if number is not None:
            self.said = number
            self._saying = asyncio.create_task(self._say(self.agent, number), name=f"say {self._mark(number)}")

    async def interrupt(self, number: int) -> None:
        """End a turn that the agent has: as soon as it begins, where it has not yet.

        Raises
        ------
        AgentUnavailable
            The agent cannot be reached.
        """
        if self.agent is None:
            raise AgentUnavailable("The chat's agent cannot be reached now.", "Try again, or stop the chat.")
        if turn := self._record.head(number).agent_turn:
            await self.agent.interrupt(turn)
        else:
            # The agent has it, and does not know yet what it calls it.
            self._unwanted.add(number)

    def began(self, number: int, turn: str) -> None:
        """The agent has begun a turn that it was told of, and calls it `turn`."""
        self.forget(number)
        if number in self._unwanted and self.agent is not None:
            self._unwanted.discard(number)
            task = asyncio.create_task(self._interrupt(self.agent, turn), name=f"interrupt {self._mark(number)}")
            self._interrupting.add(task)
            task.add_done_callback(self._interrupting.discard)

    def forget(self, number: int) -> None:
        """It is not waited for that the agent begins that turn."""
        if self.said == number:
            self.said = None

    def hush(self) -> None:
        """Nobody is spoken to from now on."""
        self.agent = None
        self.active, self.said = "", None
        self._unwanted.clear()

    async def close(self) -> None:
        """Hush, and leave nothing half said."""
        self.hush()
        speaking = [*self._interrupting, *([self._saying] if self._saying is not None else [])]
        for task in speaking:
            task.cancel()
        if speaking:
            await asyncio.wait(speaking)

    async def _say(self, agent: Conversation, number: int) -> None:
        error: AgentHubError | None = None
        try:
            await agent.say(self._mark(number), self._record.head(number).prompt)
        except AgentUnavailable as refused:
            # One that is only slow has it, and tells of it yet.
            error = None if refused.details.get("unanswered") else refused
        finally:
            self._saying = None
        if error is not None and self.said == number and self.agent is agent:
            self.said = None
            if not self.active:
                self._record.end(number, TurnStatus.failed, error)
        self.next()

    async def _interrupt(self, agent: Conversation, turn: str) -> None:
        try:
            await agent.interrupt(turn)
        except AgentUnavailable as error:
            logger.warning("A turn goes on that was to end as it began: %s", error.message)
