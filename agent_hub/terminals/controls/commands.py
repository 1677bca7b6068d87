"""Operating system commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from agent_hub.terminals.styles import number

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator

_LONGEST_TITLE = 1024
_LONGEST_LINK = 2048
_MOST_COLORS = 256
_COLOR = re.compile(r"rgb:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){2}|#(?:[0-9A-Fa-f]{3}){1,4}")


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
