"""Builds over REST."""

from __future__ import annotations

import asyncio

from agent_hub.errors import NotFound
from agent_hub.models import NewBuild
from agent_hub.server.handler import HubHandler, guarded


class BuildHandler(HubHandler):
    """``api/projects/{id}/build``"""

    @guarded
    async def get(self, id: str) -> None:
        """The newest build."""
        build = self.hub.store.projects[id].build
        if build is None:
            raise NotFound("This project has never been built.", "Build it first.")
        self.answer(build)

    @guarded
    async def post(self, id: str) -> None:
        """Build the project again."""
        self.answer(await self.hub.builds.queue(id, self.body(NewBuild).force), 202)

    @guarded
    async def delete(self, id: str) -> None:
        """Cancel the build that runs."""
        self.answer(await self.hub.builds.cancel(id))


class BuildLogHandler(HubHandler):
    """``api/projects/{id}/build/log``"""

    @guarded
    async def get(self, id: str) -> None:
        """The newest build's log so far: one line each, ``<ISO time> <step> <text>``."""
        project = self.hub.store.projects[id]
        if project.build is None:
            raise NotFound("This project has never been built.", "Build it first.")
        path = self.hub.folders.build_log(id, project.build.number)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        try:
            with await asyncio.to_thread(open, path, "rb") as log:
                while chunk := await asyncio.to_thread(log.read, 2**20):
                    self.write(chunk)
                    await self.flush()
        except FileNotFoundError:
            raise NotFound("The log of this build is gone.", "Build the project again.") from None


handlers: list[tuple[str, type]] = [
    (r"api/projects/([0-9a-f]+)/build", BuildHandler),
    (r"api/projects/([0-9a-f]+)/build/log", BuildLogHandler),
]
