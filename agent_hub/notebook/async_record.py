"""A thing of the hub on an event loop: what was last seen of it, and how to look again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from agent_hub.notebook.artifacts import Artifact
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.mapping import ByName, Named
from agent_hub.notebook.project import Project
from agent_hub.notebook.runs import Runs

if TYPE_CHECKING:
    from agent_hub.notebook.async_transport import AsyncTransport

R = TypeVar("R", Project, Chat, Artifact, Runs)


class AsyncRecord(Generic[R]):
    """Base of the asynchronous projects, chats, artifacts and runs.

    Parameters
    ----------
    sync
        The same for a thread; it holds what was last seen.
    """

    def __init__(self, transport: AsyncTransport, sync: R) -> None:
        self._transport = transport
        self._sync: R = sync

    @property
    def sync(self) -> R:
        """The same for a thread: every method of it waits."""
        return self._sync

    @property
    def id(self) -> str:
        """The hub's name for it, which never changes."""
        return self._sync.id

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self._sync.name

    async def refresh(self) -> Self:
        """Look again. Raises :class:`~agent_hub.errors.NotFound` where it was deleted."""
        self._sync._data = await self._transport.read(self._sync._path, type(self._sync._data))
        return self

    async def _send(self, method: str, path: str, **body: Any) -> None:
        self._sync._data = await self._transport.send(method, path, type(self._sync._data), body)

    def __eq__(self, other: object) -> bool:
        return self._sync == other._sync if isinstance(other, AsyncRecord) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._sync)

    def __repr__(self) -> str:
        return f"Async{self._sync!r}"


class Twin(Named, Protocol):
    """Something that is the same for a thread too."""

    @property
    def sync(self) -> Any: ...


A = TypeVar("A", bound=Twin)


class AsyncRecords(ByName[A]):
    """Things of the hub by id and by name, as they were when they were asked for.

    Parameters
    ----------
    sync
        The same for a thread, which knows what they are called and how they look.
    """

    def __init__(self, found: list[A], sync: ByName[Any]) -> None:
        self._found = found
        self._sync = sync
        self.noun = sync.noun

    def _fetch(self) -> list[A]:
        return self._found

    def _html(self, found: list[A]) -> str:
        return self._sync._html([one.sync for one in found])
