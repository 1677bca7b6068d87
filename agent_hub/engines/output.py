"""The output of a command that runs beside a container's program: its lines, and how much of it is kept."""

from __future__ import annotations

from collections.abc import Callable

LONGEST_LINE = 64 * 1024
"""Characters after which a line is broken: a program that never ends its line must not fill the memory."""

OUTPUT_KEPT = 8 * 2**20
"""Bytes of a command's output that are kept, counted from its end."""


class LineSplitter:
    """Cuts a program's output into lines, whatever pieces it comes in."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes, and hand on each line that they end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._emit(line)
        while len(self._rest) > LONGEST_LINE:
            self._emit(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]

    def close(self) -> None:
        """Hand on a last line that has no end."""
        if self._rest:
            self._emit(self._rest)
            self._rest = b""

    def _emit(self, line: bytes) -> None:
        # A progress bar rewrites its line with carriage returns: what it ends with is what a person would see.
        text = line.decode(errors="replace").rstrip("\r")
        self._on_line(text.rpartition("\r")[2])
