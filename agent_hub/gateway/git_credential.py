"""What ``git-credential-agent-hub`` talks to: a chat gets what Git needs for the repository of its own project."""

from __future__ import annotations

import json
import logging
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler, stream_request_body

from agent_hub.errors import AgentHubError, InvalidInput
from agent_hub.gateway.callers import Callers
from agent_hub.hub.hub import Hub

logger = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024
"""Of a question: an address, and what Git says of itself."""


@stream_request_body
class GitCredentialHandler(RequestHandler):
    """``POST /git-credential`` with a chat's token.

    The body and the answer are attributes by line, as Git gives them to a helper (gitcredentials(7)); the answer is
    empty where the hub has nothing for that address.
    """

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._asked = bytearray()
        super().__init__(application, request, **kwargs)

    def initialize(self, hub: Hub, callers: Callers) -> None:
        """Keep what the application hands over."""
        self._hub = hub
        self._callers = callers

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

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The same JSON as the Jupyter side's."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AgentHubError):
            self.set_status(error.status)
            body = error.to_dict()
        else:
            body = {"code": f"http_{status_code}", "message": self._reason, "hint": "", "details": {}}
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    def log_exception(self, *exc_info: Any) -> None:
        """A refusal needs no traceback."""
        if isinstance(exc_info[1], AgentHubError):
            logger.info("Refused a chat's Git: %s", exc_info[1].message)
        else:
            super().log_exception(*exc_info)
