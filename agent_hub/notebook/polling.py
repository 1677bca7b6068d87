"""Waiting for the hub: ask, at growing intervals, until what was waited for is there or the time is up."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from agent_hub.errors import HubUnavailable

T = TypeVar("T")

FIRST_INTERVAL = 0.05
LONGEST_INTERVAL = 1.0
"""Seconds between two questions: short at first, as a chat starts in a fraction of a second, then longer."""

RESTART_PATIENCE = 30.0
"""Seconds that a server may be away in the middle of a wait: builds and chats outlive its restart."""


class Patience:
    """How long to wait, and how often to ask meanwhile, whether a thread or an event loop does the waiting.

    Parameters
    ----------
    timeout
        Seconds until it ends with an error; None waits without a limit.
    what, hint
        For that error: what did not happen, and what to do.
    """

    def __init__(self, timeout: float | None, what: str, hint: str) -> None:
        self._what = what
        self._hint = hint
        self._timeout = math.inf if timeout is None else timeout
        self._started = self._heard = time.monotonic()
        self._interval = FIRST_INTERVAL

    @property
    def left(self) -> float:
        """Seconds."""
        return self._started + self._timeout - time.monotonic()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """A question in this context may go unanswered for as long as a restart of the server takes."""
        try:
            yield
        except HubUnavailable:
            if self.left > 0 and time.monotonic() - self._heard > RESTART_PATIENCE:
                raise
        else:
            self._heard = time.monotonic()

    def heard(self) -> None:
        """Something has happened, within an answer: ask soon again."""
        self._heard = time.monotonic()
        self._interval = FIRST_INTERVAL

    def at_most(self, seconds: float) -> float:
        """So many seconds, or those that are left; raises once none are."""
        if self.left <= 0:
            raise TimeoutError(f"{self._what} within {self._timeout:g} seconds. {self._hint}")
        return min(seconds, self.left)

    def pause(self) -> float:
        """Seconds until the next question; raises once none are left."""
        seconds = self.at_most(self._interval)
        self._interval = min(self._interval * 1.5, LONGEST_INTERVAL)
        return seconds


def poll(look: Callable[[], T], timeout: float | None, what: str, hint: str) -> Iterator[T]:
    """What `look` sees, again and again, while the caller goes on asking.

    Parameters
    ----------
    timeout, what, hint
        As for :class:`Patience`.

    Raises
    ------
    TimeoutError
        `timeout` has passed.
    HubUnavailable
        The server has been away for longer than a restart takes.
    """
    patience = Patience(timeout, what, hint)
    while True:
        with patience.asking():
            yield look()
        time.sleep(patience.pause())


async def poll_async(
    look: Callable[[], Awaitable[T]], timeout: float | None, what: str, hint: str
) -> AsyncGenerator[T]:
    """As :func:`poll`, on an event loop."""
    patience = Patience(timeout, what, hint)
    while True:
        with patience.asking():
            yield await look()
        await asyncio.sleep(patience.pause())
