"""How a cell looks: colours and attributes, kept as xterm.js keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple, Protocol

DEFAULT = "\0"
"""The character of the style that is none, in a `StyleTable`."""

_MOST_STYLES = 1 << 16
_MOST_CHANGES = 4096

_COLOR_MODE = 0x3000000
_PALETTE_16 = 0x1000000
_PALETTE_256 = 0x2000000
_RGB = 0x3000000
_COLOR = 0x3FFFFFF

_INVERSE = 1 << 26
_BOLD = 1 << 27
_UNDERLINE = 1 << 28
_BLINK = 1 << 29
_INVISIBLE = 1 << 30
_STRIKETHROUGH = 1 << 31

_ITALIC = 1 << 26
_DIM = 1 << 27
EXTENDED = 1 << 28
PROTECTED = 1 << 29
_OVERLINE = 1 << 30

_FOREGROUND_ON = {1: _BOLD, 5: _BLINK, 7: _INVERSE, 8: _INVISIBLE, 9: _STRIKETHROUGH}
_BACKGROUND_ON = {2: _DIM, 3: _ITALIC, 53: _OVERLINE}
_FOREGROUND_OFF = {25: _BLINK, 27: _INVERSE, 28: _INVISIBLE, 29: _STRIKETHROUGH}
_BACKGROUND_OFF = {23: _ITALIC, 55: _OVERLINE}

_MOST_PARAMETERS = 32
_LARGEST = 0x7FFFFFFF


class Style(NamedTuple):
    """Colours with their mode and flags in the bits of xterm.js, and the hyperlink (`params;uri` of OSC 8)."""

    foreground: int = 0
    background: int = 0
    underline: int = 0
    underline_color: int = 0
    link: str = ""

    @property
    def shown_link(self) -> str:
        """The hyperlink, where xterm.js takes note of it: not after a restored cursor."""
        return self.link if self.background & EXTENDED else ""

    @property
    def erased(self) -> Style:
        """What cells look like that are erased in this style: its background alone."""
        return Style(background=self.background & _COLOR)

    def linked(self, link: str) -> Style:
        """The style with another hyperlink."""
        return self._replace(link=link)._marked()

    def protected(self, on: bool) -> Style:
        """The style, with or without protection from selective erasure."""
        return self._replace(background=self.background | PROTECTED if on else self.background & ~PROTECTED)

    def restored(self, saved: Style) -> Style:
        """The style after the cursor was restored that was saved in another one: underline and link stay."""
        return self._replace(foreground=saved.foreground, background=saved.background)

    def _marked(self) -> Style:
        extended = self.background | EXTENDED if self.underline or self.link else self.background & ~EXTENDED
        return self._replace(background=extended)


PLAIN = Style()


def number(text: str) -> int:
    """A parameter's value, bounded; an empty one's is 0."""
    if len(text) < 10:
        return int(text) if text else 0
    return min(int(text.lstrip("0")[:11] or 0), _LARGEST)


@lru_cache(maxsize=4096)
def apply(style: Style, parameters: str) -> Style:
    """The style after SGR with these parameters."""
    if parameters in ("", "0"):
        return _reset(style)
    numbers, parts = _parse(parameters)
    at = 0
    while at < len(numbers):
        value = numbers[at]
        if value in (38, 48, 58):
            style, advance = _extended_color(style, numbers, parts, at)
            at += advance
        else:
            style = _attribute(style, value, parts[at])
        at += 1
    return style


def _parse(parameters: str) -> tuple[list[int], list[list[int]]]:
    numbers: list[int] = []
    parts: list[list[int]] = []
    room = _MOST_PARAMETERS
    for parameter in parameters.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS]:
        first, *rest = parameter.split(":", room + 1)
        numbers.append(number(first))
        parts.append([number(part) if part else -1 for part in rest[:room]])
        room -= len(parts[-1])
    return numbers, parts


def _reset(style: Style) -> Style:
    return Style(link=style.link)._marked()


def _attribute(style: Style, value: int, parts: list[int]) -> Style:
    foreground, background = style.foreground, style.background
    if 30 <= value <= 37 or 90 <= value <= 97:
        color = value - 30 if value < 40 else value - 90 + 8
        return style._replace(foreground=foreground & ~_COLOR | _PALETTE_16 | color)
    if 40 <= value <= 47 or 100 <= value <= 107:
        color = value - 40 if value < 50 else value - 100 + 8
        return style._replace(background=background & ~_COLOR | _PALETTE_16 | color)
    if value == 0:
        return _reset(style)
    if value == 4:
        return _underlined(style, parts[0] if parts else 1)
    if value == 21:
        return _underlined(style, 2)
    if value == 24:
        return _underlined(style, 0)
    if value == 22:
        return style._replace(foreground=foreground & ~_BOLD, background=background & ~_DIM)
    if value == 39:
        return style._replace(foreground=foreground & ~_COLOR)
    if value == 49:
        return style._replace(background=background & ~_COLOR)
    if value == 59:
        return style._replace(underline_color=_COLOR)._marked()
    foreground = (foreground | _FOREGROUND_ON.get(value, 0)) & ~_FOREGROUND_OFF.get(value, 0)
    background = (background | _BACKGROUND_ON.get(value, 0)) & ~_BACKGROUND_OFF.get(value, 0)
    return style._replace(foreground=foreground, background=background)


def _underlined(style: Style, underline: int) -> Style:
    if not 0 <= underline <= 5:
        underline = 1
    flag = style.foreground | _UNDERLINE if underline else style.foreground & ~_UNDERLINE
    return style._replace(foreground=flag, underline=underline)._marked()


def _extended_color(style: Style, numbers: list[int], parts: list[list[int]], at: int) -> tuple[Style, int]:
    # As xterm.js does it, whose order is [target, mode, color space, 3 values].
    values = [0, 0, -1, 0, 0, 0]
    space = advance = 0
    while True:
        values[advance + space] = numbers[at + advance]
        if parts[at + advance]:
            for index, part in enumerate(parts[at + advance]):
                if values[1] == 5:
                    space = 1
                if advance + index + 1 + space >= len(values):
                    break
                values[advance + index + 1 + space] = part
            break
        if (values[1] == 5 and advance + space >= 2) or (values[1] == 2 and advance + space >= 5):
            break
        if values[1]:
            space = 1
        advance += 1
        if at + advance >= len(numbers) or advance + space >= len(values):
            break
    mode, red, green, blue = values[1], *(0 if value == -1 else value for value in values[3:])
    if mode == 2:
        color = _RGB | (red & 255) << 16 | (green & 255) << 8 | blue & 255
    elif mode == 5:
        color = _PALETTE_256 | red & 255
    else:
        return style, advance
    if values[0] == 38:
        return style._replace(foreground=style.foreground & ~_COLOR | color), advance
    if values[0] == 48:
        return style._replace(background=style.background & ~_COLOR | color), advance
    return style._replace(underline_color=color), advance


@lru_cache(maxsize=4096)
def graphics(style: Style) -> str:
    """The SGR that makes a terminal draw in this style, whatever it drew in before; without the link."""
    foreground, background = style.foreground, style.background
    codes = [str(code) for code, flag in _FOREGROUND_ON.items() if foreground & flag]
    codes += [str(code) for code, flag in _BACKGROUND_ON.items() if background & flag]
    if foreground & _UNDERLINE:
        underline = style.underline if background & EXTENDED else 1
        codes += [f"4:{underline}"] if underline > 1 else ["4"] * underline
    codes += _color(foreground, 30, 90) + _color(background, 40, 100) + _color(style.underline_color, 50, 50)
    return f"\x1b[{';'.join(['0', *codes])}m" if codes else "\x1b[m"


def _color(color: int, base: int, bright: int) -> list[str]:
    mode = color & _COLOR_MODE
    if mode == _RGB:
        return [f"{base + 8}:2::{color >> 16 & 255}:{color >> 8 & 255}:{color & 255}"]
    if mode == _PALETTE_256:
        return [f"{base + 8}:5:{color & 255}"]
    if mode == _PALETTE_16:
        value = color & 15
        return [str(base + value if value < 8 else bright + value - 8)]
    return []


class Styled(Protocol):
    """What has a character for each cell's style: a line."""

    styles: str


