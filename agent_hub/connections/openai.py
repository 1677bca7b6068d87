"""OpenAI, or whoever speaks its API: the account that chats use, and what a request of theirs is sent on with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from agent_hub.connections.secrets import Secrets
from agent_hub.errors import AgentHubError, ApiUnreachable, InvalidInput, NotConnected, StorageFull
from agent_hub.models import ConnectOpenAI, ErrorBody, OpenAIConnection, now

PUBLIC_API = "https://api.openai.com/v1"

CHECK_SECONDS = 15.0
"""How long the API may take to say whether a key works."""

CONNECT_SECONDS = 10.0

SILENCE_SECONDS = 600.0
"""How long a model may think without a word."""

NAME = "openai"

_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


@dataclass(frozen=True)
class Account:
    """A key, and the API that it is for."""

    key: str = field(repr=False)
    base_url: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What a request proves itself with."""
        host = urlsplit(self.base_url).hostname or ""
        # Azure takes a key under a name of its own.
        return {"api-key": self.key} if host.endswith(_AZURE) else {"Authorization": f"Bearer {self.key}"}


class OpenAI:
    """The hub's connection to a model.

    Parameters
    ----------
    on_change
        Called when something of :attr:`status` is another.
    """

    def __init__(self, secrets: Secrets, on_change: Callable[[], None]) -> None:
        self._secrets = secrets
        self._on_change = on_change
        self._changing = asyncio.Lock()
        self._problem: AgentHubError | None = None
        self._checked_at: datetime | None = None
        self._account: Account | None = None
        try:
            kept = secrets.read(NAME)
        except AgentHubError as error:
            self._problem, kept = error, {}
        if kept.get("api_key"):
            self._account = Account(kept["api_key"], kept.get("base_url") or PUBLIC_API)
        self.client = httpx.AsyncClient(
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50),
            # A redirect would take the key along, to whoever it names.
            follow_redirects=False,
        )

    @property
    def status(self) -> OpenAIConnection:
        """What is connected, as it may be shown."""
        problem = None if self._problem is None else ErrorBody.model_validate(self._problem.to_dict())
        if self._account is None:
            return OpenAIConnection(problem=problem)
        return OpenAIConnection(
            connected=True,
            kind="key",
            key=masked(self._account.key),
            base_url=self._account.base_url,
            checked_at=self._checked_at,
            problem=problem,
        )

    @property
    def account(self) -> Account:
        """What a chat's request is sent on with.

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
        """Use another key from now on, in chats that run as well.

        Raises
        ------
        InvalidInput
            The API refuses the key; the one of before is still used.
        ApiUnreachable
            The API does not answer as one.
        """
        account = Account(new.api_key.get_secret_value(), new.base_url or PUBLIC_API)
        async with self._changing:
            if new.verify:
                await self._verify(account)
            kept = {"api_key": account.key, "base_url": account.base_url}
            try:
                await asyncio.to_thread(self._secrets.write, NAME, kept)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            self._account, self._problem = account, None
            self._checked_at = now() if new.verify else None
        self._on_change()
        return self.status

    async def check(self) -> OpenAIConnection:
        """Ask the API whether the key works; what it says is in the status, and raises nothing."""
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

    async def disconnect(self) -> None:
        """Forget the key; chats that run reach no model from now on."""
        async with self._changing:
            try:
                await asyncio.to_thread(self._secrets.remove, NAME)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            self._account, self._problem, self._checked_at = None, None, None
        self._on_change()

    async def close(self) -> None:
        """End the connections to the API."""
        await self.client.aclose()

    async def _verify(self, account: Account) -> None:
        host = urlsplit(account.base_url).netloc
        try:
            answer = await self.client.get(
                f"{account.base_url}/models", headers=dict(account.headers), timeout=CHECK_SECONDS
            )
        except (httpx.HTTPError, OSError) as error:
            why = str(error) or type(error).__name__
            raise ApiUnreachable(
                f"{host} does not answer: {why}.", "Look at the address, and at the network."
            ) from None
        if answer.status_code in (401, 403):
            raise InvalidInput(
                f"{host} refuses the key ({answer.status_code}).", "Copy it again, or make a new one.", field="api_key"
            )
        # Whoever has no list of models answers 404, and may be a fine API otherwise.
        if answer.is_redirect or answer.status_code >= 500:
            raise ApiUnreachable(f"{host} answers {answer.status_code}.", "Look at the address; try again later.")


def masked(key: str) -> str:
    """A key by which its owner knows it again, and nobody else can use it."""
    begin = re.match(r"(sk-([a-z]+-)?|github_pat_|gh[a-z]_)?", key)
    if len(key) < 20 or begin is None:
        return "…"
    return f"{begin[0]}…{key[-4:]}"
