"""Control sequences that move the cursor."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from agent_hub.terminals.controls.parameters import count, numbers

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator


def _move(screen: Emulator, columns: int, rows: int) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    # In origin mode xterm.js counts the new row from the scroll region's top, as if it were an absolute one.
    screen.move_to(buffer.x + columns, buffer.y + rows)


def up(screen: Emulator, parameters: str) -> None:
    room = screen.buffer.y - screen.buffer.top
    _move(screen, 0, -min(room, count(parameters)) if room >= 0 else -count(parameters))


def down(screen: Emulator, parameters: str) -> None:
    room = screen.buffer.bottom - screen.buffer.y
    _move(screen, 0, min(room, count(parameters)) if room >= 0 else count(parameters))


def next_line(screen: Emulator, parameters: str) -> None:
    down(screen, parameters)
    screen.buffer.x = 0


def previous_line(screen: Emulator, parameters: str) -> None:
    up(screen, parameters)
    screen.buffer.x = 0


def right(screen: Emulator, parameters: str) -> None:
    _move(screen, count(parameters), 0)


def left(screen: Emulator, parameters: str) -> None:
    _move(screen, -count(parameters), 0)


def rows_down(screen: Emulator, parameters: str) -> None:
    _move(screen, 0, count(parameters))


def column(screen: Emulator, parameters: str) -> None:
    screen.move_to(count(parameters) - 1, screen.buffer.y)


def row(screen: Emulator, parameters: str) -> None:
    screen.move_to(screen.buffer.x, count(parameters) - 1)


@lru_cache(maxsize=4096)
def _place(parameters: str) -> tuple[int, int]:
    row, column, *_ = (*numbers(parameters), 1)
    return (column or 1) - 1, (row or 1) - 1


def position(screen: Emulator, parameters: str) -> None:
    screen.move_to(*_place(parameters))
    screen.cursor_unseen = False


def tab(screen: Emulator, parameters: str) -> None:
    screen.buffer.tab(count(parameters))


def back_tab(screen: Emulator, parameters: str) -> None:
    screen.buffer.back_tab(count(parameters))


def clear_tab(screen: Emulator, parameters: str) -> None:
    what = numbers(parameters)[0]
    if what == 0:
        screen.buffer.tabs.discard(screen.buffer.x)
    elif what == 3:
        screen.buffer.tabs.clear()
