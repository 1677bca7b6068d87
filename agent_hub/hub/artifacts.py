"""Published files: every version kept by the hub, the newest a real file that Lab's file browser shows.

A publication is one, whenever the hub is killed: what it is about to do is written down first (``unfinished``), and
finished or undone at the next start, as its record was committed or not.
"""

from __future__ import annotations

import asyncio
import filecmp
import logging
import mimetypes
import os
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from agent_hub.errors import Conflict, InvalidInput, NotFound
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.models import Artifact, ChatStatus, now

logger = logging.getLogger(__name__)

NAME_BYTES = 200
"""Longest name of a published file: what common file systems take, with room for a mark of our own."""


class Artifacts:
    """What chats have published.

    Parameters
    ----------
    root
        The server's root directory: what Lab's file browser shows.
    folder
        The folder for published files, relative to `root`.
    """

    def __init__(self, store: Store, folders: Folders, root: Path, folder: str) -> None:
        self._store = store
        self._folders = folders
        self._root = root
        self.folder = folder
        self._publishing = asyncio.Lock()

    def incoming(self) -> Path:
        """A path for bytes that are still being received, on the file system that keeps them."""
        self._folders.incoming.mkdir(parents=True, exist_ok=True)
        return self._folders.incoming / secrets.token_hex(8)

    async def reconcile(self) -> None:
        """At the hub's start: finish or undo what was being published when it last ended, and drop what came half."""
        await asyncio.to_thread(shutil.rmtree, self._folders.incoming, True)
        await asyncio.to_thread(self._take_up)

    async def publish(self, chat_id: str, name: str, received: Path, sha256: str) -> Artifact:
        """Take a received file as the newest version of a chat's artifact of that name.

        Parameters
        ----------
        received
            A path given by :meth:`incoming`; it is moved away.
        sha256
            Of its bytes, in hexadecimal.

        Raises
        ------
        InvalidInput
            The name cannot be a file's.
        """
        check_name(name)
        async with self._publishing:
            chat = self._store.chats[chat_id]
            mine = [artifact for artifact in self._store.artifacts if artifact.chat == chat_id]
            old = next((artifact for artifact in mine if artifact.name == name), None)
            size = received.stat().st_size
            path = old.path if old else self._new_path(chat_id, name, mine)
            artifact = Artifact(
                id=old.id if old else secrets.token_hex(6),
                chat=chat_id,
                project=chat.project,
                name=name,
                version=old.version + 1 if old else 1,
                path=path,
                size=size,
                media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                sha256=sha256,
                created_at=now(),
            )
            return await to_its_end(self._take(received, artifact, old))

    def content(self, artifact_id: str) -> Path:
        """The newest version's bytes. Raises :class:`~agent_hub.errors.NotFound`."""
        artifact = self._store.artifacts[artifact_id]
        path = self._kept(artifact)
        if not path.is_file():
            raise NotFound(
                f"The bytes of {artifact.name!r} are gone from the hub's data directory.", "Publish it anew."
            )
        return path

    async def _take(self, received: Path, artifact: Artifact, old: Artifact | None) -> Artifact:
        try:
            edited = await asyncio.to_thread(self._prepare, received, artifact, old)
            return await self._store.transact(lambda: self._commit(artifact, edited))
        finally:
            # By now it has become one, or it never will.
            await asyncio.to_thread(self._tidy, artifact)

    async def _commit(self, artifact: Artifact, edited: bool) -> Artifact:
        if self._store.chats[artifact.chat].status is ChatStatus.deleting:
            raise Conflict("This chat is being deleted.", "Publish from another.")
        await self._store.write(self._store.artifacts.insertion(artifact))
        try:
            await asyncio.to_thread(self._show, artifact, edited)
        finally:
            self._store.artifacts.keep(artifact)
        return artifact

    # -- its files

    def _prepare(self, received: Path, artifact: Artifact, old: Artifact | None) -> bool:
        """Do all but show the file, and return whether a person has changed the one that is shown."""
        unfinished = self._folders.unfinished_artifacts / artifact.id
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(artifact.model_dump_json())
        kept = self._kept(artifact)
        kept.parent.mkdir(parents=True, exist_ok=True)
        os.replace(received, kept)
        # A copy, not a link: what a person does to the file must not reach the version that is kept.
        with self._folder_of(artifact, make=True) as folder:
            with suppress(FileNotFoundError):
                os.unlink(_temporary(artifact), dir_fd=folder)
            copy = os.open(_temporary(artifact), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
            with kept.open("rb") as source, open(copy, "wb") as target:
                shutil.copyfileobj(source, target)
        return old is not None and self._is_edited(artifact, self._kept(old))

    def _show(self, artifact: Artifact, edited: bool) -> None:
        shown = PurePosixPath(artifact.path)
        with self._folder_of(artifact) as folder:
            if edited:
                # A person has changed the file in Lab since; the new version must not take that away.
                aside = _free(shown.with_stem(f"{shown.stem} (edited)").name, lambda name: _exists(folder, name))
                os.replace(shown.name, aside, src_dir_fd=folder, dst_dir_fd=folder)
            os.replace(_temporary(artifact), shown.name, src_dir_fd=folder, dst_dir_fd=folder)

    def _tidy(self, artifact: Artifact) -> None:
        """Leave nothing of a publication but what its record says."""
        known = self._store.artifacts.items.get(artifact.id)
        if known is None or known.version < artifact.version:
            self._kept(artifact).unlink(missing_ok=True)
            if known is None:
                shutil.rmtree(self._folders.artifact(artifact.id), ignore_errors=True)
        with suppress(OSError), self._folder_of(artifact) as folder:
            os.unlink(_temporary(artifact), dir_fd=folder)
        (self._folders.unfinished_artifacts / artifact.id).unlink(missing_ok=True)

    def _take_up(self) -> None:
        """Go on with what an earlier hub was publishing."""
        for unfinished in self._folders.unfinished_artifacts.glob("*"):
            try:
                artifact = Artifact.model_validate_json(unfinished.read_bytes())
                if self._store.artifacts.items.get(artifact.id) == artifact and self._is_unfinished(artifact):
                    last = self._kept(artifact).with_name(str(artifact.version - 1))
                    self._show(artifact, self._is_edited(artifact, last))
                self._tidy(artifact)
            except ValidationError:
                # It was cut off before it began.
                unfinished.unlink(missing_ok=True)
            except OSError as error:
                logger.warning("A file that was being published is left as it was: %s", error)

    def _is_edited(self, artifact: Artifact, last: Path) -> bool:
        """Whether the file that is shown is none of the hub's: it is not the version before."""
        shown = self._root / artifact.path
        return shown.exists() and not (last.is_file() and filecmp.cmp(last, shown, shallow=False))

    def _kept(self, artifact: Artifact) -> Path:
        return self._folders.artifact(artifact.id) / str(artifact.version)

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

    def _is_unfinished(self, artifact: Artifact) -> bool:
        with suppress(FileNotFoundError), self._folder_of(artifact) as folder:
            return _exists(folder, _temporary(artifact))
        return False

    def _new_path(self, chat_id: str, name: str, mine: list[Artifact]) -> str:
        chat = self._store.chats[chat_id]
        if mine:
            folder = mine[0].path.rsplit("/", 1)[0]
        else:
            project = file_name(self._store.projects[chat.project].name)
            folder = f"{self.folder}/{project}/{file_name(chat.name)} {chat_id[:4]}"
        return f"{folder}/{_free(file_name(name), lambda name: os.path.lexists(self._root / folder / name))}"


def check_name(name: str) -> None:
    """Raise :class:`~agent_hub.errors.InvalidInput` unless the name can be a file's."""
    if not name.strip() or name in (".", "..") or "/" in name:
        raise InvalidInput(f"{name[:80]!r} is not a file name.", "Publish it under another with --name.", field="name")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise InvalidInput("The name holds control characters.", "Publish it under another with --name.", field="name")
    if len(name.encode()) > NAME_BYTES:
        raise InvalidInput(
            f"The name is {len(name.encode())} bytes long; {NAME_BYTES} are the most.",
            "Publish it under a shorter one with --name.",
            field="name",
        )


def file_name(text: str) -> str:
    """`text` as one part of a path: no separators, nothing hidden (Lab shows no hidden files), not too long."""
    clean = "".join("-" if char in "/\\:" or unicodedata.category(char)[0] == "C" else char for char in text)
    if clean.startswith("."):
        clean = "_" + clean
    stem, suffix = os.path.splitext(clean)
    suffix = suffix[:20]
    while len((stem + suffix).encode()) > NAME_BYTES:
        stem = stem[:-1]
    return (stem + suffix) or "unnamed"


def _temporary(artifact: Artifact) -> str:
    return f".{artifact.id}.publishing"


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _free(name: str, is_taken: Callable[[str], bool]) -> str:
    """The name, or one like it with a number, that is not taken."""
    path = PurePosixPath(name)
    candidate, number = name, 2
    while is_taken(candidate):
        candidate = path.with_stem(f"{path.stem} {number}").name
        number += 1
    return candidate
