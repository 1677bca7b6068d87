"""What every handler of the gateway's has: the hub, who calls, and how it refuses."""

from __future__ import annotations

import json
import logging
from typing import Any, ClassVar

from tornado.web import RequestHandler

from agent_hub.errors import AgentHubError
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
            if self._chat and not self._is_logged:
                asked = f"{self.request.method} {self.request.path}"
                self._hub.access_log.refused(self._chat, asked, error.status, error.message)
        else:
            super().log_exception(*exc_info)
