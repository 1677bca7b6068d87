"""Who calls the gateway: the chat whose token it is, within a rate."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest

from agent_hub.errors import NotAllowed, TooManyRequests
from agent_hub.hub.store import Store
from agent_hub.hub.tokens import token_hash

PER_SECOND = 20.0
"""Requests of one chat, over time; as many files that it publishes."""

BURST = 200
"""Requests of one chat that may come at once."""

FILES_BURST = 2000
"""Files that one chat may publish at once: as many as an experiment leaves."""

PATIENCE_SECONDS = 10.0
"""How long a file is made to wait for its turn, before it is refused."""


class Callers:
    """Knows chats by their tokens."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._requests: dict[str, tuple[float, float]] = {}
        self._files: dict[str, tuple[float, float]] = {}

    def chat(self, request: HTTPServerRequest) -> str:
        """The id of the chat that asks, which is not let in by that.

        Raises
        ------
        NotAllowed
            It shows no token, or one that is of no chat which runs.
        """
        token = _token(request.headers.get("Authorization", ""))
        chat = self._store.chat_of_token(token_hash(token)) if token else None
        if chat is None:
            raise NotAllowed("This token is of no chat that runs.", "Ask from inside a running chat.")
        return chat

    def let_in(self, chat: str) -> None:
        """Take a request of a chat's. Raises :class:`~agent_hub.errors.TooManyRequests` where it asks for too much."""
        self._take(self._requests, chat, BURST, 0)

    async def let_file_in(self, chat: str) -> None:
        """Take a file of a chat's, as soon as it is its turn: a program that publishes many goes on by itself.

        Raises
        ------
        TooManyRequests
            So many of the chat's wait already that it would take too long.
        """
        await asyncio.sleep(self._take(self._files, chat, FILES_BURST, PATIENCE_SECONDS))

    def _take(self, rooms: dict[str, tuple[float, float]], chat: str, burst: int, patience: float) -> float:
        """Take one of what there is room for, and return the seconds until there is."""
        now = self._clock()
        room, at = rooms.get(chat, (float(burst), now))
        room = min(float(burst), room + (now - at) * PER_SECOND) - 1
        if room < -patience * PER_SECOND:
            raise TooManyRequests("This chat asks the hub for too much.", "Ask again in a second.", retry_after=1)
        rooms[chat] = (room, now)
        if len(rooms) > 2 * len(self._store.chats) + BURST:
            for id in rooms.keys() - self._store.chats.items.keys():
                del rooms[id]
        return max(0.0, -room / PER_SECOND)


def _token(shown: str) -> str:
    """The token, as a bearer's or, as Git shows it, as a password under any name; empty where there is none."""
    scheme, _, value = shown.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
