"""What a chat has published, on an event loop: as :mod:`agent_hub.notebook.artifacts`."""

from __future__ import annotations

import os
from pathlib import Path

from agent_hub.notebook.artifacts import Artifact
from agent_hub.notebook.async_record import AsyncRecord
from agent_hub.notebook.threads import in_thread


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
