"""A personal token of GitHub's, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent_hub.connections.github_api import GitHubApi, text
from agent_hub.errors import InvalidInput


@dataclass(frozen=True)
class Person:
    """Whose the token is."""

    login: str
    name: str
    email: str


@dataclass(frozen=True)
class GitHubAccount:
    """A token, and the GitHub that it is for."""

    token: str = field(repr=False)
    url: str
    person: Person


async def whose(token: str, url: str) -> Person:
    """Whose a token is, once GitHub has said so.

    Raises
    ------
    InvalidInput
        GitHub refuses the token.
    ApiUnreachable
        GitHub does not answer as itself.
    """
    api = GitHubApi(url)
    try:
        answer = await api.ask("GET", "/user", token)
    finally:
        await api.close()
    if answer.status_code in (401, 403):
        raise InvalidInput(
            f"{api.host} refuses the token ({answer.status_code}).", "Copy it again, or make a new one.", field="token"
        )
    told = api.told(answer)
    login, id = text(told.get("login")), told.get("id")
    if not login or not isinstance(id, int):
        raise api.unexpected(answer)
    # Who hides their address from others commits by the one that GitHub gives them for that.
    return Person(login, text(told.get("name")) or login, text(told.get("email")) or hidden_address(id, login, url))


def hidden_address(id: int, login: str, url: str) -> str:
    """By which GitHub knows a person's commits, whatever their own address."""
    return f"{id}+{login}@users.noreply.{urlsplit(url).hostname}"
