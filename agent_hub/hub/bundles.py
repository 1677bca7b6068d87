"""A workspace's work as a Git bundle: commits that are on no remote, the stash, and what was never committed."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent_hub.errors import GitError
from agent_hub.hub.inspection import Inspection, Unreadable, inspection, open_beneath, open_folder, split
from agent_hub.hub.unsaved import unsaved_in_submodules

TIMEOUT = 120.0
"""Seconds that one command of Git may take here."""

FILE_BYTES = 2**28
TOTAL_BYTES = 2**30
"""Most bytes of one uncommitted file, and of all. What is past it is left out by name: a sparse file has any size."""

UNSAVED = "refs/heads/agent-hub/unsaved"
"""The branch with what was never committed, as one commit on what was checked out."""

DETACHED = "refs/heads/agent-hub/head"
"""The branch of a HEAD that was on none."""

STASHES = "refs/agent-hub/stash"
"""Stash entries but the newest, which is ``refs/stash``, by their number."""


@dataclass(frozen=True)
class Bundled:
    """What a bundle holds."""

    branch: str
    head: str
    uncommitted: bool
    stashes: int
    left_out: tuple[str, ...]
    needs: tuple[str, ...]


async def bundle_work(workspace: Path, file: Path, scratch: Path) -> Bundled:
    """Put the work of a workspace that no container uses any more into a bundle, synced to disk.

    It leaves out what the project's clone has, and is whole by itself where there is no clone. Nothing of the
    workspace's configuration is read, no filter and no hook is run: files are kept as they are, byte for byte.

    Raises
    ------
    Unreadable, GitError, StorageFull, OSError
        It cannot be done; nothing in the workspace has changed.
    """
    async with inspection(workspace, scratch=scratch) as look:
        if await unsaved_in_submodules(look):
            raise Unreadable("A submodule holds work of its own.")
        head = await _head(look)
        branch = await asyncio.to_thread(_branch, look, head)
        left_out = await _commit_the_uncommitted(look, head, scratch)
        stashes = await _find_stashes(look)
        known = await _known(look, head)
        with tempfile.TemporaryFile(dir=scratch) as lines:
            lines.writelines(b"^%s\n" % name for name in known)
            lines.seek(0)
            await look.run(
                "bundle", "create", "--quiet", str(file), "--stdin", "--all",
                action="bundle the unsaved work", stdin=lines, timeout=TIMEOUT,
            )  # fmt: skip
        needs = await asyncio.to_thread(_sync_and_read_needs, file)
    return Bundled(
        branch=branch,
        head=head,
        uncommitted=left_out is not None,
        stashes=stashes,
        left_out=left_out or (),
        needs=needs,
    )


async def _head(look: Inspection) -> str:
    try:
        found = await look.run(
            "rev-parse", "--verify", "--quiet", "HEAD^{commit}", action="find the commit", timeout=TIMEOUT
        )
    except GitError:
        return ""
    return found.decode().strip()


def _branch(look: Inspection, head: str) -> str:
    text = (look.git / "HEAD").read_bytes().strip()
    if text.startswith(b"ref: refs/heads/"):
        branch = text.removeprefix(b"ref: refs/heads/").decode(errors="backslashreplace")
        if ".." in branch or "\\" in branch:
            raise Unreadable("What is checked out has no name that Git allows.")
        return branch
    if head:
        _write_ref(look.git, DETACHED, head)
    return ""


def _write_ref(git: Path, name: str, value: str) -> None:
    path = git / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x") as file:
        file.write(f"{value}\n")


# -- what was never committed


async def _commit_the_uncommitted(look: Inspection, head: str, scratch: Path) -> tuple[str, ...] | None:
    """Commit it to a branch of its own; returns what was left out, or None where there is nothing to commit."""
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
    with tempfile.TemporaryFile(dir=scratch) as stream:
        left_out = await asyncio.to_thread(_write_commit, stream, look.workspace, head, paths)
        await look.run("fast-import", "--quiet", action="commit the unsaved files", stdin=stream, timeout=TIMEOUT)
    return left_out


def _write_commit(stream: BinaryIO, workspace: Path, head: str, paths: Iterable[bytes]) -> tuple[str, ...]:
    """What ``git fast-import`` reads. Git itself opens none of the files."""
    message = b"Work that was not committed\n"
    stream.write(b"commit %s\ncommitter Agent Hub <agent-hub@localhost> " % UNSAVED.encode())
    stream.write(b"%d +0000\ndata %d\n%s\n" % (time.time(), len(message), message))
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
            _write_file(stream, root, path) if kind == "file" else _write_link(stream, workspace, path)
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
    here = os.dup(root)
    try:
        for parent in parts[:-1]:
            there = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = there
        status = os.stat(parts[-1], dir_fd=here, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return "gone", 0
        raise Unreadable(f"{path!r} cannot be read: {error.strerror}.") from None
    finally:
        os.close(here)
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


def _write_link(stream: BinaryIO, workspace: Path, path: bytes) -> None:
    target = os.readlink(os.path.join(os.fsencode(workspace), path))
    stream.write(b"M 120000 inline %s\ndata %d\n%s\n" % (_quoted(path), len(target), target))


def _quoted(path: bytes) -> bytes:
    return b'"%s"' % path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")


# -- what else there is, and what there is already


async def _find_stashes(look: Inspection) -> int:
    """Give every entry of the stash a ref; returns how many there are. Git's own ref is of the newest alone."""
    log = look.git / "logs/refs/stash"
    if not log.exists():
        return int((look.git / "refs/stash").exists())
    lines = (await asyncio.to_thread(log.read_bytes)).splitlines()
    names = [match[1] for line in lines if (match := re.match(rb"[0-9a-f]{40,64} ([0-9a-f]{40,64}) ", line))]
    there = await look.which_exist(names, timeout=TIMEOUT)
    for number, name in enumerate(reversed(names[:-1]), 1):
        if name in there:
            await asyncio.to_thread(_write_ref, look.git, f"{STASHES}/{number}", name.decode())
    return len(names)


async def _known(look: Inspection, head: str) -> set[bytes]:
    """Of what the workspace's refs point at, what the project's clone has: it never loses anything."""
    listing = await look.run("for-each-ref", "--format=%(objectname)", action="list the branches", timeout=TIMEOUT)
    return await look.known({*listing.split(), *([head.encode()] if head else [])}, timeout=TIMEOUT)


def _sync_and_read_needs(file: Path) -> tuple[str, ...]:
    with file.open("rb") as bundle:
        os.fsync(bundle.fileno())
        needs = []
        for line in bundle:
            if line == b"\n":
                break
            if line.startswith(b"-"):
                needs.append(line[1:].split()[0].decode())
    return tuple(needs)
