"""A commit put into an agent's ``.git`` without running Git there, which would read what the agent has configured.

The agent may be at work in it meanwhile: it is locked as Git locks it, for an instant, in which nothing may have
changed since the hub has looked. No link is followed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agent_hub.errors import Conflict
from agent_hub.hub.beneath import FOLDER
from agent_hub.hub.inspection import FILES, REF_BYTES, Unreadable, open_folder, read_bounded

BUSY = "Git is at work in this chat."
TRY_AGAIN = "Wait until it is done, and try again."


@dataclass(frozen=True)
class State:
    """What is checked out, and what is staged: what a commit is made on."""

    head: bytes
    ref: str
    value: bytes
    index: bytes


@contextmanager
def opened_git(workspace: Path) -> Iterator[int]:
    """The descriptor of a workspace's ``.git``. Blocks. Raises :class:`Unreadable`."""
    git = open_folder(workspace / ".git")
    try:
        yield git
    finally:
        os.close(git)


def state_of(git: int) -> State:
    """The state of a ``.git``. Blocks. Raises :class:`Unreadable`."""
    head = _read(git, "HEAD", FILES["HEAD"])
    index = hashlib.sha256(_read(git, "index", FILES["index"])).digest()
    ref = ""
    value = head
    if head.startswith(b"ref: "):
        ref = os.fsdecode(head.removeprefix(b"ref: ").strip())
        if not ref.startswith("refs/heads/") or any(part in ("", ".", "..") for part in ref.split("/")):
            raise Unreadable("HEAD is no branch.")
        value = _read(git, ref, REF_BYTES) or _packed(git, os.fsencode(ref))
    return State(head, ref, value.strip(), index)


def _read(git: int, name: str, limit: int) -> bytes:
    try:
        return read_bounded(git, name, limit)[0]
    except FileNotFoundError:
        return b""


def _packed(git: int, ref: bytes) -> bytes:
    for line in _read(git, "packed-refs", FILES["packed-refs"]).splitlines():
        value, _, name = line.partition(b" ")
        if name == ref:
            return value
    return b""


def put_commit(git: int, before: State, commit: str, pack: Path, index: Path, person: bytes, subject: str) -> None:
    """Make `commit` what is checked out. Blocks.

    Parameters
    ----------
    git
        The descriptor of the ``.git``.
    before
        How it was when the commit was made.
    pack
        The pack with its objects, without the suffix.
    index
        The index that goes with it.
    person, subject
        For the log of the branch.

    Raises
    ------
    Conflict
        The agent's Git is at work, or has changed something since.
    """
    with ExitStack() as locks:
        staged = locks.enter_context(_locked(git, "index"))
        *above, name = (before.ref or "HEAD").split("/")
        folder = locks.enter_context(_folder(git, above, make=True))
        moved = locks.enter_context(_locked(folder, name))
        if state_of(git) != before:
            raise Conflict("The agent has committed or staged something meanwhile.", "Try again.")
        _copy_pack(git, pack)
        os.write(moved, f"{commit}\n".encode())
        with index.open("rb") as file:
            while piece := file.read(2**20):
                _write(staged, piece)
        os.rename(f"{name}.lock", name, src_dir_fd=folder, dst_dir_fd=folder)
        os.rename("index.lock", "index", src_dir_fd=git, dst_dir_fd=git)
    old = before.value if before.value and not before.value.startswith(b"ref:") else b"0" * len(commit)
    line = b"%s %s %s %d +0000\tcommit: %s\n" % (old, commit.encode(), person, time.time(), subject.encode())
    for log in {"HEAD", before.ref or "HEAD"}:
        _add_line(git, ["logs", *log.split("/")], line)


@contextmanager
def _locked(folder: int, name: str) -> Iterator[int]:
    """The lock of a file, as Git takes it: the file that will replace it."""
    try:
        lock = os.open(f"{name}.lock", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
    except FileExistsError:
        raise Conflict(BUSY, f"{TRY_AGAIN} If none is, delete its {name}.lock.") from None
    held = os.fstat(lock)
    try:
        yield lock
    finally:
        os.close(lock)
        with suppress(OSError):
            # Where it has not become the file.
            left = os.stat(f"{name}.lock", dir_fd=folder, follow_symlinks=False)
            if (left.st_dev, left.st_ino) == (held.st_dev, held.st_ino):
                os.unlink(f"{name}.lock", dir_fd=folder)


@contextmanager
def _folder(git: int, parts: list[str], make: bool = False) -> Iterator[int]:
    here = os.dup(git)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=here)
            below = os.open(part, FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here
    except NotADirectoryError:
        raise Unreadable(f"{'/'.join(parts)} is no folder.") from None
    finally:
        os.close(here)


def _copy_pack(git: int, pack: Path) -> None:
    with _folder(git, ["objects", "pack"], make=True) as folder:
        # The index last: without it Git does not look at the pack.
        for suffix in (".pack", ".idx"):
            beside = f"tmp_pack_{secrets.token_hex(6)}"
            file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444, dir_fd=folder)
            try:
                with Path(f"{pack}{suffix}").open("rb") as source:
                    while piece := source.read(2**20):
                        _write(file, piece)
                os.rename(beside, f"{pack.name}{suffix}", src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(beside, dir_fd=folder)
                raise
            finally:
                os.close(file)


def _add_line(git: int, parts: list[str], line: bytes) -> None:
    # A log is a help: where there is none, or no plain file, nothing is missing.
    with suppress(OSError, Unreadable), _folder(git, parts[:-1]) as folder:
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(parts[-1], flags, dir_fd=folder)
        try:
            _write(file, line)
        finally:
            os.close(file)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
