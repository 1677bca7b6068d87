"""What is kept of deleted chats, over REST."""

from __future__ import annotations

import asyncio

from agent_hub.server.handler import HubHandler, guarded

CHUNK = 2**20


class DeletedHandler(HubHandler):
    """``api/deleted``"""

    @guarded
    async def get(self) -> None:
        """Everything that is kept, newest first."""
        self.answer(await self.hub.deleted.all())


class DeletedChatHandler(HubHandler):
    """``api/deleted/{id}``"""

    @guarded
    async def get(self, id: str) -> None:
        """What is kept of one chat."""
        self.answer(await self.hub.deleted.get(id))

    @guarded
    async def delete(self, id: str) -> None:
        """Let go of it now."""
        await self.hub.deleted.remove(id)
        self.set_status(204)


class DeletedContentHandler(HubHandler):
    """``api/deleted/{id}/content``"""

    @guarded
    async def get(self, id: str) -> None:
        """The Git bundle, as a download."""
        path = await self.hub.deleted.content(id)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Disposition", f"attachment; filename={id}.bundle")
        with open(path, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                self.write(chunk)
                await self.flush()


class DeletedRestoreHandler(HubHandler):
    """``api/deleted/{id}/restore``"""

    @guarded
    async def post(self, id: str) -> None:
        """Start a new chat with this work in its workspace."""
        chat = await self.hub.new_chats.restore(id)
        self.answer(chat.masked(), 201)


handlers: list[tuple[str, type]] = [
    (r"api/deleted", DeletedHandler),
    (r"api/deleted/([0-9a-f]+)", DeletedChatHandler),
    (r"api/deleted/([0-9a-f]+)/content", DeletedContentHandler),
    (r"api/deleted/([0-9a-f]+)/restore", DeletedRestoreHandler),
]
