"""The content of a published file: how it is read, saved and shown."""

from __future__ import annotations

import os
import secrets
from abc import abstractmethod
from base64 import b64encode
from html import escape
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_hub.notebook.transport import Transport

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
TEXTS = ("application/json", "application/x-ndjson", "application/xml", "application/yaml", "application/toml")
SHOWN_BYTES = 5_000_000
SHOWN_CHARACTERS = 20_000
"""What goes into a notebook at most: its output is saved with it."""


class Content:
    """Base of artifacts and of their versions."""

    _transport: Transport

    @property
    @abstractmethod
    def name(self) -> str:
        """The file's name."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes."""

    @property
    @abstractmethod
    def media_type(self) -> str:
        """What kind of file it is, as in ``image/png``."""

    @property
    @abstractmethod
    def _path_shown(self) -> str:
        """Where Lab's file browser shows it."""

    @property
    def _file_name(self) -> str:
        """What it is called as a file among the others: as :attr:`name`, but never hidden, and none is another's."""
        return PurePosixPath(self._path_shown).name

    @property
    @abstractmethod
    def _content(self) -> str:
        """Where the hub has it."""

    def read_bytes(self) -> bytes:
        """The content."""
        return self._transport.content(self._content)

    def read_text(self, encoding: str = "utf-8") -> str:
        """The content as text."""
        return self.read_bytes().decode(encoding)

    def save(self, path: str | os.PathLike[str] = ".") -> Path:
        """Write the content to a file, and return its path.

        Parameters
        ----------
        path
            A file, which is replaced, or a folder, where the file gets its name in the file browser.

        Raises
        ------
        FileExistsError
            The folder holds a file of that name: an agent chose the name, a person did not mean that file.
        """
        target = Path(path).expanduser()
        if target.is_dir():
            target = target / self._file_name
            if os.path.lexists(target):
                raise FileExistsError(
                    f"{target} is there already. To replace it, name the file: save({str(target)!r})."
                )
        return download(self._transport, self._content, target)

    def _shown(self) -> str:
        """The content as HTML; empty for what has no such form, or is too large for a notebook."""
        # An agent's HTML must never run in the page: a script there could do all that the person may, the server's
        # terminals included. A picture in an <img> runs no script, an SVG one neither; all else is shown as text.
        if self.size > SHOWN_BYTES:
            return ""
        if self.media_type in PICTURES:
            content = b64encode(self.read_bytes()).decode("ascii")
            alt = escape(self.name, quote=True)
            return f'<img src="data:{self.media_type};base64,{content}" alt="{alt}" style="max-width: 100%;"><br>'
        if self.media_type.startswith("text/") or self.media_type in TEXTS:
            text = self.read_bytes().decode("utf-8", errors="replace")
            more = f"\n… {len(text) - SHOWN_CHARACTERS} more characters" if len(text) > SHOWN_CHARACTERS else ""
            return f'<pre style="max-height: 30em; overflow: auto;">{escape(text[:SHOWN_CHARACTERS] + more)}</pre>'
        return ""


def download(transport: Transport, path: str, target: Path) -> Path:
    """Write what a GET answers to a file, which is there once all of it is."""
    temporary = target.with_name(f".{secrets.token_hex(6)}.part")
    try:
        with transport.download(path) as pieces, temporary.open("wb") as file:
            file.writelines(pieces)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
