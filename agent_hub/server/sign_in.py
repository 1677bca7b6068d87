"""Signing in with ChatGPT over REST, and which of two accounts chats use."""

from __future__ import annotations

from agent_hub.models import SignInCallback, StartSignIn, UseOpenAI
from agent_hub.server.handler import HubHandler, guarded


class SignInHandler(HubHandler):
    """``api/connections/openai/sign-in``"""

    @guarded
    async def post(self) -> None:
        """Begin, in the place of one that goes on; the status tells how it goes on."""
        await self.hub.sign_ins.start(self.body(StartSignIn))
        self.answer(self.hub.openai.status, 202)

    @guarded
    async def delete(self) -> None:
        """Cancel it; answered once nothing of it is left."""
        await self.hub.sign_ins.cancel()
        self.set_status(204)


class SignInCallbackHandler(HubHandler):
    """``api/connections/openai/sign-in/callback``"""

    @guarded
    async def post(self) -> None:
        """Take the address that the person's browser was sent to, which no browser on another machine could reach."""
        await self.hub.sign_ins.bring(self.body(SignInCallback).url.get_secret_value())
        self.answer(self.hub.openai.status)


class ChatGPTHandler(HubHandler):
    """``api/connections/openai/chatgpt``"""

    @guarded
    async def delete(self) -> None:
        """Sign out."""
        await self.hub.openai.sign_out()
        self.set_status(204)


class UseOpenAIHandler(HubHandler):
    """``api/connections/openai/use``"""

    @guarded
    async def put(self) -> None:
        """Choose what chats use, where both are there."""
        self.answer(await self.hub.openai.use(self.body(UseOpenAI)))


handlers: list[tuple[str, type]] = [
    (r"api/connections/openai/sign-in", SignInHandler),
    (r"api/connections/openai/sign-in/callback", SignInCallbackHandler),
    (r"api/connections/openai/chatgpt", ChatGPTHandler),
    (r"api/connections/openai/use", UseOpenAIHandler),
]
