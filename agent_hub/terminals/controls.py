"""The control functions that xterm.js knows, each by what a program writes to call it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from agent_hub.terminals.styles import PROTECTED, Style, number
from agent_hub.terminals.switches import ALTERNATE_SCREENS, ORIGIN

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator

Control = Callable[["Emulator", str], None]

_MOST_PARAMETERS = 32
_LONGEST_TITLE = 1024
_LONGEST_LINK = 2048
_MOST_COLORS = 256
_COLOR = re.compile(r"rgb:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){2}|#(?:[0-9A-Fa-f]{3}){1,4}")


@lru_cache(maxsize=4096)
def numbers(parameters: str) -> tuple[int, ...]:
    """The values of a control sequence's parameters, at least one; without what follows a colon."""
    parts = parameters.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS]
    return tuple(number(part.partition(":")[0]) for part in parts)


def count(parameters: str) -> int:
    """The first parameter where it is a count: at least 1."""
    return numbers(parameters)[0] or 1


# -- the cursor


def _move(screen: Emulator, columns: int, rows: int) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    # In origin mode xterm.js counts the new row from the scroll region's top, as if it were an absolute one.
    screen.move_to(buffer.x + columns, buffer.y + rows)


def _up(screen: Emulator, parameters: str) -> None:
    room = screen.buffer.y - screen.buffer.top
    _move(screen, 0, -min(room, count(parameters)) if room >= 0 else -count(parameters))


def _down(screen: Emulator, parameters: str) -> None:
    room = screen.buffer.bottom - screen.buffer.y
    _move(screen, 0, min(room, count(parameters)) if room >= 0 else count(parameters))


def _next_line(screen: Emulator, parameters: str) -> None:
    _down(screen, parameters)
    screen.buffer.x = 0


def _previous_line(screen: Emulator, parameters: str) -> None:
    _up(screen, parameters)
    screen.buffer.x = 0


def _right(screen: Emulator, parameters: str) -> None:
    _move(screen, count(parameters), 0)


def _left(screen: Emulator, parameters: str) -> None:
    _move(screen, -count(parameters), 0)


def _rows_down(screen: Emulator, parameters: str) -> None:
    _move(screen, 0, count(parameters))


def _column(screen: Emulator, parameters: str) -> None:
    screen.move_to(count(parameters) - 1, screen.buffer.y)


def _row(screen: Emulator, parameters: str) -> None:
    screen.move_to(screen.buffer.x, count(parameters) - 1)


@lru_cache(maxsize=4096)
def _place(parameters: str) -> tuple[int, int]:
    row, column, *_ = (*numbers(parameters), 1)
    return (column or 1) - 1, (row or 1) - 1


def _position(screen: Emulator, parameters: str) -> None:
    screen.move_to(*_place(parameters))
    screen.cursor_unseen = False


def _tab(screen: Emulator, parameters: str) -> None:
    screen.buffer.tab(count(parameters))


def _back_tab(screen: Emulator, parameters: str) -> None:
    screen.buffer.back_tab(count(parameters))


def _clear_tab(screen: Emulator, parameters: str) -> None:
    what = numbers(parameters)[0]
    if what == 0:
        screen.buffer.tabs.discard(screen.buffer.x)
    elif what == 3:
        screen.buffer.tabs.clear()


# -- what is shown


def _erase_display(screen: Emulator, parameters: str, kept: frozenset[str] = frozenset()) -> None:
    what = numbers(parameters)[0]
    buffer = screen.buffer
    buffer.restrict(screen.origin, screen.columns)
    buffer.erase_display(what, screen.eraser, kept)
    if what == 2 or (what == 0 and buffer.x == buffer.y == 0 and not screen.cursor_unseen):
        buffer.unseen = False


def _erase_line(screen: Emulator, parameters: str, kept: frozenset[str] = frozenset()) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin, screen.columns)
    buffer.erase_line(numbers(parameters)[0], screen.eraser, kept)


def _protected(screen: Emulator) -> frozenset[str]:
    styles = screen.table.styles.items()
    return frozenset(character for character, style in styles if style.background & PROTECTED)


def _erase_unprotected_display(screen: Emulator, parameters: str) -> None:
    _erase_display(screen, parameters, _protected(screen))


def _erase_unprotected_line(screen: Emulator, parameters: str) -> None:
    _erase_line(screen, parameters, _protected(screen))


