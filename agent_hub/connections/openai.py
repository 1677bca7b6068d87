"""OpenAI, or whoever speaks its API: the account that chats use, and what a request of theirs is sent on with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

import httpx

from agent_hub.connections.chatgpt import ChatGPT
from agent_hub.connections.chatgpt_login import Login
from agent_hub.connections.outgoing import ask, check_address, outgoing, why
from agent_hub.connections.secrets import Secrets, masked
from agent_hub.connections.upstream import Upstream
from agent_hub.errors import AgentHubError, ApiUnreachable, InvalidInput, NotConnected, StorageFull
from agent_hub.models import ConnectOpenAI, ErrorBody, OpenAIConnection, SignIn, UseOpenAI, now

PUBLIC_API = "https://api.openai.com/v1"

CHECK_SECONDS = 15.0
"""How long the API may take to say whether a key works."""

CONNECT_SECONDS = 10.0

SILENCE_SECONDS = 600.0
"""How long a model may think without a word."""

REFUSED_SECONDS = 10.0
"""Seconds that a refused key has its problem at least: requests that are now refused, now taken, tire nobody."""

NAME = "openai"

USE = "openai_use"
"""Where it is kept which of two accounts is used."""

_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


@dataclass(frozen=True)
class ApiKeyAccount(Upstream):
    """A key, and the API that it is for."""

    key: str = field(repr=False)
    base_url: str
    tell: Callable[[ApiKeyAccount, AgentHubError | None], None] = field(repr=False, compare=False)
    """Hears whether the API has taken the key, each time that it says so."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What a request proves itself with."""
        host = urlsplit(self.base_url).hostname or ""
        # Azure takes a key under a name of its own.
        return {"api-key": self.key} if host.endswith(_AZURE) else {"Authorization": f"Bearer {self.key}"}

    async def credentials(self) -> Mapping[str, str]:
        return self.headers

    async def renewed(self, refused: Mapping[str, str]) -> Mapping[str, str] | None:
        return None

    def refuse(self, refused: Mapping[str, str]) -> None:
        said = f"{urlsplit(self.base_url).netloc} refuses the API key (401)."
        self.tell(self, NotConnected(said, "Replace it, or look at what it is allowed to do."))
        raise NotConnected(
            said,
            "Replace it on Agent Hub's Connections page, or look at what it is allowed to do; then send this again.",
        )

    def accept(self) -> None:
        self.tell(self, None)


