"""Runs over REST."""

from __future__ import annotations

import asyncio

from agent_hub.models import NewRun
from agent_hub.server.chat_list import ChatList
from agent_hub.server.handler import HubHandler, guarded


class RunsHandler(HubHandler):
    """``api/runs``"""

    @guarded
    async def get(self) -> None:
        """Every run, oldest first."""
        self.answer(self.hub.runs)

    @guarded
    async def post(self) -> None:
        """Start a chat for each of many prompts, some of them at once; answered before any of them runs.

        A request that is repeated with its ``Idempotency-Key`` header is one run, and gets the same answer.
        """
        self.answer(await self.hub.runs.add(self.body(NewRun), self.idempotency_key), 201)


class RunHandler(HubHandler):
    """``api/runs/{id}``"""

    @guarded
    async def get(self, id: str) -> None:
        """One run."""
        self.answer(self.hub.runs[id])


class RunChatsHandler(HubHandler):
    """``api/runs/{id}/chats``"""

    @guarded
    async def get(self, id: str) -> None:
        """The chats of a run, in their order."""
        chats: ChatList = self.settings.setdefault("agent_hub_run_chats", ChatList())
        self.answer_json(await asyncio.to_thread(chats.json, tuple(self.hub.runs.chats(id))))


handlers: list[tuple[str, type]] = [
    (r"api/runs", RunsHandler),
    (r"api/runs/([0-9a-f]+)", RunHandler),
    (r"api/runs/([0-9a-f]+)/chats", RunChatsHandler),
]
