"""A thing of the hub in a notebook: what was last seen of it, and how to look again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from agent_hub.errors import AgentHubError, NotFound
from agent_hub.notebook.display import Markup, quiet

if TYPE_CHECKING:
    from agent_hub.models import Artifact, Chat, Project
    from agent_hub.notebook.transport import Transport

M = TypeVar("M", "Project", "Chat", "Artifact")


class Record(Generic[M]):
    """Base of projects, chats and artifacts.

    Two are equal where they are the same thing of the same hub. Asking for what can change asks the hub; ``repr`` does
    not, as debuggers call it at any moment.
    """

    _collection: ClassVar[str]

    def __init__(self, transport: Transport, data: M) -> None:
        self._transport = transport
        self._data: M = data

    @property
    def id(self) -> str:
        """The hub's name for it, which never changes."""
        return self._data.id

    @property
    def _path(self) -> str:
        from urllib.parse import quote

        return f"{self._collection}/{quote(self.id, safe='')}"

    def refresh(self) -> Self:
        """Look again. Raises :class:`~agent_hub.errors.NotFound` where it was deleted."""
        self._data = self._transport.read(self._path, type(self._data))
        return self

    def _send(self, method: str, path: str, **body: Any) -> None:
        self._data = self._transport.send(method, path, type(self._data), body)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return type(self) is type(other) and self.id == other.id and self._transport.url == other._transport.url

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.id))

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            self.refresh()
        except NotFound:
            text = f"{type(self).__name__}({self._data.name!r}, deleted)"
            return bundle(text, quiet(f"{self._data.name}: deleted"))
        except AgentHubError as error:
            return bundle(repr(self), self._repr_html_(), f"as last seen: {error.message}")
        return bundle(repr(self), self._repr_html_())


def bundle(text: str, html: str, note: str = "") -> dict[str, str]:
    """What a notebook shows for an object, with a remark such as that it could not be asked now."""
    if note:
        text, html = f"{text}  # {note}", Markup(f"{html}<div>{quiet(note)}</div>")
    return {"text/plain": text, "text/html": str(html)}
