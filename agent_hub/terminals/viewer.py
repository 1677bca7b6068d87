"""One of those who watch a terminal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

QUEUE_CHARACTERS = 512 * 1024
"""Most characters that wait for a viewer."""

LATE_CHARACTERS = QUEUE_CHARACTERS // 2
"""Characters that wait for a viewer that is late."""

FRAME_CHARACTERS = 128 * 1024
"""Most characters that are on their way to a viewer at once, where more than one piece waits."""


class Display(Protocol):
    """Where a viewer's output goes: a browser's WebSocket, in the end."""

    def send(self, text: str) -> asyncio.Future[None] | None:
        """Pass on output; the future is done once there is room for more, and ``None`` says there is already."""

    def end(self) -> None:
        """The terminal is gone for good."""


class Viewer:
    """A viewer's share of the output, which waits here while the viewer is slow.

    Parameters
    ----------
    display
        Where the output goes.
    catch_up
        Gives what a viewer is shown that fell too far behind, in place of what it missed.
    on_room
        Called when a viewer that was late is late no more.
    limit
        Most characters that wait.
    """

    def __init__(
        self,
        display: Display,
        catch_up: Callable[[], str],
        on_room: Callable[[], None] = lambda: None,
        limit: int = QUEUE_CHARACTERS,
    ) -> None:
        self._display = display
        self._catch_up = catch_up
        self._on_room = on_room
        self._limit = limit
        # What is being shown, and is shown to its end: a part of a replay is no screen.
        self._frames: deque[str] = deque()
        self._queue: deque[str] = deque()
        self._queued = 0
        self._sending: asyncio.Future[None] | None = None
        self._behind = False
        self._trusted = True
        self._left = False
        self.rows = 0
        self.columns = 0
        self.folded = False

    @property
    def queued(self) -> int:
        """Characters that wait for the viewer."""
        return self._queued

    @staticmethod
    def worth_waiting_for(viewers: Iterable[Viewer]) -> bool:
        """Whether the program should wait: the viewers that can be kept up with are all late."""
        live = [viewer for viewer in viewers if not viewer._behind and not viewer._left]
        return bool(live) and all(viewer.late for viewer in live) and any(viewer._trusted for viewer in live)

    @property
    def late(self) -> bool:
        """Whether much waits."""
        return self._queued > LATE_CHARACTERS

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
            self._fall_behind()

    def move_on(self) -> None:
        """Wait no more for a viewer that is late: it is shown the newest once it has taken what is on its way."""
        if self.late:
            self._fall_behind()

    def leave(self) -> None:
        """Show nothing from now on."""
        self._left = True
        self._frames.clear()
        self._clear()

    def end(self) -> None:
        """The terminal is gone for good."""
        if not self._left:
            self.leave()
            self._display.end()

    def _fall_behind(self) -> None:
        self._clear()
        self._behind = True
        self._trusted = False

    def _clear(self) -> None:
        self._queue.clear()
        self._queued = 0

    def _send(self, text: str) -> None:
        """Show `text` in frames, as many as there is room for now."""
        if len(text) > FRAME_CHARACTERS:
            starts = range(0, len(text), FRAME_CHARACTERS)
            self._frames.extend(text[start : start + FRAME_CHARACTERS] for start in starts)
            text = self._frames.popleft()
        while True:
            sending = self._display.send(text)
            if sending is not None:
                self._sending = sending
                sending.add_done_callback(self._sent)
                return
            if not self._frames:
                return
            text = self._frames.popleft()

    def _sent(self, sending: asyncio.Future[None]) -> None:
        self._sending = None
        if sending.cancelled() or sending.exception() is not None:
            self.leave()
        was_late = self.late
        while self._sending is None and not self._left:
            if self._frames:
                self._send(self._frames.popleft())
            elif self._behind:
                self._behind = False
                self._send(self._catch_up())
            elif self._queue:
                self._send(self._next())
            else:
                self._trusted = True
                break
        if was_late and not self.late:
            self._on_room()

    def _next(self) -> str:
        """The oldest of what waits, as much as goes into one frame."""
        pieces: list[str] = []
        size = 0
        while self._queue and (not pieces or size + len(self._queue[0]) <= FRAME_CHARACTERS):
            pieces.append(self._queue.popleft())
            size += len(pieces[-1])
        self._queued -= size
        return "".join(pieces)
