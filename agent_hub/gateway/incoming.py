"""A file that comes in pieces: written and hashed beside the loop, while the next pieces come."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, ClassVar

SMALL = 2**18
"""Bytes below which a file waits until all of it is there: then one turn in a thread is enough for it."""

MOST_WAITING = 2**22
"""Bytes of a file that may wait while others are written."""

MOST_OF_ALL = 2**26
"""Bytes of all files together that may be here: one chat alone sends a hundred at once, and a disk may be slow."""

_writers = ThreadPoolExecutor(2, "agent-hub-artifacts")
"""A disk takes no more from many; and what else of the hub's has to go into a thread does not wait behind them."""


class IncomingFile:
    """A file on its way to a path where nothing is yet.

    As many bytes as have come are written in one turn, since a turn in a thread costs as much as writing a hundred
    kilobytes; meanwhile the next come, so neither the disk nor the connection waits for the other.

    Parameters
    ----------
    path
        Where it is to be. There is no file before the first bytes are written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Future[None] | None = None
        self._is_discarded = False

    _of_all: ClassVar[int] = 0

    async def take(self, piece: bytes) -> None:
        """Take the next piece. Raises :class:`OSError` where an earlier one could not be written."""
        self._waiting.append(piece)
        self._size += len(piece)
        IncomingFile._of_all += len(piece)
        too_much = IncomingFile._of_all > MOST_OF_ALL
        if self._writing is not None and (self._writing.done() or self._size > MOST_WAITING or too_much):
            await self._written()
        if self._writing is None and (self._size > SMALL or too_much) and not self._is_discarded:
            self._begin(self._write)
            if too_much:
                await self._written()

    async def close(self) -> str:
        """Write the rest. Raises :class:`OSError` where it cannot be.

        Returns
        -------
        str
            The SHA-256 of all of it, in hexadecimal.
        """
        await self._written()
        self._begin(self._finish)
        await self._written()
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Let nothing be left of it, unless it was moved away; what is being written is written first."""
        self._is_discarded = True
        IncomingFile._of_all -= self._size
        self._waiting, self._size = [], 0
        if self._writing is None:
            self._remove()
        else:
            self._writing.add_done_callback(self._remove)

    def _begin(self, write: Callable[[list[bytes]], None]) -> None:
        pieces, size = self._waiting, self._size
        self._waiting, self._size = [], 0
        self._writing = asyncio.get_running_loop().run_in_executor(_writers, write, pieces)
        self._writing.add_done_callback(lambda _: self._let_go(size))

    def _let_go(self, size: int) -> None:
        IncomingFile._of_all -= size

    async def _written(self) -> None:
        if self._writing is not None:
            # Also where who waits is cancelled, the thread goes on.
            await asyncio.shield(self._writing)
            self._writing = None

    def _write(self, pieces: list[bytes]) -> None:
        if self._file is None:
            self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._digest.update(piece)

    def _finish(self, pieces: list[bytes]) -> None:
        self._write(pieces)
        assert self._file is not None
        self._file.close()

    def _remove(self, writing: asyncio.Future[None] | None = None) -> None:
        if writing is not None and not writing.cancelled():
            # Nobody waits for it any more, nor is to hear that it failed.
            writing.exception()
        if self._file is not None:
            self._file.close()
            self.path.unlink(missing_ok=True)
