"""What chats have published: every version kept by the hub, the newest a real file that Lab's file browser shows.

A publication, and a deletion, is one, whenever the hub is killed: what it is about to do is written down first
(``unfinished``), and finished or undone at the next start, as its record was committed or not.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import mimetypes
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from agent_hub.errors import Conflict, NotFound, StorageFull
from agent_hub.hub.artifact_files import ArtifactFiles, check_name, file_name, free_name
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.models import Artifact, ArtifactVersion, ChatStatus, TurnSummary, now

logger = logging.getLogger(__name__)

MOST_VERSIONS = 10_000
"""Versions of all that one chat has published: each is held in memory, and told to every page that looks."""


class Artifacts:
    """What chats have published.

    Parameters
    ----------
    root
        The server's root directory: what Lab's file browser shows.
    folder
        The folder for published files, relative to `root`.
    turn_of
        Gives the turn that a chat's agent is at, by the chat's id; ``None`` where none is known.
    """

    def __init__(
        self, store: Store, folders: Folders, root: Path, folder: str, turn_of: Callable[[str], TurnSummary | None]
    ) -> None:
        self._store = store
        self._folders = folders
        self._files = ArtifactFiles(folders, root)
        self._turn_of = turn_of
        self.folder = folder
        self._publishing = asyncio.Lock()

    def incoming(self) -> Path:
        """A path for bytes that are still being received, on the file system that keeps them."""
        self._folders.incoming.mkdir(parents=True, exist_ok=True)
        return self._folders.incoming / secrets.token_hex(8)

    async def reconcile(self) -> None:
        """At the hub's start: finish or undo what was being done when it last ended, and drop what came half."""
        await asyncio.to_thread(shutil.rmtree, self._folders.incoming, True)
        await asyncio.to_thread(self._take_up)
        for id in await asyncio.to_thread(self._files.going):
            if id in self._store.artifacts:
                await self._delete(self._store.artifacts[id])
            await asyncio.to_thread(self._files.end_deletion, id)
        for artifact in self._store.artifacts:
            if self._store.versions.get(artifact.id, artifact.version) is None:
                await self._record_versions(artifact)

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
        Conflict
            The chat has published as much as one may, or is being deleted.
        """
        check_name(name)
        async with self._publishing:
            chat = self._store.chats[chat_id]
            mine = [artifact for artifact in self._store.artifacts if artifact.chat == chat_id]
            if sum(artifact.version for artifact in mine) >= MOST_VERSIONS:
                raise Conflict(
                    f"This chat has published {MOST_VERSIONS} versions of files, and that is the most.",
                    "Publish an archive of many files, or from another chat; the person may delete some.",
                )
            old = next((artifact for artifact in mine if artifact.name == name), None)
            turn = self._turn_of(chat_id)
            artifact = Artifact(
                id=old.id if old else secrets.token_hex(6),
                chat=chat_id,
                project=chat.project,
                name=name,
                version=old.version + 1 if old else 1,
                path=old.path if old else await asyncio.to_thread(self._new_path, chat_id, name, mine),
                size=received.stat().st_size,
                media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                sha256=sha256,
                turn=turn.number if turn else None,
                prompt=turn.prompt if turn else "",
                created_at=now(),
            )
            return await to_its_end(self._take(received, artifact, old))

    async def delete(self, artifact_id: str) -> None:
        """Delete an artifact with all its versions, and the file that is shown, unless a person has changed it.

        Raises
        ------
        NotFound
            There is no such artifact.
        StorageFull
            There is no room to write down that it goes.
        """
        async with self._publishing:
            artifact = self._store.artifacts[artifact_id]
            try:
                await to_its_end(self._delete(artifact))
            except OSError as error:
                raise StorageFull.from_os_error(error) from error

    def content(self, artifact_id: str, version: int | None = None) -> Path:
        """The bytes of a version, or of the newest. Raises :class:`~agent_hub.errors.NotFound`."""
        artifact = self._store.artifacts[artifact_id]
        path = self._files.kept(artifact_id, self.version(artifact_id, version).version)
        if not path.is_file():
            raise NotFound(
                f"The bytes of {artifact.name!r} are gone from the hub's data directory.", "Publish it anew."
            )
        return path

    def version(self, artifact_id: str, number: int | None = None) -> ArtifactVersion:
        """One version of an artifact, or its newest. Raises :class:`~agent_hub.errors.NotFound`."""
        artifact = self._store.artifacts[artifact_id]
        if number is None or number == artifact.version:
            return artifact.newest
        version = self._store.versions.get(artifact_id, number)
        if version is None:
            raise NotFound(
                f"{artifact.name!r} has no version {number}.", f"{artifact.version} is its newest; 1 its first."
            )
        return version

    def history(self, chat_id: str) -> list[ArtifactVersion]:
        """Every version of all that a chat has published, oldest first. Raises :class:`~agent_hub.errors.NotFound`."""
        chat = self._store.chats[chat_id]
        mine = [self._store.versions.of(artifact.id) for artifact in self._store.artifacts if artifact.chat == chat.id]
        return sorted((version for versions in mine for version in versions), key=lambda version: version.created_at)

    # -- within

    async def _take(self, received: Path, artifact: Artifact, old: Artifact | None) -> Artifact:
        same = self._store.versions.same(artifact.sha256)
        try:
            edited = await asyncio.to_thread(self._files.prepare, received, artifact, old, same)
            return await self._store.transact(lambda: self._commit(artifact, edited))
        finally:
            # By now it has become one, or it never will.
            await asyncio.to_thread(self._tidy, artifact)

    async def _commit(self, artifact: Artifact, edited: bool) -> Artifact:
        if self._store.chats[artifact.chat].status is ChatStatus.deleting:
            raise Conflict("This chat is being deleted.", "Publish from another.")
        artifacts, versions = self._store.artifacts, self._store.versions
        await self._store.write(artifacts.insertion(artifact), versions.insertion(artifact.newest))
        try:
            await asyncio.to_thread(self._files.show, artifact, edited)
        finally:
            versions.keep(artifact.newest)
            artifacts.keep(artifact)
        return artifact

    async def _delete(self, artifact: Artifact) -> None:
        await asyncio.to_thread(self._files.begin_deletion, artifact.id)
        await asyncio.to_thread(self._files.delete, artifact)
        await self._store.forget_artifact(artifact.id)
        await asyncio.to_thread(self._files.end_deletion, artifact.id)

    def _tidy(self, artifact: Artifact) -> None:
        self._files.tidy(artifact, self._store.artifacts.items.get(artifact.id))

    def _take_up(self) -> None:
        """Go on with what an earlier hub was publishing."""
        for note in self._files.unfinished():
            try:
                artifact = Artifact.model_validate_json(note.read_bytes())
                if self._store.artifacts.items.get(artifact.id) == artifact and self._files.is_prepared(artifact):
                    self._files.show(artifact, self._files.is_edited(artifact, artifact.version - 1))
                self._tidy(artifact)
            except ValidationError:
                # It was cut off before it began.
                note.unlink(missing_ok=True)
            except OSError as error:
                logger.warning("A file that was being published is left as it was: %s", error)

    async def _record_versions(self, artifact: Artifact) -> None:
        """Record the versions of an artifact whose hub kept their bytes alone."""
        versions = [artifact.newest, *await asyncio.to_thread(self._earlier, artifact)]
        # Without room for it they are known all the same; the next hub reads them anew.
        with suppress(StorageFull):
            await self._store.write(*map(self._store.versions.insertion, versions))
        for version in versions:
            self._store.versions.keep(version)

    def _earlier(self, artifact: Artifact) -> list[ArtifactVersion]:
        return [
            _read_version(artifact.id, number, path)
            for number in range(1, artifact.version)
            if (path := self._files.kept(artifact.id, number)).is_file()
        ]

    def _new_path(self, chat_id: str, name: str, mine: list[Artifact]) -> str:
        chat = self._store.chats[chat_id]
        if mine:
            folder = mine[0].path.rsplit("/", 1)[0]
        else:
            project = file_name(self._store.projects[chat.project].name)
            folder = f"{self.folder}/{project}/{file_name(chat.name)} {chat_id[:4]}"
        return f"{folder}/{free_name(file_name(name), lambda name: self._files.is_taken(f'{folder}/{name}'))}"


def _read_version(artifact: str, number: int, path: Path) -> ArtifactVersion:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = os.fstat(file.fileno())
    published = datetime.fromtimestamp(found.st_mtime, UTC)
    return ArtifactVersion(artifact=artifact, version=number, size=found.st_size, sha256=digest, created_at=published)
