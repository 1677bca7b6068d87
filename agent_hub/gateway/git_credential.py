"""What ``git-credential-agent-hub`` talks to: a chat gets what Git needs for the repository of its own project."""

from __future__ import annotations

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, stream_request_body

from agent_hub.errors import InvalidInput
from agent_hub.gateway.handler import GatewayHandler

MOST_BYTES = 16 * 1024
"""Of a question: an address, and what Git says of itself."""


@stream_request_body
class GitCredentialHandler(GatewayHandler):
    """``POST /git-credential`` with a chat's token.

    The body and the answer are attributes by line, as Git gives them to a helper (gitcredentials(7)); the answer is
    empty where the hub has nothing for that address.
    """

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._asked = bytearray()
        super().__init__(application, request, **kwargs)

    async def prepare(self) -> None:
        """Look at who asks before a byte of the body is taken."""
        self._chat = self._callers.chat(self.request)

    async def data_received(self, chunk: bytes) -> None:
        """Take a piece of the question, and drop what no question has."""
        self._asked += chunk[: MOST_BYTES + 1 - len(self._asked)]

    async def post(self) -> None:
        """Answer."""
        if len(self._asked) > MOST_BYTES:
            raise InvalidInput("That is no question of Git's.", "Use git-credential-agent-hub.")
        lines = (line.partition("=") for line in self._asked.decode(errors="replace").splitlines())
        asked = {name: value for name, _, value in lines}
        url = f"{asked.get('protocol', '')}://{asked.get('host', '')}/{asked.get('path', '')}"
        project = self._hub.store.projects[self._hub.store.chats[self._chat].project]
        credential = await self._hub.github.credential_within(project.url, url)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if credential is None:
            self.finish()
        else:
            self.finish(f"username={credential.username}\npassword={credential.password}\n")
