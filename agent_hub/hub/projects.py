"""Projects: what a person can ask of them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress

from agent_hub.agents import agent as find_agent
from agent_hub.agents.base import Agent
from agent_hub.errors import AgentHubError, Conflict, EngineUnavailable, NotFound
from agent_hub.hub.builds import Builds
from agent_hub.hub.chats import Chats
from agent_hub.hub.deleted import DeletedChats
from agent_hub.hub.git import GitAccess
from agent_hub.hub.mount_sources import MountSources
from agent_hub.hub.mounts import check_mounts, keep_secrets
from agent_hub.hub.newchats import NewChats
from agent_hub.hub.store import Store
from agent_hub.hub.workspaces import check_repository
from agent_hub.models import NewProject, Project, ProjectChange, RepositoryInfo

logger = logging.getLogger(__name__)


class Projects:
    """Adds, changes and deletes projects.

    Parameters
    ----------
    sources
        Says what may be mounted; not the hub's own folder, which no project may mount.
    agents
        Those that may be asked for.
    """

    def __init__(
        self,
        store: Store,
        builds: Builds,
        chats: Chats,
        new_chats: NewChats,
        deleted: DeletedChats,
        sources: MountSources,
        access: GitAccess,
        agents: Mapping[str, Agent],
    ) -> None:
        self._store = store
        self._builds = builds
        self._chats = chats
        self._new_chats = new_chats
        self._deleted = deleted
        self._sources = sources
        self._access = access
        self._agents = agents
        self._naming = asyncio.Lock()

    async def look_at(self, url: str, branch: str = "") -> RepositoryInfo:
        """Look at a repository without cloning it; see :func:`~agent_hub.hub.workspaces.check_repository`."""
        return await check_repository(url, branch, self._access)

    async def add(self, new: NewProject) -> Project:
        """Keep a project and build it. The repository is looked at first, so that a wrong URL is refused at once."""
        mounts = check_mounts(new.mounts, self._sources)
        find_agent(new.agent, self._agents)
        found = await self.look_at(new.url, new.branch)
        async with self._naming:
            name = self._free_name(new.name or found.name, chosen=new.name is not None)
            project = Project(
                id=secrets.token_hex(6),
                url=found.url,
                **(new.model_dump(exclude={"url", "name", "mounts"}) | {"name": name, "mounts": mounts}),
            )
            await self._store.projects.put(project)
        await self._builds.queue(project.id)
        return self._store.projects[project.id]

    async def change(self, project_id: str, change: ProjectChange) -> Project:
        """Change a project's settings; chats that exist keep theirs, and the snapshot stays until it is built anew."""
        project = self._store.projects[project_id]
        given = {name: getattr(change, name) for name in change.model_fields_set}
        # A budget is taken back by null; of the rest, null changes nothing.
        update = {name: value for name, value in given.items() if value is not None or name.endswith("token_budget")}
        if "mounts" in update:
            update["mounts"] = check_mounts(update["mounts"], self._sources)
        if "agent" in update:
            find_agent(update["agent"], self._agents)
        if "name" in update and update["name"] != project.name:
            update["name"] = self._free_name(update["name"], chosen=True)
        if update.get("branch") not in (None, project.branch):
            await self.look_at(project.url, update["branch"])

        def apply(old: Project) -> Project:
            env = {"env": keep_secrets(update["env"], old.env)} if "env" in update else {}
            return old.model_copy(update=update | env)

        return await self._store.projects.change(project_id, apply)

    async def delete(self, project_id: str, force: bool = False) -> None:
        """Delete a project and its clone. Its chats go with it only where `force` is set."""
        project = self._store.projects[project_id]
        chats = [chat.id for chat in self._store.chats if chat.project == project_id]
        if chats and not force:
            found = await asyncio.gather(*(self._chats.unsaved(chat_id) for chat_id in chats))
            unsaved = [chat_id for chat_id, work in zip(chats, found, strict=True) if work]
            names = ", ".join(f"“{self._store.chats[chat_id].name}”" for chat_id in unsaved)
            raise Conflict(
                f"“{project.name}” has {len(chats)} chat{'s' * (len(chats) != 1)}."
                + (f" Work in {names} is nowhere else." if unsaved else ""),
                "Delete them first, or delete the project with all its chats (force).",
                chats=len(chats),
                unsaved=unsaved,
            )
        await self._delete(project)

    async def finish_deletions(self) -> None:
        """Delete the projects whose deletion was cut off."""
        for project_id in sorted(self._store.leaving - self._new_chats.refused):
            try:
                await self._delete(self._store.projects[project_id])
            except EngineUnavailable:
                raise
            except AgentHubError as error:
                logger.error("The project %s could not be deleted: %s", project_id, error)

    async def _delete(self, project: Project) -> None:
        """Delete a project with all that is its own. An engine that is away only puts the rest off."""
        project_id = project.id
        self._new_chats.refuse(project_id)
        try:
            await self._store.leave(project_id)
            if project.build is not None and not project.build.state.ended:
                await self._builds.cancel(project_id)
            # Anew, once no chat is being added: one that came meanwhile would be left without its project.
            await self._new_chats.added(project_id)
            await self._chats.spares.drop(project_id)
            chats = [chat.id for chat in self._store.chats if chat.project == project_id]
            for chat_id in chats:
                with suppress(NotFound):
                    await self._chats.delete(chat_id, force=True)
            await self._deleted.remove_project(project_id)
            await self._store.forget_project(project_id)
        except EngineUnavailable:
            raise
        except (AgentHubError, OSError):
            with suppress(AgentHubError):
                await self._store.stay(project_id)
            raise
        finally:
            self._new_chats.accept(project_id)
            self._chats.spares.readmit(project_id)

    def _free_name(self, name: str, chosen: bool) -> str:
        taken = {project.name for project in self._store.projects}
        if name not in taken:
            return name
        if chosen:
            raise Conflict(f"There is a project “{name}” already.", "Choose another name.", field="name")
        return next(other for number in range(2, len(taken) + 3) if (other := f"{name} {number}") not in taken)
