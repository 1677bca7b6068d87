"""What ``hub_artifact`` talks to."""

from __future__ import annotations

import asyncio
import os
import re
import select
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
from agent_hub.hub.received import Received
from agent_hub.hub.workspace_copies import Seen
from agent_hub.models import Artifact

LEAST_COPIED = 2**20
"""Bytes from which on the hub copies a file itself. Its answer ends the connection, and smaller ones come in thousands
by a single one."""


class ArtifactsHandler(StreamedHandler):
    """``POST /artifacts?name=…`` with a chat's token: the body is the file. ``GET /artifacts``: what it has published.

    A file goes to disk as it comes, so its size costs no memory; it becomes an artifact only once all of it is there.

    Of one in its workspace a chat says where it is and which, with ``&path=…&inode=…``. Where it waits to be told to go
    on (``Expect: 100-continue``, :rfc:`9110#section-10.1.1`), the hub copies the file itself, which is many times as
    fast. It then answers 303 in the place of 201, after which nobody sends a body; otherwise it says to go on. Who did
    not wait that long is sending, and could lose an answer that ends the connection: that body is read, and not used.
    """

    wants: ClassVar[str] = "publish"

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._refusal: AgentHubError | None = None
        self._file: IncomingFile | None = None
        self._name = ""
        self._published: Artifact | None = None
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
        if self.request.method != "POST" or await self._took():
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
        mine = self._hub.store.artifacts.of(self._chat).values()
        self.set_header("Content-Type", "text/tab-separated-values; charset=utf-8")
        self.finish("".join(f"{one.name}\t{one.version}\t{one.size}\t{one.created_at:%FT%TZ}\n" for one in mine))

    async def post(self) -> None:
        """All is there: make it an artifact."""
        self.body_is_there()
        if self._refusal is not None:
            raise self._refusal
        if self._published is not None:
            self._answer(201, self._published)
            return
        file = self._file
        assert file is not None
        try:
            digest = await file.close()
            if self._file is None:
                # The container went away as the last of it was written.
                return
            artifact = await self._hub.artifacts.publish(self._chat, self._name, Received(file.path, digest))
        except OSError as error:
            raise StorageFull.from_os_error(error) from None
        self._answer(201, artifact)

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

    async def _took(self) -> bool:
        """Publish a file of the chat's workspace, where it can be had without being sent; whether it was."""
        # As it was sent: a folder may have a name that is no text.
        path = os.fsdecode(self.request.query_arguments.get("path", [b""])[-1])
        inode = self.request.query_arguments.get("inode", [b""])[-1]
        size = self._size_to_copy()
        if not path or size is None or not re.fullmatch(rb"[0-9]{1,20}", inode):
            return False
        chat = self._hub.store.chats[self._chat]
        received = await self._hub.copies.take(chat, path, Seen(size, int(inode)), self._is_awaited)
        if received is None:
            return False
        try:
            if not self._is_awaited():
                # It may have sent all of it, and then that it sends no more.
                return False
            self.body_is_there()
            self._published = await self._hub.artifacts.publish(self._chat, self._name, received)
            if self._connection_has(select.POLLIN):
                self._wait_for_body()
            else:
                self.set_header("Location", self.request.path)
                self._answer(303, self._published)
        except OSError as error:
            raise StorageFull.from_os_error(error) from None
        finally:
            await asyncio.to_thread(received.discard)
        return True

    def _size_to_copy(self) -> int | None:
        """The length of a file that is waited with, where it may be copied."""
        headers = self.request.headers
        # With the second its length is another, or none.
        if headers.get("Expect") != "100-continue" or "Transfer-Encoding" in headers:
            return None
        size = int(headers.get("Content-Length") or 0)
        return size if size >= LEAST_COPIED and self._hub.engine.shares_kernel else None

    def _is_awaited(self) -> bool:
        """Whether the chat is still there. Tornado sees that it is gone when it reads, and reads nothing meanwhile."""
        return not self._connection_has(select.POLLRDHUP)

    def _connection_has(self, event: int) -> bool:
        """Whether there is such an event of the connection; all there are of one that is closed."""
        socket = getattr(getattr(self.request.connection, "stream", None), "socket", None)
        if socket is None:
            return True
        look = select.poll()
        try:
            look.register(socket, event)
        except ValueError:
            # It was closed since: this may be a thread.
            return True
        return bool(look.poll(0))

    def _answer(self, status: int, artifact: Artifact) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        # Who asks has the prompt; a shell reads this letter by letter.
        self.finish(artifact.model_dump_json(exclude={"prompt"}))

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
