"""What chats have published: every version kept by the hub, the newest a real file that Lab's file browser shows.

A publication, and a deletion, is one, whenever the hub is killed: what it is about to do is written down first
(``unfinished``), and finished or undone at the next start, as its record was committed or not.
"""

from __future__ import annotations

import asyncio
import logging
import mimetypes
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from agent_hub.engines.trees import remove_tree
from agent_hub.errors import Conflict, NotFound, StorageFull
from agent_hub.hub.artifact_files import ArtifactFiles, check_name, file_name, free_name
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.digests import Digests
from agent_hub.hub.folders import Folders
from agent_hub.hub.received import Received
from agent_hub.hub.store import Store
from agent_hub.models import Artifact, ArtifactVersion, Chat, ChatStatus, TurnSummary, now

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
        self._digests = Digests(store, self._files, self._publishing)

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
            for version in self._store.versions.of(artifact.id):
                if version.sha256 is None:
                    self._digests.read(version)

    async def close(self) -> None:
        """Find no more digests; what is published is."""
        await self._digests.close()

    async def publish(self, chat_id: str, name: str, received: Received) -> Artifact:
        """Take a received file as the newest version of a chat's artifact of that name.

        Parameters
        ----------
        received
            At a path given by :meth:`incoming`; it is moved away.

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
            mine = self._store.artifacts.of(chat_id)
            if self._store.artifacts.versions_of(chat_id) >= MOST_VERSIONS:
                raise Conflict(
                    f"This chat has published {MOST_VERSIONS} versions of files, and that is the most.",
                    "Publish an archive of many files, or from another chat; the person may delete some.",
                )
            old = mine.get(name)
            turn = self._turn_of(chat_id)
            artifact = Artifact(
                id=old.id if old else secrets.token_hex(6),
                chat=chat_id,
                project=chat.project,
                name=name,
                version=old.version + 1 if old else 1,
                path=old.path if old else "",
                size=received.path.stat().st_size,
                media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                sha256=received.sha256,
                turn=turn.number if turn else None,
                prompt=turn.prompt if turn else "",
                created_at=now(),
            )
            return await to_its_end(self._take(received, artifact, old, self._folder_of(chat)))

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

    async def forget_chat(self, chat_id: str) -> None:
        """Delete what the hub keeps of all that a chat has published; the files that are shown stay with the person."""
        async with self._publishing:
            # Its last publication is over: none begins any more.
            mine = tuple(self._store.artifacts.of(chat_id).values())
        for artifact in mine:
            # Others publish in between.
            async with self._publishing:
                await asyncio.to_thread(remove_tree, self._folders.artifact(artifact.id))
                await self._store.forget_artifact(artifact.id)

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
        mine = [self._store.versions.of(artifact.id) for artifact in self._store.artifacts.of(chat.id).values()]
        return sorted((version for versions in mine for version in versions), key=lambda version: version.created_at)

    # -- within

    async def _take(self, received: Received, artifact: Artifact, old: Artifact | None, folder: str) -> Artifact:
        same = self._store.versions.same(artifact.sha256)
        artifact, edited = await asyncio.to_thread(self._prepare, received, artifact, old, same, folder)
        try:
            await self._store.transact(lambda: self._commit(artifact, edited))
        except BaseException:
            await asyncio.to_thread(self._tidy, artifact)
            raise
        if artifact.sha256 is None:
            self._digests.read(artifact.newest)
        return artifact

    def _prepare(
        self, received: Received, artifact: Artifact, old: Artifact | None, same: ArtifactVersion | None, folder: str
    ) -> tuple[Artifact, bool]:
        """Do all but show a file; return the artifact with its path, and whether a person has changed the old one."""
        if not artifact.path:
            artifact = artifact.model_copy(update={"path": self._new_path(artifact, folder)})
        try:
            return artifact, self._files.prepare(received, artifact, old, same)
        except BaseException:
            self._tidy(artifact)
            raise

    async def _commit(self, artifact: Artifact, edited: bool) -> None:
        if self._store.chats[artifact.chat].status is ChatStatus.deleting:
            raise Conflict("This chat is being deleted.", "Publish from another.")
        artifacts, versions = self._store.artifacts, self._store.versions
        await self._store.write(artifacts.insertion(artifact), versions.insertion(artifact.newest))
        try:
            free = await asyncio.to_thread(self._files.show, artifact, edited)
            if free is not None:
                asyncio.get_running_loop().run_in_executor(None, free)
        finally:
            versions.keep(artifact.newest)
            artifacts.keep(artifact)

    async def _delete(self, artifact: Artifact) -> None:
        await asyncio.to_thread(self._files.begin_deletion, artifact.id)
        await asyncio.to_thread(self._files.delete, artifact)
        await self._store.forget_artifact(artifact.id)
        await asyncio.to_thread(self._files.end_deletion, artifact.id)

    def _tidy(self, artifact: Artifact) -> None:
        self._files.tidy(artifact, self._store.artifacts.items.get(artifact.id))

    def _take_up(self) -> None:
        """Go on with what an earlier hub was publishing."""
        for note in tuple(self._files.unfinished()):
            artifact: Artifact | None = None
            try:
                # Where it is none, nothing was being published, or it was cut off before it began.
                with suppress(ValidationError):
                    artifact = Artifact.model_validate_json(note.read_bytes())
                    if self._store.artifacts.items.get(artifact.id) == artifact and self._files.is_prepared(artifact):
                        free = self._files.show(artifact, self._files.is_edited(artifact, artifact.version - 1))
                        if free is not None:
                            free()
                    self._tidy(artifact)
                note.unlink(missing_ok=True)
            except OSError as error:
                logger.warning("A file that was being published is left as it was: %s", error)
                if artifact is not None:
                    self._files.put_off(note, artifact.id)

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
            _look_at_version(artifact.id, number, path)
            for number in range(1, artifact.version)
            if (path := self._files.kept(artifact.id, number)).is_file()
        ]

    def _folder_of(self, chat: Chat) -> str:
        """The folder that shows what a chat publishes, from the root: the one that its first file was shown in."""
        for artifact in self._store.artifacts.of(chat.id).values():
            return artifact.path.rsplit("/", 1)[0]
        project = self._store.projects[chat.project]
        return f"{self.folder}/{file_name(project.name)}/{file_name(chat.name)} {chat.id[:4]}"

    def _new_path(self, artifact: Artifact, folder: str) -> str:
        return f"{folder}/{free_name(file_name(artifact.name), lambda name: self._files.is_taken(f'{folder}/{name}'))}"


def _look_at_version(artifact: str, number: int, path: Path) -> ArtifactVersion:
    found = path.stat()
    published = datetime.fromtimestamp(found.st_mtime, UTC)
    return ArtifactVersion(artifact=artifact, version=number, size=found.st_size, created_at=published)
