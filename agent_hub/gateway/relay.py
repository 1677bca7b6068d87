"""A request of a chat's that is sent on to somebody else, and the answer passed back, each as it comes."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, ClassVar

import httpx
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import Application

from agent_hub.connections.outgoing import refuse_packed, why
from agent_hub.connections.secrets import masked
from agent_hub.errors import AgentHubError
from agent_hub.gateway.redaction import Redaction
from agent_hub.gateway.streamed import StreamedHandler
from agent_hub.models import GatewayRequest

logger = logging.getLogger(__name__)

REFUSALS = (401, 403, 429)
"""Answers that say nothing of what was asked: the account is not taken, or has asked for too much."""

AHEAD = 4
"""Pieces of a request that wait to be sent on: the container's connection waits after that."""


class RelayHandler(StreamedHandler):
    """Neither what is asked nor what is answered is ever held whole; who reads slowly is sent no more."""

    answered: ClassVar[re.Pattern[str]]
    """The headers of an answer that are passed on."""

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(AHEAD)
        self._asking: asyncio.Task[httpx.Response] | None = None
        # A refusal waits until the body was read and dropped: a client that still sends would see a reset connection.
        self._refusal: AgentHubError | None = None
        self._telling: asyncio.Task[None] | None = None
        self._host = self._what = ""
        self._asked_at = 0.0
        self._row: GatewayRequest | None = None
        self._gone = False
        super().__init__(application, request, **kwargs)

    # -- what a relay says of itself

    def secrets(self) -> Iterable[str]:
        """What proves to others who the hub is, and may be quoted by them, in an error above all."""
        return ()

    async def answer(self, asking: asyncio.Task[httpx.Response]) -> httpx.Response:
        """The answer to pass on."""
        return await asking

    async def look_at(self, answer: httpx.Response) -> None:
        """Look at the head of an answer before it is passed on; what this raises is told in its place."""

    def hear(self, piece: bytes) -> None:
        """Look at a piece of the answer that is passed on."""

    async def ended(self) -> None:
        """The answer has ended, or nobody waits for it any more."""

    def redaction(self) -> Redaction:
        """What takes :meth:`secrets` out of an answer."""
        # An ellipsis is no ASCII, as headers are.
        return Redaction({secret: masked(secret).replace("…", "...") for secret in self.secrets()})

    def unreachable(self, why: str) -> AgentHubError:
        """What it means that nobody answers."""
        raise NotImplementedError

    # -- one request

    def send_on(
        self, client: httpx.AsyncClient, what: str, url: str, headers: Mapping[str, str], again: bytes | None = None
    ) -> asyncio.Task[httpx.Response]:
        """Begin to ask.

        Parameters
        ----------
        what
            What is asked for, for the log.
        again
            The body, where all of it has come already.
        """
        # Of others httpx makes nothing, and raises; no header that means something has them.
        given = {name: value for name, value in headers.items() if f"{name}{value}".isascii() and value.isprintable()}
        content = None
        if self.request.method == "POST":
            content = self._body() if again is None else again
            if length := self.request.headers.get("Content-Length"):
                given["Content-Length"] = length
        asked = client.build_request(self.request.method or "", url, headers=given, content=content)
        self._host, self._what, self._asked_at = asked.url.netloc.decode(), what, time.monotonic()
        self._asking = asyncio.create_task(client.send(asked, stream=True))
        if self._gone:
            # Whoever has asked went away while it was looked at.
            self._asking.cancel()
        return self._asking

    async def take(self, chunk: bytes) -> None:
        """Pass on one piece of the request, once there is room for it."""
        if self._asking is None or self._asking.done():
            return
        await self._put(self._asking, chunk)

    async def get(self, *_: str) -> None:
        """Pass on the answer."""
        self.body_is_there()
        await self._pass_on()

    async def post(self, *_: str) -> None:
        """Pass on the answer, as it comes."""
        self.body_is_there()
        # Who sends slowly makes nobody slow.
        self._asked_at = time.monotonic()
        if self._asking is not None and not self._asking.done():
            await self._put(self._asking, None)
        await self._pass_on()

    def on_connection_close(self) -> None:
        """The chat does not wait for the answer any more: neither does the hub."""
        super().on_connection_close()
        self._gone = True
        # Who hangs up hides nothing of what it asked, nor of what it was refused.
        if self._refusal is not None:
            self.note_refusal(self._refusal.status, self._refusal.message)
        elif self._asking is not None and not self._is_logged:
            # No trouble of the host's.
            self._is_logged = True
            self._hub.access_log.passed(self._chat, self._what, self._host, None, None, "the chat hung up")
        for task in (self._asking, self._telling):
            if task is not None:
                task.cancel()
        self._close_answer()

    def on_finish(self) -> None:
        """Leave nothing open of what was asked, however it was answered."""
        super().on_finish()
        self._close_answer()

    def _close_answer(self) -> None:
        """End what was asked, or close its answer, where nobody has: it would hold a connection for good."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking.add_done_callback(_close)

    async def _put(self, asking: asyncio.Task[httpx.Response], piece: bytes | None) -> None:
        putting = asyncio.ensure_future(self._pieces.put(piece))
        # Who has answered may read no further.
        await asyncio.wait([putting, asking], return_when=asyncio.FIRST_COMPLETED)
        putting.cancel()

    async def _body(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def _pass_on(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        assert self._asking is not None
        self._telling = asyncio.create_task(self._tell(self._asking))
        try:
            await self._telling
        except (asyncio.CancelledError, StreamClosedError):
            logger.debug("Chat %s does not wait for its answer any more", self._chat)
        except httpx.HTTPError as error:
            self._broken(why(error))
        except AgentHubError:
            raise
        except Exception:
            if not self._is_logged:
                self._note(False, "the hub has failed")
            raise
        finally:
            await self.ended()

    async def _tell(self, asking: asyncio.Task[httpx.Response]) -> None:
        answer = await self.answer(asking)
        try:
            refuse_packed(answer)
        except httpx.HTTPError:
            await answer.aclose()
            raise
        ok = answer.status_code < 500 and answer.status_code not in REFUSALS
        problem = "" if ok else f"it answers {answer.status_code}"
        self._note(ok, problem, answer.status_code, time.monotonic() - self._asked_at)
        try:
            await self.look_at(answer)
            self.set_status(answer.status_code)
            redaction = self.redaction()
            for name, value in answer.headers.items():
                if self.answered.fullmatch(name) and value.isascii() and value.isprintable():
                    self.set_header(name, redaction.text(value))
            async for piece in answer.aiter_raw():
                self.hear(piece)
                self.write(redaction.feed(piece))
                # Awaiting it is the backpressure: what a chat does not read, is not asked for.
                await self.flush()
            self.write(redaction.end())
        finally:
            await answer.aclose()

    def _note(self, ok: bool, problem: str, status: int | None = None, seconds: float | None = None) -> None:
        self._is_logged = True
        self._hub.traffic.note(self._host, ok, seconds, problem)
        self._row = self._hub.access_log.passed(self._chat, self._what, self._host, status, seconds, problem)

    def _broken(self, why: str) -> None:
        if self._row is None:
            self._note(False, why)
        else:
            self._hub.traffic.break_off(self._host, why)
            self._hub.access_log.break_off(self._row, why)
        if not self._headers_written:
            raise self.unreachable(why)
        # An answer that ends in the middle must not look like one that is whole.
        logger.warning("An answer to chat %s broke off: %s", self._chat, why)
        if self.request.connection is not None:
            self.detach().close()


_closing: set[asyncio.Task[None]] = set()


def _close(asking: asyncio.Task[httpx.Response]) -> None:
    if asking.cancelled() or asking.exception() is not None or asking.result().is_closed:
        return
    task = asyncio.ensure_future(asking.result().aclose())
    _closing.add(task)
    task.add_done_callback(_closing.discard)
