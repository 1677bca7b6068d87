"""One of a terminal's two screens: its lines, and where on it the program draws."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator

from agent_hub.terminals.charsets import Charset
from agent_hub.terminals.lines import EMPTY, Line
from agent_hub.terminals.reflow import groups, reflow
from agent_hub.terminals.styles import DEFAULT, PLAIN

TAB = 8
_MOST_ABOVE = 200


class Buffer:
    """Lines, the cursor, the scroll region, tab stops, and the cursor that was saved.

    The cursor's column is `columns` where the last column was just written: the next character wraps.

    Parameters
    ----------
    scrollback
        Lines that xterm.js keeps above this screen; none on the alternate screen.
    on_scroll
        Takes a line that leaves at the top, and whether it goes on in the line that is now the first.
    on_return
        Takes a line that left, and is the first again after a change of size; and those before it that it goes on.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        scrollback: int = 0,
        on_scroll: Callable[[Line, bool], None] | None = None,
        on_return: Callable[[Line, list[Line]], None] | None = None,
    ) -> None:
        self.rows = rows
        self.columns = columns
        self._scrollback = self._most_scrollback = scrollback
        self._on_scroll = on_scroll
        self._on_return = on_return
        self._above: deque[Line] = deque(maxlen=_MOST_ABOVE if scrollback else 0)
        self._passing = 0
        self.unseen = False
        self.saved_x = self.saved_y = 0
        self.saved_style = PLAIN
        self.saved_charset: Charset | None = None
        self.x = self.y = 0
        self.clear()

    def clear(self, style: str = DEFAULT) -> None:
        """As it was at the start, except for the cursors."""
        self.lines = [self._blank(style) for _ in range(self.rows)]
        self.top, self.bottom = 0, self.rows - 1
        self.tabs = set(range(0, self.columns, TAB))

    def copy(
        self,
        on_scroll: Callable[[Line, bool], None] | None = None,
        on_return: Callable[[Line, list[Line]], None] | None = None,
    ) -> Buffer:
        """A second one that goes its own way."""
        twin = Buffer.__new__(Buffer)
        twin.__dict__.update(self.__dict__)
        twin._on_scroll, twin._on_return = on_scroll, on_return
        twin.lines = [line.copy() for line in self.lines]
        twin.tabs = set(self.tabs)
        twin._above = deque((line.copy() for line in self._above), self._above.maxlen)
        return twin

    @property
    def known_lines(self) -> Iterator[Line]:
        """The lines that are shown, or may come back."""
        yield from self.lines
        yield from self._above

    def _blank(self, style: str, wrapped: bool = False) -> Line:
        if style == DEFAULT:
            return Line("", "", wrapped)
        return Line(EMPTY * self.columns, style * self.columns, wrapped)

    # -- the cursor

    def restrict(self, origin: bool, columns: int | None = None) -> None:
        """Bring the cursor back to where it may be."""
        last = self.columns - 1 if columns is None else columns
        if self.x > last:
            self.x = last
        elif self.x < 0:
            self.x = 0
        top, bottom = (self.top, self.bottom) if origin else (0, self.rows - 1)
        if self.y > bottom:
            self.y = bottom
        elif self.y < top:
            self.y = top

    def tab(self, count: int = 1) -> None:
        """Move the cursor to a tab stop to its right."""
        if self.x < self.columns:
            stops = sorted(stop for stop in self.tabs if self.x < stop < self.columns)
            self.x = stops[count - 1] if count <= len(stops) else self.columns - 1

    def back_tab(self, count: int) -> None:
        """Move the cursor to a tab stop to its left."""
        if self.x < self.columns:
            stops = sorted((stop for stop in self.tabs if stop < self.x), reverse=True)
            self.x = stops[count - 1] if count <= len(stops) else 0

    # -- lines

    def feed_line(self, style: str, wrapped: bool = False) -> bool:
        """Move the cursor a line down, scrolling at the bottom; whether it came to a line that was there before."""
        self.y += 1
        if self.y == self.bottom + 1:
            self.y -= 1
            self.scroll(style, wrapped)
            return False
        if self.y >= self.rows:
            self.y = self.rows - 1
            return wrapped
        return True

    def scroll(self, style: str, wrapped: bool = False) -> None:
        """Move the scroll region's lines up by one."""
        lines = self.lines
        gone = lines.pop(self.top)
        lines.insert(self.bottom, self._blank(style, wrapped))
        if self.top == 0:
            if self._scrollback:
                # Until its scrollback is full, xterm.js moves the saved cursor along with what scrolls.
                self._scrollback -= 1
                self.saved_y -= 1
            if self._passing:
                self._passing -= 1
            elif self._on_scroll is not None:
                self._above.append(gone)
                self._on_scroll(gone, lines[0].wrapped)

    def scroll_past(self, count: int, style: str) -> None:
        """Scroll as by so many lines that nothing stays, and the cursor is at the start of the last line.

        The lines above it are blank only because those that were there are not drawn: they are not reported.
        """
        if self._on_scroll is not None:
            for line, below in zip(self.lines, self.lines[1:], strict=False):
                self._on_scroll(line, below.wrapped)
        moved = min(self._scrollback, count)
        self._scrollback -= moved
        self.saved_y -= moved
        self._above.clear()
        self._passing = self.rows - 1
        self.lines = [Line() for _ in range(self.rows - 1)] + [self._blank(style)]
        self.x, self.y = 0, self.rows - 1

    def scroll_up(self, count: int, style: str) -> None:
        """Move the scroll region's lines up, with no cursor involved."""
        for _ in range(min(count, self.bottom - self.top + 1)):
            gone = self.lines.pop(self.top)
            self.lines.insert(self.bottom, self._blank(style))
            if self.top == 0 and self._on_scroll is not None:
                self._on_scroll(gone, self.lines[0].wrapped)

    def scroll_down(self, count: int) -> None:
        """Move the scroll region's lines down."""
        for _ in range(min(count, self.bottom - self.top + 1)):
            self.lines.pop(self.bottom)
            self.lines.insert(self.top, self._blank(DEFAULT))

    def reverse_index(self, style: str, origin: bool) -> None:
        """Move the cursor a line up, scrolling at the top."""
        self.restrict(origin)
        if self.y == self.top:
            self.lines.pop(self.bottom)
            self.lines.insert(self.top, self._blank(style))
        else:
            self.y -= 1
            self.restrict(origin)

    def insert_lines(self, count: int, style: str, origin: bool) -> None:
        """Put blank lines at the cursor's."""
        self.restrict(origin)
        if self.top <= self.y <= self.bottom:
            for _ in range(min(count, self.bottom - self.y + 1)):
                self.lines.pop(self.bottom)
                self.lines.insert(self.y, self._blank(style))
            self.x = 0

    def delete_lines(self, count: int, style: str, origin: bool) -> None:
        """Take lines out, from the cursor's on."""
        self.restrict(origin)
        if self.top <= self.y <= self.bottom:
            for _ in range(min(count, self.bottom - self.y + 1)):
                self.lines.pop(self.y)
                self.lines.insert(self.bottom, self._blank(style))
            self.x = 0

    def shift_columns(self, x: int, count: int, style: str, *, insert: bool) -> None:
        """Insert or delete cells at a column in every line of the scroll region."""
        if self.top <= self.y <= self.bottom:
            for line in self.lines[self.top : self.bottom + 1]:
                change = line.insert if insert else line.delete
                change(x % self.columns, count, style, self.columns)
                line.wrapped = False

    # -- erasing

    def erase_line(self, what: int, style: str, kept: Collection[str] = ()) -> None:
        """Erase the cursor's line: right of the cursor (0), left of it (1), all (2).

        Parameters
        ----------
        kept
            The styles whose cells stay.
        """
        line = self.lines[self.y]
        before = line.copy() if kept else None
        if what == 0:
            line.erase(self.x, self.columns, style, self.columns)
            line.wrapped = line.wrapped and self.x > 0
        elif what == 1:
            line.erase(0, self.x + 1, style, self.columns)
        elif what == 2:
            line.erase(0, self.columns, style, self.columns)
            line.wrapped = False
        if before is not None:
            line.keep(before, kept)

    def erase_display(self, what: int, style: str, kept: Collection[str] = ()) -> None:
        """Erase what is below the cursor (0), above it (1), all (2), or what scrolled off (3)."""
        if what == 0:
            self.erase_line(0, style, kept)
            self._reset(self.y + 1, self.rows, style, kept)
        elif what == 1:
            self.erase_line(1, style, kept)
            self.lines[self.y].wrapped = False
            if self.x + 1 >= self.columns and self.y + 1 < self.rows:
                self.lines[self.y + 1].wrapped = False
            self._reset(0, self.y, style, kept)
        elif what == 2:
            self._reset(0, self.rows, style, kept)
        elif what == 3:
            self.erase_scrollback()

    def erase_scrollback(self) -> None:
        """Forget what scrolled off, which moves the saved cursor back to where xterm.js sees it then."""
        self.saved_y += self._most_scrollback - self._scrollback
        self._scrollback = self._most_scrollback
        self._above.clear()

    def _reset(self, first: int, last: int, style: str, kept: Collection[str]) -> None:
        before = self.lines[first:last]
        self.lines[first:last] = [self._blank(style) for _ in range(first, last)]
        if kept:
            for line, old in zip(self.lines[first:last], before, strict=True):
                line.keep(old, kept)

    def fill(self, cell: str, style: str) -> None:
        """Put a character in every cell from the cursor's line on."""
        for row in range(self.y, self.rows):
            self.lines[row] = Line(cell * self.columns, style * self.columns)

    # -- size

    def resize(self, rows: int, columns: int) -> None:
        """Take another size: see `Screen.resize`."""
        if columns not in self.tabs:
            self.tabs |= set(range(max((stop for stop in self.tabs if stop < columns), default=0), columns, TAB))
        self._take_rows(rows)
        self._add_rows(rows)
        old, self.columns = self.columns, columns
        self.rows = rows
        self.top, self.bottom = 0, rows - 1
        self.x, self.y = min(self.x, columns - 1), max(0, min(self.y, rows - 1))
        self.saved_x = min(self.saved_x, columns - 1)
        if self._most_scrollback and columns != old:
            self._reflow(old)
        for line in self.lines:
            line.resize(columns)

    def _take_rows(self, rows: int) -> None:
        while len(self.lines) > rows:
            if len(self.lines) > self.y + 1:
                self.lines.pop()
            else:
                self.y -= 1
                self.saved_y -= 1
                self._leave()

    def _add_rows(self, rows: int) -> None:
        while len(self.lines) < rows:
            if self._above and len(self.lines) == self.y + 1:
                self.y += 1
                self.saved_y += 1
                self._bring_back()
            else:
                self.lines.append(Line())

    def _leave(self) -> None:
        gone = self.lines.pop(0)
        if self._on_scroll is not None:
            self._scrollback = max(0, self._scrollback - 1)
            self._above.append(gone)
            self._on_scroll(gone, self.lines[0].wrapped)

    def _bring_back(self) -> None:
        if not self.lines[0].wrapped:
            self._rewrap_above()
        line = self._above.pop()
        self._scrollback += 1
        self.lines.insert(0, line)
        if self._on_return is not None:
            self._on_return(line, self._last_above() if line.wrapped else [])

    def _last_above(self) -> list[Line]:
        """The rows of the line that scrolled off last."""
        rows: list[Line] = []
        for row in reversed(self._above):
            rows.insert(0, row)
            if not row.wrapped:
                break
        return rows

    def _rewrap_above(self) -> None:
        """Wrap the line anew that scrolled off last: the width may be another one since."""
        group = self._last_above()
        for _ in group:
            self._above.pop()
        self._above.extend(reflow(group, 0, self.columns))

    def _reflow(self, old: int) -> None:
        """Wrap lines anew, but for the cursor's, and move the cursor as xterm.js does, wherever those are."""
        scrolled = self._most_scrollback - self._scrollback
        before = 0
        if self.y >= len(groups(self.lines)[0]):
            # A line is wrapped anew as a whole: what of it scrolled off will do so again.
            while self.lines[0].wrapped and self._above:
                self._bring_back()
                before += 1
        cursor = self.y + before
        rows: list[Line] = []
        at = 0
        for group in groups(self.lines):
            holds_cursor = at <= cursor < at + len(group)
            at += len(group)
            rows += group if holds_cursor else reflow(group, old, self.columns)
        removed = at - len(rows)
        moved = -max(0, removed - scrolled)
        if removed < 0 and not scrolled:
            moved = min(-removed, self.rows - 1 - self.y)
            del rows[len(rows) - moved :]
        self.lines = rows
        while len(self.lines) > self.rows:
            self._leave()
        while len(self.lines) < self.rows and self._above:
            self._bring_back()
        missing = self.rows - len(self.lines)
        self.lines += [Line() for _ in range(missing)]
        moved = min(moved, -missing) if missing else moved
        self.y = max(0, self.y + moved)
        self.saved_y += moved
