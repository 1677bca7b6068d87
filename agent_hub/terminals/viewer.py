"""One of those who watch a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

QUEUE_CHARACTERS = 1 << 20


class Screen(Protocol):
    """Where a viewer's output goes: a browser's WebSocket, in the end."""

    def send(self, text: str) -> asyncio.Future[None] | None:
        """Pass on output; the future is done once there is room for more, and ``None`` says there is already."""

    def end(self) -> None:
        """The terminal is gone for good."""


class Viewer:
    """A viewer's share of the output, which waits here while the viewer is slow.

    Parameters
    ----------
    screen
        Where the output goes.
    catch_up
        Gives what a viewer is shown that fell too far behind, in place of what it missed.
    limit
        Most characters that wait.
    """

    def __init__(self, screen: Screen, catch_up: Callable[[], str], limit: int = QUEUE_CHARACTERS) -> None:
        self._screen = screen
        self._catch_up = catch_up
        self._limit = limit
        self._queue: list[str] = []
        self._queued = 0
        self._sending: asyncio.Future[None] | None = None
        self._behind = False
        self._left = False
        self.rows = 0
        self.columns = 0
        self.sized = False

    @property
    def queued(self) -> int:
        """Characters that wait for the viewer."""
        return self._queued

    def show(self, text: str) -> None:
        """Show output now, or as soon as the viewer has taken what came before."""
        if self._left or self._behind or not text:
            return
        if self._sending is None:
            self._send(text)
            return
        self._queue.append(text)
        self._queued += len(text)
        if self._queued > self._limit:
            self._clear()
            self._behind = True

    def leave(self) -> None:
        """Show nothing from now on."""
        self._left = True
        self._clear()

    def end(self) -> None:
        """The terminal is gone for good."""
        if not self._left:
            self.leave()
            self._screen.end()

    def _clear(self) -> None:
        self._queue.clear()
        self._queued = 0

    def _send(self, text: str) -> None:
        sending = self._screen.send(text)
        if sending is not None:
            self._sending = sending
            sending.add_done_callback(self._sent)

    def _sent(self, sending: asyncio.Future[None]) -> None:
        self._sending = None
        if sending.cancelled() or sending.exception() is not None:
            self.leave()
        if self._left:
            return
        if self._behind:
            self._behind = False
            self._send(self._catch_up())
        elif self._queue:
            text = "".join(self._queue)
            self._clear()
            self._send(text)
