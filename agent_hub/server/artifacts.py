"""Artifacts over REST."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from agent_hub.server.handler import HubHandler, guarded

CHUNK = 2**20


class ChatArtifactsHandler(HubHandler):
    """``api/chats/{id}/artifacts``"""

    @guarded
    async def get(self, id: str) -> None:
        """What a chat has published, oldest first."""
        chat = self.hub.store.chats[id]
        self.answer(artifact for artifact in self.hub.store.artifacts if artifact.chat == chat.id)


class ArtifactHandler(HubHandler):
    """``api/artifacts/{id}``"""

    @guarded
    async def get(self, id: str) -> None:
        """One artifact."""
        self.answer(self.hub.store.artifacts[id])


class ArtifactContentHandler(HubHandler):
    """``api/artifacts/{id}/content``"""

    @guarded
    async def get(self, id: str) -> None:
        """The bytes, always as a download.

        An agent wrote them: shown in the server's own origin, a page among them could act as the person.
        """
        path = self.hub.artifacts.content(id)
        artifact = self.hub.store.artifacts[id]
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(artifact.name, safe='')}")
        self.set_header("Content-Length", str(artifact.size))
        with open(path, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                self.write(chunk)
                await self.flush()


handlers: list[tuple[str, type]] = [
    (r"api/chats/([0-9a-f]+)/artifacts", ChatArtifactsHandler),
    (r"api/artifacts/([0-9a-f]+)", ArtifactHandler),
    (r"api/artifacts/([0-9a-f]+)/content", ArtifactContentHandler),
]
