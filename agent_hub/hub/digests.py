"""The digests of versions that were published by their paths, found once they are published: who waits is not kept."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from pathlib import Path

from agent_hub.errors import StorageFull
from agent_hub.hub.artifact_files import ArtifactFiles
from agent_hub.hub.store import Store
from agent_hub.models import ArtifactVersion

logger = logging.getLogger(__name__)

PIECE = 2**20
"""Bytes after which a hub that ends is heard."""


class Digests:
    """Reads one version after the other.

    Parameters
    ----------
    changing
        Held by whoever publishes or deletes.
    """

    def __init__(self, store: Store, files: ArtifactFiles, changing: asyncio.Lock) -> None:
        self._store = store
        self._files = files
        self._changing = changing
        self._waiting: deque[ArtifactVersion] = deque()
        self._reading: asyncio.Task[None] | None = None
        self._is_closed = False

    def read(self, version: ArtifactVersion) -> None:
        """Find the digest of a version, record it, and keep the same bytes once."""
        self._waiting.append(version)
        if self._reading is None and not self._is_closed:
            self._reading = asyncio.create_task(self._read_all(), name="agent-hub digests")

    async def close(self) -> None:
        """Read no more. The next hub reads what is left."""
        self._is_closed = True
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read_all(self) -> None:
        try:
            while self._waiting and not self._is_closed:
                version = self._waiting.popleft()
                try:
                    await self._read(version)
                except FileNotFoundError:
                    # It was deleted meanwhile.
                    continue
                except (OSError, StorageFull) as error:
                    logger.warning("What was published could not be read; the next hub tries again: %s", error)
                except Exception:
                    # Those behind it are read all the same.
                    logger.exception("The digest of version %d of %s is not known", version.version, version.artifact)
        finally:
            self._reading = None

    async def _read(self, version: ArtifactVersion) -> None:
        digest = await asyncio.to_thread(self._digest, self._files.kept(version.artifact, version.version))
        if digest is None:
            return
        async with self._changing:
            same = self._store.versions.same(digest)
            read = version.model_copy(update={"sha256": digest})
            await self._store.transact(lambda: self._record(read))
            if same is not None:
                await asyncio.to_thread(self._files.share, same, read)

    async def _record(self, version: ArtifactVersion) -> None:
        artifacts, versions = self._store.artifacts, self._store.versions
        artifact = artifacts.items.get(version.artifact)
        if artifact is None:
            return
        statements = [versions.insertion(version)]
        is_newest = artifact.version == version.version
        if is_newest:
            artifact = artifact.model_copy(update={"sha256": version.sha256})
            statements.append(artifacts.insertion(artifact))
        await self._store.write(*statements)
        versions.keep(version)
        if is_newest:
            artifacts.keep(artifact)

    def _digest(self, path: Path) -> str | None:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                if self._is_closed:
                    return None
        return digest.hexdigest()
