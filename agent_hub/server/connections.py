"""Connections over REST: whose accounts chats use."""

from __future__ import annotations

from agent_hub.models import ConnectGitHub, ConnectOpenAI
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


class GitHubHandler(HubHandler):
    """``api/connections/github``"""

    @guarded
    async def get(self) -> None:
        """What is connected; the token is masked."""
        self.answer(self.hub.github.status)

    @guarded
    async def put(self) -> None:
        """Connect by a personal token, in place of what was connected."""
        self.answer(await self.hub.github.connect(self.body(ConnectGitHub)))

    @guarded
    async def delete(self) -> None:
        """Forget the token, or the App and its key; both stay valid at GitHub, until the person ends them there."""
        await self.hub.github.disconnect()
        self.set_status(204)


class GitHubCheckHandler(HubHandler):
    """``api/connections/github/check``"""

    @guarded
    async def post(self) -> None:
        """Ask GitHub whether it works, and where the App is installed."""
        self.answer(await self.hub.github.check())


class GatewayStatusHandler(HubHandler):
    """``api/connections/gateway``"""

    @guarded
    async def get(self) -> None:
        """How it goes with what chats ask for."""
        self.answer(self.hub.gateway_status())


class GatewayLogHandler(HubHandler):
    """``api/connections/gateway/log``"""

    @guarded
    async def get(self) -> None:
        """What chats asked for, one by one, the newest first."""
        self.answer(self.hub.access_log.newest())


handlers: list[tuple[str, type]] = [
    (r"api/connections/openai", OpenAIHandler),
    (r"api/connections/openai/check", OpenAICheckHandler),
    (r"api/connections/github", GitHubHandler),
    (r"api/connections/github/check", GitHubCheckHandler),
    (r"api/connections/gateway", GatewayStatusHandler),
    (r"api/connections/gateway/log", GatewayLogHandler),
]
