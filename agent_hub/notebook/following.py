"""What happens in a turn, as it happens: a stream that outlives a restart of the server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from agent_hub.errors import HubUnavailable
from agent_hub.notebook.polling import FIRST_INTERVAL, LONGEST_INTERVAL, RESTART_PATIENCE

if TYPE_CHECKING:
    from agent_hub.models import TurnEvent
    from agent_hub.models.transcript import Transcript
    from agent_hub.notebook.transport import Transport

SILENCE_SECONDS = 30.0
"""Without a sign of life for longer, the server is taken to be gone; it gives one every ten seconds."""


class News:
    """Tells what is new of what is told: after a break, a server tells everything anew.

    Parameters
    ----------
    transcript
        What is known already, and what is then added to.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript

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


def follow(transport: Transport, path: str, news: News, timeout: float, what: str) -> Iterator[TurnEvent]:
    """What is new of a turn, until it has ended.

    Parameters
    ----------
    path
        The turn's.
    timeout
        Seconds until it ends with an error; the turn goes on.
    what
        For the error: what did not happen.

    Raises
    ------
    TimeoutError
        `timeout` has passed.
    HubUnavailable
        The server has been away for longer than a restart takes.
    """
    started = seen = time.monotonic()
    interval = FIRST_INTERVAL
    while True:
        left = started + timeout - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{what} within {timeout:g} seconds. It goes on: turn.wait() waits again.")
        try:
            with closing(transport.stream(f"{path}/events", min(left, SILENCE_SECONDS))) as events:
                for event in events:
                    seen, interval = time.monotonic(), FIRST_INTERVAL
                    if event is not None and news.of(event):
                        yield event
                    if time.monotonic() - started > timeout:
                        break
        except HubUnavailable:
            if time.monotonic() - started < timeout and time.monotonic() - seen > RESTART_PATIENCE:
                raise
        if news.transcript.head.status.ended:
            return
        left = started + timeout - time.monotonic()
        time.sleep(max(0.0, min(interval, left)))
        interval = min(interval * 1.5, LONGEST_INTERVAL)
