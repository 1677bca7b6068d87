"""What a chat has published, on an event loop: as :mod:`agent_hub.notebook.artifacts`."""

from __future__ import annotations

import os
from pathlib import Path

from agent_hub.notebook.artifacts import Artifact, Artifacts
from agent_hub.notebook.async_record import AsyncRecord, AsyncRecords
from agent_hub.notebook.history import History
from agent_hub.notebook.threads import in_thread
from agent_hub.notebook.versions import ArtifactVersion, VersionRecord, Versions, numbered


class AsyncArtifactVersion(VersionRecord):
    """What was published at one time under an artifact's name."""

    def __init__(self, sync: ArtifactVersion) -> None:
        super().__init__(sync._artifact, sync._data)
        self._sync = sync

    @property
    def sync(self) -> ArtifactVersion:
        """The same for a thread: every method of it waits."""
        return self._sync

    async def read_bytes(self) -> bytes:
        """The content."""
        return await in_thread(self._sync.read_bytes)

    async def read_text(self, encoding: str = "utf-8") -> str:
        """The content as text."""
        return await in_thread(self._sync.read_text, encoding)

    async def save(self, path: str | os.PathLike[str] = ".") -> Path:
        """Write the content to a file, and return its path; raises as :meth:`ArtifactVersion.save`."""
        return await in_thread(self._sync.save, path)


class AsyncArtifact(AsyncRecord[Artifact]):
    """A published file: its newest version."""

    @property
    def path(self) -> str:
        """Where Lab's file browser shows it, relative to the server's root, with ``/`` between parts."""
        return self._sync.path

    @property
    def size(self) -> int:
        """Bytes."""
        return self._sync.size

    @property
    def version(self) -> int:
        """How often it has been published."""
        return self._sync.version

    async def versions(self) -> Versions[AsyncArtifactVersion]:
        """Every version, oldest first. Each can be read and saved as the newest can."""
        found = await in_thread(lambda: self._sync.versions)
        return Versions([AsyncArtifactVersion(one) for one in found])

    async def at(self, version: int) -> AsyncArtifactVersion:
        """One of the versions, by its number; the first is 1. A :class:`KeyError` where there is none of it."""
        return numbered(await self.versions(), version)

    @property
    def turn(self) -> int | None:
        """The number of the turn that published it, as in ``chat.turns``; ``None`` where none is known."""
        return self._sync.turn

    @property
    def prompt(self) -> str:
        """That turn's prompt, its beginning."""
        return self._sync.prompt

    @property
    def media_type(self) -> str:
        """What kind of file it is, as in ``image/png``."""
        return self._sync.media_type

    async def read_bytes(self) -> bytes:
        """The content."""
        return await in_thread(self._sync.read_bytes)

    async def read_text(self, encoding: str = "utf-8") -> str:
        """The content as text."""
        return await in_thread(self._sync.read_text, encoding)

    async def save(self, path: str | os.PathLike[str] = ".") -> Path:
        """Write the content to a file, and return its path; raises as :meth:`Artifact.save`."""
        return await in_thread(self._sync.save, path)

    async def delete(self) -> None:
        """Delete it with all its versions; a file that you have changed since stays in the file browser."""
        await in_thread(self._sync.delete)


class AsyncArtifacts(AsyncRecords[AsyncArtifact]):
    """What a chat has published, by name, as it was when it was asked for."""

    def __init__(self, found: list[AsyncArtifact], sync: Artifacts) -> None:
        super().__init__(found, sync)
        self._artifacts = sync

    async def history(self) -> History[AsyncArtifactVersion]:
        """Every version of all of it by now, by the turns that published them, the oldest first."""
        found = await in_thread(lambda: self._artifacts.history)
        return History(AsyncArtifactVersion(one) for turn in found for one in turn)

    async def save_all(self, folder: str | os.PathLike[str] = ".") -> list[Path]:
        """Write the newest version of each into a folder; raises as :meth:`Artifacts.save_all`."""
        return await in_thread(self._artifacts.save_all, folder)

    async def save_zip(self, path: str | os.PathLike[str]) -> Path:
        """Write the newest version of each into one archive, and return its path; a file of that name is replaced."""
        return await in_thread(self._artifacts.save_zip, path)
