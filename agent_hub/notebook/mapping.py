"""Things of the hub by id and by name, as they are at the moment of asking."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Any, Protocol, TypeVar

from agent_hub.errors import AgentHubError
from agent_hub.notebook.record import bundle
from agent_hub.suggestions import instead_of


class Named(Protocol):
    """What a mapping can hold."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class NoSuchName(KeyError):
    """Nothing of that id or name; unlike a plain ``KeyError`` it reads as a sentence."""

    def __str__(self) -> str:
        return str(self.args[0])


class ByName(Mapping[str, T]):
    """A live mapping: each look asks the hub.

    A key is a name or an id. Iterating gives names, or ids where two things have the same name.
    """

    noun = "thing"

    @abstractmethod
    def _fetch(self) -> list[T]:
        """Ask the hub."""

    def _load(self) -> dict[str, T]:
        found = self._fetch()
        names = Counter(thing.name for thing in found)
        return {thing.name if names[thing.name] == 1 else thing.id: thing for thing in found}

    def __getitem__(self, key: str) -> T:
        found = self._fetch()
        for thing in found:
            if thing.id == key:
                return thing
        same = [thing for thing in found if thing.name == key]
        if len(same) == 1:
            return same[0]
        if same:
            ids = ", ".join(thing.id for thing in same)
            raise NoSuchName(f"{len(same)} {self.noun}s are named {key!r}: use an id, one of {ids}.")
        raise NoSuchName(f"No {self.noun} has the id or name {key!r}. {self._others(str(key), found)}")

    def _others(self, key: str, found: list[T]) -> str:
        return instead_of(key, [thing.name for thing in found]) or f"There are no {self.noun}s."

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._fetch())

    def values(self) -> ValuesView[T]:
        """Every thing, by one question to the hub."""
        return self._load().values()

    def items(self) -> ItemsView[str, T]:
        """Every key with its thing, by one question to the hub."""
        return self._load().items()

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        try:
            return self._text(self._fetch())
        except AgentHubError as error:
            return f"<{self.noun}s: {error.message}>"

    def _text(self, found: list[T]) -> str:
        if not found:
            return f"<no {self.noun}s>"
        return "\n".join(repr(thing) for thing in found)

    @abstractmethod
    def _html(self, found: list[T]) -> str:
        """The things as a table."""

    def _repr_html_(self) -> str:
        return self._html(self._fetch())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            found = self._fetch()
        except AgentHubError as error:
            return bundle(f"<{self.noun}s>", "", error.message)
        return bundle(self._text(found), self._html(found))
