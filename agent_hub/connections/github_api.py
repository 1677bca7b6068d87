"""The REST API of a GitHub: where it is, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from agent_hub.connections.outgoing import ask, outgoing, why
from agent_hub.errors import ApiUnreachable

PUBLIC = "https://github.com"

SECONDS = 15.0
"""How long an answer may take."""


def github_meant(url: str) -> str:
    """The GitHub that a person means: the public one, however it is written, and no tenant of it in clear text."""
    host = urlsplit(url).hostname or ""
    if not url or host in ("github.com", "www.github.com", "api.github.com"):
        return PUBLIC
    return f"https://{host}" if host.endswith(".ghe.com") else url


def api_of(url: str) -> str:
    """The address of a GitHub's API: github.com and its tenants have one beside them, an Enterprise within it."""
    parts = urlsplit(url)
    beside = parts.netloc == "github.com" or parts.netloc.endswith(".ghe.com")
    return f"{parts.scheme}://api.{parts.netloc}" if beside else f"{url}/api/v3"


class GitHubApi:
    """Asks a GitHub.

    Parameters
    ----------
    url
        The GitHub's own address, where people see it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self._client = outgoing(SECONDS)

    async def ask(
        self, method: str, path: str, proof: str = "", body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """The answer, whatever it says.

        Parameters
        ----------
        path
            Below the API's address, with a slash.
        proof
            The token that the request proves itself with, if any.

        Raises
        ------
        ApiUnreachable
            There is none, or GitHub wants to be left alone for a while.
        """
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "agent-hub",
        }
        if proof:
            headers["Authorization"] = f"Bearer {proof}"
        try:
            sent = None if body is None else dict(body)
            answer = await ask(self._client, method, f"{api_of(self.url)}{path}", SECONDS, headers=headers, json=sent)
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            # The last one: another account was connected meanwhile, and the connections are at their end.
            raise ApiUnreachable(
                f"{self.host} does not answer: {why(error)}.", "Look at the address, and at the network."
            ) from None
        limited = answer.status_code == 429 or (
            answer.status_code == 403
            and (answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers)
        )
        if limited:
            wait = answer.headers.get("retry-after", "")
            soon = f"in {wait} seconds" if wait.isdecimal() else "within the hour"
            raise ApiUnreachable(f"{self.host} has been asked too much.", f"Try again {soon}.")
        if answer.status_code >= 500:
            raise ApiUnreachable(f"{self.host} answers {answer.status_code}.", "Try again later.")
        return answer

    def unexpected(self, answer: httpx.Response) -> ApiUnreachable:
        """What to say of an answer that is none of GitHub's. Not its own words: they may hold a secret."""
        return ApiUnreachable(
            f"{self.host} does not answer as GitHub does ({answer.status_code}).", "Look at the address.", field="url"
        )

    def told(self, answer: httpx.Response) -> dict[str, Any]:
        """The object that an answer is; raises :class:`~agent_hub.errors.ApiUnreachable` where it is none."""
        told = _content(answer)
        if not isinstance(told, dict):
            raise self.unexpected(answer)
        return told

    def listed(self, answer: httpx.Response) -> list[dict[str, Any]]:
        """The objects that an answer lists; raises :class:`~agent_hub.errors.ApiUnreachable` where it is no list."""
        listed = _content(answer)
        if not isinstance(listed, list):
            raise self.unexpected(answer)
        return [told for told in listed if isinstance(told, dict)]

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()


def _content(answer: httpx.Response) -> object:
    try:
        return answer.json() if answer.is_success else None
    except (ValueError, RecursionError):
        return None


def text(value: object) -> str:
    """A value of an answer, where it is text."""
    return value if isinstance(value, str) else ""
