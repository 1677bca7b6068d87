"""One turn of a chat on an event loop: as :mod:`agent_hub.notebook.turn`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from agent_hub.notebook import turn_display
from agent_hub.notebook.following import News, Said, follow_async
from agent_hub.notebook.turn import Turn
from agent_hub.notebook.turn_record import TURN_TIMEOUT, Decision, TurnRecord

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.async_transport import AsyncTransport  # noqa: F401 (named in a quoted base class)


class AsyncTurn(TurnRecord["AsyncTransport"]):
    """A prompt, and all that the agent did about it. Made by :meth:`AsyncChat.send`.

    What it holds is what was last seen of it: :meth:`refresh`, :meth:`wait` and :meth:`stream` look.
    """

    @property
    def sync(self) -> Turn:
        """The same for a thread."""
        return Turn(self._transport.sync, self._data)

    async def refresh(self) -> AsyncTurn:
        """Look again."""
        if not self._is_whole:
            self._data = await self._transport.read(self._path, type(self._data))
        return self

    async def wait(self, timeout: float | None = TURN_TIMEOUT, *, check: bool = True) -> AsyncTurn:
        """Wait until it has ended, and return it. A task that is cancelled meanwhile leaves the turn going.

        Parameters
        ----------
        timeout
            Seconds; None waits without a limit.
        check
            Raise where it did not end well; False leaves that to :attr:`status` and :attr:`error`.

        Raises
        ------
        TurnFailed, ContainerLost, AgentUnavailable
            It failed, for that reason.
        TurnInterrupted
            Somebody ended it, or stopped the chat.
        TimeoutError
            It has not ended in time; it goes on.
        """
        async with aclosing(self.stream(timeout)) as events:
            async for _ in events:
                continue
        if check:
            self._raise_failure()
        return self

    async def stream(self, timeout: float | None = TURN_TIMEOUT) -> AsyncGenerator[models.TurnEvent]:
        """What happens, as it happens, from the beginning to the end of the turn; see :meth:`Turn.stream`.

        Raises
        ------
        TimeoutError
            It has not ended in time; it goes on.
        """
        news = News.from_the_beginning(self._data)
        late = f"Turn {self.number} has not ended"
        async with aclosing(follow_async(self._transport, self._path, news, timeout, late)) as events:
            async for event in events:
                self._data = news.transcript.turn
                yield event
        self._data = news.transcript.turn

    async def stream_text(self, timeout: float | None = TURN_TIMEOUT) -> AsyncGenerator[str]:
        """What the agent says, piece by piece."""
        said = Said()
        async with aclosing(self.stream(timeout)) as events:
            async for event in events:
                if piece := said.of(event):
                    yield piece

    async def interrupt(self) -> AsyncTurn:
        """End it; one that waits is never said. :meth:`wait` waits for its end."""
        await self._transport.send("POST", f"{self._path}/interrupt", type(self._data))
        return self

    async def approve(self, *approvals: models.Approval, for_session: bool = False) -> AsyncTurn:
        """Let the agent do what it asks for: `approvals`, or all that were last seen here; see :meth:`Turn.approve`."""
        return await self._answer(approvals, "accept_for_session" if for_session else "accept")

    async def decline(self, *approvals: models.Approval) -> AsyncTurn:
        """Let the agent do nothing of what it asks for; it goes on without. As for :meth:`approve`."""
        return await self._answer(approvals, "decline")

    async def _answer(self, approvals: Sequence[models.Approval], decision: Decision) -> AsyncTurn:
        for path in self._answered(approvals):
            await self._transport.post(path, {"decision": decision})
        return self

    def __repr__(self) -> str:
        return f"Async{turn_display.line(self._data)}"
