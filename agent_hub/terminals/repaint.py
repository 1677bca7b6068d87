"""What shows a terminal's state on another terminal."""

from __future__ import annotations

import re

from agent_hub.terminals.buffer import TAB, Buffer
from agent_hub.terminals.charsets import CHARSETS, Charset
from agent_hub.terminals.emulator import Emulator
from agent_hub.terminals.lines import EMPTY, TAIL, Line
from agent_hub.terminals.styles import DEFAULT, PLAIN, PROTECTED, Style, graphics
from agent_hub.terminals.switches import ORIGIN
from agent_hub.terminals.widths import ODD, width

_MOST_LINKS = 1 << 18
_SEGMENTS = re.compile(f"({EMPTY}+)|([^{EMPTY}]+)")
_DESIGNATIONS = "()*+"
_SHIFTS = ("\x0f", "\x0e", "\x1bn", "\x1bo")


def repaint(screen: Emulator) -> str:
    """What brings a terminal of the same size that was just reset into this state."""
    return _Painter(screen).paint()


class _Painter:
    def __init__(self, screen: Emulator) -> None:
        self._screen = screen
        self._parts: list[str] = []
        self._style = PLAIN
        self._link = ""
        self._link_room = _MOST_LINKS

    def paint(self) -> str:
        screen, parts = self._screen, self._parts
        if screen.title:
            parts.append(f"\x1b]2;{screen.title}\x1b\\")
        parts += [f"\x1b]{name};{color}\x1b\\" for name, color in screen.colors.items()]
        parts.append(screen.switches.keyboard.sequence())
        self._paint_buffer(screen.main)
        if screen.full_screen:
            self._draw_in(PLAIN)
            parts.append("\x1b[?1047h" + screen.switches.alternate_keyboard.sequence())
            self._paint_buffer(screen.alternate)
        self._place_cursor()
        self._draw_in(screen.style)
        self._choose_charsets()
        parts.append(screen.switches.sequence())
        self._write_last_again()
        return "".join(parts)

    def _draw_in(self, style: Style) -> None:
        old = self._style
        if style == old:
            return
        self._style = style
        self._parts.append(graphics(style))
        if style.background & PROTECTED:
            self._parts.append('\x1b[1"q')
        # Every cell may have another link of 2 KiB: past this, a screen is shown without more of them.
        link = style.shown_link if len(style.shown_link) <= self._link_room else ""
        if link != self._link:
            self._link = link
            self._link_room -= len(link)
            self._parts.append(f"\x1b]8;{link or ';'}\x1b\\")

    def _go(self, x: int, y: int) -> None:
        self._parts.append(f"\x1b[{y + 1};{x + 1}H")

    def _paint_buffer(self, buffer: Buffer) -> None:
        self._paint_lines(buffer)
        if {stop for stop in buffer.tabs if stop < buffer.columns} != set(range(0, buffer.columns, TAB)):
            stops = sorted(stop for stop in buffer.tabs if stop < buffer.columns)
            self._parts.append("\x1b[3g" + "".join(f"\x1b[{stop + 1}G\x1bH" for stop in stops))
        if (buffer.top, buffer.bottom) != (0, buffer.rows - 1):
            self._parts.append(f"\x1b[{buffer.top + 1};{buffer.bottom + 1}r")
        saved = (buffer.saved_x, max(buffer.saved_y, 0), buffer.saved_style, buffer.saved_charset)
        if saved != (0, 0, PLAIN, None):
            x, y, style, charset = saved
            self._go(x, y)
            self._draw_in(style)
            letter = _letter(charset)
            self._parts.append("\x1b7" if letter == "B" else f"\x1b({letter}\x1b7\x1b(B")

    def _paint_lines(self, buffer: Buffer) -> None:
        goes_on = {
            y: _is_full(above, buffer.columns) and _begins(line)
            for y, (above, line) in enumerate(zip(buffer.lines, buffer.lines[1:], strict=False), 1)
            if line.wrapped
        }
        for y, by_itself in goes_on.items():
            if not by_itself:
                self._mark_wrapped(y, buffer.columns)
        for y, line in enumerate(buffer.lines):
            if not goes_on.get(y):
                self._go(0, y)
            self._paint_line(line)

    def _mark_wrapped(self, y: int, columns: int) -> None:
        """Make the terminal take a line for the continuation of the one above, of which it is not the text's."""
        self._draw_in(PLAIN)
        self._go(columns - 1, y - 1)
        self._parts.append("  ")
        for x, row in ((columns - 1, y - 1), (0, y)):
            self._go(x, row)
            self._parts.append("\x1b[X")

    def _paint_line(self, line: Line) -> None:
        gap = 0
        for start, end, character in line.runs(line.trimmed):
            style = self._screen.table.styles[character]
            text = line.text[start:end] + EMPTY * (end - max(start, len(line.text)))
            for segment in _SEGMENTS.finditer(text):
                first, last = start + segment.start(), start + segment.end()
                empty = segment.lastindex == 1
                if empty and character == DEFAULT:
                    gap += last - first
                    continue
                if gap:
                    self._parts.append(f"\x1b[{gap}C")
                gap = 0
                self._draw_in(style)
                if empty and style == style.erased:
                    self._parts.append(f"\x1b[{last - first}X")
                    gap = last - first
                elif empty:
                    self._parts.append(" " * (last - first))
                else:
                    self._parts.append(_cells(line, first, last))

    def _place_cursor(self) -> None:
        screen, buffer = self._screen, self._screen.buffer
        x, y, top = buffer.x, buffer.y, 0
        if screen.origin:
            self._parts.append(f"\x1b[?{ORIGIN}h")
            top = buffer.top
        if x < buffer.columns:
            self._go(x, y - top)
            return
        # The next character wraps only after the last column was written.
        line = buffer.lines[y]
        last = buffer.columns - (2 if line.text[-1:] == TAIL and len(line.text) == buffer.columns else 1)
        self._draw_in(screen.table.styles[line.styles[last : last + 1] or DEFAULT])
        self._go(last, y - top)
        self._parts.append(line.cells(last, buffer.columns) or " ")

    def _write_last_again(self) -> None:
        """A combining character may follow, which takes a character that was just written."""
        screen, buffer = self._screen, self._screen.buffer
        x = buffer.x - screen.joined
        if screen.joined and x >= 0 and not screen.insert and not screen.origin:
            self._parts.append(f"\x1b[{x + 1}G{buffer.lines[buffer.y].cells(x, buffer.x)}")

    def _choose_charsets(self) -> None:
        screen = self._screen
        chosen = list(screen.charsets)
        chosen[screen.level] = _letter(screen.charset)
        for designation, letter in zip(_DESIGNATIONS, chosen, strict=True):
            if letter != "B":
                self._parts.append(f"\x1b{designation}{letter}")
        if screen.level:
            self._parts.append(_SHIFTS[screen.level])


