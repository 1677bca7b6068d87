"""What ``hub_artifact publish`` talks to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from typing import Any, BinaryIO

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler, stream_request_body

from agent_hub.errors import AgentHubError, InvalidInput, NotAllowed, StorageFull, TooLarge
from agent_hub.hub.hub import Hub
from agent_hub.hub.tokens import token_hash

logger = logging.getLogger(__name__)


@stream_request_body
class ArtifactsHandler(RequestHandler):
    """``POST /artifacts?name=…`` with a chat's token: the body is the file.

    It goes to disk as it comes, so its size costs no memory; it becomes an artifact only once all of it is there.
    """

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._refusal: AgentHubError | None = None
        self._file: BinaryIO | None = None
        super().__init__(application, request, **kwargs)

    def initialize(self, hub: Hub, limit: int) -> None:
        """Keep what the application hands over."""
        self._hub = hub
        self._limit = limit

    async def prepare(self) -> None:
        """Check the token before a byte of the body is taken."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        chat = self._hub.store.chat_of_token(token_hash(token.strip())) if scheme.lower() == "bearer" else None
        if self.request.method != "POST":
            self._refusal = InvalidInput("Only POST is understood here.", "Use hub_artifact publish.")
        elif chat is None:
            self._refusal = NotAllowed("This token is of no chat that runs.", "Publish from inside a running chat.")
        elif not re.fullmatch(r"[0-9]{0,19}", length := self.request.headers.get("Content-Length", "")):
            self._refusal = InvalidInput(f"{length[:80]!r} is no length of a file.", "Use hub_artifact publish.")
        elif int(length or 0) > self._limit:
            self._refusal = TooLarge(
                f"The file is larger than {self._limit / 2**20:.0f} MiB.", "Publish a smaller one, or raise the limit."
            )
        if self._refusal is not None:
            raise self._refusal
        self._chat = chat or ""
        self._path = self._hub.artifacts.incoming()
        self._digest = hashlib.sha256()
        self._file = await asyncio.to_thread(open, self._path, "wb")

    async def data_received(self, chunk: bytes) -> None:
        """Write one piece of the file."""
        if self._file is None or self._refusal is not None:
            return
        try:
            await asyncio.to_thread(self._take, chunk)
        except OSError as error:
            # The rest of the body is read and dropped, so that the client gets an answer and not a reset connection.
            self._refusal = StorageFull.from_os_error(error)

    async def post(self) -> None:
        """All is there: make it an artifact."""
        if self._refusal is not None:
            raise self._refusal
        assert self._file is not None
        self._file.close()
        try:
            # As it was sent: Tornado's own reading of it makes blanks of control characters.
            name = self.request.query_arguments.get("name", [b""])[-1].decode()
        except UnicodeDecodeError:
            raise InvalidInput("The name is no text.", "Send it as UTF-8.", field="name") from None
        try:
            artifact = await self._hub.artifacts.publish(self._chat, name, self._path, self._digest.hexdigest())
        except OSError as error:
            raise StorageFull.from_os_error(error) from None
        self.set_status(201)
        self.set_header("Content-Type", "application/json")
        self.finish(artifact.model_dump_json())

    def on_finish(self) -> None:
        """Leave nothing behind of a file that did not become an artifact."""
        self._discard()

    def on_connection_close(self) -> None:
        """The container went away in the middle."""
        super().on_connection_close()
        self._discard()

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
            logger.info("Refused to publish: %s", exc_info[1].message)
        else:
            super().log_exception(*exc_info)

    def _take(self, chunk: bytes) -> None:
        assert self._file is not None
        self._file.write(chunk)
        self._digest.update(chunk)

    def _discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)
            self._file = None
