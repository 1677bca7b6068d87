"""The files of artifacts: every version kept by the hub, the newest shown where Lab's file browser finds it.

Bytes that were published before are kept once: a version is then a hard link to the earlier one, and the file system
counts who still needs them. So no kill leaves bytes that are nobody's, or takes some that are another version's.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath

from agent_hub.engines.trees import remove_tree
from agent_hub.errors import InvalidInput
from agent_hub.hub.file_copies import copy
from agent_hub.hub.folders import Folders
from agent_hub.hub.received import Received
from agent_hub.models import Artifact, ArtifactVersion

NAME_BYTES = 200
"""Longest name of a published file: what common file systems take, with room for a mark of our own."""

LINE_ENDS = "\u2028\u2029"
"""What ends a line without being a control character."""

TURNS_TEXT = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""The classes of characters that have what follows written in another direction."""

READ_THROUGH = 2**24
"""Bytes up to which two files are compared by what is in them, and not by their times."""

_NO_PART = f"/\\:{LINE_ENDS}"
"""What no part of a path has, beside characters that cannot be seen."""

_DELETION = ".deletion"


class ArtifactFiles:
    """What is on the disk. Everything here blocks.

    Parameters
    ----------
    root
        The server's root directory: what Lab's file browser shows.
    """

    def __init__(self, folders: Folders, root: Path) -> None:
        self._folders = folders
        self._root = root

    def kept(self, artifact: str, version: int) -> Path:
        """Where the bytes of a version are."""
        return self._folders.artifact(artifact) / str(version)

    def is_taken(self, path: str) -> bool:
        """Whether there is something at a path below the root."""
        return os.path.lexists(self._root / path)

    # -- a publication

    def prepare(
        self, received: Received, artifact: Artifact, old: Artifact | None, same: ArtifactVersion | None
    ) -> bool:
        """Do all but show the file, and return whether a person has changed the one that is shown.

        Parameters
        ----------
        received
            It is gone afterwards.
        same
            A version of the same bytes.
        """
        note = self._publication
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(artifact.model_dump_json())
        kept = self.kept(artifact.id, artifact.version)
        kept.parent.mkdir(parents=True, exist_ok=True)
        is_linked = same is not None and _link(self.kept(same.artifact, same.version), kept, artifact.size)
        if is_linked:
            received.path.unlink()
        else:
            os.replace(received.path, kept)
        # A copy, not a link: what a person does to the file must not reach the version that is kept.
        with self._folder_of(artifact, make=True) as folder:
            with suppress(FileNotFoundError):
                os.unlink(_temporary(artifact), dir_fd=folder)
            if not (received.double and _move(received.double, _temporary(artifact), folder)):
                shown = os.open(_temporary(artifact), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
                with kept.open("rb") as source, open(shown, "wb") as target:
                    copy(source.fileno(), [target.fileno()], artifact.size)
            if not is_linked:
                _date(_temporary(artifact), kept, folder)
        return old is not None and self.is_edited(artifact, old.version)

    def show(self, artifact: Artifact, edited: bool) -> Callable[[], object] | None:
        """Put what was prepared in the place where it is seen; what a person has made of the old one is kept beside.

        Returns
        -------
        Callable or None
            Frees the file that was there, if one was: of a large one that takes as long as half a copy.
        """
        shown, old = PurePosixPath(artifact.path), -1
        with self._folder_of(artifact) as folder:
            if edited:
                # A person has changed the file in Lab since; the new version must not take that away.
                aside = free_name(shown.with_stem(f"{shown.stem} (edited)").name, lambda name: _exists(folder, name))
                os.replace(shown.name, aside, src_dir_fd=folder, dst_dir_fd=folder)
            # Where it cannot be held it is freed at once, as the new one takes its place.
            with suppress(OSError):
                old = os.open(shown.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                os.replace(_temporary(artifact), shown.name, src_dir_fd=folder, dst_dir_fd=folder)
                self._end_publication()
            except BaseException:
                if old >= 0:
                    os.close(old)
                raise
        return partial(os.close, old) if old >= 0 else None

    def share(self, same: ArtifactVersion, version: ArtifactVersion) -> None:
        """Let a version be the same file as another of the same bytes, where the file system can."""
        self._folders.incoming.mkdir(parents=True, exist_ok=True)
        link = self._folders.incoming / secrets.token_hex(8)
        try:
            if _link(self.kept(same.artifact, same.version), link, version.size):
                os.replace(link, self.kept(version.artifact, version.version))
        finally:
            # The version may be deleted by now, or be that file already: then the system leaves the link.
            link.unlink(missing_ok=True)

    def tidy(self, artifact: Artifact, known: Artifact | None) -> None:
        """Leave nothing of a publication but what its record says: `known`, ``None`` where there is none."""
        if known is None or known.version < artifact.version:
            self.kept(artifact.id, artifact.version).unlink(missing_ok=True)
            if known is None:
                shutil.rmtree(self._folders.artifact(artifact.id), ignore_errors=True)
        with suppress(OSError), self._folder_of(artifact) as folder:
            os.unlink(_temporary(artifact), dir_fd=folder)
        self._end_publication()

    def is_edited(self, artifact: Artifact, last: int) -> bool:
        """Whether the file that is shown is none of the hub's: it is not the version `last`."""
        kept = self.kept(artifact.id, last)
        try:
            with self._folder_of(artifact) as folder:
                # A chat that has the folder as a mount may put a link here, or a pipe that nobody writes to.
                way = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                shown = os.open(PurePosixPath(artifact.path).name, way, dir_fd=folder)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        try:
            found = os.fstat(shown)
            return not (stat.S_ISREG(found.st_mode) and kept.is_file() and _are_same(kept, shown, found))
        finally:
            os.close(shown)

    def is_prepared(self, artifact: Artifact) -> bool:
        """Whether a publication was all but shown."""
        with suppress(FileNotFoundError), self._folder_of(artifact) as folder:
            return _exists(folder, _temporary(artifact))
        return False

    def unfinished(self) -> Iterator[Path]:
        """The notes of publications that were cut off, each with the artifact as it was to be."""
        return (note for note in self._folders.unfinished_artifacts.glob("*") if note.suffix != _DELETION)

    def put_off(self, note: Path, artifact: str) -> None:
        """Keep the note of a publication that cannot be finished now for the next hub."""
        note.rename(note.with_name(artifact))

    # -- a deletion

    def begin_deletion(self, artifact: str) -> None:
        """Write down that an artifact goes: with its name alone, for which a full disk has room."""
        self._folders.unfinished_artifacts.mkdir(parents=True, exist_ok=True)
        self._deletion(artifact).touch()

    def delete(self, artifact: Artifact) -> None:
        """Remove all versions, and the file that is shown, unless a person has changed it."""
        shown = PurePosixPath(artifact.path)
        # Where the version is gone that it could be compared with, nobody can say whose it is: it stays.
        if not self.is_edited(artifact, artifact.version):
            with suppress(OSError), self._folder_of(artifact) as folder:
                os.unlink(shown.name, dir_fd=folder)
        remove_tree(self._folders.artifact(artifact.id))

    def end_deletion(self, artifact: str) -> None:
        """Strike out what :meth:`begin_deletion` wrote."""
        self._deletion(artifact).unlink(missing_ok=True)

    def going(self) -> list[str]:
        """The ids of artifacts whose deletion was cut off."""
        return [note.stem for note in self._folders.unfinished_artifacts.glob(f"*{_DELETION}")]

    # -- within

    @property
    def _publication(self) -> Path:
        return self._folders.unfinished_artifacts / "publication"

    def _end_publication(self) -> None:
        # Emptied, and not removed: for some seconds ext4 steps over every inode that was freed when it looks for one.
        with suppress(FileNotFoundError):
            os.truncate(self._publication, 0)

    def _deletion(self, artifact: str) -> Path:
        return self._folders.unfinished_artifacts / f"{artifact}{_DELETION}"

    @contextmanager
    def _folder_of(self, artifact: Artifact, make: bool = False) -> Iterator[int]:
        """The folder that shows an artifact.

        A chat may have it, or all of these folders, as a mount: a link that it planted there is not followed.
        """
        path = self._root / artifact.path
        top = path.parents[2]
        if make:
            top.mkdir(parents=True, exist_ok=True)
        here = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in path.relative_to(top).parts[:-1]:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=here)
                there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
                os.close(here)
                here = there
            yield here
        finally:
            os.close(here)


def _are_same(kept: Path, shown: int, found: os.stat_result) -> bool:
    with kept.open("rb") as own, open(shown, "rb", closefd=False) as other:
        known = os.fstat(own.fileno())
        if known.st_size != found.st_size:
            return False
        if known.st_size > READ_THROUGH and known.st_mtime_ns == found.st_mtime_ns and known.st_mtime_ns % 1_000_000:
            return True
        while piece := own.read(2**20):
            if other.read(len(piece)) != piece:
                return False
        return not other.read(1)


def _move(double: Path, name: str, folder: int) -> bool:
    """Move what is to be shown there; whether it could be: it may be another file system after all.

    Where a folder passes its group or an access control list on to what is made in it, it is to be made there.
    """
    if os.fstat(folder).st_mode & stat.S_ISGID or "system.posix_acl_default" in _attributes(folder):
        return False
    try:
        os.replace(double, name, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _attributes(file: int) -> list[str]:
    try:
        return os.listxattr(file)
    except OSError:
        return []


def _date(name: str, kept: Path, folder: int) -> None:
    """Give what is to be shown the very time of the version: it has another as soon as a person writes to it."""
    time = kept.stat().st_mtime_ns
    os.utime(name, ns=(time, time), dir_fd=folder, follow_symlinks=False)


def check_name(name: str) -> None:
    """Raise :class:`~agent_hub.errors.InvalidInput` unless the name can be a file's."""
    if not name.strip() or name in (".", "..") or "/" in name:
        raise InvalidInput(f"{name[:80]!r} is not a file name.", "Publish it under another with --name.", field="name")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise InvalidInput("The name holds control characters.", "Publish it under another with --name.", field="name")
    # By the first a name ends a line where somebody writes it down, by the second it ends in `.pdf` and is a program.
    if any(char in LINE_ENDS or unicodedata.bidirectional(char) in TURNS_TEXT for char in name):
        raise InvalidInput(
            "The name holds characters that end a line or turn text.",
            "Publish it under another with --name.",
            field="name",
        )
    if len(name.encode()) > NAME_BYTES:
        raise InvalidInput(
            f"The name is {len(name.encode())} bytes long; {NAME_BYTES} are the most.",
            "Publish it under a shorter one with --name.",
            field="name",
        )


def file_name(text: str) -> str:
    """`text` as one part of a path: no separators, nothing hidden (Lab shows no hidden files), not too long."""
    clean = "".join("-" if char in _NO_PART or unicodedata.category(char)[0] == "C" else char for char in text)
    if clean.startswith("."):
        clean = "_" + clean
    stem, suffix = os.path.splitext(clean)
    suffix = suffix[:20]
    while len((stem + suffix).encode()) > NAME_BYTES:
        stem = stem[:-1]
    return (stem + suffix) or "unnamed"


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """The name, or one like it with a number, that is not taken; of any number of those that are, few are asked for."""
    path = PurePosixPath(name)

    def numbered(number: int) -> str:
        return path.with_stem(f"{path.stem} {number}").name

    if not is_taken(name):
        return name
    taken, free = 1, 2
    while is_taken(numbered(free)):
        taken, free = free, 2 * free
    while free - taken > 1:
        between = (taken + free) // 2
        if is_taken(numbered(between)):
            taken = between
        else:
            free = between
    return numbered(free)


def _link(kept: Path, new: Path, size: int) -> bool:
    """Make `new` the same file as `kept`; whether it is: not every file system can, and `kept` may be gone."""
    try:
        if kept.stat().st_size != size:
            return False
        new.unlink(missing_ok=True)
        os.link(kept, new)
    except OSError:
        return False
    return True


def _temporary(artifact: Artifact) -> str:
    return f".{artifact.id}.publishing"


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
