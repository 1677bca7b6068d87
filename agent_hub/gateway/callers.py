"""Who calls the gateway: the chat whose token it is, within a rate."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest

from agent_hub.errors import NotAllowed, TooManyRequests
from agent_hub.hub.store import Store
from agent_hub.hub.tokens import token_hash

PER_SECOND = 20.0
"""Requests of one chat, over time."""

BURST = 200
"""Requests of one chat that may come at once."""


class Callers:
    """Knows chats by their tokens."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._rooms: dict[str, tuple[float, float]] = {}

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
        now = self._clock()
        room, at = self._rooms.get(chat, (float(BURST), now))
        room = min(float(BURST), room + (now - at) * PER_SECOND)
        if room < 1:
            raise TooManyRequests("This chat asks the hub for too much.", "Ask again in a second.", retry_after=1)
        self._rooms[chat] = (room - 1, now)
        if len(self._rooms) > 2 * len(self._store.chats) + BURST:
            self._rooms = {id: value for id, value in self._rooms.items() if id in self._store.chats}


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
