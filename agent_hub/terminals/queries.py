"""Questions that a program asks its terminal, which a terminal that only shows the past must not answer."""

from __future__ import annotations

import re

from agent_hub.terminals.modes import seven_bit

_ENQUIRY = b"\x05"
_END = rb"(?:\x07|\x1b\\)"
_CONTROL_QUERIES = (
    rb"[>=]?[0-9;]*c",  # device attributes
    rb"\??[0-9;]*n",  # status, cursor position
    rb"\?[0-9;]*[umS]",  # kitty keyboard, modified keys, graphics
    rb"\??[0-9;]*\$p",  # a mode's state
    rb">[0-9;]*q",  # the terminal's name and version
    rb"(?:1[1-9]|2[01])(?:;[0-9;]*)?t",  # window size, position and title
    rb"[01]?x",  # terminal parameters
    rb"[0-9]*\$w",  # cursor and tab stops
)
_STRING_QUERIES = (
    rb"\](?:[45]|1[0-9]|21|5[02]|6[01]);[^\x07\x1b]*\?[^\x07\x1b]*",  # colours, font, clipboard
    rb"P[0-9;]*[$+]q[^\x1b]*",  # settings and capabilities
    rb"_G[^\x1b]*a=q[^\x1b]*",  # images
)
_QUERY = re.compile(
    rb"\x1b(?:\[(?:" + rb"|".join(_CONTROL_QUERIES) + rb")|(?:" + rb"|".join(_STRING_QUERIES) + rb")" + _END + rb"|Z)"
)

_ANNOUNCING = frozenset({1004, 2031, 2048})
_PRIVATE_MODES = re.compile(rb"\x1b\[\?([0-9;]*(?:1004|2031|2048)[0-9;]*)([hl])")


def unasked(text: str) -> str:
    """Live output for a viewer beside another one: a question is answered once, by that one."""
    return _QUERY.sub(b"", text.encode()).decode() if "\x1b" in text else text


def without_queries(data: bytes) -> bytes:
    """Output without what a terminal would answer into the program's input.

    Modes that a terminal answers as they are set (focus, colour scheme and size reports) are set once, at the start,
    to what they are in the end.
    """
    announced: dict[int, bool] = {}

    def without_announcing(match: re.Match[bytes]) -> bytes:
        others = []
        for mode in match[1].split(b";"):
            if mode.isdigit() and int(mode[:9]) in _ANNOUNCING:
                announced[int(mode[:9])] = match[2] == b"h"
            else:
                others.append(mode)
        return b"\x1b[?" + b";".join(others) + match[2] if others else b""

    silent = _QUERY.sub(b"", seven_bit(data).replace(_ENQUIRY, b""))
    silent = _PRIVATE_MODES.sub(without_announcing, silent)
    return b"".join(b"\x1b[?%dh" % mode for mode, on in announced.items() if on) + silent
