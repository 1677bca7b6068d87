"""The model proxy: a chat asks with its own token, and the hub's account answers. No key is ever in a container."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

import httpx
from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from agent_hub.errors import AgentHubError, ApiUnreachable, InvalidInput, NotFound
from agent_hub.gateway.background import BackgroundSearch
from agent_hub.gateway.meter import Meter
from agent_hub.gateway.refusal import words_of
from agent_hub.gateway.relay import RelayHandler
from agent_hub.models import Usage

ROUTES = {
    "GET": re.compile(r"models(/[\w:-][\w.:-]*)?", re.ASCII),
    "POST": re.compile(r"responses(/compact)?|chat/completions|completions|embeddings"),
}
"""What is sent on. The rest of an API, such as files and an organisation's keys, is the person's own."""

LARGEST = 2**29
"""Bytes of a request: as many as OpenAI takes, with the images that are in it."""

REPEATED = 2 * 2**20
"""Bytes of a request that can be sent once more, with renewed credentials; a longer one is the agent's to repeat."""

WORDS = 300
"""Characters of what an API says as it refuses the account, which a chat is told."""

_ASKED = re.compile(
    r"(?i)accept|content-type|openai-beta|user-agent|originator|version|(session|thread|conversation)[-_]id|"
    r"x-client-request-id|x-codex-.*|x-openai-(internal-codex-.*|subagent)"
)
"""What an agent says of its request; some of Codex's change what the body means."""

_VERSION = re.compile(r"client_version=[\w.-]{1,40}")


