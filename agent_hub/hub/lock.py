"""The lock by which a data directory is one hub's alone."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from agent_hub.errors import DataDirectoryInUse

LOCK = "hub.lock"
"""The lock, and in it the process id of who holds it."""

USERS = "users.lock"
"""Held, shared, by each ``agent_cli`` that uses the hub: one in the background ends once it gets it for itself."""


def take(folder: Path) -> TextIO:
    """Take a data directory for as long as the file that is returned stays open, however this process ends.

    Raises
    ------
    DataDirectoryInUse
        Another hub has it.
    """
    lock = open(folder / LOCK, "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise DataDirectoryInUse(
            f"Another hub (process {owner}) uses the data directory {folder}.",
            "Stop that one, or give this one its own with --AgentHub.data_dir=FOLDER.",
            folder=str(folder),
        ) from None
    # For whoever is refused later; a full disk keeps nobody from starting.
    with suppress(OSError):
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), str(os.getpid()).encode())
    return lock


def is_held(folder: Path) -> bool:
    """Whether a hub has a data directory. Nothing is changed by the question."""
    try:
        with open(folder / LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def last_owner(folder: Path) -> int | None:
    """The process id of the hub that has a data directory, or had it last; ``None`` where nobody knows of any."""
    try:
        written = (folder / LOCK).read_text().strip()
    except FileNotFoundError:
        return None
    return int(written) if written.isdigit() else None
