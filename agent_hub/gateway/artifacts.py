"""What ``hub_artifact`` talks to."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from agent_hub.errors import AgentHubError, InvalidInput, StorageFull, TooLarge
from agent_hub.gateway.callers import Callers
from agent_hub.gateway.incoming import IncomingFile
from agent_hub.gateway.streamed import StreamedHandler
from agent_hub.hub.artifact_files import check_name
from agent_hub.hub.hub import Hub


class ArtifactsHandler(StreamedHandler):
    """``POST /artifacts?name=…`` with a chat's token: the body is the file. ``GET /artifacts``: what it has published.

    A file goes to disk as it comes, so its size costs no memory; it becomes an artifact only once all of it is there.
    """

    wants: ClassVar[str] = "publish"

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._refusal: AgentHubError | None = None
        self._file: IncomingFile | None = None
        self._name = ""
        super().__init__(application, request, **kwargs)

    def initialize(self, hub: Hub, callers: Callers, limit: int = 0) -> None:
        """Keep what the application hands over."""
        super().initialize(hub, callers)
        self._limit = limit

    async def prepare(self) -> None:
        """Check the token before a byte of the body is taken."""
        self.take_at_most(self._limit)
        try:
            await self._look_at_request()
        except AgentHubError as error:
            self._refusal = error
            raise
        if self.request.method != "POST":
            return
        self._file = IncomingFile(self._hub.artifacts.incoming())

    async def take(self, chunk: bytes) -> None:
        """Write one piece of the file."""
        if self._file is None or self._refusal is not None:
            return
        try:
            await self._file.take(chunk)
        except OSError as error:
            # The rest of the body is read and dropped, so that the client gets an answer and not a reset connection.
            self._refusal = StorageFull.from_os_error(error)

    async def get(self) -> None:
        """A line for each artifact, which a shell can read: name, version, bytes and time, oldest first."""
        self.body_is_there()
        mine = [artifact for artifact in self._hub.store.artifacts if artifact.chat == self._chat]
        self.set_header("Content-Type", "text/tab-separated-values; charset=utf-8")
        self.finish("".join(f"{one.name}\t{one.version}\t{one.size}\t{one.created_at:%FT%TZ}\n" for one in mine))

    async def post(self) -> None:
        """All is there: make it an artifact."""
        self.body_is_there()
        if self._refusal is not None:
            raise self._refusal
        file = self._file
        assert file is not None
        try:
            digest = await file.close()
            if self._file is None:
                # The container went away as the last of it was written.
                return
            artifact = await self._hub.artifacts.publish(self._chat, self._name, file.path, digest)
        except OSError as error:
            raise StorageFull.from_os_error(error) from None
        self.set_status(201)
        self.set_header("Content-Type", "application/json")
        # Who asks has the prompt; a shell reads this letter by letter.
        self.finish(artifact.model_dump_json(exclude={"prompt"}))

    def on_finish(self) -> None:
        """Leave nothing behind of a file that did not become an artifact."""
        super().on_finish()
        self._discard()

    def on_connection_close(self) -> None:
        """The container went away in the middle."""
        super().on_connection_close()
        self._discard()

    async def _look_at_request(self) -> None:
        """Find out who publishes, and whether what it asks for can be right."""
        if self.request.method not in ("GET", "POST"):
            raise InvalidInput("Only GET and POST are understood here.", "Use hub_artifact.")
        if self.request.method == "GET":
            self.ask_who()
            return
        self._chat = self._callers.chat(self.request)
        await self._callers.let_file_in(self._chat)
        if not re.fullmatch(r"[0-9]{0,19}", length := self.request.headers.get("Content-Length", "")):
            raise InvalidInput(f"{length[:80]!r} is no length of a file.", "Use hub_artifact publish.")
        if int(length or 0) > self._limit:
            raise TooLarge(
                f"The file is larger than {self._limit / 2**20:.0f} MiB.", "Publish a smaller one, or raise the limit."
            )
        self._name = _name(self.request)
        check_name(self._name)

    def _discard(self) -> None:
        if self._file is not None:
            self._file.discard()
            self._file = None


def _name(request: HTTPServerRequest) -> str:
    """What the file is to be called. Two forms of a letter are one to a person, and so they are one name here."""
    try:
        # As it was sent: Tornado's own reading of it makes blanks of control characters.
        name = request.query_arguments.get("name", [b""])[-1].decode()
    except UnicodeDecodeError:
        raise InvalidInput("The name is no text.", "Send it as UTF-8.", field="name") from None
    return unicodedata.normalize("NFC", name)
