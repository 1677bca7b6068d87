"""The versions of a published file, in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from agent_hub.errors import AgentHubError
from agent_hub.notebook import display
from agent_hub.notebook.content import Content
from agent_hub.notebook.mapping import NoSuchName
from agent_hub.notebook.record import bundle

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.transport import Transport


class VersionRecord:
    """What was known of a version when it was asked for."""

    def __init__(self, artifact: models.Artifact, data: models.ArtifactVersion) -> None:
        self._artifact = artifact
        self._data = data

    @property
    def name(self) -> str:
        """The file's name."""
        return self._artifact.name

    @property
    def number(self) -> int:
        """Which of the versions it is; the first is 1."""
        return self._data.version

    @property
    def size(self) -> int:
        """Bytes."""
        return self._data.size

    @property
    def media_type(self) -> str:
        """What kind of file it is, as in ``image/png``."""
        return self._artifact.media_type

    @property
    def sha256(self) -> str | None:
        """Of its bytes, in hexadecimal; ``None`` for the moment that a large one takes to be read: ask anew."""
        return self._data.sha256

    @property
    def turn(self) -> int | None:
        """The number of the turn that published it, as in ``chat.turns``; ``None`` where none is known."""
        return self._data.turn

    @property
    def prompt(self) -> str:
        """That turn's prompt, its beginning."""
        return self._data.prompt

    @property
    def published_at(self) -> datetime:
        """When it was published."""
        return self._data.created_at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VersionRecord):
            return NotImplemented
        return type(self) is type(other) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, int]:
        return self._data.artifact, self.number

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"{kind}({self.name!r}, {self.number}, {self.media_type}, {display.size(self.size)})"


class ArtifactVersion(VersionRecord, Content):
    """What was published at one time under an artifact's name."""

    def __init__(self, transport: Transport, artifact: models.Artifact, data: models.ArtifactVersion) -> None:
        super().__init__(artifact, data)
        self._transport = transport

    @property
    def _path_shown(self) -> str:
        return self._artifact.path

    @property
    def _content(self) -> str:
        from agent_hub.notebook.transport import part

        return f"artifacts/{part(self._data.artifact)}/content?version={self.number}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        about = display.quiet(f"{self.name} · version {self.number} · {display.size(self.size)}")
        try:
            return bundle(repr(self), f"{self._shown()}{about}")
        except AgentHubError as error:
            return bundle(repr(self), about, error.message)


V = TypeVar("V", bound=VersionRecord)


class Versions(Sequence[V], Generic[V]):
    """Versions of published files, oldest first: as a list, which a notebook shows as a table."""

    def __init__(self, found: Sequence[V]) -> None:
        self._found = found

    @overload
    def __getitem__(self, index: int) -> V: ...
    @overload
    def __getitem__(self, index: slice) -> Versions[V]: ...
    def __getitem__(self, index: int | slice) -> V | Versions[V]:
        return Versions(self._found[index]) if isinstance(index, slice) else self._found[index]

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._found)) or "<no versions>"

    def _repr_html_(self) -> str:
        rows = [
            (one.name, one.number, display.size(one.size), one.published_at, asked(one.turn, one.prompt))
            for one in self._found
        ]
        return display.table(("Artifact", "Version", "Size", "Published", "Prompt"), rows, "There are no versions.")


def numbered(versions: Versions[V], number: int) -> V:
    """The version of that number; a :class:`KeyError` where there is none of it."""
    for one in versions:
        if one.number == number:
            return one
    numbers = ", ".join(str(one.number) for one in versions) or "none"
    raise NoSuchName(f"There is no version {number}. There is {numbers}.")


def asked(turn: int | None, prompt: str) -> str:
    """A turn, as the heading of what it published."""
    if turn is None:
        return "In no turn"
    return f"[{turn}] {prompt}".rstrip()
