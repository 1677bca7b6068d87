"""What Git in a chat is told: whose name its commits carry, and the way to the project's repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from agent_hub.connections.github import GitHub
from agent_hub.connections.github_credential import repository_of
from agent_hub.hub.identities import Identities
from agent_hub.models import EnvVar

FILE = "gitconfig"
"""In a chat's run folder; the system's configuration in an image includes it."""

SYSTEM_FILE = "system_gitconfig"
"""The same where there is no image: Git of a chat reads this in place of the system's."""

SYSTEM = f"""\
[include]
	path = /etc/gitconfig
[include]
	path = {FILE}
"""

_SSH = re.compile(r"(ssh://)?([\w.-]+@)?(?P<host>[\w.-]+)(:\d+(?=/))?[:/](?P<path>[^:]+)", re.ASCII)
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class HostedRepository:
    """A repository of the GitHub that is connected.

    Parameters
    ----------
    github
        That GitHub's address.
    name
        ``owner/name``, as it was written.
    """

    github: str
    name: str

    @classmethod
    def of(cls, url: str, github: str) -> HostedRepository | None:
        """What `url` is at that GitHub, however Git would get there; ``None`` where it is elsewhere."""
        if not github:
            return None
        found = None if url.startswith(("http://", "https://")) else _SSH.fullmatch(url)
        if found is not None and found["host"].lower() == urlsplit(github).hostname:
            url = f"{github}/{found['path'].lstrip('/')}"
        if repository_of(url, github) is None:
            return None
        name = unquote(urlsplit(url).path).strip("/").removesuffix(".git")
        return cls(github, name) if _NAME.fullmatch(name) else None

    @property
    def host(self) -> str:
        """The GitHub's name, and its port where it has one."""
        return urlsplit(self.github).netloc

    @property
    def url(self) -> str:
        """The repository's address over HTTP."""
        return f"{self.github}/{self.name}"

    def written(self, url: str) -> list[str]:
        """The ways to write it that Git in a chat may come upon, `url` among them."""
        host = urlsplit(self.github).hostname
        own = url.rstrip("/").removesuffix(".git")
        return list(dict.fromkeys([own, self.url, f"git@{host}:{self.name}", f"ssh://git@{host}/{self.name}"]))


class ChatGit:
    """Writes the configuration that Git in a chat reads beside the agent's own, which it leaves alone."""

    def __init__(self, github: GitHub, identities: Identities) -> None:
        self._github = github
        self._identities = identities

    async def configuration(self, url: str, variables: Iterable[EnvVar], gateway: str) -> str:
        """For a chat of the project at `url`, which finds the gateway at that address."""
        person = await self._identities.of(variables)
        text = (
            "# Agent Hub writes this file, and writes it anew. What ~/.gitconfig or a repository's own configuration\n"
            "# says is stronger.\n"
            f"[user]\n\tname = {_quoted(person.name)}\n\temail = {_quoted(person.email)}\n"
        )
        repository = HostedRepository.of(url, self._github.status.url)
        if repository is None or not gateway:
            return text
        parts = urlsplit(gateway)
        origin = _quoted(f"{parts.scheme}://{parts.netloc}")
        # Git sends here whatever begins like that: the length tells the gateway what is meant.
        way = _quoted(f"{gateway}/git/{len(repository.name)}/{repository.host}/{repository.name}")
        ways = "".join(f"\tinsteadOf = {_quoted(one)}\n" for one in repository.written(url))
        return (
            f"{text}"
            "# The project's repository is reached by way of the hub, which proves who you are there.\n"
            f"[url {way}]\n{ways}"
            f'[credential {origin}]\n\thelper = ""\n\thelper = agent-hub\n'
            f'[http {origin}]\n\tproxy = ""\n'
        )


def _quoted(value: str) -> str:
    plain = "".join(char for char in value if char >= " " and char != "\x7f")
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
