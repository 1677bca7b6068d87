"""Chats that are asked for: what a request becomes, and that each request is one chat."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from agent_hub.agents import AGENTS
from agent_hub.agents import agent as find_agent
from agent_hub.agents.base import Agent
from agent_hub.errors import Conflict, NotFound
from agent_hub.hub.chats import Chats
from agent_hub.hub.deleted import DeletedChats
from agent_hub.hub.folders import Folders
from agent_hub.hub.mount_sources import MountSources
from agent_hub.hub.mounts import check_mounts, merge_env, merge_mounts
from agent_hub.hub.requests import Request
from agent_hub.hub.restoring import give_up, restore
from agent_hub.hub.store import Store
from agent_hub.hub.titles import title
from agent_hub.hub.workspaces import Repository
from agent_hub.models import Chat, Model, NewChat, Project, Resources
from agent_hub.suggestions import instead_of


class NewChats:
    """Turns requests into chats, with what their project sets up.

    Parameters
    ----------
    sources
        Says what may be mounted.
    agents
        Those that may be asked for.
    """

    def __init__(
        self,
        store: Store,
        folders: Folders,
        chats: Chats,
        deleted: DeletedChats,
        sources: MountSources,
        agents: Mapping[str, Agent],
    ) -> None:
        self._store = store
        self._folders = folders
        self._chats = chats
        self._deleted = deleted
        self._sources = sources
        self._agents = agents
        self._adding: dict[asyncio.Future[Chat], Chat] = {}
        self._asking: dict[str, asyncio.Future[Chat]] = {}
        self._restoring: set[str] = set()
        self.refused: set[str] = set()
        """Projects that get no chat now, since they are being deleted."""

    async def add(self, new: NewChat, key: str = "") -> Chat:
        """Keep a chat and start it; returns at once.

        Parameters
        ----------
        key
            The request's own, where it may come again: it starts one chat, and is answered with it each time.
        """
        return await self.once(key, new, lambda request: self.begin([self.chat(new)], request))

    async def once(self, key: str, body: Model, begin: Callable[[Request | None], Awaitable[Chat]]) -> Chat:
        """What `begin` begins for a request; for one that comes again, what it began for it before.

        Parameters
        ----------
        key
            The request's own; empty where it does not come again.
        body
            What it asks for.
        """
        if not key:
            return await begin(None)
        request = Request(key, hashlib.sha256(body.model_dump_json().encode()).hexdigest())
        while key in self._asking:
            await asyncio.wait([self._asking[key]])
        answered = self._store.requests.answered(request)
        if answered is not None:
            if answered not in self._store.chats:
                raise Conflict(
                    "The chat that this request started has been deleted.", "Ask for a new one, by a new key."
                )
            return self._store.chats[answered]
        self._asking[key] = asking = asyncio.ensure_future(begin(request))
        asking.add_done_callback(lambda done: self._asking.pop(key))
        return await asyncio.shield(asking)

    async def restore(self, chat_id: str) -> Chat:
        """Start a new chat with the work of a deleted one in its workspace; what was kept is then the chat's again.

        Raises
        ------
        Conflict
            Its project is not there any more, or it is being restored already.
        """
        if chat_id in self._restoring:
            raise Conflict("This chat is being restored already.", "It is among the chats in a moment.")
        self._restoring.add(chat_id)
        try:
            return await self._restore(chat_id)
        finally:
            self._restoring.discard(chat_id)

    async def _restore(self, chat_id: str) -> Chat:
        kept = await self._deleted.get(chat_id)
        project = self._store.projects.items.get(kept.project)
        if project is None:
            raise Conflict(
                f"The project “{kept.project_name}” of this chat is deleted.",
                f"In a clone of {kept.url}: {kept.how}",
            )
        repository = Repository(self._folders.repository(project.id), project.url, project.branch)
        new = self.chat(NewChat(project=project.id, name=kept.name, agent=kept.agent, model=kept.model))
        workspace = self._folders.workspace(new.id)
        try:
            await restore(kept, repository, workspace)
            chat = await self.begin([new])
        except BaseException:
            if new.id not in self._store.chats:
                await asyncio.to_thread(give_up, kept, workspace)
            raise
        with suppress(NotFound):
            await self._deleted.remove(chat_id)
        return chat

    def refuse(self, project_id: str) -> None:
        """Take no chat of this project from now on."""
        self.refused.add(project_id)

    def accept(self, project_id: str) -> None:
        """Take chats of this project again."""
        self.refused.discard(project_id)

    async def added(self, project_id: str) -> None:
        """Wait until the chats of a project that are being added are stored."""
        while adding := [future for future, chat in self._adding.items() if chat.project == project_id]:
            await asyncio.wait(adding)

    def workspace(self, chat_id: str) -> str:
        """Where the workspace of a chat of that id will be."""
        return str(self._folders.workspace(chat_id))

    def chat(self, new: NewChat) -> Chat:
        """What a request becomes, with what its project sets up; nothing of it is kept yet."""
        project = find_project(self._store, new.project)
        agent = new.agent or project.agent
        find_agent(agent, self._agents)
        mounts = check_mounts(new.mounts, self._sources)
        own = {key: getattr(new, key) for key in Resources.model_fields if getattr(new, key) is not None}
        chat_id = secrets.token_hex(6)
        return Chat(
            id=chat_id,
            project=project.id,
            name=new.name or title(new.prompt) or self._free_name(project.id, agent),
            named=bool(new.name or title(new.prompt)),
            agent=agent,
            model=new.model if new.model is not None else project.model,
            prompt=new.prompt,
            ask_before=new.ask_before,
            arguments=new.arguments,
            mounts=merge_mounts(project.mounts, mounts),
            env=merge_env(project.env, new.env),
            resources=project.resources.model_copy(update=own),
            token_budget=new.token_budget if new.token_budget is not None else project.chat_token_budget,
            workspace=self.workspace(chat_id),
        )

    async def begin(self, chats: Sequence[Chat], request: Request | None = None) -> Chat:
        """Keep new chats of one project, all or none, and start them; the first of them, as it is then.

        Raises
        ------
        Conflict
            Their project is being deleted.
        """
        project = self._store.projects[chats[0].project]
        if project.id in self.refused | self._store.leaving:
            raise Conflict(f"“{project.name}” is being deleted.", "Choose another project.", field="project")
        adding = asyncio.ensure_future(self._chats.add(chats, request))
        self._adding[adding] = chats[0]
        adding.add_done_callback(self._adding.pop)
        return await asyncio.shield(adding)

    def _free_name(self, project_id: str, agent: str) -> str:
        chats = (*self._store.chats, *self._adding.values())
        taken = {chat.name for chat in chats if chat.project == project_id}
        title = AGENTS[agent].title
        return next(
            name
            for number in range(1, len(taken) + 2)
            if (name := f"{title} chat" if number == 1 else f"{title} chat {number}") not in taken
        )


def find_project(store: Store, key: str) -> Project:
    """A project by id or name. Raises :class:`~agent_hub.errors.NotFound`."""
    named = next((project for project in store.projects if project.name == key), None)
    found = store.projects.items.get(key) or named
    if found is None:
        name, names = key[:80], sorted({project.name for project in store.projects})
        raise NotFound(f"There is no project {name!r}.", instead_of(name, names) or "Add one first.", field="project")
    return found