class ModelHandler(RelayHandler):
    """``/v1/…`` with a chat's token."""

    wants: ClassVar[str] = "ask a model"
    answered: ClassVar[re.Pattern[str]] = re.compile(
        r"(?i)content-type|retry-after(-ms)?|x-request-id|openai-.*|x-ratelimit-.*|x-codex-.*|x-models-etag"
    )

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._meter = Meter()
        self._background = BackgroundSearch()
        self._sent: bytearray | None = None
        self._size = 0
        # Whether it is answered, and so paid for; unknown before the head of the answer.
        self._taken: bool | None = None
        super().__init__(application, request, **kwargs)

    async def prepare(self) -> None:
        """Look at who asks, and for what, and begin to ask the API."""
        try:
            self.ask_who()
            self.take_at_most(LARGEST)
            self._hub.budgets.check(self._chat)
            self._upstream = self._hub.openai.upstream
            self._url = f"{self._upstream.base_url}/{self._path()}"
            self._credentials = await self._upstream.credentials()
        except AgentHubError as error:
            self._refusal = error
            return
        if self._upstream.renews:
            self._sent = bytearray()
        self._send()

    async def take(self, chunk: bytes) -> None:
        """Keep what may have to be said once more, and send on no more of what is not to be asked."""
        self._size += len(chunk)
        if self._refusal is None:
            self._refusal = self._wrong_with(chunk)
            if self._refusal is not None and self._asking is not None:
                # Here, not at the end of the body: by then the API would have all of it, and answer.
                self._asking.cancel()
        if self._refusal is not None:
            return
        if self._sent is not None:
            self._sent += chunk
            if len(self._sent) > REPEATED:
                self._sent = None
        await super().take(chunk)

    async def answer(self, asking: asyncio.Task[httpx.Response]) -> httpx.Response:
        """The answer; where it is that the credentials end, that to renewed ones."""
        answer = await asking
        if answer.status_code != 401:
            return answer
        self._taken = False
        try:
            renewed = await self._upstream.renewed(self._credentials)
            if renewed is None or self._sent is None:
                return answer
            await answer.aclose()
            self._credentials, self._taken = renewed, None
            answer = await self._send(bytes(self._sent))
        except AgentHubError:
            await answer.aclose()
            raise
        return answer

    def secrets(self) -> Iterable[str]:
        """What the request was proved with."""
        return [value.removeprefix("Bearer ") for value in self._credentials.values()]

    async def look_at(self, answer: httpx.Response) -> None:
        """See whether the account is taken, and whether it is an answer that takes tokens."""
        if answer.status_code == 401:
            await self._pass_on_refusal(answer)
        self._taken = answer.is_success and self.request.method == "POST"
        if self._taken:
            # Some servers tell anybody which models they have.
            self._upstream.accept()
        if not answer.headers.get("Content-Type", "").lower().startswith("text/event-stream"):
            self._meter.gather()

    def hear(self, piece: bytes) -> None:
        """Count its tokens."""
        before = self._meter.usage
        self._meter.feed(piece)
        # Before the agent hears it: its turn may end with this piece.
        self._measured(before)

    async def ended(self) -> None:
        """Keep what it took."""
        before = self._meter.usage
        self._meter.end()
        self._measured(before)
        usage = self._meter.usage
        # It has all come from the agent by now, and was sent on as it came.
        taken = self._taken if self._taken is not None else self._gone and self.request.method == "POST"
        if usage is None and taken:
            # An agent that goes away before the end of each answer, or its beginning, would use up no budget.
            usage = self._meter.guess(self._size)
            self._hub.conversations.measured(self._chat, usage)
        if usage is not None:
            await self._hub.budgets.count(self._chat, usage)

    def unreachable(self, why: str) -> AgentHubError:
        """Name whom the hub has asked."""
        host = httpx.URL(self._upstream.base_url).host
        return ApiUnreachable(f"{host} does not answer: {why}.", "Look at the connection to OpenAI in Agent Hub.")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In the form of the API's own errors, so that an agent shows what went wrong; to Codex in words."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        code, field = f"http_{status_code}", None
        said = f"Agent Hub: {self._reason}"
        if isinstance(error, AgentHubError):
            # It asks again and again where a server says that it has failed; here a person has to do something.
            known = (502,) if self._is_codex else (403, 404, 413, 429, 502)
            self.set_status(error.status if error.status in known else 400)
            code, field = error.code, error.details.get("field")
            said = f"Agent Hub: {error.message} {error.hint}".strip()
        if self._is_codex:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(said)
        else:
            body = {"message": said, "type": "agent_hub", "param": field, "code": code}
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps({"error": body}))

    # -- within

    @property
    def _is_codex(self) -> bool:
        """Whether Codex asks, by whatever name: it shows a refusal with 400 as it came, and asks after others again."""
        return any(name.lower().startswith("x-codex-") for name in self.request.headers)

    async def _pass_on_refusal(self, answer: httpx.Response) -> None:
        """Raise what it means that the account is refused, with what the API says, for the chat alone."""
        try:
            self._upstream.refuse(self._credentials)
        except AgentHubError as error:
            words = self.redaction().text(await words_of(answer))
            if not words:
                raise
            said = f"{words[:WORDS]}…" if len(words) > WORDS else words
            raise type(error)(f"{error.message} It says: “{said}”", error.hint) from None

    def _wrong_with(self, chunk: bytes) -> AgentHubError | None:
        """Why what is asked goes no further, now that this piece of it has come."""
        if self.path_args[0] == "responses" and self._background.feed(chunk):
            return InvalidInput(
                "The hub sends on no request with “background”: nobody could count its answer, which is fetched later.",
                "Ask without it, and take the answer as it comes.",
                field="background",
            )
        try:
            # What was begun while there was budget is not to be ended once there is none.
            self._hub.budgets.check(self._chat)
        except AgentHubError as error:
            return error
        return None

    def _measured(self, before: Usage | None) -> None:
        usage = self._meter.usage
        if usage is not None and usage is not before:
            # Some APIs tell the sum so far with each piece.
            self._hub.conversations.measured(self._chat, usage if before is None else usage - before)

    def _path(self) -> str:
        path = self.path_args[0]
        allowed = ROUTES.get(self.request.method or "")
        if allowed is None or not allowed.fullmatch(path):
            raise NotFound(f"The hub sends on no {self.request.method} of {path[:80]!r}.", "Ask for a response.")
        if not self._upstream.paths.fullmatch(path):
            raise NotFound(
                f"A ChatGPT account answers no {self.request.method} of {path[:80]!r}.",
                "Use Codex, or an API key on Agent Hub's Connections page.",
            )
        return f"{path}?{self.request.query}" if _VERSION.fullmatch(self.request.query) else path

    def _send(self, again: bytes | None = None) -> asyncio.Task[httpx.Response]:
        headers = {name: value for name, value in self.request.headers.items() if _ASKED.fullmatch(name)}
        # What is compressed could not be counted.
        headers |= {**self._credentials, "Accept-Encoding": "identity"}
        what = f"{self.request.method} /v1/{self.path_args[0]}"
        return self.send_on(self._hub.openai.client, what, self._url, headers, again)
