"""What a program has switched on in its terminal, and how to say it again to a terminal that missed it."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    rb"\x1b(?:\[(?P<params>[<=>?]?[0-9;:]*)(?P<final>[ !]?[@-~])|(?P<escape>[c=>]|\([0-9A-Za-z]))",
)
_UNFINISHED = re.compile(rb"(?:\x1b(?:\[[0-?]*[ -/]*|\()?|\xc2)\Z")
_EIGHT_BIT = {b"\xc2\x9b": b"\x1b[", b"\xc2\x9d": b"\x1b]", b"\xc2\x90": b"\x1bP", b"\xc2\x9c": b"\x1b\\"}
_LONGEST_SEQUENCE = 256
_LONGEST_STYLE = 24

ALTERNATE_SCREENS = frozenset({47, 1047, 1049})
_ON_BY_DEFAULT = frozenset({7, 25})


class Modes:
    """The state of a terminal that outlives what is drawn on it: modes, keyboard protocol, style, scroll region."""

    def __init__(self) -> None:
        self._pending = b""
        self._reset()

    def _reset(self) -> None:
        self._private: dict[int, bool] = {}
        self._keyboard: tuple[list[int], list[int]] = ([], [])
        self._style: list[bytes] = []
        self._region = b""
        self._keypad = False
        self._charset = b""
        self._cursor = b""

    def copy(self) -> Modes:
        """A second one that goes its own way."""
        twin = Modes()
        twin._pending = self._pending
        twin._private = dict(self._private)
        twin._keyboard = (list(self._keyboard[0]), list(self._keyboard[1]))
        twin._style = list(self._style)
        twin._region, twin._keypad = self._region, self._keypad
        twin._charset, twin._cursor = self._charset, self._cursor
        return twin

    @property
    def full_screen(self) -> bool:
        """Whether the program draws on the alternate screen."""
        return any(self._private.get(mode) for mode in ALTERNATE_SCREENS)

    def feed(self, data: bytes) -> None:
        """Take note of output, in pieces cut anywhere."""
        data = seven_bit(self._pending + data)
        self._pending = b""
        tail = _UNFINISHED.search(data, max(0, len(data) - _LONGEST_SEQUENCE))
        if tail is not None:
            self._pending = tail.group()
            data = data[: tail.start()]
        for match in _SEQUENCE.finditer(data):
            if match["escape"] is not None:
                self._escape(match["escape"])
            else:
                self._control(match["params"], match["final"])

    def _escape(self, escape: bytes) -> None:
        if escape == b"c":
            self._reset()
        elif escape in (b"=", b">"):
            self._keypad = escape == b"="
        else:
            self._charset = b"" if escape == b"(B" else b"\x1b" + escape

    def _control(self, params: bytes, final: bytes) -> None:
        prefix = params[:1] if params[:1] in (b"<", b"=", b">", b"?") else b""
        if final == b"m" and not prefix:
            self._set_style(params)
        elif final in (b"h", b"l") and prefix == b"?":
            for mode in _numbers(params[1:]):
                self._private[mode] = final == b"h"
        elif final == b"u" and prefix in (b"<", b"=", b">"):
            self._set_keyboard(prefix, _numbers(params[1:]))
        elif final == b"r" and not prefix:
            self._region = params
        elif final == b" q":
            self._cursor = params.strip(b"0")
        elif final == b"!p":
            self._reset()

    def _set_style(self, params: bytes) -> None:
        if params.split(b";")[0].strip(b"0") == b"":
            self._style.clear()
        if params.strip(b"0;"):
            self._style.append(params)
            del self._style[:-_LONGEST_STYLE]

    def _set_keyboard(self, prefix: bytes, numbers: list[int]) -> None:
        stack = self._keyboard[self.full_screen]
        number = numbers[0] if numbers else 0
        if prefix == b">":
            stack.append(number)
            del stack[:-16]
        elif prefix == b"<":
            del stack[-max(1, number) :]
        elif stack:
            stack[-1] = number
        else:
            stack.append(number)

    def sequence(self) -> bytes:
        """What brings a terminal that was just reset into this state."""
        modes = [(mode, on) for mode, on in self._private.items() if on != (mode in _ON_BY_DEFAULT)]
        screen = [mode for mode, on in modes if mode in ALTERNATE_SCREENS]
        parts = [_push(flags) for flags in self._keyboard[0]]
        parts += [b"\x1b[?%dh" % mode for mode in screen]
        parts += [_push(flags) for flags in self._keyboard[1]] if screen else []
        parts += [b"\x1b[?%d%s" % (mode, b"h" if on else b"l") for mode, on in modes if mode not in ALTERNATE_SCREENS]
        if self._keypad:
            parts.append(b"\x1b=")
        if self._region:
            parts.append(b"\x1b[%sr" % self._region)
        if self._cursor:
            parts.append(b"\x1b[%s q" % self._cursor)
        if self._charset:
            parts.append(self._charset)
        parts += [b"\x1b[%sm" % style for style in self._style]
        return b"".join(parts)

    def undo(self) -> bytes:
        """What brings a terminal in this state back to how a shell expects it, for a program that was killed."""
        modes = [(mode, on) for mode, on in self._private.items() if on != (mode in _ON_BY_DEFAULT)]
        parts = [b"\x1b[<%du" % len(self._keyboard[1])] if self.full_screen and self._keyboard[1] else []
        parts += [b"\x1b[?%d%s" % (mode, b"l" if on else b"h") for mode, on in modes]
        if self._keyboard[0]:
            parts.append(b"\x1b[<%du" % len(self._keyboard[0]))
        if self._keypad:
            parts.append(b"\x1b>")
        if self._region:
            parts.append(b"\x1b[r")
        if self._cursor:
            parts.append(b"\x1b[0 q")
        if self._charset:
            parts.append(b"\x1b(B")
        if self._style:
            parts.append(b"\x1b[m")
        return b"".join(parts)


def seven_bit(data: bytes) -> bytes:
    """The same output, each sequence started by the escape character, which is what programs write nearly always."""
    for eight, seven in _EIGHT_BIT.items():
        data = data.replace(eight, seven)
    return data


def _numbers(params: bytes) -> list[int]:
    return [int(number[:9]) for number in params.split(b";") if number.isdigit()]


def _push(flags: int) -> bytes:
    return b"\x1b[>%du" % flags
