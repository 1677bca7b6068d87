"""Projects over REST."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from agent_hub.hub.repositories import repository_of_folder
from agent_hub.models import FolderChoice, NewProject, ProjectChange, Proposal, RepositoryCheck
from agent_hub.server.handler import HubHandler, guarded


class ProjectsHandler(HubHandler):
    """``api/projects``"""

    @guarded
    async def get(self) -> None:
        """Every project, oldest first."""
        self.answer(project.masked() for project in self.hub.store.projects)

    @guarded
    async def post(self) -> None:
        """Add a project and build it."""
        project = await self.hub.projects.add(self.body(NewProject))
        self.answer(project.masked(), 201)


class RepositoryHandler(HubHandler):
    """``api/projects/check``"""

    @guarded
    async def post(self) -> None:
        """Look at a repository before it is added."""
        check = self.body(RepositoryCheck)
        self.answer(await self.hub.projects.look_at(check.url, check.branch))


class FolderHandler(HubHandler):
    """``api/projects/folder``"""

    @guarded
    async def post(self) -> None:
        """Look at the repository that a folder of the file browser is, or lies in."""
        choice = self.body(FolderChoice)
        url = await asyncio.to_thread(repository_of_folder, self.hub.settings.root, choice.path)
        self.answer(await self.hub.projects.look_at(url))


class ProposalHandler(HubHandler):
    """``api/projects/propose``"""

    _reading: asyncio.Task[Proposal] | None = None

    @guarded
    async def post(self) -> None:
        """Propose how a project of a repository is set up. Ending the connection ends the look at it."""
        check = self.body(RepositoryCheck)
        self._reading = asyncio.create_task(self.hub.proposals.propose(check.url, check.branch))
        with suppress(asyncio.CancelledError):
            self.answer(await self._reading)

    def on_connection_close(self) -> None:
        """Read no further for who has gone."""
        super().on_connection_close()
        if self._reading is not None:
            self._reading.cancel()


class ProjectHandler(HubHandler):
    """``api/projects/{id}``"""

    @guarded
    async def get(self, id: str) -> None:
        """One project."""
        self.answer(self.hub.store.projects[id].masked())

    @guarded
    async def patch(self, id: str) -> None:
        """Change a project's settings."""
        project = await self.hub.projects.change(id, self.body(ProjectChange))
        self.answer(project.masked())

    @guarded
    async def delete(self, id: str) -> None:
        """Delete a project, and with ``force`` its chats."""
        await self.hub.projects.delete(id, self.flag("force"))
        self.set_status(204)


handlers: list[tuple[str, type]] = [
    (r"api/projects", ProjectsHandler),
    (r"api/projects/check", RepositoryHandler),
    (r"api/projects/folder", FolderHandler),
    (r"api/projects/propose", ProposalHandler),
    (r"api/projects/([0-9a-f]+)", ProjectHandler),
]
