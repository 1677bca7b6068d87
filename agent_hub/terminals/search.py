"""Finding text in what a terminal has shown."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Protocol

from agent_hub.models import TerminalMatch, TerminalMatches

QUERY_CHARACTERS = 500
"""Longest text to search for."""

MOST_MATCHES = 1000
"""Most lines in one answer."""

_PIECE_BYTES = 64 * 1024
_TEXT_CHARACTERS = 2000
_CONTEXT_CHARACTERS = 200
_MOST_SPANS = 100
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")


class Source(Protocol):
    """Lines, each with its end."""

    def read(self) -> bytes:
        """All of them, oldest first."""


class KeptLines:
    """Every line of a terminal as of one moment.

    Parameters
    ----------
    sources
        The lines that have left the screen, oldest first.
    screen
        The screen's.
    """

    def __init__(self, sources: Sequence[Source], screen: Sequence[str]) -> None:
        self._sources = sources
        self._screen = screen

    def find(self, query: str, limit: int, cancelled: threading.Event) -> TerminalMatches:
        """The newest lines with `query` in them, whatever its case. Takes a while: run it in a thread.

        Parameters
        ----------
        limit
            Most lines to find.
        cancelled
            Ends the search early; what was found so far is returned.
        """
        blocks = [source.read() for source in self._sources]
        above = sum(block.count(b"\n") for block in blocks)
        shown = len(self._screen)
        while shown and not self._screen[shown - 1].strip():
            shown -= 1
        found = list(islice(self._matches(blocks, above, shown, query, cancelled), limit + 1))
        return TerminalMatches(
            query=query, lines=above + shown, complete=len(found) <= limit, matches=tuple(found[:limit])
        )

    def text(self) -> str:
        """All of them, without colours. Takes a while: run it in a thread."""
        above = "".join(plain(source.read()) for source in self._sources)
        shown = "".join(f"{line.rstrip()}\n" for line in self._screen).rstrip("\n")
        return above + (f"{shown}\n" if shown else "")

    def _matches(
        self, blocks: Sequence[bytes], above: int, shown: int, query: str, cancelled: threading.Event
    ) -> Iterator[TerminalMatch]:
        wanted = re.compile(re.escape(query), re.IGNORECASE)
        needle = query.lower()
        for row in range(shown - 1, -1, -1):
            yield from _match(self._screen[row], wanted, above + row + 1)
        number = above
        for block in reversed(blocks):
            for piece in _pieces(block):
                if cancelled.is_set():
                    return
                # One look for a whole piece: most have no match, and each look holds the interpreter's lock.
                text = plain(piece)
                if needle in text.lower():
                    lines = text.removesuffix("\n").split("\n")
                    for index in range(len(lines) - 1, -1, -1):
                        if needle in lines[index].lower():
                            yield from _match(lines[index], wanted, number - len(lines) + index + 1)
                number -= piece.count(b"\n")


def plain(lines: bytes) -> str:
    """The text of lines, without what gives it colour."""
    return _SEQUENCE.sub(b"", lines).decode("utf-8", "replace")


def _pieces(block: bytes) -> Iterator[bytes]:
    """Whole lines, newest first."""
    end = len(block)
    while end > 0:
        start = block.rfind(b"\n", 0, max(0, end - _PIECE_BYTES)) + 1
        yield block[start:end]
        end = start


def _match(line: str, wanted: re.Pattern[str], number: int) -> Iterator[TerminalMatch]:
    first = wanted.search(line)
    if first is None:
        return
    start = max(0, first.start() - _CONTEXT_CHARACTERS) if len(line) > _TEXT_CHARACTERS else 0
    text = line[start : start + _TEXT_CHARACTERS].rstrip()
    spans = tuple(
        (_units(text, match.start()), _units(text, match.end())) for match in islice(wanted.finditer(text), _MOST_SPANS)
    )
    yield TerminalMatch(line=number, text=text, spans=spans)


def _units(text: str, position: int) -> int:
    """A position as JavaScript counts it."""
    return position if text.isascii() else len(text[:position].encode("utf-16-le", "surrogatepass")) // 2
