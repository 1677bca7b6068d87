"""The colours of people's screens, for a program that asks for them while nobody watches.

A chat that a notebook starts draws its first screen before anyone opens its tab. A program that gets no answer takes
the screen for a dark one, and keeps colours that cannot be read on a light one.
"""

from __future__ import annotations

import re

_QUESTION = re.compile(rb"\x1b\](1[01]);\?(?:\x07|\x1b\\)")
_ANSWER = re.compile(rb"\x1b\](1[01]);rgb:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){2}(?:\x07|\x1b\\)")


class Palette:
    """What a screen last answered when it was asked for its text's colour (OSC 10) and its background's (OSC 11)."""

    def __init__(self) -> None:
        self._answers: dict[bytes, bytes] = {}

    def learn(self, typed: bytes) -> None:
        """Keep the answers in what a screen sent."""
        if b"\x1b]1" in typed:
            self._answers |= {match[1]: match[0] for match in _ANSWER.finditer(typed)}

    def answer(self, output: bytes) -> bytes:
        """The answers to the questions in what a program wrote, as far as they are known."""
        if b"\x1b]1" not in output:
            return b""
        return b"".join(self._answers.get(match[1], b"") for match in _QUESTION.finditer(output))
