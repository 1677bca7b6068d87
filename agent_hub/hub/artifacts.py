"""Published files: every version kept by the hub, the newest a real file that Lab's file browser shows."""

from __future__ import annotations

import asyncio
import filecmp
import mimetypes
import os
import secrets
import shutil
import unicodedata
from pathlib import Path

from agent_hub.errors import InvalidInput, NotFound
from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.models import Artifact, now

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
        """At the hub's start: drop what was being received when it last ended; nobody sends the rest."""
        await asyncio.to_thread(shutil.rmtree, self._folders.incoming, True)

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
            await asyncio.to_thread(self._place, received, artifact, old)
            return await self._store.artifacts.put(artifact)

    def content(self, artifact_id: str) -> Path:
        """The newest version's bytes. Raises :class:`~agent_hub.errors.NotFound`."""
        artifact = self._store.artifacts[artifact_id]
        path = self._folders.artifact(artifact.id) / str(artifact.version)
        if not path.is_file():
            raise NotFound(
                f"The bytes of {artifact.name!r} are gone from the hub's data directory.", "Publish it anew."
            )
        return path

    def _place(self, received: Path, artifact: Artifact, old: Artifact | None) -> None:
        kept = self._folders.artifact(artifact.id) / str(artifact.version)
        kept.parent.mkdir(parents=True, exist_ok=True)
        os.replace(received, kept)
        shown = self._root / artifact.path
        shown.parent.mkdir(parents=True, exist_ok=True)
        if old is not None and shown.exists():
            last = self._folders.artifact(old.id) / str(old.version)
            if not (last.is_file() and filecmp.cmp(last, shown, shallow=False)):
                # A person has changed the file in Lab since; the new version must not take that away.
                os.replace(shown, _free(shown.with_stem(f"{shown.stem} (edited)")))
        # A copy, not a link: what a person does to the file must not reach the version that is kept.
        temporary = shown.with_name(f".{artifact.id}.publishing")
        # A chat may have this folder as a mount: a link that it planted must be replaced, never followed.
        temporary.unlink(missing_ok=True)
        with kept.open("rb") as source, temporary.open("xb") as target:
            shutil.copyfileobj(source, target)
        os.replace(temporary, shown)

    def _new_path(self, chat_id: str, name: str, mine: list[Artifact]) -> str:
        chat = self._store.chats[chat_id]
        if mine:
            folder = mine[0].path.rsplit("/", 1)[0]
        else:
            project = file_name(self._store.projects[chat.project].name)
            folder = f"{self.folder}/{project}/{file_name(chat.name)} {chat_id[:4]}"
        path = _free(self._root / folder / file_name(name))
        return path.relative_to(self._root).as_posix()


def check_name(name: str) -> None:
    """Raise :class:`~agent_hub.errors.InvalidInput` unless the name can be a file's."""
    if not name.strip() or name in (".", "..") or "/" in name:
        raise InvalidInput(f"{name[:80]!r} is no file name.", "Publish it under another with --name.", field="name")
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


def _free(path: Path) -> Path:
    """The path, or one beside it with a number, where nothing is yet."""
    candidate, number = path, 2
    while os.path.lexists(candidate):
        candidate = path.with_stem(f"{path.stem} {number}")
        number += 1
    return candidate
