"""What a chat has published, in a notebook."""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError
from agent_hub.notebook import display
from agent_hub.notebook.mapping import ByName
from agent_hub.notebook.record import Record, bundle

if TYPE_CHECKING:
    from agent_hub import models  # noqa: F401 (named in a quoted base class)
    from agent_hub.notebook.transport import Transport

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
TEXTS = ("application/json", "application/x-ndjson", "application/xml", "application/yaml", "application/toml")
SHOWN_BYTES = 5_000_000
SHOWN_CHARACTERS = 20_000
"""What goes into a notebook at most: its output is saved with it."""


class Artifact(Record["models.Artifact"]):
    """A published file: its newest version."""

    _collection = "artifacts"

    @property
    def name(self) -> str:
        """The file's name."""
        return self._data.name

    @property
    def path(self) -> str:
        """Where Lab's file browser shows it, relative to the server's root, with ``/`` between parts."""
        return self._data.path

    @property
    def size(self) -> int:
        """Bytes."""
        return self._data.size

    @property
    def version(self) -> int:
        """How often it has been published."""
        return self._data.version

    @property
    def media_type(self) -> str:
        """What kind of file it is, as in ``image/png``."""
        return self._data.media_type

    def read_bytes(self) -> bytes:
        """The content."""
        return self._transport.content(f"{self._path}/content")

    def read_text(self, encoding: str = "utf-8") -> str:
        """The content as text."""
        return self.read_bytes().decode(encoding)

    def save(self, path: str | os.PathLike[str] = ".") -> Path:
        """Write the content to a file, and return its path.

        Parameters
        ----------
        path
            A file, which is replaced, or a folder, where the file gets the artifact's own name.

        Raises
        ------
        FileExistsError
            The folder holds a file of that name: an agent chose the name, a person did not mean that file.
        """
        target = Path(path).expanduser()
        if target.is_dir():
            target = target / Path(self.name).name
            if os.path.lexists(target):
                raise FileExistsError(
                    f"{target} is there already. To replace it, name the file: save({str(target)!r})."
                )
        temporary = target.with_name(f".{secrets.token_hex(6)}.part")
        try:
            with self._transport.download(f"{self._path}/content") as pieces, temporary.open("wb") as file:
                file.writelines(pieces)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        return target

    def __repr__(self) -> str:
        return f"Artifact({self.name!r}, {self.media_type}, {display.size(self.size)})"

    def _repr_html_(self) -> str:
        data = self._data
        return display.card(
            data.name,
            [
                ("Type", data.media_type),
                ("Size", display.size(data.size)),
                ("Version", data.version if data.version > 1 else ""),
                ("File", display.code(data.path)),
                ("Published", data.created_at),
            ],
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = super()._repr_mimebundle_(include, exclude)
        if self.size > SHOWN_BYTES:
            return shown
        try:
            body = self._body()
        except AgentHubError as error:
            return bundle(repr(self), self._repr_html_(), error.message)
        return (
            shown | {"text/html": f"{body}{display.quiet(f'{self.name} · {display.size(self.size)}')}"}
            if body
            else shown
        )

    def _body(self) -> str:
        # An agent's HTML must never run in the page: a script there could do all that the person may, the server's
        # terminals included. A picture in an <img> runs no script, an SVG one neither; all else is shown as text.
        if self.media_type in PICTURES:
            content = b64encode(self.read_bytes()).decode("ascii")
            alt = escape(self.name, quote=True)
            return f'<img src="data:{self.media_type};base64,{content}" alt="{alt}" style="max-width: 100%;"><br>'
        if self.media_type.startswith("text/") or self.media_type in TEXTS:
            text = self.read_bytes().decode("utf-8", errors="replace")
            more = f"\n… {len(text) - SHOWN_CHARACTERS} more characters" if len(text) > SHOWN_CHARACTERS else ""
            return f'<pre style="max-height: 30em; overflow: auto;">{escape(text[:SHOWN_CHARACTERS] + more)}</pre>'
        return ""


class Artifacts(ByName[Artifact]):
    """What a chat has published, by name."""

    noun = "artifact"

    def __init__(self, transport: Transport, chat: str, chat_name: str) -> None:
        self._transport = transport
        self._chat = chat
        self._chat_name = chat_name

    def _fetch(self) -> list[Artifact]:
        from agent_hub.models import Artifact as Data
        from agent_hub.notebook.transport import part

        found = self._transport.read_all(f"chats/{part(self._chat)}/artifacts", Data)
        return [Artifact(self._transport, data) for data in found]

    def _html(self, found: list[Artifact]) -> str:
        rows = [
            (artifact.name, artifact.media_type, display.size(artifact.size), display.code(artifact.path))
            for artifact in found
        ]
        empty = f"{self._chat_name} has published nothing yet."
        return display.table(("Artifact", "Type", "Size", "File"), rows, empty)
