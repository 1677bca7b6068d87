"""Copies of a file: of the same blocks where the file system can, else as fast as memory goes."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

FICLONE = 0x40049409
"""The request of ioctl(2) that makes a file of another's blocks: see ioctl_ficlone(2)."""

PIECE = 2**20
"""Bytes that are read at once: as fast as more, and they are still in the processor's cache when they are written."""

AHEAD = 4
"""Pieces that one copy may be behind another."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def copy(source: int, targets: Sequence[int], size: int, is_wanted: Callable[[], bool] = lambda: True) -> bool:
    """Copy a file to empty ones, which then are the same whatever is written to it meanwhile. Blocks.

    Parameters
    ----------
    source, targets
        Open files. The first of several targets is read as well.
    size
        Bytes to copy, from the file's beginning.
    is_wanted
        Asked again and again; what is half copied is left as it is where it is no more.

    Returns
    -------
    bool
        Whether all of it was copied: the file may have become shorter, or the copy unwanted.

    Raises
    ------
    OSError
        It cannot be read, or there is no room.
    """
    if size <= PIECE:
        # To ask for shared blocks, and for room, would take longer than all of it.
        only = memoryview(os.pread(source, size, 0))
        for target in targets:
            _write(target, only, 0)
        return len(only) == size
    if _share(source, targets[0]):
        # The others are made of the first: the file itself may be another by then.
        source, targets = targets[0], targets[1:]
        if os.fstat(source).st_size != size:
            return False
        targets = [target for target in targets if not _share(source, target)]
        if not targets:
            return True
    for target in targets:
        _reserve(target, size)
    pieces = [memoryview(bytearray(PIECE)) for _ in range(AHEAD)]
    waiting: deque[list[Future[None]]] = deque()
    done = 0
    with ThreadPoolExecutor(len(targets)) as others:
        while done < size and is_wanted():
            if len(waiting) == AHEAD:
                _wait(waiting.popleft())
            pieces.append(pieces.pop(0))
            length = os.preadv(source, [pieces[-1][: size - done]], done)
            if not length:
                break
            piece = pieces[-1][:length]
            waiting.append([others.submit(_write, target, piece, done) for target in targets[1:]])
            _write(targets[0], piece, done)
            done += length
        for writing in waiting:
            _wait(writing)
    return done == size


def _share(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True


def _reserve(target: int, size: int) -> None:
    """Have the file system find room, which it tells at once and does faster than piece by piece.

    Not by :func:`os.posix_fallocate`: where a file system knows nothing of it, that writes to every block itself.
    """
    if _libc.fallocate(target, 0, 0, size) != 0:
        number = ctypes.get_errno()
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OSError(number, os.strerror(number))


def _write(target: int, piece: memoryview, at: int) -> None:
    while piece:
        length = os.pwrite(target, piece, at)
        piece, at = piece[length:], at + length


def _wait(writing: list[Future[None]]) -> None:
    for future in writing:
        future.result()
