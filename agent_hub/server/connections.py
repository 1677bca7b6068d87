"""Connections over REST: whose accounts chats use."""

from __future__ import annotations

from agent_hub.models import ConnectOpenAI
from agent_hub.server.handler import HubHandler, guarded


class OpenAIHandler(HubHandler):
    """``api/connections/openai``"""

    @guarded
    async def get(self) -> None:
        """What is connected; the key is masked."""
        self.answer(self.hub.openai.status)

    @guarded
    async def put(self) -> None:
        """Connect by an API key, in place of what was connected; chats that run use it from their next request on."""
        self.answer(await self.hub.openai.connect(self.body(ConnectOpenAI)))

    @guarded
    async def delete(self) -> None:
        """Forget the key."""
        await self.hub.openai.disconnect()
        self.set_status(204)


class OpenAICheckHandler(HubHandler):
    """``api/connections/openai/check``"""

    @guarded
    async def post(self) -> None:
        """Ask the API whether the key works."""
        self.answer(await self.hub.openai.check())


handlers: list[tuple[str, type]] = [
    (r"api/connections/openai", OpenAIHandler),
    (r"api/connections/openai/check", OpenAICheckHandler),
]
