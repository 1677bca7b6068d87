"""Requests that may come again, each remembered by its key with the chat that it got."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from agent_hub.errors import Conflict
from agent_hub.hub.tables import Database, Statement

REQUEST_SECONDS = 24 * 3600.0
"""How long a request is remembered by its key."""

REQUESTS = 1000
"""Requests that are remembered however old they are: a clock that was set forward must not make two chats of one."""


@dataclass(frozen=True)
class Request:
    """A request that may come again: the key its client gave it, and what it asked for."""

    key: str
    body: str


@dataclass(frozen=True)
class Remembered:
    """What a request got: `chat`, for asking for `body`, at a time by the system's clock."""

    chat: str
    body: str
    at: float


@dataclass(frozen=True)
class Remembering:
    """A request that is to be remembered, and the keys of those that need not be any longer."""

    key: str
    got: Remembered
    forgotten: Sequence[str]

    @property
    def statements(self) -> list[Statement]:
        """What makes it so in the store."""
        got = self.got
        values = (self.key, got.chat, got.body, got.at)
        return [
            ("INSERT INTO request (key, chat, body, at) VALUES (?, ?, ?, ?)", values),
            *(("DELETE FROM request WHERE key = ?", (key,)) for key in self.forgotten),
        ]


class Requests:
    """Those of a day, and the newest :data:`REQUESTS` of all."""

    def __init__(self, store: Database) -> None:
        rows = store.rows("SELECT key, chat, body, at FROM request ORDER BY rowid")
        self._known = {key: Remembered(chat, body, at) for key, chat, body, at in rows}

    def answered(self, request: Request) -> str | None:
        """The id of the chat that a request got before.

        Raises
        ------
        Conflict
            The key was another request's.
        """
        known = self._known.get(request.key)
        if known is None:
            return None
        if known.body != request.body:
            raise Conflict("This Idempotency-Key was used for another chat.", "Give each new request a key of its own.")
        return known.chat

    def remembering(self, request: Request, chat: str) -> Remembering:
        """What it takes to remember a request that gets `chat` now; :meth:`keep` it once it is committed."""
        now = time.time()
        spare = islice(self._known.items(), max(0, len(self._known) + 1 - REQUESTS))
        forgotten = [key for key, got in spare if got.at < now - REQUEST_SECONDS]
        return Remembering(request.key, Remembered(chat, request.body, now), forgotten)

    def keep(self, new: Remembering) -> None:
        """Remember what has been committed."""
        for key in new.forgotten:
            del self._known[key]
        self._known[new.key] = new.got
