"""The hub's connections on an event loop: as :mod:`agent_hub.notebook.connections`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from agent_hub.errors import AgentHubError
from agent_hub.notebook.connections import GATEWAY, GATEWAY_LOG, GITHUB, OPENAI, Secret, github_body, openai_body
from agent_hub.notebook.polling import poll_async
from agent_hub.notebook.sign_in import BY_CODE, CHATGPT, NOBODY, SIGN_IN, USE, SignInProgress

if TYPE_CHECKING:
    from agent_hub.notebook.async_transport import AsyncTransport
    from agent_hub.notebook.connection_display import Committer, Gateway, GitHubStatus, OpenAIStatus, Requests


class AsyncOpenAI:
    """The connection to a model."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def status(self) -> OpenAIStatus:
        """What is connected, now, with the key masked."""
        from agent_hub.notebook.connection_display import OpenAIStatus

        return await self._transport.read(OPENAI, OpenAIStatus)

    async def connect(self, api_key: Secret = None, *, base_url: str = "", verify: bool = True) -> OpenAIStatus:
        """Connect by an API key; see :meth:`OpenAI.connect <agent_hub.notebook.connections.OpenAI.connect>`.

        Without a key you are asked for it, which holds up the loop as every such question does.
        """
        from agent_hub.notebook.connection_display import OpenAIStatus

        return await self._transport.send("PUT", OPENAI, OpenAIStatus, openai_body(api_key, base_url, verify))

    async def check(self) -> OpenAIStatus:
        """Ask the API whether the key works; what is wrong is in the answer's ``problem``, and raises nothing."""
        from agent_hub.notebook.connection_display import OpenAIStatus

        return await self._transport.send("POST", f"{OPENAI}/check", OpenAIStatus)

    async def disconnect(self) -> None:
        """Forget the key: chats reach no model from now on, unless a ChatGPT account is signed in."""
        await self._transport.delete(OPENAI)

    async def sign_in(self, timeout: float | None = None) -> OpenAIStatus:
        """Sign in with ChatGPT; see :meth:`OpenAI.sign_in <agent_hub.notebook.connections.OpenAI.sign_in>`."""
        from agent_hub.notebook.connection_display import OpenAIStatus

        progress = SignInProgress(await self._transport.send("POST", SIGN_IN, OpenAIStatus, BY_CODE))
        try:
            async for status in poll_async(self.status, timeout, *NOBODY):
                if progress.is_over(status):
                    return status
        except BaseException:
            with suppress(AgentHubError):
                if progress.goes_on(await self.status()):
                    await self._transport.delete(SIGN_IN)
            raise
        raise AssertionError("a poll never ends")

    async def sign_out(self) -> None:
        """Forget the ChatGPT account; a key that is there is used from now on."""
        await self._transport.delete(CHATGPT)

    async def use(self, kind: Literal["key", "chatgpt"]) -> OpenAIStatus:
        """Choose what chats use, where both are there; raises where there is no such account."""
        from agent_hub.notebook.connection_display import OpenAIStatus

        return await self._transport.send("PUT", USE, OpenAIStatus, {"kind": kind})


class AsyncGitHub:
    """The connection to GitHub."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def status(self) -> GitHubStatus:
        """What is connected, now, with the token masked."""
        from agent_hub.notebook.connection_display import GitHubStatus

        return await self._transport.read(GITHUB, GitHubStatus)

    async def connect(self, token: Secret = None, *, url: str = "") -> GitHubStatus:
        """Connect by a personal token; see :meth:`GitHub.connect <agent_hub.notebook.connections.GitHub.connect>`.

        Without a token you are asked for it, which holds up the loop as every such question does.
        """
        from agent_hub.notebook.connection_display import GitHubStatus

        return await self._transport.send("PUT", GITHUB, GitHubStatus, github_body(token, url))

    async def check(self) -> GitHubStatus:
        """Ask GitHub whether the token works; what is wrong is in the answer's ``problem``, and raises nothing."""
        from agent_hub.notebook.connection_display import GitHubStatus

        return await self._transport.send("POST", f"{GITHUB}/check", GitHubStatus)

    async def disconnect(self) -> None:
        """Forget the token; it stays valid at GitHub."""
        await self._transport.delete(GITHUB)


class AsyncConnections:
    """Whose accounts the hub uses for its chats."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    @property
    def openai(self) -> AsyncOpenAI:
        """OpenAI, or whoever speaks its API."""
        return AsyncOpenAI(self._transport)

    @property
    def github(self) -> AsyncGitHub:
        """GitHub."""
        return AsyncGitHub(self._transport)

    async def gateway(self) -> Gateway:
        """What chats asked for in the last 15 minutes, by host."""
        from agent_hub.notebook.connection_display import Gateway

        return await self._transport.read(GATEWAY, Gateway)

    async def requests(self) -> Requests:
        """What chats asked for one by one, the newest first; what the hub refused them as well."""
        from agent_hub.models import Chat, GatewayRequest
        from agent_hub.notebook.connection_display import Requests

        names = {chat.id: chat.name for chat in await self._transport.read_all("chats", Chat)}
        return Requests(await self._transport.read_all(GATEWAY_LOG, GatewayRequest), names)

    async def committer(self) -> Committer:
        """Whose name commits in chats carry, where a project's or a chat's variables name nobody else."""
        from agent_hub.models import Status
        from agent_hub.notebook.connection_display import Committer

        return Committer.model_validate((await self._transport.read("status", Status)).committer.model_dump())
