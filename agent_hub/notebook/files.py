"""A chat's files in a notebook, wherever the notebook is: paths as those of pathlib, over HTTP."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from agent_hub.errors import AgentHubError, NotFound
from agent_hub.notebook import display
from agent_hub.notebook.plain import one_line
from agent_hub.notebook.pure_path import PureWorkspacePath
from agent_hub.notebook.record import bundle

if TYPE_CHECKING:
    from agent_hub.models import WorkspaceEntry
    from agent_hub.notebook.transport import Transport  # noqa: F401 (named in a quoted base class)


class WorkspacePath(PureWorkspacePath["Transport"]):
    """A path in a chat's workspace: ``chat.files / "data" / "a.csv"``, or ``chat.files["data/a.csv"]``.

    Each call asks the hub. Links are named and never followed: what they lead to is the container's.
    """

    # -- what is there

    def stat(self) -> WorkspaceEntry:
        """What is there: its ``type`` (file, folder, link, other), ``size`` in bytes and ``modified``.

        Raises
        ------
        NotFound
            There is nothing.
        """
        from agent_hub.models import WorkspaceEntry

        return self._transport.read(f"{self._url}?stat=true", WorkspaceEntry)

    def exists(self) -> bool:
        """Whether anything is there."""
        return bool(self._type())

    def is_file(self) -> bool:
        """Whether it is a plain file."""
        return self._type() == "file"

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self._type() == "folder"

    def __contains__(self, path: str) -> bool:
        return (self / path).exists()

    def _type(self) -> str:
        try:
            return self.stat().type
        except NotFound:
            return ""

    def iterdir(self) -> Iterator[WorkspacePath]:
        """What the folder holds, by name."""
        for path, _ in self._listed():
            yield path

    def _listed(self) -> Iterator[tuple[WorkspacePath, WorkspaceEntry]]:
        """What the folder holds, by name, each with what it is: as :meth:`stat` says, asked for at once."""
        for entry in self._entries("?expect=folder"):
            yield self._of(entry), entry

    def __iter__(self) -> Iterator[WorkspacePath]:
        return self.iterdir()

    def glob(self, pattern: str) -> Iterator[WorkspacePath]:
        """What it holds that fits a pattern such as ``**/test_*.py``, by path; a ``.git`` only where it is named."""
        from urllib.parse import quote

        for entry in self._entries(f"?glob={quote(pattern, safe='')}"):
            yield self._of(entry)

    # -- reading and writing

    def read_bytes(self) -> bytes:
        """The file's content.

        Raises
        ------
        NotFound
            There is no such file.
        InvalidInput
            It is a folder, a link, or nothing that can be read.
        """
        return self._transport.content(f"{self._url}?expect=file")

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The file's content as text; see :meth:`read_bytes`."""
        return self.read_bytes().decode(encoding, errors)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Copy the file to one of this machine, which it replaces; it may be larger than memory."""
        target = Path(path).expanduser()
        temporary = target.with_name(f".{secrets.token_hex(6)}.part")
        try:
            with self._transport.download(f"{self._url}?expect=file") as pieces, temporary.open("wb") as file:
                file.writelines(pieces)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        return target

    def write_bytes(self, data: bytes | bytearray | memoryview | BinaryIO) -> int:
        """Write the file, or replace it in one instant; return how many bytes it has.

        Parameters
        ----------
        data
            Bytes, or a file that is open for reading bytes, which may be larger than memory.

        Raises
        ------
        NotFound
            Its folder is not there; :meth:`mkdir` makes it.
        InvalidInput
            It is a folder or a link.
        TooLarge, StorageFull
        """
        from agent_hub.models import WorkspaceEntry

        content = data if hasattr(data, "read") else bytes(data)
        return self._transport.upload(self._url, content, WorkspaceEntry).size

    def write_text(self, text: str, encoding: str = "utf-8") -> int:
        """Write the file, or replace it; see :meth:`write_bytes`."""
        return self.write_bytes(text.encode(encoding))

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> WorkspacePath:
        """Make the folder, with those above it where `parents` is set, and return its path.

        Raises
        ------
        Conflict
            Something is there already, and `exist_ok` is not set or it is no folder.
        """
        from agent_hub.models import WorkspaceEntry

        flags = f"?folder=true&parents={str(parents).lower()}&exist_ok={str(exist_ok).lower()}"
        self._transport.upload(self._url + flags, b"", WorkspaceEntry)
        return self

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Delete the file, the link, or the empty folder.

        Raises
        ------
        NotFound
            There is nothing, and `missing_ok` is not set.
        Conflict
            It is a folder with something in it.
        """
        try:
            self._transport.delete(self._url)
        except NotFound:
            if not missing_ok:
                raise

    # -- small things

    @property
    def _url(self) -> str:
        from agent_hub.notebook.transport import part

        return "/".join(["chats", part(self._chat), "files", *(part(name) for name in self._pure.parts)])

    def _of(self, entry: WorkspaceEntry) -> WorkspacePath:
        return self._at(PurePosixPath(entry.path))

    def _entries(self, query: str) -> list[WorkspaceEntry]:
        from agent_hub.models import WorkspaceEntry

        return self._transport.read_all(self._url + query, WorkspaceEntry)

    def _ipython_key_completions_(self) -> list[str]:
        return [entry.name for entry in self._entries("?expect=folder")]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            entry = self.stat()
            if entry.type != "folder":
                return bundle(repr(self), display.card(one_line(self.path), _rows(entry)))
            found = self._entries("?expect=folder")
        except AgentHubError as error:
            return bundle(repr(self), display.code(self.path), error.message)
        text = "\n".join(
            [repr(self), *(f"  {one_line(one.name)}{'/' * (one.type == 'folder')}" for one in found[:SHOWN])]
        )
        more = f"and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return bundle(text, _table(found), more)


SHOWN = 200
"""Most entries of a folder that are shown."""


def _rows(entry: WorkspaceEntry) -> list[tuple[str, Any]]:
    return [("Type", entry.type), ("Size", display.size(entry.size)), ("Modified", entry.modified)]


def _table(found: list[WorkspaceEntry]) -> display.Markup:
    folders_first = sorted(found, key=lambda entry: (entry.type != "folder", entry.name))
    rows = [
        (
            one_line(f"{entry.name}/" if entry.type == "folder" else entry.name),
            entry.type,
            display.size(entry.size) if entry.type == "file" else "",
            entry.modified,
        )
        for entry in folders_first[:SHOWN]
    ]
    return display.table(("Name", "Type", "Size", "Modified"), rows, "Nothing is in this folder.")
