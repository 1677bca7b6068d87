"""A chat's terminal: one program's bytes, and everyone who watches them."""

from __future__ import annotations

import asyncio
import codecs
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from agent_hub.engines.base import Stream
from agent_hub.errors import EngineError
from agent_hub.terminals.allowance import Allowance
from agent_hub.terminals.answers import answers
from agent_hub.terminals.history import DEFAULT_SIZE, History
from agent_hub.terminals.palette import Palette
from agent_hub.terminals.queries import unasked
from agent_hub.terminals.size import LARGEST_SIDE, LEAST_COLUMNS, LEAST_ROWS, Sizer
from agent_hub.terminals.viewer import Display, Viewer

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25
"""How long a program waits for the quickest of its viewers, before all that are late are moved on."""

_TYPED_AHEAD_BYTES = 64 * 1024


class Terminal:
    """The terminal of one chat, there from the chat's creation to its deletion.

    Parameters
    ----------
    name
        The chat's id.
    on_end
        Called on the event loop when the program's stream ends by itself.
    history
        What is kept for who comes later.
    palette
        The colours of people's screens, shared by all terminals.
    size
        Rows and columns before the first viewer.
    on_size
        Called with the rows and columns that a viewer asks for.
    """

    def __init__(
        self,
        name: str,
        on_end: Callable[[], None] | None = None,
        history: History | None = None,
        palette: Palette | None = None,
        size: tuple[int, int] = DEFAULT_SIZE,
        on_size: Callable[[tuple[int, int]], None] = lambda size: None,
    ) -> None:
        self.name = name
        self._palette = palette or Palette()
        self.on_end = on_end
        self.history = history if history is not None else History()
        self._on_size = on_size
        self._active = time.time()
        self._viewers: list[Viewer] = []
        self._stream: Stream | None = None
        self._decode = _decoder()
        self._held: asyncio.TimerHandle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._allowance = Allowance()
        self._unseen = False
        self._typed_ahead: bytearray | None = bytearray()
        self._sizer = Sizer(size, self.history.resize)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def last_activity(self) -> datetime:
        """When something was last typed or shown."""
        return datetime.fromtimestamp(self._active, UTC)

    # -- the program

    @property
    def connected(self) -> bool:
        """Whether a program's stream is there."""
        return self._stream is not None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that the program has, or will have."""
        return self._sizer.size

    def connect(self, stream: Stream, *, painted: bool = False) -> None:
        """Show what a program writes to `stream`, in place of an earlier one, and give it the terminal's size.

        Parameters
        ----------
        painted
            The program has run for a while and drawn its screen where nobody here saw it; it is asked to draw it again
            for the next viewer.
        """
        self._disconnect()
        if not painted:
            self._undo()
        elif not self._viewers:
            self._sizer.size = self.history.size
        self._unseen = painted
        self._stream = stream
        self._decode = _decoder()
        self._sizer.connect(stream)
        typed, self._typed_ahead = self._typed_ahead, None
        if typed:
            self._send(bytes(typed))
        stream.listen(self._take, partial(self._ended, stream))

    async def write(self, text: str) -> None:
        """Type `text`; waits while the program does not read. See :meth:`type`."""
        waiting = self.type(text)
        if waiting is not None:
            await waiting

    def type(self, text: str) -> asyncio.Future[None] | None:
        """Type `text`, in one piece; the future is done once there is room for more, and ``None`` says there is.

        What is typed before the first program is there waits for it, up to 64 KiB; after a program's end it is dropped.
        """
        data = text.encode("utf-8", "replace")
        self._active = time.time()
        if self._typed_ahead is None:
            return self._send(data)
        if len(self._typed_ahead) + len(data) <= _TYPED_AHEAD_BYTES:
            self._typed_ahead += data
        return None

    def _send(self, data: bytes) -> asyncio.Future[None] | None:
        if self._stream is None:
            return None
        try:
            return self._stream.write(data)
        except (OSError, EngineError) as error:
            log.debug("Terminal %s takes no input: %s", self.name, error)
            return None

    def _take(self, data: bytes) -> None:
        began = time.thread_time()
        self._show_and_keep(data)
        if rest := self._allowance.spend(len(data), time.thread_time() - began):
            self._rest(rest)

    def _show_and_keep(self, data: bytes) -> None:
        # Viewers first: somebody waits for what was typed to show, and nobody for it to be remembered.
        self._share(self._decode(data, False))
        self._active = time.time()
        self.history.append(data)
        self._sizer.drawn()
        if self._viewers:
            self._pace()
        elif known := answers(data, self._palette, self.history.cursor):
            self._send(known)

    def _ended(self, stream: Stream) -> None:
        self._let_go()
        self._show(self._decode(b"", True).encode() + self.history.undo())
        self._stream = None
        self._sizer.disconnect()
        if self.on_end is not None:
            self.on_end()
        self._spawn(_close(stream))

    def _rest(self, seconds: float) -> None:
        """Read nothing for a while of a program whose output costs so much that everyone else's would wait for it."""
        if self._resting is None and self._stream is not None:
            self._stream.pause()
            self._resting = asyncio.get_running_loop().call_later(seconds, self._end_rest)

    def _end_rest(self) -> None:
        self._resting = None
        if self._held is None and self._stream is not None:
            self._stream.resume()

    def _pace(self) -> None:
        """Hold the program back, for a moment, where even the quickest viewer is late."""
        if self._held is None and self._stream is not None and Viewer.worth_waiting_for(self._viewers):
            self._stream.pause()
            self._held = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._move_on)

    def _move_on(self) -> None:
        for viewer in self._viewers:
            viewer.move_on()
        self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
            if self._stream is not None and self._resting is None:
                self._stream.resume()

    # -- who watches

    def join(self, display: Display) -> Viewer:
        """Watch the terminal: first what was, then what comes."""
        viewer = Viewer(display, self.history.replay, self._let_go)
        viewer.show(self.history.replay())
        self._viewers.append(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Stop watching."""
        viewer.leave()
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._fit()
            self._let_go()

    def resize(self, viewer: Viewer, rows: int, columns: int) -> None:
        """A viewer's size is `rows` x `columns`: the program gets the smallest of all viewers that can be read.

        A widget that is folded away tells of a row or two columns, and must not press everyone else's screen together.
        """
        if rows < LEAST_ROWS or columns < LEAST_COLUMNS:
            viewer.rows = viewer.columns = 0
            viewer.folded = True
            self._fit()
            return
        first, folded = not viewer.rows, viewer.folded
        viewer.rows, viewer.columns, viewer.folded = rows, columns, False
        self._on_size((min(rows, LARGEST_SIDE), min(columns, LARGEST_SIDE)))
        changed = self._fit()
        if first and (changed or folded):
            # What it was shown so far was for another size: lines may be missing where its screen is larger.
            self.history.resize(*self.size)
            viewer.show(self.history.replay())
        if first and (self._unseen or (not changed and self.history.repaint)):
            self._unseen = False
            self._sizer.nudge()

    def note(self, text: str) -> None:
        """Print a line of the hub's own."""
        if not self.connected:
            self._undo()
        self._show(f"\r\n\x1b[2m{text}\x1b[m\r\n".encode())

    async def close(self, *, gone: bool = True) -> None:
        """End the terminal: the stream is closed, the program goes on.

        Parameters
        ----------
        gone
            Viewers are told that there is no such terminal any more. A widget that was told never connects again.
        """
        for viewer in list(self._viewers):
            if gone:
                viewer.end()
            else:
                viewer.leave()
        self._viewers.clear()
        self._disconnect()
        self.history.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _undo(self) -> None:
        """Take back what a program has switched on that ended while nobody here saw it."""
        self._show(self.history.undo())

    def _show(self, data: bytes) -> None:
        if not data:
            return
        self.history.append(data)
        self._share(data.decode())

    def _share(self, text: str) -> None:
        if not self._viewers:
            return
        first, *others = self._viewers
        first.show(text)
        if others:
            text = unasked(text)
            for viewer in others:
                viewer.show(text)

    def _fit(self) -> bool:
        rows = min((viewer.rows for viewer in self._viewers if viewer.rows), default=0)
        columns = min((viewer.columns for viewer in self._viewers if viewer.columns), default=0)
        return self._sizer.resize(rows or self.size[0], columns or self.size[1])

    def _disconnect(self) -> None:
        self._let_go()
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        stream, self._stream = self._stream, None
        self._sizer.disconnect()
        if stream is not None:
            self._spawn(_close(stream))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"terminal {self.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _decoder() -> Callable[[bytes, bool], str]:
    # A character may be cut anywhere.
    return codecs.getincrementaldecoder("utf-8")("replace").decode


async def _close(stream: Stream) -> None:
    with suppress(OSError, EngineError):
        await stream.close()
