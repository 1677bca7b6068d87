"""A Git directory of the hub's own, that looks at an agent's files and objects.

An agent may have written anything into its ``.git``, and may go on while the hub looks: configuration that names
commands, links to the person's own files, pipes that never end. So Git is never run in it. What Git needs to know is
copied to a folder of the hub's, links are not followed, and everything has a bound.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent_hub.engines.trees import remove_tree
from agent_hub.hub.git import OWN, git_output
from agent_hub.hub.git_directory import OBJECTS

CONFIG = """\
[core]
	repositoryformatversion = 0
	bare = false
	fsmonitor = false
	untrackedCache = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	excludesFile = /dev/null
	sparseCheckout = true
	bigFileThreshold = 8m
	compression = 1
[gc]
	auto = 0
"""
FILES = {
    "HEAD": 4096,
    "index": 2**29,
    "packed-refs": 2**26,
    "shallow": 2**24,
    "info/exclude": 2**20,
    "logs/refs/stash": 2**20,
}
"""What Git needs to know of a ``.git``, and the most bytes of each."""

REFRESH_TIMEOUT = 30.0
"""Seconds that a comparison of the index with the files may take."""

REF_BYTES = 4096
REFS = 100_000
"""Most refs that are looked at."""


class Unreadable(Exception):
    """A ``.git`` that is not what Git makes: nothing can be said of what is in it."""


@dataclass(frozen=True)
class Inspection:
    """A look at a workspace.

    Parameters
    ----------
    git
        The Git directory of the hub's own.
    workspace
        The files that it looks at.
    shared
        The objects of the project's clone, where they are.
    """

    git: Path
    workspace: Path
    shared: Path | None

    async def run(
        self,
        *arguments: str,
        action: str,
        stdin: BinaryIO | None = None,
        timeout: float,
        said: list[str] | None = None,
        most: int | None = None,
    ) -> bytes:
        """What Git printed, `most` bytes of it; what it complained about goes to `said`.

        Raises :class:`~agent_hub.errors.GitError`.
        """
        return await git_output(
            *arguments, cwd=self.workspace, env=self.environment, stdin=stdin, timeout=timeout, action=action,
            on_line=said.append if said is not None else None, most=most,
        )  # fmt: skip

    async def which_exist(self, names: Iterable[bytes], *, timeout: float) -> set[bytes]:
        """Of objects by their names, those that are in the workspace or the project's clone."""
        return await self._which_exist(names, self.environment, timeout)

    async def known(self, names: Iterable[bytes], *, timeout: float) -> set[bytes]:
        """Of objects by their names, those that are in the project's clone; none where there is no clone."""
        if self.shared is None:
            return set()
        return await self._which_exist(names, OWN | {"GIT_DIR": str(self.shared.parent)}, timeout)

    async def _which_exist(self, names: Iterable[bytes], environment: dict[str, str], timeout: float) -> set[bytes]:
        with tempfile.TemporaryFile() as lines:
            lines.writelines(name + b"\n" for name in names)
            lines.seek(0)
            listing = await git_output(
                "cat-file", "--batch-check=%(objectname)",
                cwd=self.git, env=environment, stdin=lines, timeout=timeout, action="look for the commits",
            )  # fmt: skip
        return {line for line in listing.splitlines() if not line.endswith(b" missing")}

    @property
    def environment(self) -> dict[str, str]:
        return OWN | {
            "GIT_DIR": str(self.git),
            "GIT_WORK_TREE": str(self.workspace),
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }


@asynccontextmanager
async def inspection(
    workspace: Path, inside: Path | None = None, scratch: Path | None = None
) -> AsyncIterator[Inspection]:
    """Look at a workspace.

    Parameters
    ----------
    workspace
        The folder with the files.
    inside
        Its Git directory, where that is not its ``.git``.
    scratch
        Where the hub's own Git directory is made; what Git writes goes there. By default beside the workspace, where
        one that a killed hub left goes with the chat.

    Raises
    ------
    Unreadable
        There is no Git directory, or it is not what Git makes.
    GitError
        Its index cannot be read.
    """
    own = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="agent-hub-git-", dir=scratch or workspace.parent))
    try:
        shared = await asyncio.to_thread(_prepare, workspace, inside or workspace / ".git", own)
        look = Inspection(own, workspace, shared)
        await _overlook_nothing(look)
        yield look
    finally:
        with suppress(OSError):
            await asyncio.to_thread(remove_tree, own)


async def _overlook_nothing(look: Inspection) -> None:
    """Compare files as well that Git was told to take for unchanged.

    Those that it was told to leave out of the workspace it looks at where they are there, by :data:`CONFIG`.
    """
    action = "compare the index with the files"
    listing = await look.run("ls-files", "-v", "-z", action=action, timeout=REFRESH_TIMEOUT)
    # A small letter is one of those. To compare all files takes as long as the look itself.
    if re.search(rb"(?:\A|\0)[a-z] ", listing):
        refresh = ("update-index", "-q", "--unmerged", "--really-refresh")
        await look.run(*refresh, action=action, timeout=REFRESH_TIMEOUT)


