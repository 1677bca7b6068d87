"""Who calls the gateway: the chat whose token it is, within a rate."""

from __future__ import annotations

import time
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
        """The id of the chat that asks.

        Raises
        ------
        NotAllowed
            It shows no token, or one that is of no chat which runs.
        TooManyRequests
            It has asked for too much.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        chat = self._store.chat_of_token(token_hash(token.strip())) if scheme.lower() == "bearer" else None
        if chat is None:
            raise NotAllowed("This token is of no chat that runs.", "Ask from inside a running chat.")
        self._take(chat)
        return chat

    def _take(self, chat: str) -> None:
        now = self._clock()
        room, at = self._rooms.get(chat, (float(BURST), now))
        room = min(float(BURST), room + (now - at) * PER_SECOND)
        if room < 1:
            raise TooManyRequests("This chat asks the hub for too much.", "Ask again in a second.", retry_after=1)
        self._rooms[chat] = (room - 1, now)
        if len(self._rooms) > 2 * len(self._store.chats) + BURST:
            self._rooms = {id: value for id, value in self._rooms.items() if id in self._store.chats}
