"""Wraps lines anew for a terminal of another width, as xterm.js does."""

from __future__ import annotations

from agent_hub.terminals.lines import EMPTY, TAIL, Line
from agent_hub.terminals.styles import DEFAULT
from agent_hub.terminals.widths import width


def groups(lines: list[Line]) -> list[list[Line]]:
    """The rows of each line, which wrapped where there are several."""
    found: list[list[Line]] = []
    for line in lines:
        if line.wrapped and found:
            found[-1].append(line)
        else:
            found.append([line])
    return found


def reflow(rows: list[Line], old: int, new: int) -> list[Line]:
    """The rows that one line takes in another width.

    Parameters
    ----------
    old
        The width that all rows but the last were filled to; 0 where each was as long as its text.
    """
    if len(rows) == 1 and len(rows[0].text.rstrip(EMPTY)) <= new:
        return rows
    text = styles = ""
    marks: dict[int, str] = {}
    for row, below in zip(rows, [*rows[1:], None], strict=True):
        cells = _used(row, below, max(old, len(row.text)))
        for column, mark in (row.marks or {}).items():
            marks[len(text) + column] = mark
        text += row.text[:cells] + EMPTY * (cells - len(row.text))
        styles += row.styles[:cells] + DEFAULT * (cells - len(row.styles))
    wrapped: list[Line] = []
    start = 0
    while start < len(text) or not wrapped:
        end = start + new
        if text[end : end + 1] == TAIL:
            end -= 1
        line = Line(text[start:end], styles[start:end], bool(wrapped) or rows[0].wrapped)
        line.marks = {column - start: mark for column, mark in marks.items() if start <= column < end} or None
        line.reported = rows[-1].reported
        wrapped.append(line)
        start = end
    return wrapped


def _used(row: Line, below: Line | None, columns: int) -> int:
    """The columns of a row that are the line's: not the last one, where a wide character found no room."""
    if below is None:
        return len(row.text.rstrip(EMPTY))
    first = below.text[:1]
    made_room = first > TAIL and width(first) == 2 and row.text[columns - 1 : columns] in ("", EMPTY)
    return columns - 1 if made_room else columns
