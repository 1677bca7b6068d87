"""A project on an event loop: as :mod:`agent_hub.notebook.project`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_hub.errors import Conflict
from agent_hub.notebook import arguments
from agent_hub.notebook.async_record import AsyncRecord
from agent_hub.notebook.polling import poll_async
from agent_hub.notebook.project import BUILD_TIMEOUT, Project, build_status, changes, failure

if TYPE_CHECKING:
    from agent_hub import models


class AsyncProject(AsyncRecord[Project]):
    """A Git repository, and how its chats are set up. Made by :meth:`AsyncHub.add_project`."""

    @property
    def url(self) -> str:
        """The repository."""
        return self._sync.url

    @property
    def status(self) -> str:
        """How its newest build was: queued, cloning, building, ready, failed or cancelled."""
        return build_status(self._sync._data)

    @property
    def snapshot(self) -> models.Snapshot | None:
        """The image that its chats start from; None before the first build is ready."""
        return self._sync._data.snapshot

    async def build_log(self) -> str:
        """All that the newest build has printed so far."""
        return await self._transport.text(f"{self._sync._path}/build/log")

    async def rebuild(
        self,
        *,
        force: bool = False,
        branch: str | None = None,
        base: str | None = None,
        setup: str | None = None,
        mounts: arguments.Mounts | None = None,
        env: arguments.Env | None = None,
        wait: bool = True,
        timeout: float | None = BUILD_TIMEOUT,
    ) -> AsyncProject:
        """Build the snapshot again, from the repository as it is now; see :meth:`Project.rebuild`."""
        from agent_hub.models import Build

        if change := changes(branch, base, setup, mounts, env):
            await self._send("PATCH", self._sync._path, **change)
        await self._transport.send("POST", f"{self._sync._path}/build", Build, {"force": force})
        return await self.wait_ready(timeout) if wait else await self.refresh()

    async def wait_ready(self, timeout: float | None = BUILD_TIMEOUT) -> AsyncProject:
        """Wait until the newest build has ended, and return the project; raises as :meth:`Project.wait_ready`."""
        what = f"The build of {self.name!r} has not ended"
        async for _ in poll_async(self.refresh, timeout, what, "It goes on: project.wait_ready() waits again."):
            build = self._sync._data.build
            if build is None:
                raise Conflict(f"{self.name!r} has never been built.", "Build it with project.rebuild().")
            if build.state.ended:
                break
        if error := failure(self._sync._data):
            raise error
        return self

    @property
    def tokens(self) -> int:
        """Tokens that a model had counted for all its chats, by way of the hub's gateway."""
        return self._sync._data.tokens

    @property
    def token_budget(self) -> int | None:
        """Most tokens that all its chats together might take; None: as many as they like."""
        return self._sync._data.token_budget

    async def set_token_budget(self, most: int | None) -> AsyncProject:
        """Let all its chats together take at most that many tokens; None: as many as they like."""
        await self._send("PATCH", self._sync._path, token_budget=arguments.plain(most))
        return self

    async def delete(self, *, force: bool = False) -> None:
        """Delete the project and the hub's clone of it; raises as :meth:`Project.delete`."""
        await self._transport.delete(self._sync._path, force=force)
