"""The lines that have left a terminal's screen, as they looked."""

from __future__ import annotations

from collections import deque

_BLOCKS = 64


class Scrollback:
    """The newest lines, each with its end.

    Parameters
    ----------
    limit
        Most bytes kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._block = max(1, limit // _BLOCKS)
        self._blocks: deque[bytes] = deque()
        self._newest = bytearray()
        self._size = 0

    def __len__(self) -> int:
        """Bytes kept."""
        return self._size

    def add(self, lines: bytes) -> None:
        """Take whole lines, and let the oldest go."""
        self._size += len(lines)
        while len(self._newest) + len(lines) >= self._block:
            end = lines.find(b"\n", max(0, self._block - len(self._newest))) + 1 or len(lines)
            self._blocks.append(bytes(self._newest) + lines[:end])
            self._newest.clear()
            lines = lines[end:]
        self._newest += lines
        while self._size > self._limit:
            self._forget()

    def _forget(self) -> None:
        if not self._blocks:
            self._blocks.append(bytes(self._newest))
            self._newest.clear()
        oldest = self._blocks.popleft()
        surplus = self._size - self._limit
        end = oldest.find(b"\n", min(surplus, len(oldest)) - 1) + 1 or len(oldest)
        if end < len(oldest):
            self._blocks.appendleft(oldest[end:])
        self._size -= end

    def read(self) -> bytes:
        """All lines, oldest first."""
        return b"".join((*self._blocks, self._newest))

    def last(self, count: int) -> bytes:
        """The newest lines, so many of them, or fewer where there are not so many."""
        pieces: list[bytes] = []
        for block in (bytes(self._newest), *reversed(self._blocks)):
            if count <= 0:
                break
            lines = block.splitlines(keepends=True)[-count:]
            pieces.append(b"".join(lines))
            count -= len(lines)
        return b"".join(reversed(pieces))

    def newest(self, limit: int) -> bytes:
        """The newest lines that are at most so long as JSON, which is how they travel."""
        pieces: list[bytes] = []
        left = limit
        for block in (bytes(self._newest), *reversed(self._blocks)):
            cost = weight(block)
            if cost > left:
                pieces.append(_end(block, left, cost))
                break
            pieces.append(block)
            left -= cost
        return b"".join(reversed(pieces))


def _end(block: bytes, limit: int, cost: int) -> bytes:
    """The newest lines of a block, by their share of it: what stands in one block looks much alike."""
    while cost > limit > 0:
        block = block[block.find(b"\n", len(block) - len(block) * limit // cost) + 1 or len(block) :]
        cost = weight(block)
    return block if cost <= limit else b""


def weight(text: bytes) -> int:
    """Bytes of text as JSON."""
    return len(text) + 5 * text.count(b"\x1b") + 3 * text.count(b"\n") + text.count(b'"') + text.count(b"\\")
