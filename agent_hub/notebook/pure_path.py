"""A path in a chat's workspace by itself, without asking anything of the hub."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from agent_hub.errors import InvalidInput

if TYPE_CHECKING:
    from agent_hub.notebook.async_transport import AsyncTransport
    from agent_hub.notebook.transport import Transport

C = TypeVar("C", "Transport", "AsyncTransport")


class PureWorkspacePath(Generic[C]):
    """Base of the synchronous and the asynchronous path, as :class:`~pathlib.PurePath` is of pathlib's."""

    def __init__(self, transport: C, chat: str, path: PurePosixPath) -> None:
        self._transport: C = transport
        self._chat = chat
        self._pure = path

    @property
    def path(self) -> str:
        """The path within the workspace, with ``/`` between parts; empty for the workspace itself."""
        return "" if self._pure == PurePosixPath() else str(self._pure)

    @property
    def name(self) -> str:
        """Its last part."""
        return self._pure.name

    @property
    def stem(self) -> str:
        """Its last part without the suffix."""
        return self._pure.stem

    @property
    def suffix(self) -> str:
        """What its last part ends with, such as ``.csv``."""
        return self._pure.suffix

    @property
    def parts(self) -> tuple[str, ...]:
        """Its parts, none for the workspace itself."""
        return self._pure.parts

    @property
    def parent(self) -> Self:
        """The folder it is in; the workspace is its own."""
        return self._at(self._pure.parent)

    def __truediv__(self, other: str | os.PathLike[str]) -> Self:
        below = PurePosixPath(other)
        if below.is_absolute() or ".." in below.parts:
            raise InvalidInput(f"{str(below)!r} is no path in a workspace.", "Name it from the workspace.")
        return self._at(self._pure / below)

    def __getitem__(self, path: str | os.PathLike[str]) -> Self:
        return self / path

    def joinpath(self, *others: str | os.PathLike[str]) -> Self:
        """The path of others below it."""
        found = self
        for other in others:
            found = found / other
        return found

    def _at(self, path: PurePosixPath) -> Self:
        return type(self)(self._transport, self._chat, path)

    @property
    def _where(self) -> tuple[str, str, PurePosixPath]:
        return self._transport.url, self._chat, self._pure

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PureWorkspacePath):
            return NotImplemented
        return type(self) is type(other) and self._where == other._where

    def __hash__(self) -> int:
        return hash(self._where)

    def __lt__(self, other: Self) -> bool:
        return self._pure < other._pure

    def __str__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"