def _erase_cells(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    buffer.lines[buffer.y].erase(buffer.x, buffer.x + count(parameters), screen.eraser, screen.columns)


def _insert_cells(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    buffer.lines[buffer.y].insert(buffer.x, count(parameters), screen.eraser, screen.columns)


def _delete_cells(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    buffer.restrict(screen.origin)
    buffer.lines[buffer.y].delete(buffer.x, count(parameters), screen.eraser, screen.columns)


def _insert_lines(screen: Emulator, parameters: str) -> None:
    screen.buffer.insert_lines(count(parameters), screen.eraser, screen.origin)


def _delete_lines(screen: Emulator, parameters: str) -> None:
    screen.buffer.delete_lines(count(parameters), screen.eraser, screen.origin)


def _scroll_up(screen: Emulator, parameters: str) -> None:
    screen.buffer.scroll_up(count(parameters), screen.eraser)


def _scroll_down(screen: Emulator, parameters: str) -> None:
    screen.buffer.scroll_down(count(parameters))


def _scroll_left(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(0, count(parameters), screen.eraser, insert=False)


def _scroll_right(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(0, count(parameters), screen.eraser, insert=True)


def _insert_columns(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(screen.buffer.x, count(parameters), screen.eraser, insert=True)


def _delete_columns(screen: Emulator, parameters: str) -> None:
    screen.buffer.shift_columns(screen.buffer.x, count(parameters), screen.eraser, insert=False)


def _repeat(screen: Emulator, parameters: str) -> None:
    buffer = screen.buffer
    x = buffer.x - screen.joined
    if screen.joined and x >= 0:
        character = buffer.lines[buffer.y].cells(x, buffer.x)
        charset, screen.charset = screen.charset, None
        screen.print(character * min(count(parameters), screen.rows * screen.columns))
        screen.charset = charset


# -- modes


def _set_region(screen: Emulator, parameters: str) -> None:
    top, bottom, *_ = (*numbers(parameters), 0)
    if not 0 < bottom <= screen.rows:
        bottom = screen.rows
    top = top or 1
    if bottom > top:
        screen.buffer.top, screen.buffer.bottom = top - 1, bottom - 1
        screen.move_to(0, 0)


def _set_private(screen: Emulator, parameters: str) -> None:
    _switch_private(screen, parameters, True)


def _reset_private(screen: Emulator, parameters: str) -> None:
    _switch_private(screen, parameters, False)


def _switch_private(screen: Emulator, parameters: str, on: bool) -> None:
    for mode in numbers(parameters):
        if mode in ALTERNATE_SCREENS or mode == 1048:
            _switch_screen(screen, mode, on)
        elif mode == 2:
            for level in range(4) if on else ():
                screen.designate(level, "B")
        else:
            screen.switches.set(mode, on)
            screen.read_switches()
            if mode == ORIGIN:
                screen.move_to(0, 0)


def _switch_screen(screen: Emulator, mode: int, on: bool) -> None:
    if on:
        if mode in (1048, 1049):
            screen.save_cursor()
        if mode != 1048:
            screen.show_alternate()
    else:
        if mode != 1048:
            screen.show_main()
        if mode in (1048, 1049):
            screen.restore_cursor()


def _set_mode(screen: Emulator, parameters: str) -> None:
    _switch_mode(screen, parameters, True)


def _reset_mode(screen: Emulator, parameters: str) -> None:
    _switch_mode(screen, parameters, False)


def _switch_mode(screen: Emulator, parameters: str, on: bool) -> None:
    for mode in numbers(parameters):
        if mode == 4:
            screen.switches.insert = on
        elif mode == 20:
            screen.switches.newline = on
    screen.read_switches()


def _set_cursor_style(screen: Emulator, parameters: str) -> None:
    screen.switches.set_cursor(numbers(parameters)[0])


def _protect(screen: Emulator, parameters: str) -> None:
    what = numbers(parameters)[0]
    if what <= 2:
        screen.draw_in(screen.style.protected(what == 1))


def _push_keyboard(screen: Emulator, parameters: str) -> None:
    screen.keyboard.push(numbers(parameters)[0])


def _pop_keyboard(screen: Emulator, parameters: str) -> None:
    screen.keyboard.pop(count(parameters))


def _change_keyboard(screen: Emulator, parameters: str) -> None:
    flags, how, *_ = (*numbers(parameters), 1)
    screen.keyboard.change(flags, how)


def _set_key_resource(screen: Emulator, parameters: str) -> None:
    resource, *values = numbers(parameters)
    screen.switches.set_key_resource(resource, str(values[0]) if values and values[0] else "")


def _save_cursor(screen: Emulator, parameters: str = "") -> None:
    screen.save_cursor()


def _restore_cursor(screen: Emulator, parameters: str = "") -> None:
    screen.restore_cursor()


def _soft_reset(screen: Emulator, parameters: str) -> None:
    screen.soft_reset()


CONTROLS: Mapping[str, Control] = {
    "@": _insert_cells,
    " @": _scroll_left,
    "A": _up,
    " A": _scroll_right,
    "B": _down,
    "C": _right,
    "D": _left,
    "E": _next_line,
    "F": _previous_line,
    "G": _column,
    "H": _position,
    "I": _tab,
    "J": _erase_display,
    "?J": _erase_unprotected_display,
    "K": _erase_line,
    "?K": _erase_unprotected_line,
    "L": _insert_lines,
    "M": _delete_lines,
    "P": _delete_cells,
    "S": _scroll_up,
    "T": _scroll_down,
    "X": _erase_cells,
    "Z": _back_tab,
    "`": _column,
    "a": _right,
    "b": _repeat,
    "d": _row,
    "e": _rows_down,
    "f": _position,
    "g": _clear_tab,
    "h": _set_mode,
    "?h": _set_private,
    "l": _reset_mode,
    "?l": _reset_private,
    ">m": _set_key_resource,
    "!p": _soft_reset,
    " q": _set_cursor_style,
    '"q': _protect,
    "r": _set_region,
    "s": _save_cursor,
    "u": _restore_cursor,
    ">u": _push_keyboard,
    "<u": _pop_keyboard,
    "=u": _change_keyboard,
    "'}": _insert_columns,
    "'~": _delete_columns,
}

MODE_CONTROLS = frozenset(
    {"h", "?h", "l", "?l", "m", ">m", "!p", " q", '"q', "r", "s", "u", ">u", "<u", "=u"},
)
"""Those that say how things are drawn or sent, and draw nothing."""


# -- escape sequences


def _index(screen: Emulator) -> None:
    screen.buffer.restrict(screen.origin)
    screen.buffer.feed_line(screen.eraser)
    screen.buffer.restrict(screen.origin)


def _new_line(screen: Emulator) -> None:
    screen.buffer.x = 0
    _index(screen)


def _reverse_index(screen: Emulator) -> None:
    screen.buffer.reverse_index(screen.eraser, screen.origin)


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


# -- operating system commands


def _set_title(screen: Emulator, title: str) -> None:
    screen.title = title[:_LONGEST_TITLE]


def _link(screen: Emulator, argument: str) -> None:
    parameters, separator, address = argument.partition(";")
    address = address.partition(";")[0]
    if not separator or len(argument) > _LONGEST_LINK or (parameters and not address):
        return
    screen.draw_in(screen.style.linked(f"{parameters};{address}" if address else ""))


def _set_palette(screen: Emulator, argument: str) -> None:
    parts = argument.split(";")
    for index, color in zip(parts[::2], parts[1::2], strict=False):
        if index.isdigit() and number(index) < _MOST_COLORS and _COLOR.fullmatch(color):
            screen.colors[f"4;{number(index)}"] = color


def _reset_palette(screen: Emulator, argument: str) -> None:
    if not argument:
        screen.colors = {name: color for name, color in screen.colors.items() if not name.startswith("4;")}
    for index in argument.split(";"):
        screen.colors.pop(f"4;{index.lstrip('0') or 0}", None)


def _set_colors(first: int) -> Callable[[Emulator, str], None]:
    def set_colors(screen: Emulator, argument: str) -> None:
        for place, color in zip(range(first, 13), argument.split(";"), strict=False):
            if _COLOR.fullmatch(color):
                screen.colors[str(place)] = color

    return set_colors


def _reset_color(place: int) -> Callable[[Emulator, str], None]:
    def reset_color(screen: Emulator, argument: str) -> None:
        screen.colors.pop(str(place), None)

    return reset_color


COMMANDS: Mapping[str, Callable[[Emulator, str], None]] = {
    "0": _set_title,
    "2": _set_title,
    "4": _set_palette,
    "8": _link,
    "10": _set_colors(10),
    "11": _set_colors(11),
    "12": _set_colors(12),
    "104": _reset_palette,
    "110": _reset_color(10),
    "111": _reset_color(11),
    "112": _reset_color(12),
}
