"""Questions that a program asks its terminal, which a terminal that only shows the past must not answer."""

from __future__ import annotations

import re

from agent_hub.terminals.modes import CSI

_OSC = rb"(?:\x1b\]|\xc2\x9d)"
_DCS = rb"(?:\x1bP|\xc2\x90)"
_END = rb"(?:\x07|\x1b\\|\xc2\x9c)"

_QUERY = re.compile(
    CSI
    + rb"(?:"
    + rb"|".join(
        (
            rb"[>=]?[0-9;]*c",  # device attributes
            rb"\??[0-9;]*n",  # status, cursor position
            rb"\?[0-9;]*[umS]",  # kitty keyboard, modified keys, graphics
            rb"\??[0-9;]*\$p",  # a mode's state
            rb">[0-9;]*q",  # the terminal's name and version
            rb"(?:1[1-9]|2[01])(?:;[0-9;]*)?t",  # window size, position and title
            rb"[01]?x",  # terminal parameters
            rb"[0-9]*\$w",  # cursor and tab stops
        )
    )
    + rb")"
    # colours, font, clipboard, and what the terminal can do
    + rb"|" + _OSC + rb"(?:[45]|1[0-9]|21|5[02]|6[01]);[^\x07\x1b]*\?[^\x07\x1b]*" + _END
    + rb"|" + _DCS + rb"[0-9;]*[$+]q[^\x1b]*" + _END
    + rb"|\x1b_G[^\x1b]*a=q[^\x1b]*" + _END
    + rb"|\x1bZ|\x05"
)  # fmt: skip

ANNOUNCING = frozenset({1004, 2031, 2048})
"""Private modes that a terminal answers as they are set: focus, colour scheme and size reports."""

_PRIVATE_MODES = re.compile(CSI + rb"\?([0-9;]*(?:1004|2031|2048)[0-9;]*)([hl])")


def without_queries(data: bytes) -> bytes:
    """Output without what a terminal would answer into the program's input."""
    return _PRIVATE_MODES.sub(_without_announcing, _QUERY.sub(b"", data))


def _without_announcing(match: re.Match[bytes]) -> bytes:
    modes = [mode for mode in match[1].split(b";") if mode.isdigit() and int(mode[:9]) not in ANNOUNCING]
    return b"\x1b[?" + b";".join(modes) + match[2] if modes else b""
