"""The Git proxy: a chat reaches its project's repository with its own token, and the hub proves who the person is."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from agent_hub.connections.github_credential import Credential
from agent_hub.connections.outgoing import outgoing
from agent_hub.errors import (
    AgentHubError,
    ApiUnreachable,
    InvalidInput,
    NotAllowed,
    NotConnected,
    NotFound,
    RepositoryUnreachable,
)
from agent_hub.gateway.relay import RelayHandler
from agent_hub.hub.chat_git import HostedRepository

CONNECT_SECONDS = 20.0

SILENCE_SECONDS = 600.0
"""How long the other side may think without a word, as it does over a large push."""

LARGEST = 2**50
"""Bytes of a push. What a file may have is of no matter here: nothing is kept."""

_PATH = re.compile(
    r"/git/(?P<length>\d{1,3})/(?P<host>[\w.:\[\]-]+)/(?P<name>[\w.-]+/[\w.-]+?)(?P<suffix>(\.git)?)/"
    r"(?P<service>info/refs|git-(upload|receive)-pack|info/lfs/objects/batch|info/lfs/locks(/verify|/[\w-]+/unlock)?)",
    re.ASCII,
)
_REFS = ("service=git-upload-pack", "service=git-receive-pack")
_READS = ("info/refs?service=git-upload-pack", "git-upload-pack")
_QUERIES = {"info/refs": "|".join(_REFS), "info/lfs/locks": r"[\w.~%&=/+-]*"}

_METHODS = {"info/refs": ("GET",), "info/lfs/locks": ("GET", "POST")}
"""How a service is asked; the others by POST."""

_ASKED = ("Accept", "Content-Encoding", "Content-Type", "Git-Protocol", "User-Agent")


def git_client() -> httpx.AsyncClient:
    """What the proxy asks by."""
    return outgoing(SILENCE_SECONDS, CONNECT_SECONDS, kept=10)


def _doing(service: str, query: str) -> str:
    """What Git is about, in its own words."""
    if service.startswith("info/lfs"):
        return "LFS of"
    return "push to" if "receive-pack" in service + query else "fetch"


class GitProxyHandler(RelayHandler):
    """``/git/<length>/<host>/<owner>/<name>[.git]/…`` with a chat's token: Git's smart HTTP, and the API of LFS.

    The length is that of ``<owner>/<name>`` of the project whose way it is (:mod:`agent_hub.hub.chat_git`).

    Whatever is asked for, the address that the hub asks at is that of the chat's own project.
    """

    wants: ClassVar[str] = "pass on what a chat's Git asks"
    in_words: ClassVar[bool] = True
    answered: ClassVar[re.Pattern[str]] = re.compile(
        r"(?i)content-type|content-encoding|cache-control|expires|pragma|retry-after|x-github-request-id"
    )

    _secrets: tuple[str, ...] = ()

    _unproven: AgentHubError | None = None
    """Why it is asked without a proof, where GitHub has not said that none is needed."""

    def secrets(self) -> Iterable[str]:
        """What the hub has proved itself with, as it is and as it was sent."""
        return self._secrets

    async def prepare(self) -> None:
        """Look at who asks, and for what, and begin to ask."""
        if (beside := self._beside()) is not None:
            self.redirect(beside)
            return
        if "Authorization" not in self.request.headers:
            # Git tells who it is once it is asked.
            self.set_status(401)
            self.set_header("WWW-Authenticate", 'Basic realm="Agent Hub"')
            self.finish()
            return
        try:
            self.ask_who()
            self.take_at_most(LARGEST)
            await self._begin()
        except AgentHubError as error:
            self._refusal = error

    def _beside(self) -> str | None:
        """The address of a repository that only begins like the one whose way this is; where Git goes on as itself.

        Git takes a redirect for good only where it was not asked who it is, so it is not.
        """
        github, found = self._hub.github.status.url, _PATH.fullmatch(self.request.path)
        if not github or found is None or found["host"] != urlsplit(github).netloc or found["service"] != "info/refs":
            return None
        if len(found["name"]) <= int(found["length"]) or self.request.query not in _REFS:
            return None
        return f"{github}/{found['name']}{found['suffix']}/info/refs?{self.request.query}"

    async def _begin(self) -> None:
        project = self._hub.store.projects[self._hub.store.chats[self._chat].project]
        repository = HostedRepository.of(project.url, self._hub.github.status.url)
        if repository is None:
            raise NotConnected(
                "No account of this repository's GitHub is connected.", "Connect it on Agent Hub's Connections page."
            )
        self._host = repository.host
        found = _PATH.fullmatch(self.request.path)
        if found is None or self.request.method not in _METHODS.get(found["service"], ("POST",)):
            raise InvalidInput(f"Git asks for nothing like that by {self.request.method}.", "Use git.")
        if not re.fullmatch(_QUERIES.get(found["service"], ""), self.request.query, re.ASCII):
            raise InvalidInput("That is nothing that Git asks for.", "Use git.")
        asked, own = f"{found['host']}/{found['name']}".lower(), f"{repository.host}/{repository.name}".lower()
        if asked != own:
            raise NotAllowed(
                f"This chat reaches {repository.name} by way of the hub, and no other repository.",
                "Ask the person for what you need of it.",
            )
        query = f"?{self.request.query}" if self.request.query else ""
        self.send_on(
            self.settings["git_client"],
            f"{_doing(found['service'], self.request.query)} {repository.name}",
            f"{repository.url}.git/{found['service']}{query}",
            self._proven(await self._credential(repository, found["name"], f"{found['service']}{query}")),
        )

    async def _credential(self, repository: HostedRepository, name: str, asked: str) -> Credential | None:
        """What the hub proves itself with; ``None`` where nobody has to."""
        github = self._hub.github
        try:
            credential = await github.credential_within(repository.url, f"{repository.github}/{name}")
        except (NotConnected, NotAllowed) as error:
            # What anybody may read needs no App.
            public = asked in _READS and await github.is_public(repository.url)
            if public is False:
                raise
            self._unproven = None if public else error
            return None
        if credential is None:
            raise NotConnected(
                f"The account that is connected is not for {repository.name}.", "Look at Agent Hub's Connections page."
            )
        return credential

    def _proven(self, credential: Credential | None) -> dict[str, str]:
        given = {name: value for name in _ASKED if (value := self.request.headers.get(name))}
        # In what is compressed a proof that is quoted would not be seen; packs are compressed anyway.
        asked = given | {"Accept-Encoding": "identity"}
        if credential is None:
            return asked
        proof = b64encode(f"{credential.username}:{credential.password}".encode()).decode()
        self._secrets = (credential.password, proof)
        return asked | {"Authorization": f"Basic {proof}"}

    async def look_at(self, answer: httpx.Response) -> None:
        """Say in words what Git, which knows of the hub alone, would not understand."""
        status = answer.status_code
        if answer.is_success:
            self._hub.access_log.used(self._hub.store.chats[self._chat].project)
        if self._secrets and (status == 401 or (answer.is_success and self._hub.github.status.problem is not None)):
            # The account stands otherwise than the person is shown.
            self._hub.github.look()
        if status in (401, 404) and self._unproven is not None:
            raise self._unproven
        if status == 401:
            raise NotAllowed(
                f"{self._host} refuses the account that is connected.", "Look at Agent Hub's Connections page."
            )
        if status == 404:
            raise NotFound(
                f"{self._host} has no such repository, or the account that is connected may not see it.",
                "Look at what the account's token is for.",
            )
        if 300 <= status < 400 and status != 304:
            raise RepositoryUnreachable(
                f"{self._host} has moved this repository.", "Give the project its new address in Agent Hub."
            )

    def unreachable(self, why: str) -> AgentHubError:
        """Name whom the hub has asked."""
        return ApiUnreachable(f"{self._host} does not answer: {why}.", "Look at the network of the hub's machine.")
