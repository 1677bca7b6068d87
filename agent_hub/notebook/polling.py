"""Waiting for the hub: ask, at growing intervals, until what was waited for is there or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from agent_hub.errors import HubUnavailable

T = TypeVar("T")

FIRST_INTERVAL = 0.05
LONGEST_INTERVAL = 1.0
"""Seconds between two questions: short at first, as a chat starts in a fraction of a second, then longer."""

RESTART_PATIENCE = 30.0
"""Seconds that a server may be away in the middle of a wait: builds and chats outlive its restart."""


def poll(look: Callable[[], T], timeout: float, what: str, hint: str) -> Iterator[T]:
    """What `look` sees, again and again, while the caller goes on asking.

    Parameters
    ----------
    timeout
        Seconds until it ends with an error.
    what, hint
        For the error: what did not happen, and what to do.

    Raises
    ------
    TimeoutError
        `timeout` has passed.
    HubUnavailable
        The server has been away for longer than a restart takes.
    """
    started = time.monotonic()
    seen = started
    interval = FIRST_INTERVAL
    while True:
        try:
            value = look()
        except HubUnavailable:
            if time.monotonic() - seen > RESTART_PATIENCE:
                raise
        else:
            seen = time.monotonic()
            yield value
        left = started + timeout - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{what} within {timeout:g} seconds. {hint}")
        time.sleep(min(interval, left))
        interval = min(interval * 1.5, LONGEST_INTERVAL)
