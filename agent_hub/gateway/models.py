"""The model proxy: a chat asks with its own token, and the hub's account answers. No key is ever in a container."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import httpx
from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from agent_hub.errors import AgentHubError, ApiUnreachable, NotFound
from agent_hub.gateway.meter import Meter
from agent_hub.gateway.relay import RelayHandler

ROUTES = {
    "GET": re.compile(r"models(/[\w.:-]+)?"),
    "POST": re.compile(r"responses(/compact)?|chat/completions|completions|embeddings"),
}
"""What is sent on. The rest of an API, such as files and an organisation's keys, is the person's own."""

_ASKED = ("Accept", "Content-Type", "OpenAI-Beta", "User-Agent", "Originator", "Session-Id", "Session_id")


class ModelHandler(RelayHandler):
    """``/v1/…`` with a chat's token."""

    wants: ClassVar[str] = "ask a model"
    answered: ClassVar[re.Pattern[str]] = re.compile(
        r"(?i)content-type|retry-after(-ms)?|x-request-id|openai-.*|x-ratelimit-.*|x-codex-.*|x-models-etag"
    )

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._meter = Meter()
        super().__init__(application, request, **kwargs)

    async def prepare(self) -> None:
        """Look at who asks, and for what, and begin to ask the API."""
        try:
            self._chat = self._callers.chat(self.request)
            self._hub.budgets.check(self._chat)
            account = self._hub.openai.account
            path = self._path()
        except AgentHubError as error:
            self._refusal = error
            return
        headers = {name: value for name in _ASKED if (value := self.request.headers.get(name))}
        # What is compressed could not be counted.
        headers |= {**account.headers, "Accept-Encoding": "identity"}
        self.send_on(self._hub.openai.client, f"{account.base_url}/{path}", headers)

    def hear(self, piece: bytes) -> None:
        """Count its tokens."""
        self._meter.feed(piece)

    async def ended(self) -> None:
        """Keep what it took."""
        self._meter.end()
        if self._meter.usage is not None:
            await self._hub.budgets.count(self._chat, self._meter.usage)

    def unreachable(self, why: str) -> AgentHubError:
        """Name whom the hub has asked."""
        host = httpx.URL(self._hub.openai.status.base_url or "http://gone").host
        return ApiUnreachable(f"{host} does not answer: {why}.", "Look at the connection to OpenAI in Agent Hub.")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In the form of the API's own errors, so that an agent shows what went wrong."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AgentHubError):
            # Codex asks again and again where a server says that it has failed; here a person has to do something.
            self.set_status(error.status if error.status in (403, 404, 413, 429, 502) else 400)
            said, code = f"Agent Hub: {error.message} {error.hint}".strip(), error.code
        else:
            said, code = f"Agent Hub: {self._reason}", f"http_{status_code}"
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": {"message": said, "type": "agent_hub", "code": code}}))

    # -- within

    def _path(self) -> str:
        path = self.path_args[0]
        allowed = ROUTES.get(self.request.method or "")
        if allowed is None or not allowed.fullmatch(path):
            raise NotFound(f"The hub sends on no {self.request.method} of {path[:80]!r}.", "Ask for a response.")
        return path
