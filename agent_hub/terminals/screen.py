"""What a program's screen looks like, known at every moment, so that whoever looks is shown it as it is.

Only xterm.js will ever show it, so what xterm.js does with a sequence is what is done here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent_hub.terminals.buffer import TAB
from agent_hub.terminals.controls import DRAWING_ESCAPES, MODE_CONTROLS
from agent_hub.terminals.emulator import Emulator
from agent_hub.terminals.lines import Line
from agent_hub.terminals.parser import Parser
from agent_hub.terminals.repaint import repaint, shown_alone
from agent_hub.terminals.styles import PLAIN, apply, graphics
from agent_hub.terminals.widths import width

SMALLEST = (1, 2)
_FLOOD = 1024
_MOST_POURED = 1 << 18
_LONGEST_LINE = 1 << 16

_PLAIN_BLOCK = re.compile(r"(?:[^\x00-\x08\x0a-\x1f\x7f-\x9f]++|\r\n|\x1b\[[0-9;:]*+m)*+")
_GRAPHICS = re.compile(r"\x1b\[([0-9;:]*)m")


class Screen:
    """A terminal without a window.

    Parameters
    ----------
    rows, columns
        Its size.
    on_scroll
        Takes each line that leaves the main screen at its top, in UTF-8, with the colours and attributes it takes to
        show it alone, and no newline. A line that was wrapped is one line.
    """

    def __init__(self, rows: int, columns: int, on_scroll: Callable[[bytes], None] | None = None) -> None:
        self._on_scroll = on_scroll
        self._parser = Parser()
        self._emulator = Emulator(max(rows, SMALLEST[0]), max(columns, SMALLEST[1]), self._scrolled, self._returned)
        self._beginning = ""

    def copy(self) -> Screen:
        """A second one that goes its own way, and reports no lines."""
        twin = Screen.__new__(Screen)
        twin._on_scroll = None
        twin._parser = self._parser.copy()
        twin._emulator = self._emulator.copy(twin._scrolled, twin._returned)
        twin._beginning = self._beginning
        return twin

    @property
    def rows(self) -> int:
        """Its height."""
        return self._emulator.rows

    @property
    def columns(self) -> int:
        """Its width."""
        return self._emulator.columns

    @property
    def full_screen(self) -> bool:
        """Whether the program draws on the alternate screen."""
        return self._emulator.full_screen

    @property
    def title(self) -> str:
        """What the program calls its window."""
        return self._emulator.title

    @property
    def exact(self) -> bool:
        """Whether all that is shown was seen: see `skip`."""
        return not (self._emulator.buffer.unseen or self._emulator.cursor_unseen)

    @property
    def beginning(self) -> bytes:
        """What scrolled off of the line that goes on in the first row: it is reported once all of it did."""
        return self._beginning.encode()

    @property
    def returned(self) -> tuple[list[str], int]:
        """The lines at the main screen's top that were reported and came back since, and how many rows they take."""
        rows = self._emulator.main.lines
        lines: list[str] = []
        count = 0
        for number, row in enumerate(rows, 1):
            if number < len(rows) and rows[number].wrapped:
                continue
            if row.reported is None:
                break
            lines.append(row.reported)
            count = number
        return lines, count

    def lines(self) -> list[str]:
        """The text of each row, without what is empty at its end."""
        return [line.cells(0, self.columns).rstrip() for line in self._emulator.buffer.lines]

    @property
    def cursor(self) -> tuple[int, int]:
        """The cursor's row and column, from 1; in origin mode, counted from the top of the scroll region."""
        buffer = self._emulator.buffer
        top = buffer.top if self._emulator.origin else 0
        return buffer.y - top + 1, min(buffer.x, self.columns - 1) + 1

    def repaint(self) -> bytes:
        """What brings a terminal of this size that was just reset (``ESC c``) into this state.

        It ends within a sequence where the output did, so that what comes next goes on there.
        """
        return (repaint(self._emulator) + self._parser.unfinished).encode()

    def undo(self) -> bytes:
        """What brings a terminal in this state back to how a shell expects it, for a program that was killed."""
        return self._emulator.undo().encode()

    def resize(self, rows: int, columns: int) -> None:
        """Take another size, as xterm.js does.

        On the main screen lines are wrapped anew, but for the cursor's, which a program draws again. Fewer rows take
        away what is below the cursor, then what is at the top. More rows bring back what scrolled off where the cursor
        is in the last one, and are put below where it is not. A line that came back is reported again only if it
        changed. On the alternate screen lines are cut, or go on empty.
        """
        self._emulator.resize(max(rows, SMALLEST[0]), max(columns, SMALLEST[1]))

    def feed(self, data: bytes) -> None:
        """Take output, in pieces cut anywhere."""
        text = self._parser.decode(data)
        while len(text) > _FLOOD and self._parser.at_rest:
            text = text[self._pour(text) :]
        self._parser.feed(text, self._emulator)

    def skip(self, data: bytes) -> None:
        """Take output of which only the modes are noted, for a program that writes more than can be drawn.

        What is shown is no longer exact, until the program clears the screen and says where the cursor is.
        """
        self._parser.feed(self._parser.decode(data), _Unseen(self._emulator))

    def _pour(self, text: str) -> int:
        """Draw some of a text, and of many lines at its start only those that stay; how much was taken."""
        plain = _PLAIN_BLOCK.match(text, 0, _MOST_POURED)
        size = plain.end() if plain else 0
        end = text.rfind("\r\n", 0, size) + 2
        emulator, buffer = self._emulator, self._emulator.buffer
        rows = emulator.rows
        lines = text[:end].split("\r\n")[:-1]
        first = rows - buffer.y + 1
        last = len(lines) - rows
        if last <= first or not self._pours_evenly():
            end = max(size, _FLOOD)
            self._parser.feed(text[:end], emulator)
            return end
        self._parser.feed("".join(f"{line}\r\n" for line in lines[:first]), emulator)
        passed = self._pass_by(lines[first:last])
        buffer.scroll_past(len(passed), emulator.eraser)
        if not self.full_screen:
            for line in passed:
                self._report(line)
        self._parser.feed("".join(f"{line}\r\n" for line in lines[last:]), emulator)
        return end

    def _pours_evenly(self) -> bool:
        """Whether lines just follow each other from the top to the bottom."""
        emulator, buffer = self._emulator, self._emulator.buffer
        return (
            (buffer.top, buffer.bottom) == (0, emulator.rows - 1)
            and emulator.wraparound
            and not emulator.insert
            and emulator.charset is None
            and buffer.tabs == set(range(0, emulator.columns, TAB))
        )

    def _pass_by(self, lines: list[str]) -> list[str]:
        """Lines as they would be reported had they been drawn, and the style they leave behind."""
        style = self._emulator.style
        passed = []
        for line in lines:
            before = style
            for parameters in _GRAPHICS.findall(line) if "\x1b" in line else ():
                style = apply(style, parameters)
            if "\t" in line:
                line = _expand(line)
            if before != PLAIN:
                line = graphics(before) + line
            passed.append(line if style == PLAIN else line + "\x1b[m")
        self._emulator.draw_in(style)
        return passed

    def _scrolled(self, line: Line, goes_on: bool) -> None:
        if self._on_scroll is None:
            return
        text = shown_alone(line, self._emulator.table.styles)
        if goes_on and len(self._beginning) + len(text) < _LONGEST_LINE:
            self._beginning += text
        elif line.reported is not None and line.reported == _text(self._beginning + text):
            self._beginning = ""
        else:
            self._report(text)

    def _returned(self, line: Line, before: list[Line]) -> None:
        text = shown_alone(line, self._emulator.table.styles)
        if self._beginning:
            self._beginning = self._beginning.removesuffix(text)
        else:
            self._beginning = "".join(shown_alone(row, self._emulator.table.styles) for row in before)
            line.reported = _text(self._beginning + text)

    def _report(self, line: str) -> None:
        if self._on_scroll is not None:
            self._on_scroll((self._beginning + line).encode())
            self._beginning = ""


class _Unseen:
    """Carries out what outlives a screen, and draws nothing."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._lose_sight()

    def _lose_sight(self) -> None:
        self._emulator.buffer.unseen = self._emulator.cursor_unseen = True

    def print(self, text: str) -> None:
        pass

    def execute(self, control: str) -> None:
        if control in "\x0e\x0f":
            self._emulator.execute(control)

    def control(self, function: str, parameters: str) -> None:
        if function in MODE_CONTROLS:
            self._emulator.control(function, parameters)
            self._lose_sight()

    def escape(self, function: str) -> None:
        if function not in DRAWING_ESCAPES:
            self._emulator.escape(function)
            self._lose_sight()

    def command(self, payload: str) -> None:
        self._emulator.command(payload)


def _expand(line: str) -> str:
    text, *rest = line.split("\t")
    columns = _width(text)
    for part in rest:
        gap = TAB - columns % TAB
        columns += gap + _width(part)
        text += " " * gap + part
    return text


def _text(line: str) -> str:
    return _GRAPHICS.sub("", line).rstrip()


def _width(part: str) -> int:
    text = _GRAPHICS.sub("", part)
    return len(text) if text.isascii() else sum(map(width, text))
