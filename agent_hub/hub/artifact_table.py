"""What all chats have published, by chat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from agent_hub.hub.tables import Database, Table
from agent_hub.models import Artifact


class ArtifactTable(Table[Artifact]):
    """The table of artifacts. A chat that publishes a thousand files asks a thousand times what it has published."""

    def __init__(self, store: Database) -> None:
        super().__init__(store, "artifact", Artifact)
        self._of: dict[str, dict[str, Artifact]] = {}
        self._versions: Counter[str] = Counter()
        for artifact in self:
            self._add(artifact)

    def of(self, chat: str) -> Mapping[str, Artifact]:
        """What a chat has published, by name, oldest first; it changes with the table."""
        return MappingProxyType(self._of.get(chat, {}))

    def versions_of(self, chat: str) -> int:
        """How many versions of files a chat has published, of those that are there."""
        return self._versions[chat]

    def keep(self, item: Artifact) -> None:
        """Remember and announce what has been committed."""
        if (old := self.items.get(item.id)) is not None:
            self._versions[old.chat] -= old.version
        self._add(item)
        super().keep(item)

    def drop(self, id: str) -> None:
        """Forget, and announce, what has been deleted."""
        gone = self[id]
        of_chat = self._of[gone.chat]
        del of_chat[gone.name]
        self._versions[gone.chat] -= gone.version
        if not of_chat:
            del self._of[gone.chat], self._versions[gone.chat]
        super().drop(id)

    def _add(self, artifact: Artifact) -> None:
        self._of.setdefault(artifact.chat, {})[artifact.name] = artifact
        self._versions[artifact.chat] += artifact.version
