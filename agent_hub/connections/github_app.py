"""A GitHub App of the person's own: its key, where it is installed, and the short-lived tokens that it gives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from agent_hub.connections.github_api import GitHubApi, text
from agent_hub.connections.github_app_key import AppKey
from agent_hub.errors import InvalidInput, NotAllowed, NotConnected
from agent_hub.models import GitHubApp, Installation

READ: Mapping[str, str] = {"contents": "read"}

GIT: Mapping[str, str] = {"contents": "write"}

WORK: Mapping[str, str] = {"contents": "write", "pull_requests": "write", "issues": "write"}
"""What ``gh`` takes."""

REUSE_SECONDS = 300.0
"""How long a token bears a burst of requests, such as those of one clone."""

SPARE_SECONDS = 60.0
"""What a token must still be good for when it is given out."""

MOST_NAMES = 100
"""Installations, and repositories of one, that are listed."""

_LEVELS = ("", "read", "write", "admin")

_SKEW_SECONDS = 30.0


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    good_until: float
    """By the monotonic clock."""


class App:
    """Acts as an App: no token of it is on disk, and none is good for more than one repository's contents.

    Parameters
    ----------
    key
        It stays in this process; requests prove themselves with what it has signed.
    """

    def __init__(self, key: AppKey, api: GitHubApi) -> None:
        self.key = key
        self._api = api
        self._installations: tuple[Installation, ...] = ()
        self._ahead = 0.0
        self._tokens: dict[tuple[str, str, str], _Token] = {}
        self._coming: dict[tuple[str, str, str], asyncio.Task[_Token | None]] = {}

    async def verify(self) -> None:
        """See that GitHub knows the App by its key.

        Raises
        ------
        NotConnected
            It does not, or not any more.
        ApiUnreachable
            It does not say.
        """
        told = self._api.told(await self._ask("GET", "/app"))
        if told.get("id") != self.key.id:
            raise self._revoked()

    @property
    def shown(self) -> GitHubApp:
        """What people are told of it; where it is installed as of the last :meth:`look`."""
        return GitHubApp(
            slug=self.key.slug,
            name=self.key.name,
            owner=self.key.owner,
            url=self.key.page,
            install_url=self.key.install_url,
            installations=self._installations,
        )

    def knows(self, repository: str) -> bool:
        """Whether it was installed on a repository when it was last looked, as far as the list goes."""
        return any(_covers(one, repository) for one in self._installations)

    async def look(self) -> None:
        """Find out where it is installed, the first :data:`MOST_NAMES`, each with the first of its repositories."""
        listed = self._api.listed(await self._ask("GET", f"/app/installations?per_page={MOST_NAMES}"))
        self._installations = tuple(
            [await self._installation(told) for told in listed if isinstance(told.get("id"), int)]
        )

    async def token(self, repository: str, wanted: Mapping[str, str], holder: str = "") -> str | None:
        """A token that is good for one repository; ``None`` where the App is not installed on it.

        It may have been given before, for the same, up to :data:`REUSE_SECONDS` ago. Who asks for the same meanwhile
        gets the same.

        Parameters
        ----------
        repository
            ``owner/name``.
        wanted
            Permissions; those that the installation does not have are left out.
        holder
            Who alone is given it, where that is not the hub itself: whoever has a token can also revoke it.
        """
        scope = (repository, str(sorted(wanted.items())), holder)
        now = time.monotonic()
        self._tokens = {one: token for one, token in self._tokens.items() if token.good_until > now}
        token = self._tokens.get(scope)
        if token is not None:
            return token.value
        coming = self._coming.get(scope)
        if coming is None:
            coming = asyncio.create_task(self._new_token(repository, wanted), name="agent-hub github token")
            self._coming[scope] = coming
            coming.add_done_callback(lambda task: self._came(scope, task))
        # Others may wait for it where this one goes away.
        token = await asyncio.shield(coming)
        return None if token is None else token.value

    def not_installed(self, repository: str) -> NotConnected:
        """What to say where there is no token for a repository."""
        return NotConnected(
            f"The GitHub App “{self.key.name}” is not installed on {repository}, or there is no such repository.",
            f"Install it there: {self.key.install_url}",
            install_url=self.key.install_url,
        )

    async def close(self) -> None:
        """End the connections to GitHub, and forget the tokens."""
        await self._api.close()
        await asyncio.gather(*self._coming.values(), return_exceptions=True)
        self._tokens.clear()

    def _came(self, scope: tuple[str, str, str], task: asyncio.Task[_Token | None]) -> None:
        del self._coming[scope]
        # Nobody may be left to hear how it ended.
        if not task.cancelled() and task.exception() is None and (token := task.result()) is not None:
            self._tokens[scope] = token

    async def _new_token(self, repository: str, wanted: Mapping[str, str]) -> _Token | None:
        answer = await self._ask("GET", f"/repos/{quote(repository)}/installation")
        if answer.status_code == 404:
            return None
        if answer.is_redirect:
            raise InvalidInput(
                f"{self._api.host} has moved {repository}.", "Give the project its new address.", field="url"
            )
        told = self._api.told(answer)
        if not isinstance(told.get("id"), int):
            raise self._api.unexpected(answer)
        if told.get("suspended_at"):
            raise self._suspended(told)
        had = told.get("permissions")
        had = had if isinstance(had, dict) else {}
        given = {name: _less(level, text(had.get(name))) for name, level in wanted.items()}
        if not given["contents"]:
            raise NotAllowed(
                f"The GitHub App “{self.key.name}” may not read what is in {repository}.",
                f"Give it the permission “Contents” at {self.key.page}.",
            )
        return await self._mint(
            told, {"repositories": [repository.partition("/")[2]], "permissions": {k: v for k, v in given.items() if v}}
        )

    async def _mint(self, installation: Mapping[str, Any], scope: Mapping[str, Any]) -> _Token:
        asked_at = time.monotonic()
        answer = await self._ask("POST", f"/app/installations/{installation['id']}/access_tokens", scope)
        if answer.status_code in (403, 404, 422):
            raise self._suspended(installation)
        told = self._api.told(answer)
        value = text(told.get("token"))
        try:
            # By GitHub's own clock: this machine's may be wrong.
            end = datetime.fromisoformat(text(told.get("expires_at")))
            lives = (end - parsedate_to_datetime(answer.headers["date"])).total_seconds()
        except (ValueError, KeyError, TypeError):
            lives = 0.0
        if not value:
            raise self._api.unexpected(answer)
        return _Token(value, asked_at + min(REUSE_SECONDS, lives - SPARE_SECONDS))

    async def _installation(self, told: Mapping[str, Any]) -> Installation:
        account, permissions, page = told.get("account"), told.get("permissions"), text(told.get("html_url"))
        names: list[str] = []
        count, problem = 0, ""
        if not told.get("suspended_at"):
            try:
                names, count = await self._repositories(told)
            except NotAllowed as error:
                # One that refuses, such as an organisation that lists who may ask, hides none of the others.
                problem = error.message
        return Installation(
            id=told["id"],
            account=text(account.get("login")) if isinstance(account, dict) else "",
            all_repositories=told.get("repository_selection") == "all",
            repositories=tuple(names[:MOST_NAMES]),
            count=count,
            problem=problem,
            write=isinstance(permissions, dict) and _less("write", text(permissions.get("contents"))) == "write",
            suspended=bool(told.get("suspended_at")),
            url=page if page.startswith(f"{self.key.url}/") else "",
        )

    async def _repositories(self, installation: Mapping[str, Any]) -> tuple[list[str], int]:
        """The first of an installation's, and how many there are."""
        token = await self._mint(installation, {"permissions": {"metadata": "read"}})
        path = f"/installation/repositories?per_page={MOST_NAMES}"
        listed = self._api.told(await self._api.ask("GET", path, token.value))
        repositories = listed.get("repositories")
        repositories = repositories if isinstance(repositories, list) else []
        names = [name for one in repositories if isinstance(one, dict) and (name := text(one.get("full_name")))]
        total = listed.get("total_count")
        return names, total if isinstance(total, int) else len(names)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Ask as the App itself."""
        answer = await self._api.ask(method, path, await self._signed(), body)
        if answer.status_code == 401 and self._learns_the_time(answer):
            answer = await self._api.ask(method, path, await self._signed(), body)
        if answer.status_code == 401:
            raise self._revoked()
        return answer

    async def _signed(self) -> str:
        return await asyncio.to_thread(_signed, self.key, int(time.time() + self._ahead))

    def _learns_the_time(self, answer: httpx.Response) -> bool:
        """Whether this machine's clock is so wrong that GitHub may not have taken what was signed by it."""
        try:
            ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
        except (ValueError, KeyError, TypeError):
            return False
        before, self._ahead = self._ahead, ahead
        return abs(ahead - before) > _SKEW_SECONDS

    def _revoked(self) -> NotConnected:
        return NotConnected(
            f"{self._api.host} no longer takes the key of the GitHub App “{self.key.name}”.",
            "It was deleted there, or its key was: disconnect it on Agent Hub's Connections page, and connect again.",
        )

    def _suspended(self, installation: Mapping[str, Any]) -> NotAllowed:
        account = installation.get("account")
        whose = text(account.get("login")) if isinstance(account, dict) else ""
        return NotAllowed(
            f"The GitHub App “{self.key.name}” is suspended for {whose or 'this repository'}, or was just changed.",
            f"Look at it at {text(installation.get('html_url')) or self.key.page}.",
        )


def _covers(installation: Installation, repository: str) -> bool:
    """Whether an installation is for a repository, as far as its list goes."""
    if repository.partition("/")[0] != installation.account.lower() or installation.suspended:
        return False
    names = {name.lower() for name in installation.repositories}
    return installation.all_repositories or installation.count > len(names) or repository in names


def _less(wanted: str, had: str) -> str:
    """The lower of two levels of a permission."""
    known = had if had in _LEVELS else ""
    return min(wanted, known, key=_LEVELS.index)


def _signed(key: AppKey, now: int) -> str:
    """What GitHub knows the App by, for some minutes."""
    # Slow to import, and a hub without an App needs none of it.
    import jwt

    # From a minute ago: GitHub's clock may be behind. Ten minutes are the longest that it takes.
    claims = {"iss": str(key.id), "iat": now - 60, "exp": now + 480}
    try:
        return jwt.encode(claims, key.pem, algorithm="RS256")
    except (jwt.InvalidKeyError, ValueError, TypeError):
        raise NotConnected(
            f"The key of the GitHub App “{key.name}” is none.", "Disconnect it, and connect again."
        ) from None
