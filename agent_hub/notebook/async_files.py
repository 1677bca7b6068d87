"""A chat's files on an event loop: as :mod:`agent_hub.notebook.files`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from agent_hub.notebook.files import WorkspacePath
from agent_hub.notebook.pure_path import PureWorkspacePath
from agent_hub.notebook.threads import in_thread

if TYPE_CHECKING:
    from agent_hub.models import WorkspaceEntry
    from agent_hub.notebook.async_transport import AsyncTransport  # noqa: F401 (named in a quoted base class)


class AsyncWorkspacePath(PureWorkspacePath["AsyncTransport"]):
    """A path in a chat's workspace: ``await chat.files["data/a.csv"].read_text()``.

    Each call does, and raises, what it does of :class:`~agent_hub.notebook.files.WorkspacePath`.
    """

    @property
    def sync(self) -> WorkspacePath:
        """The same for a thread: every method of it waits."""
        return WorkspacePath(self._transport.sync, self._chat, self._pure)

    async def stat(self) -> WorkspaceEntry:
        """What is there: its ``type`` (file, folder, link, other), ``size`` in bytes and ``modified``."""
        return await in_thread(self.sync.stat)

    async def exists(self) -> bool:
        """Whether anything is there."""
        return await in_thread(self.sync.exists)

    async def is_file(self) -> bool:
        """Whether it is a plain file."""
        return await in_thread(self.sync.is_file)

    async def is_dir(self) -> bool:
        """Whether it is a folder."""
        return await in_thread(self.sync.is_dir)

    async def iterdir(self) -> AsyncIterator[AsyncWorkspacePath]:
        """What the folder holds, by name, for ``async for``."""
        for path in await in_thread(lambda: list(self.sync.iterdir())):
            yield self._at(path._pure)

    def __aiter__(self) -> AsyncIterator[AsyncWorkspacePath]:
        return self.iterdir()

    async def glob(self, pattern: str) -> AsyncIterator[AsyncWorkspacePath]:
        """What it holds that fits a pattern such as ``**/test_*.py``, by path, for ``async for``."""
        for path in await in_thread(lambda: list(self.sync.glob(pattern))):
            yield self._at(path._pure)

    async def read_bytes(self) -> bytes:
        """The file's content."""
        return await in_thread(self.sync.read_bytes)

    async def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The file's content as text."""
        return await in_thread(self.sync.read_text, encoding, errors)

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Copy the file to one of this machine, which it replaces; it may be larger than memory."""
        return await in_thread(self.sync.save, path)

    async def write_bytes(self, data: bytes | bytearray | memoryview | BinaryIO) -> int:
        """Write the file, or replace it in one instant; return how many bytes it has."""
        return await in_thread(self.sync.write_bytes, data)

    async def write_text(self, text: str, encoding: str = "utf-8") -> int:
        """Write the file, or replace it."""
        return await in_thread(self.sync.write_text, text, encoding)

    async def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> AsyncWorkspacePath:
        """Make the folder, with those above it where `parents` is set, and return its path."""
        await in_thread(self.sync.mkdir, parents=parents, exist_ok=exist_ok)
        return self

    async def unlink(self, *, missing_ok: bool = False) -> None:
        """Delete the file, the link, or the empty folder."""
        await in_thread(self.sync.unlink, missing_ok=missing_ok)
