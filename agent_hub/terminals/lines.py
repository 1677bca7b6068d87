"""One row of a screen."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from agent_hub.terminals.styles import DEFAULT
from agent_hub.terminals.widths import width

EMPTY = "\0"
"""A cell that nothing was written to, or that was erased."""
TAIL = "\1"
"""The right half of a wide character."""
_MOST_MARKS = 16


class Line:
    """Cells as two strings, a character of text and a character that stands for the style per cell.

    Cells past the end of a string are empty, or in the default style: most lines are short and plain, and slices of
    strings are the fastest thing that Python has.
    """

    __slots__ = ("marks", "reported", "styles", "text", "wrapped")

    def __init__(self, text: str = "", styles: str = "", wrapped: bool = False) -> None:
        self.text = text
        self.styles = styles
        self.wrapped = wrapped
        self.marks: dict[int, str] | None = None
        """Combining characters, by the column of what they combine with."""
        self.reported: str | None = None
        """The text that was reported as having scrolled off, of a line whose last row this is and that came back."""

    def copy(self) -> Line:
        """A second one that goes its own way."""
        twin = Line(self.text, self.styles, self.wrapped)
        twin.marks = dict(self.marks) if self.marks else None
        twin.reported = self.reported
        return twin

    def write(self, x: int, cells: str, style: str) -> None:
        """Put cells of one style over what is there."""
        text = self.text
        size = len(text)
        end = x + len(cells)
        if x == size:
            self.text = text + cells
        elif x > size:
            self.text = text + EMPTY * (x - size) + cells
        else:
            self.text = text[:x] + cells + text[end:]
        styles = self.styles
        if style != DEFAULT or x < len(styles):
            if x > len(styles):
                styles += DEFAULT * (x - len(styles))
            self.styles = styles[:x] + style * len(cells) + styles[end:]
        if self.marks:
            self.marks = {column: mark for column, mark in self.marks.items() if not x <= column < end}

    def mend(self, start: int, end: int, style: str) -> None:
        """Empty the halves of wide characters whose other half `write` puts cells from `start` to `end` over."""
        text = self.text
        if start and text[start : start + 1] == TAIL:
            self.write(start - 1, EMPTY, style)
        if text[end : end + 1] == TAIL:
            self.write(end, EMPTY, style)

    def mark(self, x: int, marks: str) -> None:
        """Add combining characters to the character at a column."""
        if self.text[x : x + 1] in ("", EMPTY):
            self.write(x, marks[0], self.styles[x : x + 1] or DEFAULT)
            marks = marks[1:]
        if marks:
            self.marks = self.marks or {}
            self.marks[x] = (self.marks.get(x, "") + marks)[:_MOST_MARKS]

    def erase(self, start: int, end: int, style: str, columns: int) -> None:
        """Empty the cells from `start` to `end`."""
        end = min(end, columns)
        if start and self.text[start : start + 1] == TAIL:
            self.write(start - 1, EMPTY, style)
        if start >= end:
            return
        if end < columns and self.text[end : end + 1] == TAIL:
            self.write(end, EMPTY, style)
        if end == columns and style == DEFAULT:
            self.text = self.text[:start]
            self.styles = self.styles[:start]
            if self.marks:
                self.marks = {column: mark for column, mark in self.marks.items() if column < start}
        else:
            self.write(start, EMPTY * (end - start), style)

    def insert(self, x: int, count: int, style: str, columns: int) -> None:
        """Move the cells from a column on to the right, and put empty ones there."""
        count = min(count, columns - x)
        if x and self.text[x : x + 1] == TAIL:
            self.write(x - 1, EMPTY, style)
            self.text = self.text[:x] + EMPTY + self.text[x + 1 :]
        if x < len(self.text):
            self.text = (self.text[:x] + EMPTY * count + self.text[x:])[:columns]
        if style != DEFAULT or x < len(self.styles):
            styles = self.styles + DEFAULT * (x - len(self.styles))
            self.styles = (styles[:x] + style * count + styles[x:])[:columns]
        if self.marks:
            moved = {column + count * (column >= x): mark for column, mark in self.marks.items()}
            self.marks = {column: mark for column, mark in moved.items() if column < columns}
        self.drop_half(columns, style)

    def drop_half(self, columns: int, style: str) -> None:
        """Empty the last column where a wide character lost its right half there."""
        if len(self.text) == columns and _is_wide(self.text[-1]):
            self.write(columns - 1, EMPTY, style)

    def delete(self, x: int, count: int, style: str, columns: int) -> None:
        """Take cells out, and move those to their right to the left."""
        count = min(count, columns - x)
        split = self.text[x : x + 1] == TAIL
        self.text = self.text[:x] + self.text[x + count :]
        if style != DEFAULT:
            self.styles += DEFAULT * (columns - len(self.styles))
            self.styles = self.styles[:x] + self.styles[x + count :] + style * count
        else:
            self.styles = self.styles[:x] + self.styles[x + count :]
        if self.marks:
            kept = {column: mark for column, mark in self.marks.items() if not x <= column < x + count}
            self.marks = {column - count * (column >= x): mark for column, mark in kept.items()}
        if x and split:
            self.write(x - 1, EMPTY, style)
        if self.text[x : x + 1] == TAIL:
            self.write(x, EMPTY, style)

    def keep(self, before: Line, styles: Collection[str]) -> None:
        """Put back the cells of some styles as they were before."""
        for start, end, style in before.runs(len(before.text)):
            if style in styles:
                self.write(start, before.text[start:end], style)
                for column, mark in (before.marks or {}).items():
                    if start <= column < end:
                        self.mark(column, mark)

    def resize(self, columns: int) -> None:
        """Cut what is past the last column."""
        if len(self.text) > columns:
            self.text = self.text[:columns]
            self.drop_half(columns, DEFAULT)
        self.styles = self.styles[:columns]
        if self.marks:
            self.marks = {column: mark for column, mark in self.marks.items() if column < columns}

    def cells(self, start: int, end: int) -> str:
        """The text from one column to another, with its combining characters, empty cells as spaces."""
        text = self.text[start:end]
        if self.marks:
            marks = self.marks
            text = "".join(cell + marks.get(column, "") for column, cell in enumerate(text, start))
        if TAIL in text:
            text = text.replace(TAIL, "")
        return text.replace(EMPTY, " ")

    @property
    def trimmed(self) -> int:
        """Columns up to the last one that shows anything."""
        return max(len(self.text.rstrip(EMPTY)), len(self.styles.rstrip(DEFAULT)))

    def runs(self, columns: int) -> list[tuple[int, int, str]]:
        """Where each style begins and ends."""
        runs = []
        start = 0
        for style, cells in groupby(self.styles):
            end = start + sum(1 for _ in cells)
            runs.append((start, end, style))
            start = end
        if start < columns:
            runs.append((start, columns, DEFAULT))
        return runs


def _is_wide(cell: str) -> bool:
    return cell > TAIL and width(cell) == 2
