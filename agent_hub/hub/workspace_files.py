"""A chat's files, as a person reads and writes them while the agent works on them."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from agent_hub.errors import Conflict, TooLarge
from agent_hub.hub.beneath import file_parts, kind_of, modified, open_file, opened, parts_of, typed
from agent_hub.hub.patterns import matches
from agent_hub.models import WorkspaceEntry

LARGEST_FILE = 2**34
"""Most bytes of a file that is written."""

MOST_ENTRIES = 100_000
"""Most files and folders in one list."""


class WorkspaceFiles:
    """The files of one workspace. Every method blocks, and raises the hub's own errors.

    Parameters
    ----------
    root
        The workspace's folder.
    uploads
        A folder of the hub's own on the same file system, for what is not whole yet.
    """

    def __init__(self, root: Path, uploads: Path) -> None:
        self._root = root
        self._uploads = uploads

    def entry(self, path: str) -> WorkspaceEntry:
        """What is at `path`."""
        parts = parts_of(path)
        if not parts:
            with opened(self._root, ()) as folder:
                return _entry("", "", os.fstat(folder))
        with opened(self._root, parts[:-1]) as folder, typed(path):
            return _entry(parts[-1], "/".join(parts), os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))

    def entries(self, path: str) -> list[WorkspaceEntry]:
        """What the folder at `path` holds, by name."""
        parts = parts_of(path)
        found: list[WorkspaceEntry] = []
        with opened(self._root, parts) as folder, typed(path), os.scandir(folder) as entries:
            for entry in entries:
                if len(found) == MOST_ENTRIES:
                    raise _too_many()
                # What is gone by now is not there.
                with suppress(FileNotFoundError):
                    found.append(_entry(entry.name, "/".join((*parts, entry.name)), entry.stat(follow_symlinks=False)))
        return sorted(found, key=lambda entry: entry.name)

    def glob(self, path: str, pattern: str) -> list[WorkspaceEntry]:
        """What the folder at `path` holds that fits a pattern, at any depth where that says so, by path."""
        parts = parts_of(path)
        found: list[WorkspaceEntry] = []
        with opened(self._root, parts) as folder, typed(path):
            for below, status in matches(folder, pattern):
                if len(found) == MOST_ENTRIES:
                    raise _too_many()
                found.append(_entry(below[-1], "/".join((*parts, *below)), status))
        return sorted(found, key=lambda entry: entry.path.split("/"))

    def open(self, path: str) -> BinaryIO:
        """The file at `path`, to be read."""
        return open(open_file(self._root, path), "rb")

    def receive(self, path: str) -> Upload:
        """Begin to write the file at `path`, whose folder has to be there."""
        parts = file_parts(path)
        self._target(parts)
        with typed(path):
            self._uploads.mkdir(mode=0o700, exist_ok=True)
            return Upload(self, parts, self._uploads / secrets.token_hex(8))

    def place(self, parts: tuple[str, ...], received: Path, file: int) -> WorkspaceEntry:
        """Put a whole file in its place, in one instant; it belongs to whom the workspace does."""
        path = "/".join(parts)
        before = self._target(parts)
        owner = os.stat(self._root)
        with opened(self._root, parts[:-1]) as folder, typed(path):
            if before is not None:
                os.fchmod(file, stat.S_IMODE(before.st_mode) & 0o777)
            mine = os.fstat(file)
            if (mine.st_uid, mine.st_gid) != (owner.st_uid, owner.st_gid):
                os.fchown(file, owner.st_uid, owner.st_gid)
            os.rename(received, parts[-1], dst_dir_fd=folder)
        return _entry(parts[-1], path, os.fstat(file))

    def _target(self, parts: tuple[str, ...]) -> os.stat_result | None:
        """The file that one of this path would replace."""
        with opened(self._root, parts[:-1]) as folder, typed("/".join(parts)):
            try:
                before = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None
            kind = kind_of(before)
            if kind != "file":
                raise OSError({"folder": errno.EISDIR, "link": errno.ELOOP}.get(kind, errno.ENXIO), "")
            return before

    def make_folder(self, path: str, parents: bool = False, exist_ok: bool = False) -> WorkspaceEntry:
        """Make a folder, and those above it where `parents` is set."""
        parts = parts_of(path)
        for depth in range(1 if parents else len(parts), len(parts)):
            self._make_one(parts[:depth], True)
        if parts or not exist_ok:
            self._make_one(parts or ("",), exist_ok)
        return self.entry(path)

    def _make_one(self, parts: tuple[str, ...], exist_ok: bool) -> None:
        path = "/".join(parts)
        if not path:
            raise Conflict("The workspace itself is there already.", "Name a folder in it.", field="path")
        owner = os.stat(self._root)
        with opened(self._root, parts[:-1]) as folder, typed(path):
            try:
                os.mkdir(parts[-1], 0o777, dir_fd=folder)
            except FileExistsError:
                there = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
                if exist_ok and kind_of(there) == "folder":
                    return
                raise
            mine = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            if (mine.st_uid, mine.st_gid) != (owner.st_uid, owner.st_gid):
                os.chown(parts[-1], owner.st_uid, owner.st_gid, dir_fd=folder, follow_symlinks=False)

    def remove(self, path: str) -> None:
        """Delete a file, a link, or an empty folder."""
        *parents, name = file_parts(path)
        with opened(self._root, tuple(parents)) as folder, typed(path):
            if kind_of(os.stat(name, dir_fd=folder, follow_symlinks=False)) == "folder":
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)


class Upload:
    """A file on its way into a workspace. Every method blocks."""

    def __init__(self, files: WorkspaceFiles, parts: tuple[str, ...], received: Path) -> None:
        self._files = files
        self._parts = parts
        self._received = received
        self._size = 0
        # Who goes away is told beside a thread that still writes.
        self._lock = threading.Lock()
        self._file = received.open("xb", buffering=0)

    def write(self, piece: bytes) -> None:
        """The next bytes. Raises the hub's own errors."""
        self._size += len(piece)
        if self._size > LARGEST_FILE:
            raise too_large()
        with self._lock, typed("/".join(self._parts)):
            left = memoryview(piece)
            while left and not self._file.closed:
                left = left[self._file.write(left) :]

    def finish(self) -> WorkspaceEntry:
        """All is there."""
        with self._lock:
            return self._files.place(self._parts, self._received, self._file.fileno())

    def discard(self) -> None:
        """Leave nothing behind of what did not become a file; no error where it did."""
        with self._lock:
            self._file.close()
            self._received.unlink(missing_ok=True)


def forget_uploads(chats: Path) -> None:
    """Remove what a killed hub left of files that were not whole. Blocks."""
    for folder in chats.glob("*/uploads"):
        shutil.rmtree(folder, ignore_errors=True)


def too_large() -> TooLarge:
    """A file that is refused."""
    return TooLarge(f"The file is larger than {LARGEST_FILE / 2**30:.0f} GiB.", "Mount its folder into the chat.")


def _too_many() -> TooLarge:
    return TooLarge(f"There are more than {MOST_ENTRIES} files.", "Look into one of the folders, or glob for less.")


def _entry(name: str, path: str, status: os.stat_result) -> WorkspaceEntry:
    # A name that is no UTF-8 can be seen, and not asked for.
    name, path = (os.fsencode(text).decode(errors="backslashreplace") for text in (name, path))
    return WorkspaceEntry(name=name, path=path, type=kind_of(status), size=status.st_size, modified=modified(status))
