"""The colours of people's screens, for a program that asks for them while nobody watches.

A chat that a notebook starts, or one that is prepared ahead, draws its first screen before anyone opens its tab. A
program that was told other colours keeps them, and they may not be readable on the screen that it is shown on.
"""

from __future__ import annotations

import re

from agent_hub.models import TerminalColours

_QUESTION = re.compile(rb"\x1b\](1[01]);\?(\x07|\x1b\\)")


class Palette:
    """What a program is told that asks for the colour of the text (OSC 10) and of what is behind it (OSC 11)."""

    def __init__(self, colours: TerminalColours | None = None) -> None:
        self.colours = colours
        """Those of the screen that was told of last; without any, nobody answers."""

    def answer(self, output: bytes) -> bytes:
        """The answers to the questions in what a program wrote."""
        if self.colours is None or b"\x1b]1" not in output:
            return b""
        told = {b"10": _xcolour(self.colours.foreground), b"11": _xcolour(self.colours.background)}
        return b"".join(b"\x1b]%b;%b%b" % (ask[1], told[ask[1]], ask[2]) for ask in _QUESTION.finditer(output))


def _xcolour(colour: str) -> bytes:
    """``#rrggbb`` as xterm says it, with 16 bits of each. Made anew of its numbers: nothing else of it is told."""
    return b"rgb:%02x%02x/%02x%02x/%02x%02x" % tuple(part for part in bytes.fromhex(colour[1:]) for _ in "hl")
