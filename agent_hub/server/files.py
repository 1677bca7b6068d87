"""A chat's files over REST."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from agent_hub.errors import AgentHubError, InvalidInput
from agent_hub.hub.workspace_files import LARGEST_FILE, Upload, WorkspaceFiles, too_large
from agent_hub.server.handler import HubHandler, guarded

CHUNK = 2**20


@stream_request_body
class ChatFilesHandler(HubHandler):
    """``api/chats/{id}/files/{path}``"""

    _refusal: AgentHubError | None = None
    _upload: Upload | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Before the first byte of a file is taken, see who sends it, and whether it can be written."""
        await super().prepare()
        if self.request.method == "PUT" and not self.flag("folder"):
            await self._receive()

    @guarded
    async def _receive(self) -> None:
        length = self.request.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_FILE:
            raise too_large()
        # The server's own bound is for bodies that are kept in memory.
        self.request.connection.set_max_body_size(2 * LARGEST_FILE)  # type: ignore[union-attr]
        id, path = self.path_args
        try:
            self._upload = await asyncio.to_thread(self.hub.files(id).receive, path or "")
        except AgentHubError as error:
            # The body is read and dropped, so that the client gets an answer and not a reset connection.
            self._refusal = error

    async def data_received(self, chunk: bytes) -> None:
        """Write one piece of the file."""
        if self._upload is None or self._refusal is not None:
            return
        try:
            await asyncio.to_thread(self._upload.write, chunk)
        except AgentHubError as error:
            self._refusal = error

    @guarded
    async def get(self, id: str, path: str | None) -> None:
        """A file's bytes, or what a folder holds.

        With ``?stat=true`` what it is, with ``?glob=`` what fits that pattern below it; ``?expect=file`` and
        ``?expect=folder`` refuse what is not that. Links are not followed.
        """
        files, path = self.hub.files(id), path or ""
        pattern = self.get_query_argument("glob", None, strip=False)
        expected = self.get_query_argument("expect", "")
        if self.flag("stat"):
            self.answer(await asyncio.to_thread(files.entry, path))
        elif pattern is not None:
            self.answer(await asyncio.to_thread(files.glob, path, pattern))
        elif expected == "folder" or not expected and await _is_folder(files, path):
            self.answer(await asyncio.to_thread(files.entries, path))
        elif expected in ("", "file"):
            await self._send(files, path)
        else:
            raise InvalidInput("expect: file or folder.", "Correct it and try again.", field="expect")

    async def _send(self, files: WorkspaceFiles, path: str) -> None:
        with await asyncio.to_thread(files.open, path) as file:
            # An agent wrote it: shown in the server's own origin, a page among its files could act as the person.
            self.set_header("Content-Type", "application/octet-stream")
            self.set_header("X-Content-Type-Options", "nosniff")
            name = quote(path.rpartition("/")[2], safe="")
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
            self.set_header("Cache-Control", "no-store")
            try:
                await self.flush()
                # No more than it had at first: an agent may write to it faster than anybody reads.
                left = await asyncio.to_thread(file.seek, 0, 2)
                await asyncio.to_thread(file.seek, 0)
                while left > 0 and (chunk := await asyncio.to_thread(file.read, min(left, CHUNK))):
                    left -= len(chunk)
                    self.write(chunk)
                    await self.flush()
            except StreamClosedError:
                self.log.debug("Nobody waits for a file any more")

    @guarded
    async def put(self, id: str, path: str | None) -> None:
        """Write a file: the body becomes it once all of it is there. With ``?folder=true`` make a folder.

        A folder's parents are made with ``?parents=true``; one that is there is no error with ``?exist_ok=true``.
        """
        if self._refusal is not None:
            raise self._refusal
        if self._upload is not None:
            self.answer(await asyncio.to_thread(self._upload.finish), 201)
            return
        parents, exist_ok = self.flag("parents"), self.flag("exist_ok")
        self.answer(await asyncio.to_thread(self.hub.files(id).make_folder, path or "", parents, exist_ok), 201)

    @guarded
    async def delete(self, id: str, path: str | None) -> None:
        """Delete a file, a link, or an empty folder."""
        await asyncio.to_thread(self.hub.files(id).remove, path or "")
        self.set_status(204)

    def on_finish(self) -> None:
        """Leave nothing behind of a file that was not written."""
        super().on_finish()
        self._discard()

    def on_connection_close(self) -> None:
        """The client went away in the middle."""
        super().on_connection_close()
        self._discard()

    def _discard(self) -> None:
        if self._upload is not None:
            self._upload.discard()


async def _is_folder(files: WorkspaceFiles, path: str) -> bool:
    return (await asyncio.to_thread(files.entry, path)).type == "folder"


handlers: list[tuple[str, type]] = [
    (r"api/chats/([0-9a-f]+)/files(?:/(.*))?", ChatFilesHandler),
]
