"""What every handler of the gateway's has: the hub, who calls, and how it refuses."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from http.client import responses
from typing import Any, ClassVar

from tornado.web import HTTPError, RequestHandler

from agent_hub.errors import AgentHubError, NotAllowed, NotFound
from agent_hub.gateway.callers import Callers
from agent_hub.hub.hub import Hub

logger = logging.getLogger(__name__)


class GatewayHandler(RequestHandler):
    """Refuses in the same JSON as the Jupyter side, or in words."""

    wants: ClassVar[str] = "answer a chat"
    """What is refused, in the log."""

    in_words: ClassVar[bool] = False
    """Whether a program shows what is said as it is, as Git and a shell script do."""

    _chat: str = ""
    """Who asks, once that is known."""

    _is_logged: bool = False

    def initialize(self, hub: Hub, callers: Callers) -> None:
        """Keep what the application hands over."""
        self._hub = hub
        self._callers = callers

    def ask_who(self) -> str:
        """The id of the chat that asks, from then on known to the log.

        Raises
        ------
        NotAllowed
            It shows no token of a chat that runs.
        TooManyRequests
            It has asked for too much.
        """
        self._chat = self._callers.chat(self.request)
        self._callers.let_in(self._chat)
        return self._chat

    def take_at_most(self, size: int) -> None:
        """Take a larger body than the listener does; for those that hold none of it."""
        if self.request.connection is not None:
            self.request.connection.set_max_body_size(size)  # type: ignore[attr-defined]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say why."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AgentHubError):
            self.set_status(error.status)
            body = error.to_dict()
        else:
            body = {"code": f"http_{status_code}", "message": self._reason, "hint": "", "details": {}}
        if self.in_words:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"Agent Hub: {body['message']} {body['hint']}".rstrip() + "\n")
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(body))

    def log_exception(self, *exc_info: Any) -> None:
        """A refusal needs no traceback."""
        error = exc_info[1]
        if isinstance(error, AgentHubError):
            logger.info("Refused to %s: %s", self.wants, error.message)
            self.note_refusal(error.status, error.message)
        else:
            if isinstance(error, HTTPError):
                self.note_refusal(error.status_code, responses.get(error.status_code, "Unknown"))
            super().log_exception(*exc_info)

    def note_refusal(self, status: int, why: str) -> None:
        """Keep for the person what a chat was refused, also where it was refused before anybody asked who comes."""
        if self._is_logged:
            return
        self._is_logged = True
        with suppress(NotAllowed):
            chat = self._chat or self._callers.chat(self.request)
            self._hub.access_log.refused(chat, f"{self.request.method} {self.request.path}", status, why)


class NothingHandler(GatewayHandler):
    """Every other path."""

    async def prepare(self) -> None:
        """Refuse it."""
        raise NotFound("The hub has nothing there for a chat.", "Ask for what its documentation names.")
