"""What Codex has written down of its conversations, in the agent's own folder.

The agent has that folder in its hands, and may go on while the hub reads: no link is followed at any level, and what is
looked at and read has a bound.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from agent_hub.agents import codex_items

ENTRIES = 10_000
"""Most files and folders that are looked at: years of a chat's conversations."""

FIRST_LINE = 4 * 2**20
"""Bytes of a conversation's first line that are read; one that is longer is no conversation."""

TOTAL_BYTES = 16 * 2**20
"""Most bytes that are read of all conversations together, the newest first."""

MOST_SETTINGS = 32
"""Changes of settings that are looked past for what was said."""

SETTINGS_LINE = 64 * 1024
"""Bytes of such a change that are read at once."""

LEVELS = 3
"""Folders between ``sessions`` and a conversation: year, month and day."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# Without O_NONBLOCK a pipe would hold the hub up until somebody writes to it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def last_thread(home: Path) -> str:
    """The id of the conversation with a person that was last written to, empty where there is none. Blocks.

    Parameters
    ----------
    home
        The agent's folder.
    """
    try:
        sessions = os.open(home / "sessions", _FOLDER)
    except OSError:
        return ""
    try:
        left = TOTAL_BYTES
        for _, path in sorted(_files(sessions, (), iter(range(ENTRIES))), reverse=True):
            with suppress(OSError), _opened(sessions, path) as file:
                thread = _thread(file, min(FIRST_LINE, left))
                left -= file.tell()
                if thread:
                    return thread
            if left <= 0:
                break
        return ""
    finally:
        os.close(sessions)


def _files(folder: int, path: tuple[str, ...], looks: Iterator[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """When each file with a conversation was last written to, and where it is below `sessions`."""
    with os.scandir(folder) as entries:
        for entry, _ in zip(entries, looks, strict=False):
            with suppress(OSError):
                if len(path) < LEVELS:
                    below = os.open(entry.name, _FOLDER, dir_fd=folder)
                    try:
                        yield from _files(below, (*path, entry.name), looks)
                    finally:
                        os.close(below)
                elif entry.name.startswith("rollout-") and entry.name.endswith(".jsonl"):
                    yield entry.stat(follow_symlinks=False).st_mtime_ns, (*path, entry.name)


@contextmanager
def _opened(sessions: int, path: Sequence[str]) -> Iterator[BinaryIO]:
    *folders, name = path
    here = os.dup(sessions)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        file = os.open(name, _FILE, dir_fd=here)
    finally:
        os.close(here)
    with open(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"{name} is no plain file")
        yield stream


def _thread(file: BinaryIO, limit: int) -> str:
    """The id of the conversation in a file, empty where it is none, or one that Codex has with itself."""
    try:
        first = json.loads(file.readline(limit).decode())
    except (ValueError, RecursionError):
        return ""
    meta = first.get("payload") if isinstance(first, dict) and first.get("type") == "session_meta" else None
    if not isinstance(meta, dict) or meta.get("thread_source", "user") != "user" or not _has_turns(file):
        return ""
    return codex_items.thread(meta.get("id"))


def _has_turns(file: BinaryIO) -> bool:
    """Whether a conversation was begun after its first line: a spare's is written down before anybody said anything."""
    for _ in range(MOST_SETTINGS):
        line = file.readline(SETTINGS_LINE)
        if not line:
            return False
        if b'"thread_settings_applied"' not in line:
            return True
    return True
