"""The store's tables: one kind of model each, held in memory and written through."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from agent_hub.errors import NotFound, StorageFull
from agent_hub.models import Artifact, Chat, Project, Spare

M = TypeVar("M", Project, Chat, Artifact, Spare)
T = TypeVar("T")

Statement = tuple[str, tuple[Any, ...]]
"""An SQL statement, and the values in it."""


class Database(Protocol):
    """What a table needs of the store that it is in."""

    on_change: Callable[[str, str, Any], None]

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...

    async def transact(self, change: Callable[[], Coroutine[Any, Any, T]]) -> T: ...

    async def write(self, *statements: Statement) -> None: ...


class Table(Generic[M]):
    """One kind of model, by id. Reading is a mapping's; writing is awaited, and announced once committed."""

    def __init__(self, store: Database, kind: str, model: type[M]) -> None:
        self._store = store
        self._kind = kind
        rows = store.rows(f"SELECT id, body FROM {kind} ORDER BY rowid")
        self._items: dict[str, M] = {id: model.model_validate_json(body) for id, body in rows}

    @property
    def items(self) -> Mapping[str, M]:
        """Everything of this kind, by id, oldest first; a live view."""
        return MappingProxyType(self._items)

    def __iter__(self) -> Iterator[M]:
        return iter(tuple(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, id: object) -> bool:
        return id in self._items

    def __getitem__(self, id: str) -> M:
        """The item of that id; raises :class:`~agent_hub.errors.NotFound`."""
        try:
            return self._items[id]
        except KeyError:
            raise NotFound(
                f"There is no {self._kind} {id[:80]!r}.", "It may have been deleted; look at the list again."
            ) from None

    async def put(self, item: M) -> M:
        """Add or replace an item."""
        return await self._store.transact(lambda: self._write(item))

    async def change(self, id: str, change: Callable[[M], M] | None = None, /, **update: Any) -> M:
        """Replace an item by a changed one, with no other change of it in between; raises ``NotFound``."""

        async def apply() -> M:
            old = self[id]
            new = change(old) if change is not None else old.model_copy(update=update)
            return old if new == old else await self._write(new)

        return await self._store.transact(apply)

    async def observe(self, id: str, change: Callable[[M], M]) -> M:
        """As :meth:`change`, for what is so whether it can be stored or not; raises ``NotFound``.

        Where the disk is full it is shown without being stored: the next hub would see it again.
        """

        async def apply() -> M:
            old = self[id]
            new = change(old)
            if new == old:
                return old
            try:
                return await self._write(new)
            except StorageFull:
                self.keep(new)
                return new

        return await self._store.transact(apply)

    async def show(self, id: str, change: Callable[[M], M]) -> None:
        """Change what is never stored (:attr:`~agent_hub.models.Model.volatile`); no error where the item is gone."""

        async def apply() -> None:
            old = self._items.get(id)
            if old is not None and (new := change(old)) != old:
                self.keep(new)

        await self._store.transact(apply)

    async def delete(self, id: str) -> None:
        """Forget an item; no error where there is none."""

        async def apply() -> None:
            if id in self._items:
                await self._store.write(self.deletion(id))
                self.drop(id)

        await self._store.transact(apply)

    async def _write(self, item: M) -> M:
        await self._store.write(self.insertion(item))
        self.keep(item)
        return item

    # -- the parts of a change, for one that concerns more than one table

    def insertion(self, item: M) -> Statement:
        """The statement that adds or replaces an item."""
        return (
            f"INSERT INTO {self._kind} (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (item.id, item.model_dump_json(exclude=set(item.volatile))),
        )

    def deletion(self, id: str) -> Statement:
        """The statement that forgets an item."""
        return f"DELETE FROM {self._kind} WHERE id = ?", (id,)

    def keep(self, item: M) -> None:
        """Remember and announce what has been committed."""
        self._items[item.id] = item
        self._store.on_change(self._kind, item.id, item)

    def drop(self, id: str) -> None:
        """Forget, and announce, what has been deleted."""
        del self._items[id]
        self._store.on_change(self._kind, id, None)
