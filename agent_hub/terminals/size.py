"""The size of a terminal, brought to a program that may not run yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from agent_hub.engines.base import Stream
from agent_hub.errors import EngineError

LARGEST_SIDE = 1000

LEAST_ROWS = 2
LEAST_COLUMNS = 4
"""With less, nothing can be read: such a viewer is not looking."""

_LOOK_SECONDS = 0.2
"""How long a program has its size changed at least: what it writes at first may be of a moment before."""

_DRAW_SECONDS = 1.0
_UNNOTICED_SECONDS = 5.0
"""A program that has a size back within these may not have looked at those in between, and then paints nothing."""

_FIRST_RETRY_SECONDS = 0.05
_LAST_RETRY_SECONDS = 2.0


class Sizer:
    """Gives a stream the size that is wanted, one change at a time, until it has it.

    Parameters
    ----------
    size
        Rows and columns that are wanted at first.
    on_give
        Called with a size as the stream is about to have it: what the program writes next may be drawn for it already.
    """

    def __init__(self, size: tuple[int, int], on_give: Callable[[int, int], None]) -> None:
        self.size = size
        self._on_give = on_give
        self._given: tuple[int, int] | None = None
        self._left_at: dict[tuple[int, int], float] = {}
        self._stream: Stream | None = None
        self._task: asyncio.Task[None] | None = None
        self._drawn = asyncio.Event()
        self._nudge = False

    def connect(self, stream: Stream) -> None:
        """Size this stream from now on."""
        self._stream, self._given = stream, None
        self._left_at.clear()
        self._work()

    def disconnect(self) -> None:
        """Leave the stream alone; the size is kept for the next one."""
        self._stream, self._nudge = None, False
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def resize(self, rows: int, columns: int) -> bool:
        """Want another size. Says whether it is another one."""
        size = (min(rows, LARGEST_SIDE), min(columns, LARGEST_SIDE))
        if size == self.size:
            return False
        self.size = size
        # Whoever was told of another one meanwhile has cut the screen off for it.
        self._nudge |= self._stream is not None and size == self._given
        self._work()
        return True

    def nudge(self) -> None:
        """Make the program paint its screen again, which it does only when its size changes."""
        self._nudge = True
        self._work()

    def drawn(self) -> None:
        """The program has written something, so it runs."""
        self._drawn.set()

    def _work(self) -> None:
        if self._stream is not None and self._task is None:
            self._task = asyncio.create_task(self._apply(self._stream))

    async def _apply(self, stream: Stream) -> None:
        while self._given != self.size or self._nudge:
            rows, columns = self.size
            if self._nudge and self._given == self.size:
                self._nudge = False
                columns += -1 if columns > 1 else 1
                self._drawn.clear()
                await self._give(stream, (rows, columns))
                self._left_at.clear()
                await asyncio.sleep(_LOOK_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._drawn.wait(), _DRAW_SECONDS)
            else:
                # What was cut off at a size in between is gone from the screen, whatever the program knows of it.
                self._nudge |= self._has_had(self.size)
                await self._give(stream, (rows, columns))
        self._task = None

    async def _give(self, stream: Stream, size: tuple[int, int]) -> None:
        delay = _FIRST_RETRY_SECONDS
        while True:
            self._drawn.clear()
            self._on_give(*size)
            try:
                await stream.resize(*size)
            except (OSError, EngineError):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._drawn.wait(), delay)
                delay = min(delay * 2, _LAST_RETRY_SECONDS)
            else:
                if self._given is not None:
                    self._left_at[self._given] = asyncio.get_running_loop().time()
                self._given = size
                return

    def _has_had(self, size: tuple[int, int]) -> bool:
        """Whether the stream had this size a moment ago, and others since."""
        earliest = asyncio.get_running_loop().time() - _UNNOTICED_SECONDS
        self._left_at = {other: left for other, left in self._left_at.items() if left > earliest}
        return size in self._left_at
