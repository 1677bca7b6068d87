"""What happens in a turn, as it happens: a stream that outlives a restart of the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, closing
from typing import TYPE_CHECKING

from agent_hub.notebook.polling import Patience

if TYPE_CHECKING:
    from agent_hub.models import Turn, TurnEvent
    from agent_hub.models.transcript import Transcript
    from agent_hub.notebook.async_transport import AsyncTransport
    from agent_hub.notebook.transport import Transport

SILENCE_SECONDS = 30.0
"""Without a sign of life for longer, the server is taken to be gone; it gives one every ten seconds."""


HINT = "It goes on: turn.wait() waits again."


class News:
    """Tells what is new of what is told: after a break, a server tells everything anew.

    Parameters
    ----------
    transcript
        What is known already, and what is then added to.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript

    @classmethod
    def from_the_beginning(cls, turn: Turn) -> News:
        """Of a turn of which everything is to be told, whatever is known of it."""
        from agent_hub.models import TurnStatus
        from agent_hub.models.transcript import Transcript

        return cls(Transcript(turn.model_copy(update={"items": (), "status": TurnStatus.queued, "ended_at": None})))

    @property
    def ended(self) -> bool:
        """Whether all was told."""
        return self.transcript.head.status.ended

    def of(self, event: TurnEvent) -> bool:
        """Take what was told; whether it is new."""
        from agent_hub.models import ItemChanged, TurnChanged

        if isinstance(event, TurnChanged):
            new = event.turn.model_copy(update={"items": ()}) != self.transcript.head
        elif isinstance(event, ItemChanged):
            new = event.item != self.transcript.item(event.item.id)
        else:
            new = True
        if new:
            self.transcript.take(event)
        return new


class Said:
    """What the agent says, taken out of all that is told of a turn."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, event: TurnEvent) -> str:
        """The piece that an event brings; empty where it brings none."""
        from agent_hub.models import ItemChanged, Message, TextAdded

        if isinstance(event, ItemChanged) and isinstance(event.item, Message):
            known = self._known.get(event.item.id)
            between = "\n\n" if known is None and self._known else ""
            self._known[event.item.id] = len(event.item.text)
            return between + event.item.text[known or 0 :]
        if isinstance(event, TextAdded) and event.item in self._known:
            self._known[event.item] += len(event.text)
            return event.text
        return ""


def follow(transport: Transport, path: str, news: News, timeout: float | None, what: str) -> Iterator[TurnEvent]:
    """What is new of a turn, until it has ended.

    Parameters
    ----------
    path
        The turn's.
    timeout
        Seconds until it ends with an error; the turn goes on. None waits without a limit.
    what
        For the error: what did not happen.

    Raises
    ------
    TimeoutError
        `timeout` has passed.
    HubUnavailable
        The server has been away for longer than a restart takes.
    """
    patience = Patience(timeout, what, HINT)
    while True:
        silence = patience.at_most(SILENCE_SECONDS)
        with patience.asking(), closing(transport.stream(f"{path}/events", silence)) as events:
            for event in events:
                patience.heard()
                if event is not None and news.of(event):
                    yield event
                if patience.left <= 0:
                    break
        if news.ended:
            return
        time.sleep(patience.pause())


async def follow_async(
    transport: AsyncTransport, path: str, news: News, timeout: float | None, what: str
) -> AsyncGenerator[TurnEvent]:
    """As :func:`follow`, on an event loop."""
    patience = Patience(timeout, what, HINT)
    while True:
        silence = patience.at_most(SILENCE_SECONDS)
        with patience.asking():
            async with aclosing(transport.stream(f"{path}/events", silence)) as events:
                async for event in events:
                    patience.heard()
                    if event is not None and news.of(event):
                        yield event
                    if patience.left <= 0:
                        break
        if news.ended:
            return
        await asyncio.sleep(patience.pause())
