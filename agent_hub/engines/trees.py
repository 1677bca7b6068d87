"""Folders that an agent has filled: of any depth, with any modes, and perhaps nothing that their owner may open."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

ATTEMPTS = 50
PAUSE = 0.02
"""Seconds between two attempts."""


def remove_tree(folder: Path) -> None:
    """Remove a folder; no error where there is none. Blocks.

    What another removes meanwhile is removed, and what it adds is removed as well, if it does so for a second at most:
    a look at a workspace has folders of its own beside it, and may not have ended when its chat is deleted.

    Raises
    ------
    OSError
        Something stays.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _remove_tree(folder)
            return
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY) or attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE)


def _remove_tree(folder: Path) -> None:
    if not folder.exists():
        return
    # One folder is open at a time, and each is named from the one above: there may be more of them, one in another,
    # than Python has room for calls, the process for open files, or a path for names.
    here = _open(folder)
    try:
        left = [_remove_files(here)]
        while left:
            if left[-1]:
                here = _step(here, left[-1][-1])
                left.append(_remove_files(here))
            else:
                left.pop()
                if left:
                    here = _step(here, "..")
                    os.rmdir(left[-1].pop(), dir_fd=here)
    finally:
        os.close(here)
    folder.rmdir()


def count_files(folder: Path) -> int:
    """Files in a folder; what cannot be looked into counts as one, and so does a ``.git``. Blocks."""
    count = 0
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name != ".git" and entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        count += 1
        except OSError:
            count += 1
    return count


def _remove_files(folder: int) -> list[str]:
    """Remove all but the folders of a folder, and return those."""
    os.fchmod(folder, 0o700)
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return folders


def _step(here: int, name: str) -> int:
    there = _open(name, here)
    os.close(here)
    return there


def _open(path: str | Path, above: int | None = None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, dir_fd=above)
    except PermissionError:
        os.chmod(path, 0o700, dir_fd=above)
        return os.open(path, flags, dir_fd=above)
