"""Escape sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from agent_hub.terminals.styles import Style

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator


def _index(screen: Emulator) -> None:
    screen.buffer.restrict(screen.origin)
    screen.buffer.feed_line(screen.eraser)
    screen.buffer.restrict(screen.origin)


def _new_line(screen: Emulator) -> None:
    screen.buffer.x = 0
    _index(screen)


def _reverse_index(screen: Emulator) -> None:
    screen.buffer.reverse_index(screen.eraser, screen.origin)


def _save_cursor(screen: Emulator) -> None:
    screen.save_cursor()


def _restore_cursor(screen: Emulator) -> None:
    screen.restore_cursor()


def _set_tab(screen: Emulator) -> None:
    screen.buffer.tabs.add(screen.buffer.x)


def _application_keypad(screen: Emulator) -> None:
    screen.switches.set(66, True)


def _numeric_keypad(screen: Emulator) -> None:
    screen.switches.set(66, False)


def _reset(screen: Emulator) -> None:
    screen.reset()


def _shift(level: int) -> Callable[[Emulator], None]:
    return lambda screen: screen.shift(level)


def _ascii(screen: Emulator) -> None:
    screen.shift(0)
    screen.designate(0, "B")


def _align(screen: Emulator) -> None:
    screen.move_to(0, 0)
    style = Style(screen.style.foreground, screen.style.background)
    screen.buffer.fill("E", screen.table.character(style))
    screen.move_to(0, 0)


ESCAPES: Mapping[str, Callable[[Emulator], None]] = {
    "7": _save_cursor,
    "8": _restore_cursor,
    "D": _index,
    "E": _new_line,
    "H": _set_tab,
    "M": _reverse_index,
    "=": _application_keypad,
    ">": _numeric_keypad,
    "c": _reset,
    "n": _shift(2),
    "o": _shift(3),
    "|": _shift(3),
    "}": _shift(2),
    "~": _shift(1),
    "%@": _ascii,
    "%G": _ascii,
    "#8": _align,
}

DRAWING_ESCAPES = frozenset({"D", "E", "H", "M", "#8"})
