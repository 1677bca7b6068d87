"""The terminal that the command runs in: raw while an agent's is shown in it, and afterwards as it was."""

from __future__ import annotations

import asyncio
import os
import re
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LEAVE = "\x1b[?1049l"
"""Leaves a full-screen program's screen. Elsewhere it would move the cursor."""

UNDO = (
    "\x1b7\x1b[r\x1b8\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2026l"
    "\x1b[?1l\x1b>\x1b[<u\x1b[?7h\x1b[m\x1b(B\x1b[?25h"
)
"""Takes back what else a program may have switched on: margins, the mouse, a hidden cursor…"""

_OUTPUT_FLAGS = 1
"""Where they are among a terminal's attributes."""

_SCREENS = re.compile(r"\x1b\[\?(?:1049|1047|47)([hl])|\x1bc")


class Tty:
    """Standard input and output, and whether they are a terminal.

    Without one nothing is changed: what comes in is typed, and what the agent prints comes out as text.
    """

    def __init__(self) -> None:
        # A service may have been started without any.
        self.input = sys.stdin.fileno() if sys.stdin is not None else os.open(os.devnull, os.O_RDONLY)
        self.output = sys.stdout.fileno()
        self.typed = os.isatty(self.input)
        self.shown = os.isatty(self.output)
        self._before = termios.tcgetattr(self.input) if self.typed else None
        self._full_screen = False

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns, where it is a terminal that shows."""
        columns, rows = os.get_terminal_size(self.output)
        return rows, columns

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Let every key through to the agent, Ctrl-C as well."""
        try:
            self.set_raw()
            yield
        finally:
            self.restore()

    def note(self, text: str) -> None:
        """Take notice of what is shown: where it ends in a full-screen program, that has to be left in the end."""
        for found in _SCREENS.finditer(text):
            self._full_screen = found[1] == "h"

    def set_raw(self) -> None:
        """Raw, also again after the command was suspended."""
        if self.typed:
            tty.setraw(self.input, termios.TCSADRAIN)
            if not self.shown and self._before is not None:
                # Text comes here all the same where it goes through a pipe, as of `tee`: its lines have no returns.
                attributes = termios.tcgetattr(self.input)
                attributes[_OUTPUT_FLAGS] = self._before[_OUTPUT_FLAGS]
                termios.tcsetattr(self.input, termios.TCSADRAIN, attributes)

    def restore(self) -> None:
        """As it was, however this ends."""
        if self.shown:
            # A terminal that is gone takes nothing, and needs nothing.
            with suppress(OSError):
                os.write(self.output, ((LEAVE if self._full_screen else "") + UNDO).encode())
        if self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.input, termios.TCSADRAIN, self._before)


async def ready(descriptor: int, *, write: bool) -> None:
    """Wait until a descriptor can be read or written; a regular file always can."""
    loop = asyncio.get_running_loop()
    can: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)

    def tell() -> None:
        if not can.done():
            can.set_result(None)

    # Most often it can be written at once.
    if write and select.select([], [descriptor], [], 0)[1]:
        return
    try:
        add(descriptor, tell)
    except PermissionError:
        return
    try:
        await can
    finally:
        remove(descriptor)
