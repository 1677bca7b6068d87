"""Chats over REST."""

from __future__ import annotations

import asyncio

from agent_hub.models import ChatChange, NewChat
from agent_hub.server.chat_list import ChatList
from agent_hub.server.handler import HubHandler, guarded


class ChatsHandler(HubHandler):
    """``api/chats``"""

    @guarded
    async def get(self) -> None:
        """Every chat, oldest first."""
        chats: ChatList = self.settings.setdefault("agent_hub_chat_list", ChatList())
        self.answer_json(await asyncio.to_thread(chats.json, tuple(self.hub.store.chats)))

    @guarded
    async def post(self) -> None:
        """Start a new chat; it is answered at once, before it runs.

        A request that is repeated with its ``Idempotency-Key`` header starts one chat, and gets the same answer.
        """
        chat = await self.hub.new_chats.add(self.body(NewChat), self.idempotency_key)
        self.answer(chat.masked(), 201)


class ChatHandler(HubHandler):
    """``api/chats/{id}``"""

    @guarded
    async def get(self, id: str) -> None:
        """One chat."""
        self.answer(self.hub.store.chats[id].masked())

    @guarded
    async def patch(self, id: str) -> None:
        """Rename a chat, or give it another budget."""
        chat = await self.hub.chats.change(id, self.body(ChatChange))
        self.answer(chat.masked())

    @guarded
    async def delete(self, id: str) -> None:
        """Delete a chat; unsaved work is refused unless ``force`` is given."""
        await self.hub.chats.delete(id, self.flag("force"))
        self.set_status(204)


class ChatStartHandler(HubHandler):
    """``api/chats/{id}/start``"""

    @guarded
    async def post(self, id: str) -> None:
        """Start a chat that has ended."""
        chat = await self.hub.chats.start(id)
        self.answer(chat.masked(), 202)


class ChatStopHandler(HubHandler):
    """``api/chats/{id}/stop``"""

    @guarded
    async def post(self, id: str) -> None:
        """Stop a chat; answered once it does not run."""
        chat = await self.hub.chats.stop(id)
        self.answer(chat.masked(), 202)


handlers: list[tuple[str, type]] = [
    (r"api/chats", ChatsHandler),
    (r"api/chats/([0-9a-f]+)", ChatHandler),
    (r"api/chats/([0-9a-f]+)/start", ChatStartHandler),
    (r"api/chats/([0-9a-f]+)/stop", ChatStopHandler),
]
