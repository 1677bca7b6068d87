"""What ``gh`` in a chat talks to: a token for the project's repository, where there is one that does not live long."""

from __future__ import annotations

from typing import ClassVar

from agent_hub.errors import NotAllowed, NotConnected
from agent_hub.gateway.handler import GatewayHandler
from agent_hub.hub.chat_git import HostedRepository


class InstallationTokenHandler(GatewayHandler):
    """``POST /github-token`` with a chat's token: the GitHub's host on one line, a token on the next.

    A personal token is handed to nobody: whoever has read it could use it for all that it is for, until the person
    notices. Git needs none: the hub proves who the person is (:mod:`agent_hub.gateway.git_proxy`).
    """

    wants: ClassVar[str] = "hand out a token for GitHub"
    in_words: ClassVar[bool] = True

    async def post(self) -> None:
        """Answer."""
        chat = self.ask_who()
        project = self._hub.store.projects[self._hub.store.chats[chat].project]
        repository = HostedRepository.of(project.url, self._hub.github.status.url)
        if repository is None:
            raise NotConnected(
                "No account of this repository's GitHub is connected.", "Connect it on Agent Hub's Connections page."
            )
        credential = await self._hub.github.short_lived(repository.url, chat)
        if credential is None:
            raise NotAllowed(
                "GitHub is connected by a personal token, which never enters a chat. git works without it; gh needs a "
                "token of its own.",
                "Connect a GitHub App on Agent Hub's Connections page: its tokens are good for this repository alone, "
                "and for an hour.",
            )
        self._hub.access_log.passed(chat, f"token for gh, of {repository.name}", repository.host, None, None)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(f"{repository.host}\n{credential.password}\n")