def _letter(charset: Charset | None) -> str:
    return next(letter for letter, known in CHARSETS.items() if known is charset)


def _is_full(line: Line, columns: int) -> bool:
    return len(line.text) == columns and line.text[-1] != EMPTY


def _begins(line: Line) -> bool:
    first = line.text[:1]
    return first not in ("", EMPTY) and width(first) > 0


def _cells(line: Line, start: int, end: int) -> str:
    text = line.text[start:end]
    if text.isascii() and TAIL not in text and not line.marks:
        return text
    marks = line.marks or {}
    cells = []
    for column, cell in enumerate(text, start):
        if cell == TAIL:
            continue
        if ODD.match(cell) and not width(cell):
            # A combining character in a cell of its own: what ends the text before keeps it there.
            cells.append(EMPTY)
        cells.append(cell + marks.get(column, ""))
    return "".join(cells)


def shown_alone(line: Line, styles: dict[str, Style]) -> str:
    """A line's text with the colours and attributes it takes to show it without the others."""
    if not line.styles and not line.marks and EMPTY not in line.text and TAIL not in line.text:
        return line.text
    trimmed = line.trimmed
    parts = []
    current = DEFAULT
    for start, end, style in line.runs(trimmed):
        if style != current:
            parts.append(graphics(styles[style]))
            current = style
        parts.append(line.cells(start, end) + " " * (end - max(start, len(line.text))))
    if current != DEFAULT:
        parts.append("\x1b[m")
    return "".join(parts)
