"""What a chat has published, in a notebook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError
from agent_hub.notebook import display
from agent_hub.notebook.content import Content, download
from agent_hub.notebook.history import History
from agent_hub.notebook.mapping import ByName
from agent_hub.notebook.record import Record, bundle
from agent_hub.notebook.versions import ArtifactVersion, Versions, asked, numbered

if TYPE_CHECKING:
    from agent_hub import models  # noqa: F401 (named in a quoted base class)
    from agent_hub.notebook.transport import Transport


class Artifact(Record["models.Artifact"], Content):
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
    def _path_shown(self) -> str:
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
    def versions(self) -> Versions[ArtifactVersion]:
        """Every version, oldest first. Each can be read and saved as the newest can."""
        from agent_hub.models import ArtifactVersion as Data

        found = self._transport.read_all(f"{self._path}/versions", Data)
        return Versions([ArtifactVersion(self._transport, self._data, data) for data in found])

    def at(self, version: int) -> ArtifactVersion:
        """One of the versions, by its number; the first is 1. A :class:`KeyError` where there is none of it."""
        return numbered(self.versions, version)

    @property
    def turn(self) -> int | None:
        """The number of the turn that published it, as in ``chat.turns``; ``None`` where none is known."""
        return self._data.turn

    @property
    def prompt(self) -> str:
        """That turn's prompt, its beginning."""
        return self._data.prompt

    @property
    def media_type(self) -> str:
        """What kind of file it is, as in ``image/png``."""
        return self._data.media_type

    @property
    def _content(self) -> str:
        return f"{self._path}/content"

    def delete(self) -> None:
        """Delete it with all its versions. A file in the file browser that you have changed since stays there."""
        self._transport.delete(self._path)

    def __repr__(self) -> str:
        version = f", version {self.version}" if self.version > 1 else ""
        return f"Artifact({self.name!r}, {self.media_type}, {display.size(self.size)}{version})"

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
                ("Prompt", asked(data.turn, data.prompt) if data.turn is not None else ""),
            ],
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = super()._repr_mimebundle_(include, exclude)
        try:
            body = self._shown()
        except AgentHubError as error:
            return bundle(repr(self), self._repr_html_(), error.message)
        about = display.quiet(f"{self.name} · {display.size(self.size)}")
        return shown | {"text/html": f"{body}{about}"} if body else shown


class Artifacts(ByName[Artifact]):
    """What a chat has published, by name."""

    noun = "artifact"

    def __init__(self, transport: Transport, chat: str, chat_name: str) -> None:
        self._transport = transport
        self._chat = chat
        self._chat_name = chat_name

    def _fetch(self) -> list[Artifact]:
        from agent_hub.models import Artifact as Data

        found = self._transport.read_all(self._collection, Data)
        return [Artifact(self._transport, data) for data in found]

    @property
    def history(self) -> History[ArtifactVersion]:
        """Every version of all of it, by the turns that published them, the oldest first."""
        from agent_hub.models import ArtifactVersion as Data

        found = {artifact.id: artifact._data for artifact in self._fetch()}
        versions = self._transport.read_all(f"{self._collection}/versions", Data)
        # One that was published in between is not among those that were found.
        return History(
            ArtifactVersion(self._transport, found[one.artifact], one) for one in versions if one.artifact in found
        )

    def save_all(self, folder: str | os.PathLike[str] = ".") -> list[Path]:
        """Write the newest version of each into a folder, which is made where there is none; their paths.

        Raises
        ------
        FileExistsError
            The folder holds a file of one of the names. Nothing was written.
        """
        target = Path(folder).expanduser()
        found = self._fetch()
        there = [one._file_name for one in found if os.path.lexists(target / one._file_name)]
        if there:
            raise FileExistsError(
                f"{target} has {there[0]!r} already, and nothing was written. Choose a folder without it."
            )
        target.mkdir(parents=True, exist_ok=True)
        return [one.save(target) for one in found]

    def save_zip(self, path: str | os.PathLike[str]) -> Path:
        """Write the newest version of each into one archive, and return its path; a file of that name is replaced."""
        return download(self._transport, f"{self._collection}/zip", Path(path).expanduser())

    @property
    def _collection(self) -> str:
        from agent_hub.notebook.transport import part

        return f"chats/{part(self._chat)}/artifacts"

    def _html(self, found: list[Artifact]) -> str:
        rows = [
            (artifact.name, artifact.media_type, display.size(artifact.size), display.code(artifact.path))
            for artifact in found
        ]
        empty = f"{self._chat_name} has published nothing yet."
        return display.table(("Artifact", "Type", "Size", "File"), rows, empty)
