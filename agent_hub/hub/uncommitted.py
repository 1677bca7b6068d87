"""What was never committed in a workspace, as a commit in the hub's own Git directory."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent_hub.errors import GitError
from agent_hub.hub.inspection import Inspection, Unreadable, open_beneath, open_folder, split

TIMEOUT = 120.0
"""Seconds that one command of Git may take here."""

FILE_BYTES = 2**28
TOTAL_BYTES = 2**30
"""Most bytes of one uncommitted file, and of all. What is past it is left out by name: a sparse file has any size."""

UNSAVED = "refs/heads/agent-hub/unsaved"
"""The branch with what was never committed, as one commit on what was checked out."""


@dataclass(frozen=True)
class Note:
    """What a commit says, and who made it."""

    message: str = "Work that was not committed"
    name: str = "Agent Hub"
    address: str = "agent-hub@localhost"

    def write(self, stream: BinaryIO) -> None:
        """As ``git fast-import`` reads it."""
        message = f"{self.message.rstrip()}\n".encode(errors="replace")
        stream.write(b"committer %s %d +0000\n" % (self.person, time.time()))
        stream.write(b"data %d\n%s\n" % (len(message), message))

    @property
    def person(self) -> bytes:
        """Name and address as Git writes them."""
        return b"%s <%s>" % (_word(self.name), _word(self.address))


def _word(text: str) -> bytes:
    return "".join(char for char in text if char not in "<>\n\r\0").strip().encode(errors="replace")


async def head_of(look: Inspection) -> str:
    """The commit that is checked out, empty before the first."""
    try:
        found = await look.run(
            "rev-parse", "--verify", "--quiet", "HEAD^{commit}", action="find the commit", timeout=TIMEOUT
        )
    except GitError:
        return ""
    return found.decode().strip()


def write_ref(git: Path, name: str, value: str) -> None:
    """Write a new ref of the hub's own Git directory. Blocks."""
    path = git / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x") as file:
        file.write(f"{value}\n")


async def commit_the_uncommitted(
    look: Inspection,
    head: str,
    scratch: Path,
    note: Note | None = None,
    *,
    ref: str = UNSAVED,
    leave_out_repositories: bool = False,
) -> tuple[str, ...] | None:
    """Commit it to a branch of its own; returns what was left out, or None where there is nothing to commit.

    Parameters
    ----------
    ref
        The branch.
    leave_out_repositories
        Repositories within this one are left out; else they are an error.
    """
    said: list[str] = []
    listing = await look.run(
        "status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-renames",
        action="list the unsaved files", timeout=TIMEOUT, said=said,
    )  # fmt: skip
    if any("could not open" in line for line in said):
        raise Unreadable("Some folders cannot be read.")
    paths = [entry[3:] for entry in split(listing)]
    if not paths:
        return None
    within = {path for path in paths if path.endswith(b"/")} if leave_out_repositories else set()
    wanted = [path for path in paths if path not in within]
    with tempfile.TemporaryFile(dir=scratch) as stream:
        left_out = await asyncio.to_thread(_write_commit, stream, look.workspace, head, wanted, note or Note(), ref)
        await look.run(
            # As one pack: else what is large is compressed twice.
            "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet",
            action="commit the unsaved files", stdin=stream, timeout=TIMEOUT,
        )  # fmt: skip
    return (*left_out, *(path.decode(errors="backslashreplace") for path in sorted(within)))


def _write_commit(
    stream: BinaryIO, workspace: Path, head: str, paths: Iterable[bytes], note: Note, ref: str
) -> tuple[str, ...]:
    """What ``git fast-import`` reads. Git itself opens none of the files."""
    stream.write(b"commit %s\n" % ref.encode())
    note.write(stream)
    if head:
        stream.write(b"from %s\n" % head.encode())
    root = open_folder(workspace)
    try:
        present, left_out, room = [], [], TOTAL_BYTES
        for path in paths:
            kind, size = _examine(root, path)
            if kind == "gone":
                # All of these first: a file may have become a folder.
                stream.write(b"D %s\n" % _quoted(path))
            elif kind == "file" and size > min(FILE_BYTES, room):
                left_out.append(path.decode(errors="backslashreplace"))
            elif kind:
                room -= size
                present.append((path, kind))
        for path, kind in present:
            _write_file(stream, root, path) if kind == "file" else _write_link(stream, root, path)
    finally:
        os.close(root)
    stream.write(b"\n")
    stream.seek(0)
    return tuple(left_out)


def _examine(root: int, path: bytes) -> tuple[str, int]:
    """What is there, and its size: a ``file``, a ``link``, ``gone``, or nothing that Git would keep."""
    parts = path.split(b"/")
    if any(part in (b"", b".", b"..") or part.lower() == b".git" for part in parts):
        raise Unreadable(f"{path!r} is no name of a file, but of a repository within this one.")
    try:
        folder, name = _parent(root, parts)
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(folder)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return "gone", 0
        raise Unreadable(f"{path!r} cannot be read: {error.strerror}.") from None
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable(f"{path!r} is a repository within this one.")
    kind = "file" if stat.S_ISREG(status.st_mode) else "link" if stat.S_ISLNK(status.st_mode) else ""
    return kind, status.st_size


def _write_file(stream: BinaryIO, root: int, path: bytes) -> None:
    with open(open_beneath(root, path), "rb") as file:
        status = os.fstat(file.fileno())
        mode = b"100755" if status.st_mode & 0o100 else b"100644"
        stream.write(b"M %s inline %s\ndata %d\n" % (mode, _quoted(path), status.st_size))
        left = status.st_size
        while left and (chunk := file.read(min(left, 2**20))):
            stream.write(chunk)
            left -= len(chunk)
    if left:
        raise Unreadable(f"{path!r} changes while it is read.")
    stream.write(b"\n")


def _write_link(stream: BinaryIO, root: int, path: bytes) -> None:
    folder, name = _parent(root, path.split(b"/"))
    try:
        target = os.readlink(name, dir_fd=folder)
    finally:
        os.close(folder)
    stream.write(b"M 120000 inline %s\ndata %d\n%s\n" % (_quoted(path), len(target), target))


def _parent(root: int, parts: list[bytes]) -> tuple[int, bytes]:
    """The folder that a path's last part is in, opened with no link followed, and that part."""
    here = os.dup(root)
    try:
        for parent in parts[:-1]:
            there = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = there
    except OSError:
        os.close(here)
        raise
    return here, parts[-1]


def _quoted(path: bytes) -> bytes:
    return b'"%s"' % path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
