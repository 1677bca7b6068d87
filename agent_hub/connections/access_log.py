"""What chats asked for by way of the gateway, one by one: a person sees what an agent does with an account."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import datetime

from agent_hub.models import GatewayRequest, now

LENGTH = 500
"""Newest requests that are kept, and as many refusals: an agent that asks for what it may not have hides nothing."""

WORDS = 200
"""Characters of what was asked, or was wrong with it: an agent may choose them."""


class AccessLog:
    """Who asked for what, and what became of it; nothing of a body, a query or a credential. It ends with the hub.

    Parameters
    ----------
    clock
        The moment it is.
    """

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._passed: deque[GatewayRequest] = deque(maxlen=LENGTH)
        self._refused: deque[GatewayRequest] = deque(maxlen=LENGTH)
        self._uses: dict[str, datetime] = {}

    def passed(
        self, chat: str, asked: str, host: str, status: int | None, seconds: float | None, problem: str = ""
    ) -> GatewayRequest:
        """Keep a request that was sent on.

        Parameters
        ----------
        host
            Whom it went to.
        status
            Of the answer; ``None`` where there was none.
        seconds
            Until the answer began.
        """
        ms = None if seconds is None else round(1000 * seconds, 1)
        kept = self._request(chat, asked, problem, host=host, status=status, ms=ms)
        self._passed.append(kept)
        return kept

    def break_off(self, request: GatewayRequest, problem: str) -> None:
        """Keep that the answer to a request did not come to its end."""
        for place, kept in enumerate(self._passed):
            if kept is request:
                self._passed[place] = request.model_copy(update={"problem": _cut(problem)})

    def refused(self, chat: str, asked: str, status: int, why: str) -> None:
        """Keep a request that went nowhere."""
        self._refused.append(self._request(chat, asked, why, status=status, refused=True))

    def used(self, project: str) -> None:
        """Keep that a project's repository was asked for now."""
        self._uses[project] = self._clock()

    @property
    def uses(self) -> dict[str, datetime]:
        """When the repository of a project was asked for last, since the hub began."""
        return dict(self._uses)

    def newest(self) -> list[GatewayRequest]:
        """All that is kept, the newest first."""
        return list(heapq.merge(reversed(self._passed), reversed(self._refused), key=lambda one: one.at, reverse=True))

    def _request(self, chat: str, asked: str, problem: str, **facts: object) -> GatewayRequest:
        told = {"at": self._clock(), "chat": chat, "asked": _cut(asked), "problem": _cut(problem)}
        return GatewayRequest.model_validate(told | facts)


def _cut(words: str) -> str:
    """What fits in a row, and writes on no terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in words[:WORDS])
