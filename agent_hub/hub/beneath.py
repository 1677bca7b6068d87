"""Paths in a folder that an agent has in its hands, and may change at any moment.

Every part of a path is opened by itself, from the descriptor of the folder above, and is never a link: so a path leads
nowhere else, whatever is put in the place of one of its folders meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from agent_hub.errors import AgentHubError, Conflict, InvalidInput, NotFound, StorageFull

Kind = Literal["file", "folder", "link", "other"]

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# Without O_NONBLOCK a pipe is waited for, until somebody writes to it.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

LONGEST_PATH = 4096
"""Characters, as of one that the system takes at once: each part of a longer one would be opened all the same."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_WHERE_NOTHING_IS = "Look at what its folder holds; a folder that is to be there is made by .mkdir(parents=True)."
IN_THE_CONTAINER = "What the chat's container may do, chat.run() can: look at it there."


def parts_of(path: str) -> tuple[str, ...]:
    """The parts of a path, none for the folder itself. Raises :class:`~agent_hub.errors.InvalidInput`."""
    if len(path) > LONGEST_PATH:
        raise InvalidInput(f"{shorten(path)} is too long.", f"{LONGEST_PATH} characters are the most.", field="path")
    parts = tuple(path.removesuffix("/").split("/")) if path else ()
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise InvalidInput(
            f"{shorten(path)} is no path in a workspace.",
            "Name it from the workspace, with one / between its parts and no .. in it.",
            field="path",
        )
    return parts


def file_parts(path: str) -> tuple[str, ...]:
    """The parts of a file's path. Raises :class:`~agent_hub.errors.InvalidInput`."""
    parts = parts_of(path)
    if not parts:
        raise InvalidInput(f"{shorten(path)} is the workspace itself.", "Name a file in it.", field="path")
    return parts


def kind_of(status: os.stat_result) -> Kind:
    """What a status is of."""
    if stat.S_ISREG(status.st_mode):
        return "file"
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    return "link" if stat.S_ISLNK(status.st_mode) else "other"


def modified(status: os.stat_result) -> datetime:
    """When it was last written to. An agent can set a time that no calendar has."""
    try:
        return _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
    except OverflowError:
        return _EPOCH


@contextmanager
def opened(root: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """A folder's descriptor, from the parts of its path below `root`. Blocks. Raises the hub's own errors."""
    try:
        here = os.open(root, FOLDER)
    except OSError:
        raise Conflict("This chat has no workspace yet.", "Wait until it runs, and try again.") from None
    try:
        for number, part in enumerate(parts):
            with typed("/".join(parts[: number + 1])):
                below = step(here, part)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def open_file(root: Path, path: str) -> int:
    """The descriptor of a plain file below `root`, to be read. Blocks. Raises the hub's own errors."""
    *parents, name = file_parts(path)
    with opened(root, tuple(parents)) as folder, typed(path):
        file = os.open(name, FILE, dir_fd=folder)
        kind = kind_of(os.fstat(file))
        if kind != "file":
            os.close(file)
            raise OSError(errno.EISDIR if kind == "folder" else errno.ENXIO, "")
        return file


def step(folder: int, name: str) -> int:
    """Open a folder in a folder. Raises :class:`NotADirectoryError` where it is a link, and as a link."""
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except NotADirectoryError:
        if kind_of(os.stat(name, dir_fd=folder, follow_symlinks=False)) == "link":
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


@contextmanager
def typed(path: str) -> Iterator[None]:
    """Raise what the system says of a path as the hub's own errors."""
    try:
        yield
    except OSError as error:
        raise error_of(error, path) from None


def error_of(error: OSError, path: str) -> AgentHubError:
    """What the system said of a path."""
    what = shorten(path)
    match error.errno:
        case errno.ENOENT:
            return NotFound(f"There is no {what} in the workspace.", _WHERE_NOTHING_IS, field="path")
        case errno.ENOTDIR:
            return InvalidInput(f"{what} is no folder.", "Look at what the folder above holds.", field="path")
        case errno.EISDIR:
            return InvalidInput(f"{what} is a folder.", "Name a file in it.", field="path")
        case errno.ELOOP:
            return InvalidInput(f"{what} is a link, and the hub follows none.", IN_THE_CONTAINER, field="path")
        case errno.ENXIO:
            return InvalidInput(f"{what} is no plain file.", IN_THE_CONTAINER, field="path")
        case errno.ENAMETOOLONG | errno.EINVAL | errno.EILSEQ:
            return InvalidInput(f"{what} cannot be a file's name: {error.strerror}.", "Shorten it.", field="path")
        case errno.EEXIST:
            return Conflict(f"{what} is there already.", "Choose another name, or delete it first.", field="path")
        case errno.ENOTEMPTY:
            return Conflict(f"The folder {what} is not empty.", "Delete what it holds first.", field="path")
        case errno.EACCES | errno.EPERM:
            return Conflict(f"The agent has locked {what}: {error.strerror}.", "Unlock it: chat.run('chmod …').")
    return StorageFull.from_os_error(error)


def shorten(path: str) -> str:
    """A path for a sentence."""
    text = path.encode(errors="backslashreplace").decode()
    return repr(text if len(text) <= 120 else f"…{text[-119:]}")
