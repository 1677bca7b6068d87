"""What chats asked for by way of the gateway, one by one: a person sees what an agent does with an account."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable
from datetime import datetime

from agent_hub.models import GatewayRequest, now

LENGTH = 100
"""Newest requests of a chat that are kept, and as many refusals: it hides neither by the other, nor what others did."""

CHATS = 100
"""Chats whose requests are kept; those that asked last."""

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
        self._chats: dict[str, _Rows] = {}
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
        return _add(self._of(chat).passed, kept)

    def break_off(self, request: GatewayRequest, problem: str) -> None:
        """Keep that the answer to a request did not come to its end."""
        rows = self._of(request.chat).passed
        broken = request.model_copy(update={"problem": _cut(problem), "count": 1})
        for place, kept in enumerate(rows):
            if kept is request and kept.count == 1:
                rows[place] = broken
                return
        _add(rows, broken)

    def refused(self, chat: str, asked: str, status: int, why: str) -> None:
        """Keep a request that went nowhere."""
        _add(self._of(chat).refused, self._request(chat, asked, why, status=status, refused=True))

    def used(self, project: str) -> None:
        """Keep that a project's repository was asked for now."""
        self._uses[project] = self._clock()

    @property
    def uses(self) -> dict[str, datetime]:
        """When the repository of a project was asked for last, since the hub began."""
        return dict(self._uses)

    def newest(self) -> list[GatewayRequest]:
        """All that is kept, the newest first."""
        kept = [one for rows in self._chats.values() for one in (*rows.passed, *rows.refused)]
        return sorted(kept, key=lambda one: one.at, reverse=True)

    def _of(self, chat: str) -> _Rows:
        rows = self._chats.pop(chat, None) or _Rows()
        self._chats[chat] = rows
        if len(self._chats) > CHATS:
            del self._chats[next(iter(self._chats))]
        return rows

    def _request(self, chat: str, asked: str, problem: str, **facts: object) -> GatewayRequest:
        told = {"at": self._clock(), "chat": chat, "asked": _cut(asked), "problem": _cut(problem)}
        return GatewayRequest.model_validate(told | facts)


class _Rows:
    """Of one chat, the oldest first."""

    def __init__(self) -> None:
        self.passed: deque[GatewayRequest] = deque(maxlen=LENGTH)
        self.refused: deque[GatewayRequest] = deque(maxlen=LENGTH)


def _add(rows: deque[GatewayRequest], new: GatewayRequest) -> GatewayRequest:
    """Add a row, or count it to the one before that says the same."""
    if rows and _what(rows[-1]) == _what(new):
        new = new.model_copy(update={"count": rows.pop().count + new.count})
    rows.append(new)
    return new


def _what(row: GatewayRequest) -> tuple[object, ...]:
    return row.asked, row.host, row.status, row.problem


def _cut(words: str) -> str:
    """What fits in a row, writes on no terminal, and over no other row."""
    return "".join(letter if _is_plain(letter) else "�" for letter in words[:WORDS])


def _is_plain(letter: str) -> bool:
    return letter.isprintable() and unicodedata.category(letter) not in ("Mn", "Me")