class StyleTable:
    """A character for each style, so that the styles of a line are a string.

    Parameters
    ----------
    lines
        Gives all lines there are: what none of them uses is forgotten once the table is full. What finds no room even
        then is shown plain.
    """

    def __init__(self, lines: Callable[[], Iterable[Styled]]) -> None:
        self._lines = lines
        self._characters = {PLAIN: DEFAULT}
        self.styles = {DEFAULT: PLAIN}
        self.protected: set[str] = set()
        """The characters of styles that are protected from selective erasure."""
        self.changes: dict[str, tuple[Style, str, str]] = {}
        """What SGR makes of a style, with the characters of it and of its erased cells, where it was looked up."""
        self._refusals = 0

    def copy(self, lines: Callable[[], Iterable[Styled]]) -> StyleTable:
        """A second one, for lines copied from those of this one."""
        twin = StyleTable(lines)
        twin._characters, twin.styles = dict(self._characters), dict(self.styles)
        twin.protected = set(self.protected)
        return twin

    def change(self, style: Style, character: str, parameters: str) -> tuple[Style, str, str]:
        """What SGR makes of a style."""
        changed = apply(style, parameters)
        drawn = (changed, *self.characters(changed))
        if len(self.changes) >= _MOST_CHANGES:
            self.changes.clear()
        if self.styles.get(character) == style:
            self.changes[character + parameters] = drawn
        return drawn

    def characters(self, style: Style) -> tuple[str, str]:
        """The characters that stand for a style and for its erased cells."""
        character = self.character(style)
        if not style.background:
            return character, DEFAULT
        erased = self.character(style.erased)
        # What was just given out may stand for something else by now, if there was no room for both.
        return (character if self.styles.get(character) == style else self.character(style)), erased

    def character(self, style: Style) -> str:
        """The character that stands for a style."""
        known = self._characters.get(style)
        if known is not None:
            return known
        if len(self.styles) >= _MOST_STYLES and not self._forget():
            return DEFAULT
        return self._add(style)

    def _add(self, style: Style) -> str:
        character = chr(len(self.styles))
        self._characters[style] = character
        self.styles[character] = style
        if style.background & PROTECTED:
            self.protected.add(character)
        return character

    def _forget(self) -> bool:
        if self._refusals:
            self._refusals -= 1
            return False
        self.changes.clear()
        lines = list(self._lines())
        old = self.styles
        self._characters, self.styles = {PLAIN: DEFAULT}, {DEFAULT: PLAIN}
        self.protected = set()
        used = set[str]().union(*(line.styles for line in lines)) - {DEFAULT}
        new = {ord(character): self._add(old[character]) for character in used}
        for line in lines:
            line.styles = line.styles.translate(new)
        if len(self.styles) > _MOST_STYLES // 2:
            self._refusals = _MOST_STYLES // 4
        return len(self.styles) < _MOST_STYLES
