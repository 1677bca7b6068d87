"""The two keys by which a person leaves a chat, found among all that is typed."""

from __future__ import annotations

import re

# Where a program has asked for it, a terminal tells a key by its number: kitty's protocol, or xterm's modifyOtherKeys.
# Beside Ctrl, the locks of the keyboard may be on; a layout that has no Latin letters has its own key told first.
_CTRL = rb"\x1b\[(?:\d+:\d*:)?%d(?::\d*){0,2};(?:5|69|133|197)(?::[12])?u|\x1b\[27;5;%d~"
_P = rb"(?:\x10|" + _CTRL % (ord("p"), ord("p")) + rb")"
_Q = rb"(?:\x11|" + _CTRL % (ord("q"), ord("q")) + rb")"
# That a key was let go is told as well, and so may be Ctrl itself.
_BETWEEN = rb"(?:\x1b\[[\d:]+;\d+:3u|\x1b\[574(?:4[1-9]|5[0-4])[\d:;]*u)*"

_LEAVE = re.compile(_P + _BETWEEN + _Q)
_BEGUN = re.compile(_P + _BETWEEN + rb"(?:\x1b(?:\[[\d:;]*)?)?\Z")


class Keys:
    """What is typed, piece by piece: Ctrl-P Ctrl-Q leaves, as of ``docker attach``."""

    def __init__(self) -> None:
        self.left = False
        """Whether both were pressed."""
        self._held = b""

    def take(self, data: bytes) -> bytes:
        """What of it is for the agent by now: the first of the two means nothing before it is known what follows."""
        data = self._held + data
        if found := _LEAVE.search(data):
            self.left, self._held = True, b""
            return data[: found.start()]
        begun = _BEGUN.search(data)
        self._held = begun[0] if begun else b""
        return data[: len(data) - len(self._held)]
