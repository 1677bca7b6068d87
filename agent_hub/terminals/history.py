"""A terminal's output, kept within bounds, and shown again to who comes later."""

from __future__ import annotations

import codecs
import re
from collections import deque

from agent_hub.terminals.modes import Modes
from agent_hub.terminals.queries import without_queries

HISTORY_BYTES = 1 << 20
_BLOCKS = 64
_LINE_SEARCH_BYTES = 4096
_RESET = b"\x1bc"
_SEQUENCE_START = re.compile(rb"\x1b(?!\\)")
_CONTINUATION = re.compile(rb"[\x80-\xbf]{0,3}")


class History:
    """The newest output of a terminal.

    Parameters
    ----------
    limit
        Most bytes kept.
    """

    def __init__(self, limit: int = HISTORY_BYTES) -> None:
        self._limit = limit
        self._block = max(1, limit // _BLOCKS)
        self._blocks: deque[bytes] = deque()
        self._newest = bytearray()
        self._size = 0
        self._before = Modes()
        self.truncated = False

    def __len__(self) -> int:
        """Bytes kept."""
        return self._size

    def append(self, data: bytes) -> None:
        """Take output, in pieces cut anywhere."""
        self._newest += data
        self._size += len(data)
        if len(self._newest) >= self._block:
            self._blocks.append(bytes(self._newest))
            self._newest.clear()
        while self._size > self._limit:
            self._forget()

    def _forget(self) -> None:
        if not self._blocks:
            self._blocks.append(bytes(self._newest))
            self._newest.clear()
        oldest = self._blocks.popleft()
        surplus = max(self._size - self._limit, self._block)
        self._before.feed(oldest[:surplus])
        if len(oldest) > surplus:
            self._blocks.appendleft(oldest[surplus:])
        self._size -= min(surplus, len(oldest))
        self.truncated = True

    def modes(self) -> Modes:
        """What the program has switched on, as of now."""
        modes = self._before.copy()
        for block in (*self._blocks, bytes(self._newest)):
            modes.feed(block)
        return modes

    @property
    def repaint(self) -> bool:
        """Whether a replay alone cannot bring the screen back: the program has to draw it again."""
        return self.truncated or self.modes().full_screen

    def replay(self) -> str:
        """The past as a terminal may show it later, beginning with a reset; empty where there is none.

        It starts where a line or a sequence starts, asks nothing of the terminal, and ends with a whole character.
        """
        if not self._size:
            return ""
        before = self._before.copy()
        kept = b"".join((*self._blocks, self._newest))
        if self.truncated:
            start = _boundary(kept)
            before.feed(kept[:start])
            kept = kept[start:]
        shown = _RESET + without_queries(before.sequence() + kept)
        return codecs.getincrementaldecoder("utf-8")("replace").decode(shown)


def _boundary(data: bytes) -> int:
    line = data.find(b"\n", 0, _LINE_SEARCH_BYTES)
    if line >= 0:
        return line + 1
    sequence = _SEQUENCE_START.search(data)
    if sequence is not None:
        return sequence.start()
    continuation = _CONTINUATION.match(data)
    return continuation.end() if continuation else 0
