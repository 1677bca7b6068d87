"""A glob pattern, looked for in a folder that an agent has in its hands."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

from agent_hub.errors import InvalidInput, TooLarge
from agent_hub.hub.beneath import kind_of, parts_of, shorten, step

LOOKS = 500_000
"""Most files and folders that are looked at."""

DEPTH = 100
"""Most folders, one in another, that are looked into."""

PATTERN_CHARACTERS = 1000

Match = tuple[tuple[str, ...], os.stat_result]
Step = Callable[[str], object] | None
"""Whether a name fits a part of a pattern; ``None`` is ``**``, any folders or none."""


def matches(folder: int, pattern: str) -> Iterator[Match]:
    """What a folder holds that fits a pattern: the parts of its path, and its status. Blocks.

    ``*``, ``?`` and ``[…]`` stand for parts of a name, ``**`` for any folders, a ``.git`` only where it is named.

    Raises
    ------
    InvalidInput
        It is no pattern.
    TooLarge
        There is more than can be looked at.
    """
    if not pattern or len(pattern) > PATTERN_CHARACTERS:
        raise InvalidInput(f"{shorten(pattern)} is no pattern.", "Write one such as **/*.py.", field="glob")
    parts = parts_of(pattern)
    named = ".git" in parts
    steps: list[Step] = [None if part == "**" else re.compile(fnmatch.translate(part)).match for part in parts]
    return _walk(folder, (), steps, _skip(steps, {0}), iter(range(LOOKS)), named)


def _walk(
    folder: int, path: tuple[str, ...], steps: list[Step], at: set[int], looks: Iterator[int], named: bool
) -> Iterator[Match]:
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if next(looks, None) is None:
                raise TooLarge(f"There are more than {LOOKS} files to look at.", "Look into one of the folders.")
            names.append(entry.name)
    for name in names:
        if name == ".git" and not named:
            continue
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            continue
        is_folder = kind_of(status) == "folder"
        reached = _next(steps, at, name, is_folder)
        if len(steps) in reached:
            yield (*path, name), status
        if is_folder and len(path) < DEPTH and reached - {len(steps)}:
            # What the agent has locked, or put in its place by now, is not looked into.
            with suppress(OSError):
                below = step(folder, name)
                try:
                    yield from _walk(below, (*path, name), steps, reached, looks, named)
                finally:
                    os.close(below)


def _next(steps: list[Step], at: set[int], name: str, is_folder: bool) -> set[int]:
    """Where in the pattern one is past a name; its length is the end."""
    reached = set()
    for place in at - {len(steps)}:
        fits = steps[place]
        if fits is None:
            reached |= {place} if is_folder else set()
        elif fits(name):
            reached.add(place + 1)
    return _skip(steps, reached)


def _skip(steps: list[Step], at: set[int]) -> set[int]:
    """Also where one is with no folder for a ``**``."""
    found = set(at)
    for place, fits in enumerate(steps):
        if place in found and fits is None:
            found.add(place + 1)
    return found
