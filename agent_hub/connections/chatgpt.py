"""A ChatGPT account: its tokens, which the hub alone holds and renews, and how it answers what chats ask.

Codex asks the gateway with its chat's own token, as it does for an API key, and the gateway puts the account's in its
place. So no container holds a login of any kind, and a spare fits whichever account is used. That holds because Codex
says the same to both: ``store: false``, ``stream: true``, its instructions and its headers come from the program, and
not from the way it signed in.

A refresh token is good for one use, and a second use of it ends the whole sign-in. So one task at a time renews,
nobody's going away cuts it off, and what it was given is on disk before it is used.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from agent_hub.connections.chatgpt_login import Login, claims
from agent_hub.connections.outgoing import ask, outgoing, why
from agent_hub.connections.secrets import Secrets
from agent_hub.connections.upstream import Upstream
from agent_hub.errors import AgentHubError, ApiUnreachable, NotConnected, StorageFull
from agent_hub.models import ChatGPTAccount, ErrorBody

logger = logging.getLogger(__name__)

ISSUER = "https://auth.openai.com"
"""Who signs people in, and renews their tokens."""

BACKEND = "https://chatgpt.com/backend-api"
"""Who answers them."""

CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann"
"""What Codex is to the issuer; its tokens are renewed by no other."""

NAME = "chatgpt"

EARLY = 300.0
"""Seconds before its end that an access token is renewed."""

PAUSE = 60.0
"""Seconds after which a backend that refused even a renewed token is asked again: the failure may have been its own."""

ANSWER_SECONDS = 30.0
"""How long the issuer may take."""

_CLAIMS = "https://api.openai.com/auth"


class ChatGPT(Upstream):
    """The account that is signed in, if one is.

    Parameters
    ----------
    on_change
        Called when something of :attr:`account` is another.
    issuer, backend
        Whom to use in the place of OpenAI's own.
    """

    paths = re.compile(r"models|responses(/compact)?")
    renews = True

    def __init__(self, secrets: Secrets, on_change: Callable[[], None], issuer: str = "", backend: str = "") -> None:
        self._secrets = secrets
        self._on_change = on_change
        self._issuer = (issuer or ISSUER).rstrip("/")
        self._backend = (backend or BACKEND).rstrip("/")
        self.base_url = f"{self._backend}/codex"
        self._changing = asyncio.Lock()
        self._renewing: asyncio.Task[Login] | None = None
        self._problem: AgentHubError | None = None
        self._login: Login | None = None
        self._unsaved: AgentHubError | None = None
        """Why the login is not on disk, which has one whose refresh token is used up."""
        self._over = False
        """Whether the issuer has ended the login."""
        self._again_at = 0.0
        """When the backend, which has refused even a renewed token, is asked again."""
        try:
            self._login = Login.read(secrets.read(NAME))
        except AgentHubError as error:
            self._problem = error
        self._client = outgoing(ANSWER_SECONDS)

    @property
    def signed_in(self) -> bool:
        """Whether there is an account; it may have a problem."""
        return self._login is not None

    @property
    def account(self) -> ChatGPTAccount | None:
        """Whose it is, as it may be shown. The claims are the account's own, and nothing is decided by them."""
        problem = None if self._problem is None else ErrorBody.model_validate(self._problem.to_dict())
        if self._login is None:
            return None if problem is None else ChatGPTAccount(problem=problem)
        told = claims(self._login.id_token)
        of_openai = told.get(_CLAIMS)
        plan = of_openai.get("chatgpt_plan_type") if isinstance(of_openai, dict) else None
        email = told.get("email")
        return ChatGPTAccount(
            email=email[:200] if isinstance(email, str) else "",
            plan=plan[:50] if isinstance(plan, str) else "",
            signed_in_at=self._login.signed_in_at,
            problem=problem,
        )

    # -- coming and going

    async def keep(self, login: Login) -> None:
        """Use this login from now on, in the place of the one of before.

        Raises
        ------
        StorageFull
            It cannot be kept; the one of before is still used.
        """
        async with self._changing:
            before = self._login
            await self._write(login)
            self._login, self._problem, self._over, self._again_at = login, None, False, 0.0
            self._unsaved = None
            if before is not None:
                await self._revoke(before)
        self._on_change()

    async def forget(self) -> None:
        """Sign out: forget the tokens, and tell the issuer that they are to work no more."""
        async with self._changing:
            try:
                await asyncio.to_thread(self._secrets.remove, NAME)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            before, self._login, self._problem, self._over, self._again_at = self._login, None, None, False, 0.0
            self._unsaved = None
            if before is not None:
                await self._revoke(before)
        self._on_change()

    async def close(self) -> None:
        """End the connections, once a renewal that is under way has been kept."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing])
        await self._save()
        await self._client.aclose()

    # -- answering

    async def credentials(self) -> Mapping[str, str]:
        await self._save()
        login = self._usable()
        if login.ends is None or login.ends - EARLY > time.time():
            return login.headers
        try:
            return (await self._renew(login)).headers
        except ApiUnreachable:
            # One that is about to end still works.
            if login.ends > time.time() and self._login is login:
                return login.headers
            raise

    async def renewed(self, refused: Mapping[str, str]) -> Mapping[str, str] | None:
        login = self._usable()
        # Another chat's request may have had it renewed meanwhile.
        if login.headers != refused:
            return login.headers
        return (await self._renew(login)).headers

    def refuse(self, refused: Mapping[str, str]) -> None:
        if self._usable().headers == refused:
            self._again_at = time.monotonic() + PAUSE
            raise self._fails("ChatGPT refuses the account that is signed in.")

    def accept(self) -> None:
        """An account with a problem asks nothing: what ends it is its next renewal."""

    async def check(self) -> None:
        """Ask whether it works; what is told is in the account's problem, and raises nothing."""
        try:
            self._again_at = 0.0
            headers = await self.credentials()
            if await self._ask_whether(headers) == 401:
                renewed = await self.renewed(headers) or headers
                if await self._ask_whether(renewed) == 401:
                    self.refuse(renewed)
        except (NotConnected, StorageFull):
            # It is the problem already, or there is nobody to have one.
            return
        except ApiUnreachable as error:
            self._problem = self._unsaved or error
        else:
            self._problem = self._unsaved
        self._on_change()

    async def _ask_whether(self, headers: Mapping[str, str]) -> int:
        host = httpx.URL(self._backend).host
        try:
            url = f"{self._backend}/wham/accounts/check"
            answer = await ask(self._client, "GET", url, ANSWER_SECONDS, headers=dict(headers))
        except (httpx.HTTPError, OSError) as error:
            raise ApiUnreachable(f"{host} does not answer: {why(error)}.", "Look at the network.") from None
        if answer.status_code >= 500 or answer.is_redirect:
            raise ApiUnreachable(f"{host} answers {answer.status_code}.", "Try again later.")
        return answer.status_code

    def _usable(self) -> Login:
        if self._login is None:
            raise NotConnected(
                "No ChatGPT account is signed in, so no chat reaches a model.",
                "Sign in on Agent Hub's Connections page, then send this again.",
            )
        if self._problem is not None and (self._over or time.monotonic() < self._again_at):
            raise self._problem
        if self._again_at and not self._over:
            self._again_at, self._problem = 0.0, self._unsaved
            self._on_change()
        return self._login

    # -- renewing

    async def _renew(self, login: Login) -> Login:
        """The login that follows this one; whoever asks meanwhile gets the same."""
        if self._renewing is None or self._renewing.done():
            if self._login is not login:
                return self._usable()
            self._renewing = asyncio.create_task(self._ask_anew(login), name="agent-hub chatgpt renewal")
            # Nobody may be left to hear how it ended.
            self._renewing.add_done_callback(lambda task: task.cancelled() or task.exception())
        # An agent that goes away must not cut it off: the old refresh token is used up by then.
        return await asyncio.shield(self._renewing)

    async def _ask_anew(self, login: Login) -> Login:
        async with self._changing:
            # Another has been signed in, or this one out, before it was its turn.
            if self._login is not login:
                return self._usable()
            new, problem = await self._told_anew(login)
            changed = (self._problem is None) is not (problem is None) or new.id_token != login.id_token
            self._login, self._problem, self._unsaved = new, problem, problem
        if changed:
            self._on_change()
        return new

    async def _told_anew(self, login: Login) -> tuple[Login, AgentHubError | None]:
        """The login that the issuer gives for this one, kept; and why it is not, where that is so."""
        asked = {"client_id": CLIENT_ID, "grant_type": "refresh_token", "refresh_token": login.refresh_token}
        host = httpx.URL(self._issuer).host
        try:
            answer = await ask(self._client, "POST", f"{self._issuer}/oauth/token", ANSWER_SECONDS, json=asked)
            told = answer.json() if answer.is_success else None
        except (httpx.HTTPError, OSError, ValueError, RecursionError) as error:
            raise self._away(host, why(error)) from None
        if answer.status_code in (400, 401):
            self._over = True
            raise self._fails(f"{host} has ended the sign-in with ChatGPT.")
        access = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(told, dict) or not isinstance(access, str) or not access:
            raise self._away(host, f"it says {answer.status_code}")
        new = Login(
            access_token=access,
            # What it leaves out stays as it is.
            refresh_token=_text(told, "refresh_token") or login.refresh_token,
            id_token=_text(told, "id_token") or login.id_token,
            account_id=login.account_id,
            signed_in_at=login.signed_in_at,
        )
        try:
            await self._write(new)
        except AgentHubError as error:
            # It is the only one that works by now: better used than lost at once.
            logger.error("The renewed sign-in with ChatGPT could not be kept: %s", error.message)
            return new, error
        return new, None

    def _away(self, host: str, why: str) -> ApiUnreachable:
        logger.warning("%s does not renew the sign-in with ChatGPT: %s", host, why)
        return ApiUnreachable(
            f"{host} does not renew the sign-in with ChatGPT: {why}.", "Look at the network; then send this again."
        )

    def _fails(self, what: str) -> NotConnected:
        """The login does not work, and who shows it is told so."""
        logger.warning("%s", what)
        self._problem = NotConnected(what, "Sign in again on Agent Hub's Connections page, then send this again.")
        self._on_change()
        return self._problem

    async def _write(self, login: Login) -> None:
        try:
            await asyncio.to_thread(self._secrets.write, NAME, login.kept)
        except OSError as error:
            raise StorageFull.from_os_error(error) from None

    async def _save(self) -> None:
        """Write what could not be written when it was renewed; where it still cannot, the account goes on saying so."""
        if self._unsaved is None:
            return
        async with self._changing:
            if self._unsaved is None or self._login is None:
                return
            try:
                await self._write(self._login)
            except AgentHubError:
                return
            if self._problem is self._unsaved:
                self._problem = None
            self._unsaved = None
        self._on_change()

    async def _revoke(self, login: Login) -> None:
        """Tell the issuer; where it does not answer, the tokens end by themselves."""
        asked = {"token": login.refresh_token, "token_type_hint": "refresh_token", "client_id": CLIENT_ID}
        try:
            answer = await ask(self._client, "POST", f"{self._issuer}/oauth/revoke", 10.0, json=asked)
            if not answer.is_success:
                logger.warning("The issuer did not revoke the sign-in with ChatGPT: %s", answer.status_code)
        except (httpx.HTTPError, OSError) as error:
            logger.warning("The issuer did not revoke the sign-in with ChatGPT: %s", why(error))


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
