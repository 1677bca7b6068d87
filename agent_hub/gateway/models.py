"""The model proxy: a chat asks with its own token, and the hub's account answers. No key is ever in a container."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler, stream_request_body

from agent_hub.errors import AgentHubError, ApiUnreachable, NotFound
from agent_hub.gateway.callers import Callers
from agent_hub.gateway.meter import Meter
from agent_hub.hub.hub import Hub

logger = logging.getLogger(__name__)

AHEAD = 4
"""Pieces of a request that wait for the API: the container's connection waits after that."""

ROUTES = {
    "GET": re.compile(r"models(/[\w.:-]+)?"),
    "POST": re.compile(r"responses(/compact)?|chat/completions|completions|embeddings"),
}
"""What is sent on. The rest of an API, such as files and an organisation's keys, is the person's own."""

_ASKED = ("Accept", "Content-Type", "OpenAI-Beta", "User-Agent", "Originator", "Session-Id", "Session_id")
_ANSWERED = re.compile(
    r"(?i)content-type|retry-after(-ms)?|x-request-id|openai-.*|x-ratelimit-.*|x-codex-.*|x-models-etag"
)


@stream_request_body
class ModelHandler(RequestHandler):
    """``/v1/…`` with a chat's token."""

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(AHEAD)
        self._asking: asyncio.Task[httpx.Response] | None = None
        self._refusal: AgentHubError | None = None
        self._telling: asyncio.Task[None] | None = None
        super().__init__(application, request, **kwargs)

    def initialize(self, hub: Hub, callers: Callers) -> None:
        """Keep what the application hands over."""
        self._hub = hub
        self._callers = callers

    async def prepare(self) -> None:
        """Look at who asks, and for what, and begin to ask the API."""
        try:
            self._chat = self._callers.chat(self.request)
            self._hub.budgets.check(self._chat)
            account = self._hub.openai.account
            path = self._path()
        except AgentHubError as error:
            # The body is read and dropped: a client that still sends would see a connection that is reset.
            self._refusal = error
            return
        headers = {name: value for name in _ASKED if (value := self.request.headers.get(name))}
        # What is compressed could not be counted.
        headers |= {**account.headers, "Accept-Encoding": "identity"}
        if length := self.request.headers.get("Content-Length"):
            headers["Content-Length"] = length
        content = self._body() if self.request.method == "POST" else None
        asked = self._hub.openai.client.build_request(
            self.request.method or "", f"{account.base_url}/{path}", headers=headers, content=content
        )
        self._asking = asyncio.create_task(self._hub.openai.client.send(asked, stream=True))

    async def data_received(self, chunk: bytes) -> None:
        """Pass on one piece of the request, once there is room for it."""
        if self._asking is None or self._asking.done():
            return
        putting = asyncio.ensure_future(self._pieces.put(chunk))
        # An API that has answered may read no further.
        await asyncio.wait([putting, self._asking], return_when=asyncio.FIRST_COMPLETED)
        if not putting.done():
            putting.cancel()

    async def get(self, _: str) -> None:
        """Pass on the answer."""
        await self._pass_on()

    async def post(self, _: str) -> None:
        """Pass on the answer, as it comes."""
        if self._asking is not None and not self._asking.done():
            ending = asyncio.ensure_future(self._pieces.put(None))
            await asyncio.wait([ending, self._asking], return_when=asyncio.FIRST_COMPLETED)
        await self._pass_on()

    def on_connection_close(self) -> None:
        """The agent does not wait for the answer any more: neither does the hub."""
        super().on_connection_close()
        for task in (self._asking, self._telling):
            if task is not None:
                task.cancel()

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

    def log_exception(self, *exc_info: Any) -> None:
        """A refusal needs no traceback."""
        if isinstance(exc_info[1], AgentHubError):
            logger.info("Refused to ask a model: %s", exc_info[1].message)
        else:
            super().log_exception(*exc_info)

    # -- within

    def _path(self) -> str:
        path = self.path_args[0]
        allowed = ROUTES.get(self.request.method or "")
        if allowed is None or not allowed.fullmatch(path):
            raise NotFound(f"The hub sends on no {self.request.method} of {path[:80]!r}.", "Ask for a response.")
        return path

    async def _body(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def _pass_on(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        assert self._asking is not None
        meter = Meter()
        self._telling = asyncio.create_task(self._tell(self._asking, meter))
        try:
            await self._telling
        except (asyncio.CancelledError, StreamClosedError):
            logger.debug("Chat %s does not wait for its answer any more", self._chat)
        except httpx.HTTPError as error:
            self._broken(error)
        finally:
            meter.end()
            if meter.usage is not None:
                await self._hub.budgets.count(self._chat, meter.usage)

    async def _tell(self, asking: asyncio.Task[httpx.Response], meter: Meter) -> None:
        answer = await asking
        try:
            self.set_status(answer.status_code)
            for name, value in answer.headers.items():
                if _ANSWERED.fullmatch(name):
                    self.set_header(name, value)
            async for piece in answer.aiter_raw():
                meter.feed(piece)
                self.write(piece)
                # Awaiting it is the backpressure: what an agent does not read, is not asked for.
                await self.flush()
        finally:
            await answer.aclose()

    def _broken(self, error: httpx.HTTPError) -> None:
        host = httpx.URL(self._hub.openai.status.base_url or "http://gone").host
        why = str(error) or type(error).__name__
        if self._headers_written:
            # An answer that ends in the middle must not look like one that is whole.
            logger.warning("The answer of %s to chat %s broke off: %s", host, self._chat, why)
            if self.request.connection is not None:
                self.detach().close()
            return
        raise ApiUnreachable(f"{host} does not answer: {why}.", "Look at the connection to OpenAI in Agent Hub.")