class OpenAI:
    """The hub's connection to a model.

    Parameters
    ----------
    on_change
        Called when something of :attr:`status` is another.
    issuer, backend
        Whom a ChatGPT account is of, in the place of OpenAI itself.
    """

    def __init__(self, secrets: Secrets, on_change: Callable[[], None], issuer: str = "", backend: str = "") -> None:
        self._secrets = secrets
        self._on_change = on_change
        self._changing = asyncio.Lock()
        self.chatgpt = ChatGPT(secrets, on_change, issuer, backend)
        self._sign_in: SignIn | None = None
        self._use = ""
        self._problem: AgentHubError | None = None
        self._checked_at: datetime | None = None
        self._account: ApiKeyAccount | None = None
        self._refused_at = -REFUSED_SECONDS
        try:
            kept = secrets.read(NAME)
        except AgentHubError as error:
            self._problem, kept = error, {}
        if kept.get("api_key"):
            self._account = ApiKeyAccount(kept["api_key"], kept.get("base_url") or PUBLIC_API, self._hear)
        with suppress(AgentHubError):
            self._use = secrets.read(USE).get("kind", "")
        self.client = outgoing(SILENCE_SECONDS, CONNECT_SECONDS, kept=50)

    @property
    def status(self) -> OpenAIConnection:
        """What is connected, as it may be shown."""
        account = self._account
        return OpenAIConnection(
            connected=self.kind != "",
            kind=self.kind,
            key=masked(account.key) if account is not None else "",
            base_url=account.base_url if account is not None else "",
            checked_at=self._checked_at,
            problem=None if self._problem is None else ErrorBody.model_validate(self._problem.to_dict()),
            chatgpt=self.chatgpt.account,
            sign_in=self._sign_in,
        )

    @property
    def kind(self) -> Literal["", "key", "chatgpt"]:
        """What chats use: what was chosen, where it is there; else what is there."""
        if self.chatgpt.signed_in and (self._use == "chatgpt" or self._account is None):
            return "chatgpt"
        return "key" if self._account is not None else ""

    @property
    def upstream(self) -> Upstream:
        """Who answers a chat's request. Raises :class:`~agent_hub.errors.NotConnected` where nobody does."""
        return self.chatgpt if self.kind == "chatgpt" else self.account

    @property
    def account(self) -> ApiKeyAccount:
        """The API key, and the API that it is for.

        Raises
        ------
        NotConnected
            There is none.
        """
        if self._account is None:
            raise NotConnected(
                "OpenAI is not connected, so no chat reaches a model.",
                "Connect it on Agent Hub's Connections page, then send this again.",
            )
        return self._account

    async def connect(self, new: ConnectOpenAI) -> OpenAIConnection:
        """Keep another key in the place of the one there was; what chats use stays, where it works.

        Raises
        ------
        InvalidInput
            The API refuses the key; the one of before is still used.
        ApiUnreachable
            The API does not answer as one.
        """
        check_address(new.base_url, "base_url")
        account = ApiKeyAccount(new.api_key.get_secret_value(), new.base_url or PUBLIC_API, self._hear)
        async with self._changing:
            if new.verify:
                await self._verify(account)
            kept = {"api_key": account.key, "base_url": account.base_url}
            try:
                await asyncio.to_thread(self._secrets.write, NAME, kept)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            used = self._working()
            self._account, self._problem = account, None
            self._checked_at = now() if new.verify else None
            try:
                await self._choose(used or "key")
            finally:
                # It is kept in any case, and used where nothing else is.
                self._on_change()
        return self.status

    async def check(self) -> OpenAIConnection:
        """Ask whether each account works; what is said is in the status, and raises nothing."""
        await self.chatgpt.check()
        async with self._changing:
            if self._account is not None:
                try:
                    await self._verify(self._account)
                    self._problem = None
                except AgentHubError as error:
                    self._problem = error
                self._checked_at = now()
        self._on_change()
        return self.status

    def show(self, sign_in: SignIn | None) -> None:
        """Tell how a sign-in with ChatGPT stands."""
        self._sign_in = sign_in
        self._on_change()

    async def signed_in(self, login: Login) -> None:
        """Keep a ChatGPT account in the place of the one there was; what chats use stays, where it works."""
        async with self._changing:
            used = self._working()
            await self.chatgpt.keep(login)
            try:
                await self._choose(used or "chatgpt")
            finally:
                self._on_change()

    async def sign_out(self) -> None:
        """Forget the ChatGPT account; a key that is there is used from now on."""
        await self.chatgpt.forget()

    async def use(self, asked: UseOpenAI) -> OpenAIConnection:
        """Choose which of two accounts chats use, from their next request on.

        Raises
        ------
        NotConnected
            There is no such account.
        """
        async with self._changing:
            if not (self.chatgpt.signed_in if asked.kind == "chatgpt" else self._account is not None):
                what = "ChatGPT account is signed in" if asked.kind == "chatgpt" else "API key is connected"
                raise NotConnected(f"No {what}.", "Connect it on Agent Hub's Connections page first.")
            await self._choose(asked.kind)
        self._on_change()
        return self.status

    def _working(self) -> Literal["", "key", "chatgpt"]:
        """What chats use, unless it is known not to work."""
        account = self.chatgpt.account
        problem = self._problem if self.kind == "key" else account and account.problem
        return "" if problem else self.kind

    def _hear(self, account: ApiKeyAccount, problem: AgentHubError | None) -> None:
        """Let the status say how a chat's request got on; most get on as the one before did."""
        before, words = self._problem and self._problem.message, problem and problem.message
        if account is not self._account or words == before:
            return
        if problem is not None:
            self._refused_at = time.monotonic()
        elif time.monotonic() < self._refused_at + REFUSED_SECONDS:
            return
        self._problem, self._checked_at = problem, now()
        self._on_change()

    async def _choose(self, kind: Literal["key", "chatgpt"]) -> None:
        if self._account is None or not self.chatgpt.signed_in:
            # The one that is there is used anyhow.
            return
        try:
            await asyncio.to_thread(self._secrets.write, USE, {"kind": kind})
        except OSError as error:
            raise StorageFull.from_os_error(error) from None
        # Only now: what is used is what a hub that starts now would use.
        self._use = kind

    async def disconnect(self) -> None:
        """Forget the key; chats that run reach no model from now on, unless a ChatGPT account is signed in."""
        async with self._changing:
            try:
                await asyncio.to_thread(self._secrets.remove, NAME)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            self._account, self._problem, self._checked_at = None, None, None
        self._on_change()

    async def close(self) -> None:
        """End the connections to the API."""
        await self.chatgpt.close()
        await self.client.aclose()

    async def _verify(self, account: ApiKeyAccount) -> None:
        host = urlsplit(account.base_url).netloc
        try:
            url = f"{account.base_url}/models"
            answer = await ask(self.client, "GET", url, CHECK_SECONDS, headers=dict(account.headers))
        except (httpx.HTTPError, OSError) as error:
            raise ApiUnreachable(
                f"{host} does not answer: {why(error)}.", "Look at the address, and at the network.", field="base_url"
            ) from None
        if answer.status_code in (401, 403):
            raise InvalidInput(
                f"{host} refuses the key ({answer.status_code}).", "Copy it again, or make a new one.", field="api_key"
            )
        # Whoever has no list of models answers 404, and may be a fine API otherwise.
        if answer.is_redirect:
            raise ApiUnreachable(
                f"{host} leads elsewhere ({answer.status_code}).", "Look at the address.", field="base_url"
            )
        if answer.status_code >= 500:
            raise ApiUnreachable(f"{host} fails ({answer.status_code}).", "Try again later.", field="base_url")
