"""GitHub: who clones private repositories, and whose name chats fetch, push and commit in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote, urlsplit

import httpx

from agent_hub.connections.openai import CHECK_SECONDS, masked
from agent_hub.connections.secrets import Secrets
from agent_hub.errors import AgentHubError, ApiUnreachable, InvalidInput, StorageFull
from agent_hub.models import ConnectGitHub, ErrorBody, GitHubConnection, now

PUBLIC = "https://github.com"

NAME = "github"

_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" '
    '"$AGENT_HUB_GIT_USERNAME" "$AGENT_HUB_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True)
class Credential:
    """What Git proves itself with, for one repository."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Person:
    """Whose the token is."""

    login: str
    name: str
    email: str


@dataclass(frozen=True)
class Account:
    """A token, and the GitHub that it is for."""

    token: str = field(repr=False)
    url: str
    person: Person

    @property
    def api(self) -> str:
        """The address of its API: github.com has one beside it, an Enterprise one within it."""
        return _api(self.url)


class GitHub:
    """The hub's connection to GitHub.

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
        if kept.get("token"):
            person = Person(kept.get("login", ""), kept.get("name", ""), kept.get("email", ""))
            self._account = Account(kept["token"], kept.get("url") or PUBLIC, person)
        # A redirect would take the token along, to whoever it names.
        self._client = httpx.AsyncClient(timeout=CHECK_SECONDS, follow_redirects=False)

    @property
    def status(self) -> GitHubConnection:
        """What is connected, as it may be shown."""
        problem = None if self._problem is None else ErrorBody.model_validate(self._problem.to_dict())
        account = self._account
        if account is None:
            return GitHubConnection(problem=problem)
        return GitHubConnection(
            connected=True,
            kind="token",
            token=masked(account.token),
            url=account.url,
            login=account.person.login,
            name=account.person.name,
            email=account.person.email,
            checked_at=self._checked_at,
            problem=problem,
        )

    @property
    def person(self) -> Person | None:
        """Who commits are by; ``None`` where nobody is known."""
        return None if self._account is None else self._account.person

    async def credential(self, url: str) -> Credential | None:
        """What Git proves itself with at a repository's address; ``None`` where that is not of the connected GitHub."""
        if self._account is None or repository_of(url, self._account.url) is None:
            return None
        return Credential("x-access-token", self._account.token)

    async def credential_within(self, project: str, url: str) -> Credential | None:
        """What Git proves itself with at `url`, where that is the very repository of the project at `project`."""
        if self._account is None or repository_of(project, self._account.url) != repository_of(url, self._account.url):
            return None
        return await self.credential(url)

    async def short_lived(self, project: str) -> Credential | None:
        """What may be handed to a chat of the project at `project`: good for its repository, and not for long.

        ``None`` where there is no such thing, as by a personal token, which is good for all that it is for.
        """
        return None

    async def environment(self, url: str) -> Mapping[str, str]:
        """What Git of this machine is run with to read a repository; empty where it needs nothing of the hub's.

        The token is in the environment alone: not on a command line, and in no file.
        """
        credential = await self.credential(url)
        if credential is None or self._account is None:
            return {}
        # Git asks a helper only once a host wants to know who asks, and takes what it says to no other host. An empty
        # one first: whatever the person's own Git would answer is not asked for.
        key = f"credential.{self._account.url}.helper"
        return {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": key,
            "GIT_CONFIG_VALUE_0": "",
            "GIT_CONFIG_KEY_1": key,
            "GIT_CONFIG_VALUE_1": _HELPER,
            "AGENT_HUB_GIT_USERNAME": credential.username,
            "AGENT_HUB_GIT_PASSWORD": credential.password,
        }

    async def connect(self, new: ConnectGitHub) -> GitHubConnection:
        """Use a token from now on, once GitHub has said whose it is.

        Raises
        ------
        InvalidInput
            GitHub refuses the token; the one of before is still used.
        ApiUnreachable
            GitHub does not answer as itself.
        """
        token, url = new.token.get_secret_value(), new.url or PUBLIC
        async with self._changing:
            account = Account(token, url, await self._ask(token, url))
            kept = {"token": token, "url": url, **vars(account.person)}
            try:
                await asyncio.to_thread(self._secrets.write, NAME, kept)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            self._account, self._problem, self._checked_at = account, None, now()
        self._on_change()
        return self.status

    async def check(self) -> GitHubConnection:
        """Ask GitHub whether the token works; what it says is in the status, and raises nothing."""
        async with self._changing:
            if self._account is not None:
                try:
                    await self._ask(self._account.token, self._account.url)
                    self._problem = None
                except AgentHubError as error:
                    self._problem = error
                self._checked_at = now()
        self._on_change()
        return self.status

    async def disconnect(self) -> None:
        """Forget the token; it stays valid at GitHub."""
        async with self._changing:
            try:
                await asyncio.to_thread(self._secrets.remove, NAME)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            self._account, self._problem, self._checked_at = None, None, None
        self._on_change()

    async def close(self) -> None:
        """End the connections to GitHub."""
        await self._client.aclose()

    async def _ask(self, token: str, url: str) -> Person:
        """Whose the token is."""
        host = urlsplit(url).netloc
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        try:
            answer = await self._client.get(f"{_api(url)}/user", headers=headers)
        except (httpx.HTTPError, OSError) as error:
            why = str(error) or type(error).__name__
            raise ApiUnreachable(
                f"{host} does not answer: {why}.", "Look at the address, and at the network."
            ) from None
        if answer.status_code in (401, 403):
            raise InvalidInput(
                f"{host} refuses the token ({answer.status_code}).", "Copy it again, or make a new one.", field="token"
            )
        try:
            told = answer.json() if answer.is_success else None
        except ValueError:
            told = None
        if not isinstance(told, dict) or not isinstance(told.get("login"), str) or not isinstance(told.get("id"), int):
            raise ApiUnreachable(
                f"{host} does not answer as GitHub does ({answer.status_code}).", "Look at the address.", field="url"
            )
        login = told["login"]
        # Who hides their address from others commits by the one that GitHub gives them for that.
        hidden = f"{told['id']}+{login}@users.noreply.{urlsplit(url).hostname}"
        return Person(login, _text(told.get("name")) or login, _text(told.get("email")) or hidden)


def repository_of(url: str, github: str) -> str | None:
    """``owner/name`` of a repository's address at that GitHub; ``None`` where it is elsewhere, or no repository's."""
    try:
        parts, ours = urlsplit(url), urlsplit(github)
        same = (parts.scheme, parts.hostname, parts.port) == (ours.scheme, ours.hostname, ours.port)
    except ValueError:
        return None
    names = unquote(parts.path).removesuffix("/").removesuffix(".git").lstrip("/").split("/")
    if not same or len(names) != 2 or not all(names) or any(name in (".", "..") for name in names):
        return None
    return "/".join(names).lower()


def _api(url: str) -> str:
    return "https://api.github.com" if url == PUBLIC else f"{url}/api/v3"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
