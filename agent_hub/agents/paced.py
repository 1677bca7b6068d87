"""A WebSocket whose other end may send frames without end, and read none of what is answered.

Frames of no bytes, fragments and pings are taken before any message is there, so it is here that they are bounded.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

from websockets.asyncio.client import ClientConnection

REST = 4.0
"""Times as long as it took to take what came, nothing is taken after it: an other end that talks without end costs a
fifth of the event loop, and what it says waits on its side."""

SPELL_SECONDS = 0.005
"""Work that is gathered before there is a rest."""

PIECE = 4096
"""Bytes that are taken at once: two thousand frames at most."""

UNREAD_BYTES = 4 * 2**20
"""Most that waits for an other end that does not read; past it, the connection is ended. Each ping is answered."""


class PacedConnection(ClientConnection):
    """A connection that takes what comes piece by piece, with rests."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pieces: deque[bytes] = deque()
        self._spent = 0.0
        self._resting: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take it, now or after a rest."""
        self._pieces.extend(data[start : start + PIECE] for start in range(0, len(data), PIECE))
        if self._resting is None:
            self._take()
        else:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take nothing more."""
        if self._resting is not None:
            self._resting.cancel()
        self._pieces.clear()
        super().connection_lost(exc)

    def _take(self) -> None:
        self._resting = None
        while self._pieces:
            began = time.thread_time()
            super().data_received(self._pieces.popleft())
            self._spent += time.thread_time() - began
            if self.transport.get_write_buffer_size() > UNREAD_BYTES:
                self.transport.abort()
                return
            if self._spent > SPELL_SECONDS:
                self.transport.pause_reading()
                self._resting = self.loop.call_later(self._spent * REST, self._take)
                self._spent = 0.0
                return
        # Where messages wait to be read, it goes on when they are.
        if not self.recv_messages.paused:
            self.transport.resume_reading()