def read_bounded(folder: int, path: str, limit: int) -> tuple[bytes, os.stat_result]:
    """A plain file's bytes, links followed nowhere on the way to it. Blocks.

    Raises
    ------
    FileNotFoundError
    Unreadable
        A link, a pipe, something else, or more than `limit` bytes.
    """
    file = open_beneath(folder, path)
    try:
        status = os.fstat(file)
        if status.st_size > limit:
            raise Unreadable(f"{path} is too large.")
        with open(file, "rb", closefd=False) as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise Unreadable(f"{path} is too large.")
        return content, status
    finally:
        os.close(file)


def open_beneath(folder: int, path: str | bytes) -> int:
    """Open a plain file for reading, links followed nowhere on the way to it; its descriptor. Blocks."""
    *parents, name = path.split("/") if isinstance(path, str) else path.split(b"/")
    here = os.dup(folder)
    try:
        for parent in parents:
            there = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = there
        # Without O_NONBLOCK a pipe is waited for, until somebody writes to it.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"{path!r} cannot be read: {error.strerror}.") from None
    finally:
        os.close(here)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Unreadable(f"{path!r} is no plain file.")
    return file


def open_folder(path: Path) -> int:
    """Open a folder that is no link; its descriptor. Blocks."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(f"{path.name} is no folder: {error.strerror}.") from None


def _prepare(workspace: Path, inside: Path, own: Path) -> Path | None:
    folder = open_folder(inside)
    try:
        for name in ("objects/info", "refs", "info", "logs/refs", "theirs"):
            (own / name).mkdir(parents=True)
        (own / "config").write_text(CONFIG)
        for name, limit in FILES.items():
            try:
                content, status = read_bounded(folder, name, limit)
            except FileNotFoundError:
                continue
            (own / name).write_bytes(content)
            # With its time: Git looks into files that are as new as the index, and trusts those that are older.
            os.utime(own / name, ns=(status.st_atime_ns, status.st_mtime_ns))
        _copy_refs(folder, own)
        _lend_objects(folder, inside, own)
    finally:
        os.close(folder)
    link = workspace.parent / OBJECTS.lstrip("/")
    shared = link.resolve() if link.is_symlink() and link.is_dir() else None
    # The agent's objects, but not its own list of where there are more: that may name any repository of the person's.
    lines = [str(own / "theirs"), *([str(shared)] if shared else [])]
    (own / "objects/info/alternates").write_text("".join(f"{line}\n" for line in lines))
    return shared


def _copy_refs(inside: int, own: Path) -> None:
    try:
        top = os.open("refs", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
    except OSError:
        raise Unreadable("There is no folder of refs.") from None
    try:
        _copy_refs_of(top, own / "refs")
    except RecursionError:
        raise Unreadable("The refs are nested too deep.") from None
    finally:
        os.close(top)


def _copy_refs_of(top: int, own: Path) -> None:
    count = 0
    for folder, folders, names, descriptor in os.fwalk(".", dir_fd=top, onerror=_raise):
        target = own / folder
        target.mkdir(exist_ok=True)
        for name in folders:
            if stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                raise Unreadable(f"{folder}/{name} is a link.")
        for name in names:
            count += 1
            if count > REFS:
                raise Unreadable("There are too many refs.")
            try:
                content, _ = read_bounded(descriptor, name, REF_BYTES)
            except FileNotFoundError:
                # Packed, or moved, since the folder was listed.
                continue
            (target / name).write_bytes(content)


def _raise(error: OSError) -> None:
    raise Unreadable(f"A folder of refs cannot be read: {error.strerror}.")


def _lend_objects(folder: int, inside: Path, own: Path) -> None:
    try:
        objects = os.open("objects", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        raise Unreadable("There is no folder of objects.") from None
    try:
        for name in os.listdir(objects):
            if not re.fullmatch(r"[0-9a-f]{2}|pack", name):
                continue
            _check_plain(objects, name)
            (own / "theirs" / name).symlink_to(inside.absolute() / "objects" / name)
    finally:
        os.close(objects)


def _check_plain(objects: int, name: str) -> None:
    try:
        held = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=objects)
    except OSError:
        raise Unreadable(f"objects/{name} is no folder.") from None
    try:
        with os.scandir(held) as entries:
            if not all(entry.is_file(follow_symlinks=False) for entry in entries):
                raise Unreadable(f"objects/{name} holds more than files.")
    finally:
        os.close(held)


def split(listing: bytes) -> Sequence[bytes]:
    """The names of a listing that ends each with a NUL."""
    return listing.split(b"\0")[:-1]
