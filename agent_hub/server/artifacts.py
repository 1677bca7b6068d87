"""Artifacts over REST."""

from __future__ import annotations

import asyncio
import re
from typing import BinaryIO
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from agent_hub.errors import InvalidInput, NotFound
from agent_hub.server.handler import HubHandler, guarded
from agent_hub.server.zipped import Member, named_apart, zipped

CHUNK = 2**20

DAY = 24 * 3600


class ArtifactsHandler(HubHandler):
    """``api/artifacts``"""

    @guarded
    async def get(self) -> None:
        """What all chats have published, oldest first."""
        self.answer(self.hub.store.artifacts)


class ChatArtifactsHandler(HubHandler):
    """``api/chats/{id}/artifacts``"""

    @guarded
    async def get(self, id: str) -> None:
        """What a chat has published, oldest first."""
        chat = self.hub.store.chats[id]
        self.answer(self.hub.store.artifacts.of(chat.id).values())


class ChatVersionsHandler(HubHandler):
    """``api/chats/{id}/artifacts/versions``"""

    @guarded
    async def get(self, id: str) -> None:
        """Every version of all that a chat has published, oldest first."""
        self.answer(self.hub.artifacts.history(id))


class ChatArchiveHandler(HubHandler):
    """``api/chats/{id}/artifacts/zip``"""

    @guarded
    async def get(self, id: str) -> None:
        """The newest version of all that a chat has published, as one archive."""
        chat = self.hub.store.chats[id]
        artifacts = list(self.hub.store.artifacts.of(chat.id).values())
        if not artifacts:
            raise NotFound("This chat has published nothing yet.", "Ask its agent to publish what it makes.")
        names = await asyncio.to_thread(named_apart, [artifact.name for artifact in artifacts])
        members = [
            Member(name, self.hub.artifacts.content(artifact.id), artifact.created_at)
            for name, artifact in zip(names, artifacts, strict=True)
        ]
        _set_headers(self, f"{chat.name}.zip", "application/zip")
        pieces = zipped(members)
        try:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            self.log.debug("Nobody waits for an archive any more")
        except OSError as error:
            self.log.warning("An archive of what %r has published was cut off: %s", chat.name, error)
            # An answer that came to its end would be taken for all of it.
            self.hang_up()


class ArtifactHandler(HubHandler):
    """``api/artifacts/{id}``"""

    @guarded
    async def get(self, id: str) -> None:
        """One artifact."""
        self.answer(self.hub.store.artifacts[id])

    @guarded
    async def delete(self, id: str) -> None:
        """Delete it with all its versions. A file that a person has changed since stays in the file browser."""
        await self.hub.artifacts.delete(id)
        self.set_status(204)


class ArtifactVersionsHandler(HubHandler):
    """``api/artifacts/{id}/versions``"""

    @guarded
    async def get(self, id: str) -> None:
        """Every version of an artifact, oldest first."""
        artifact = self.hub.store.artifacts[id]
        self.answer(self.hub.store.versions.of(artifact.id))


class ArtifactContentHandler(HubHandler):
    """``api/artifacts/{id}/content``"""

    @guarded
    async def get(self, id: str) -> None:
        """The bytes of the newest version, or of ``?version=``; a part of them for a ``Range``.

        Always a download: an agent wrote them, and shown in the server's own origin a page could act as the person.
        """
        number = self._number()
        version = self.hub.artifacts.version(id, number)
        path = self.hub.artifacts.content(id, version.version)
        artifact = self.hub.store.artifacts[id]
        # What is played is named, so that a browser plays it; it holds nothing that could run.
        played = artifact.media_type.startswith(("audio/", "video/"))
        _set_headers(self, artifact.name, artifact.media_type if played else "application/octet-stream")
        if number is not None:
            # What a version holds never changes.
            self.set_header("Cache-Control", f"private, max-age={DAY}, immutable")
        first, end = self._part(version.size)
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Content-Length", str(end - first))
        with open(path, "rb") as file:
            await self._send(file, first, end - first)

    async def _send(self, file: BinaryIO, first: int, length: int) -> None:
        file.seek(first)
        try:
            await self.flush()
            while length > 0 and (chunk := await asyncio.to_thread(file.read, min(length, CHUNK))):
                length -= len(chunk)
                self.write(chunk)
                await self.flush()
        except StreamClosedError:
            self.log.debug("Nobody waits for an artifact any more")

    def _number(self) -> int | None:
        asked = self.get_query_argument("version", None)
        if asked is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", asked):
            raise InvalidInput("version: a number, as the artifact's versions have it.", "Correct it and try again.")
        return int(asked)

    def _part(self, size: int) -> tuple[int, int]:
        """What part of so many bytes is asked for; all of them where that is not one part that there is."""
        asked = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", self.request.headers.get("Range", ""))
        if asked is None or not any(asked.groups()):
            return 0, size
        if asked[1]:
            first, end = int(asked[1]), min(int(asked[2]) + 1, size) if asked[2] else size
        else:
            first, end = max(0, size - int(asked[2])), size
        if first >= end:
            return 0, size
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
        return first, end


def _set_headers(handler: HubHandler, name: str, kind: str) -> None:
    handler.set_header("Content-Type", kind)
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}")
    handler.set_header("Cache-Control", "no-store")


handlers: list[tuple[str, type]] = [
    (r"api/artifacts", ArtifactsHandler),
    (r"api/artifacts/([0-9a-f]+)", ArtifactHandler),
    (r"api/artifacts/([0-9a-f]+)/versions", ArtifactVersionsHandler),
    (r"api/artifacts/([0-9a-f]+)/content", ArtifactContentHandler),
    (r"api/chats/([0-9a-f]+)/artifacts", ChatArtifactsHandler),
    (r"api/chats/([0-9a-f]+)/artifacts/versions", ChatVersionsHandler),
    (r"api/chats/([0-9a-f]+)/artifacts/zip", ChatArchiveHandler),
]
