"""What must be true of a chat, from acknowledged answers alone.

A request that was never answered may have happened or not: both are right, so what is expected is a set. What a server
shows later is an answer as well, and narrows it again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Life(Enum):
    """Whether there is a chat."""

    there = "there"
    perhaps = "perhaps"
    """Its deletion was asked for and never answered."""
    gone = "gone"


def sha256(data: bytes) -> str:
    """As the hub gives it."""
    return hashlib.sha256(data).hexdigest()


@dataclass
class Publication:
    """A name that a chat has published under."""

    acknowledged: dict[int, str] = field(default_factory=dict)
    """By version, the hash of its bytes."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """How many requests with those bytes were never answered: two at once may carry the same ones."""

    def allows(self, version: int, digest: str) -> bool:
        """Whether the newest version may be that one."""
        newest = max(self.acknowledged, default=0)
        if version < newest:
            return False
        return digest == self.acknowledged[version] if version == newest else self.unanswered[digest] > 0


@dataclass
class Expected:
    """One chat."""

    id: str
    names: set[str]
    runs: set[bool]
    life: Life = Life.there
    kept: str = ""
    """What is in the file ``kept.txt`` of its workspace."""
    published: dict[str, Publication] = field(default_factory=dict)

    def narrow(self, shown: dict[str, Any] | None) -> None:
        """Take what the server shows of the chat for an answer; fail where it cannot be."""
        if shown is None or shown["status"] == "deleting":
            assert self.life is not Life.there, f"chat {self.id} is lost: {shown}"
            self.life = Life.gone if shown is None else Life.perhaps
            return
        assert self.life is not Life.gone, f"chat {self.id} was deleted and is there: {shown}"
        self.life = Life.there
        assert shown["name"] in self.names, f"chat {self.id} is called {shown['name']!r}, not one of {self.names}"
        self.names = {shown["name"]}

    def settle(self, shown: dict[str, Any]) -> None:
        """Take how the chat has ended up for an answer."""
        runs = {"running": True, "exited": False}.get(shown["status"])
        assert runs in self.runs, f"chat {self.id} is {shown['status']}, expected runs={self.runs}: {shown}"
        self.runs = {bool(runs)}


@dataclass(frozen=True)
class Asked:
    """A chat that was asked for, and no answer came."""

    name: str
    key: str
    """Of the request; empty where it had none, and may not be repeated."""
