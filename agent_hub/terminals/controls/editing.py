"""Control sequences that change what is shown."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from agent_hub.terminals.controls.parameters import count, numbers

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator


def erase_display(screen: Emulator, parameters: str, kept: Set[str] = frozenset()) -> None:
    what = numbers(parameters)[0]
    buffer = screen.buffer
    buffer.restrict(screen.origin, screen.columns)
    buffer.erase_display(what, screen.eraser, kept)
    if what == 2 or (what == 0 and buffer.x == buffer.y == 0 and not screen.cursor_unseen):
        buffer.unseen = False


def erase_line(screen: Emulator, parameters: str, kept: Set[str] = frozenset()) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin, screen.columns)
    buffer.erase_line(numbers(parameters)[0], screen.eraser, kept)


def erase_unprotected_display(screen: Emulator, parameters: str) -> None:
    erase_display(screen, parameters, screen.table.protected)


def erase_unprotected_line(screen: Emulator, parameters: str) -> None:
    erase_line(screen, parameters, screen.table.protected)


def erase_cells(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    buffer.lines[buffer.y].erase(buffer.x, buffer.x + count(parameters), screen.eraser, screen.columns)


def insert_cells(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    buffer.lines[buffer.y].insert(buffer.x, count(parameters), screen.eraser, screen.columns)


def delete_cells(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    buffer.lines[buffer.y].delete(buffer.x, count(parameters), screen.eraser, screen.columns)


def insert_lines(screen: Emulator, parameters: str) -> None:
    screen.buffer.insert_lines(count(parameters), screen.eraser, screen.origin)


def delete_lines(screen: Emulator, parameters: str) -> None:
    screen.buffer.delete_lines(count(parameters), screen.eraser, screen.origin)


def scroll_up(screen: Emulator, parameters: str) -> None:
    screen.buffer.scroll_up(count(parameters), screen.eraser)


def scroll_down(screen: Emulator, parameters: str) -> None:
    screen.buffer.scroll_down(count(parameters))


def scroll_left(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(0, count(parameters), screen.eraser, insert=False)


def scroll_right(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(0, count(parameters), screen.eraser, insert=True)


def insert_columns(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(screen.buffer.x, count(parameters), screen.eraser, insert=True)


def delete_columns(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(screen.buffer.x, count(parameters), screen.eraser, insert=False)


def repeat(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    x = buffer.x - screen.joined
    if screen.joined and x >= 0:
        character = buffer.lines[buffer.y].cells(x, buffer.x)
        charset, screen.charset = screen.charset, None
        screen.print(character * min(count(parameters), screen.rows * screen.columns))
        screen.charset = charset
