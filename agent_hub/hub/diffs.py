"""What a chat has changed, file by file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agent_hub.hub.inspection import split
from agent_hub.hub.work import Work
from agent_hub.models import ChangedFile, ChatDiff

MOST_FILES = 2000
"""Most files that are listed."""

PATCH_BYTES = 256 * 1024
"""Most bytes of one file's patch."""

DIFF_BYTES = 4 * 2**20
"""Most bytes of all patches."""

LONG = 20_000
"""Changed lines past which a file has no patch: it would keep the others from theirs."""

LIST_BYTES = 64 * 2**20
"""Most bytes of the list of files."""

MOST_EXCLUDED = 200
"""Files that can be kept out of the patches: each is an argument."""

QUIETLY = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none")

Kind = Literal["add", "delete", "update", "rename"]


@dataclass(frozen=True)
class Change:
    """A line of Git's list of changes."""

    old_mode: bytes
    new_mode: bytes
    old_id: bytes
    new_id: bytes
    letter: str
    path: bytes
    old_path: bytes

    @property
    def kind(self) -> Kind:
        """What a person calls it."""
        kinds: dict[str, Kind] = {"A": "add", "D": "delete", "R": "rename"}
        return kinds.get(self.letter, "update")

    @property
    def sections(self) -> int:
        """How many patches Git writes of it: a file that became a link is deleted and made anew."""
        return 2 if self.letter == "T" else 1


async def diff_of(work: Work, base: str) -> ChatDiff:
    """The changes of `work`, in the order of their paths. Raises :class:`~agent_hub.errors.GitError`."""
    action = "compare the files"
    listing = await work.run(
        "diff-tree", "-r", "-z", "-M", "--raw", "--numstat", *QUIETLY, work.base, work.tip,
        action=action, most=LIST_BYTES,
    )  # fmt: skip
    changes, lines = parse(listing)
    shown = changes[:MOST_FILES]
    long = [change for change in shown if sum(lines.get(change.path, (0, 0))) > LONG][:MOST_EXCLUDED]
    without = [f":(exclude,top,literal){os.fsdecode(path)}" for one in long for path in {one.path, one.old_path}]
    text = await work.run(
        "diff-tree", "-r", "-M", "-p", *QUIETLY, work.base, work.tip, "--", ":(top)", *without,
        action=action, most=DIFF_BYTES,
    )  # fmt: skip
    patches = _sections(text)
    files = []
    for change in shown:
        patch = b"" if change in long else b"".join(next(patches, b"") for _ in range(change.sections))
        whole = len(text) < DIFF_BYTES or not text.endswith(patch)
        files.append(_changed(change, lines.get(change.path), patch, whole and bool(patch)))
    return ChatDiff(
        base=base,
        head=work.head,
        uncommitted=work.uncommitted,
        files=tuple(files),
        more=len(changes) - len(shown),
        left_out=work.left_out,
    )


def parse(listing: bytes) -> tuple[list[Change], dict[bytes, tuple[int, int]]]:
    """The changes of a list in both forms, raw and with numbers, and the lines added and removed by path.

    A binary file has no numbers.
    """
    changes, lines = [], {}
    fields = iter(split(listing))
    for field in fields:
        if field.startswith(b":"):
            old_mode, new_mode, old_id, new_id, status = field[1:].split(b" ")
            first = next(fields, b"")
            path = next(fields, b"") if status[:1] in (b"R", b"C") else first
            changes.append(Change(old_mode, new_mode, old_id, new_id, chr(status[0]), path, first))
        else:
            added, removed, path = field.split(b"\t", 2)
            if not path:
                _, path = next(fields, b""), next(fields, b"")
            if added != b"-":
                lines[path] = int(added), int(removed)
    return changes, lines


def _sections(text: bytes) -> Iterator[bytes]:
    """The patches of a diff, one after the other. No line of a file begins like that."""
    starts = [match.start() for match in re.finditer(rb"^diff --git ", text, re.MULTILINE)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text[start:end]


def _changed(change: Change, lines: tuple[int, int] | None, patch: bytes, whole: bool) -> ChangedFile:
    if len(patch) > PATCH_BYTES:
        whole = False
        patch = patch[: patch.rfind(b"\n", 0, PATCH_BYTES) + 1]
    binary = lines is None
    added, removed = lines or (0, 0)
    return ChangedFile(
        path=_text(change.path),
        old_path=_text(change.old_path) if change.kind == "rename" else "",
        kind=change.kind,
        binary=binary,
        added=added,
        removed=removed,
        patch="" if binary else patch.decode(errors="replace"),
        cut=not binary and not whole,
    )


def _text(path: bytes) -> str:
    return path.decode(errors="backslashreplace")
