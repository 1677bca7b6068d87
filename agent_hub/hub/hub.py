"""The hub: its rooms put together, and what a person can ask of it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agent_hub.agents import AGENTS
from agent_hub.agents import agent as find_agent
from agent_hub.engines.base import Engine
from agent_hub.errors import AgentHubError, Conflict, EngineError, EngineUnavailable, NotFound
from agent_hub.hub.artifacts import Artifacts
from agent_hub.hub.builds import Builds
from agent_hub.hub.chats import Chats
from agent_hub.hub.deleted import DeletedChats
from agent_hub.hub.events import Events
from agent_hub.hub.folders import Folders
from agent_hub.hub.mounts import check_mounts, keep_secrets, merge_env, merge_mounts
from agent_hub.hub.restoring import give_up, restore
from agent_hub.hub.store import Request, Store
from agent_hub.hub.workspaces import Repository, check_repository
from agent_hub.models import (
    AgentInfo,
    Chat,
    EngineStatus,
    Gpu,
    NewChat,
    NewProject,
    Project,
    ProjectChange,
    Resources,
    SnapshotEvent,
    Status,
)
from agent_hub.terminals.registry import Terminals

logger = logging.getLogger(__name__)

LOOK_INTERVAL = 10.0
"""Seconds between two looks at an engine that answers."""

RETRY_INTERVAL = 2.0
"""Seconds between two looks at an engine that does not."""


@dataclass(frozen=True)
class Settings:
    """How a hub is set up; the server's traits say what each means."""

    data_dir: Path
    root: Path
    base_image: str
    artifacts_folder: str = "agent-hub"
    setup_timeout: float = 3600.0
    spares: int = 1
    keep_deleted: float = 30.0
    """Days that the unsaved work of deleted chats is kept."""


class Hub:
    """Projects, chats, terminals and artifacts on one engine.

    Open it, then :meth:`start` it on a running event loop, and :meth:`close` it in the end.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.folders = Folders(settings.data_dir)
        self.events = Events(self._take_snapshot)
        self.store = Store(settings.data_dir, self._announce)
        self.terminals = Terminals(self.folders.terminal)
        self.artifacts = Artifacts(self.store, self.folders, settings.root, settings.artifacts_folder)
        self.builds = Builds(self.store, self.folders, engine, AGENTS, settings.base_image, settings.setup_timeout)
        self.deleted = DeletedChats(self.store, self.folders, settings.keep_deleted)
        self.chats = Chats(
            self.store,
            self.folders,
            engine,
            AGENTS,
            self.builds,
            self.terminals,
            self.deleted,
            self._look_again,
            settings.spares,
        )
        self._engine_status = EngineStatus(
            name="Container engine", kind=engine.kind, reachable=False, isolated=engine.isolated, message="Starting"
        )
        self._gpus: tuple[Gpu, ...] = ()
        self._looking: asyncio.Task[None] | None = None
        self._look_now = asyncio.Event()
        self._look_lock = asyncio.Lock()
        self._naming = asyncio.Lock()
        self._leaving: set[str] = set()
        self._adding: dict[asyncio.Future[Chat], Chat] = {}
        self._asking: dict[str, asyncio.Future[Chat]] = {}
        self._reconciled = False

    # -- its own life

    async def start(self, open_gateway: Callable[[], Awaitable[str]]) -> None:
        """Take up what was left: containers that run, builds that were cut off; then keep an eye on the engine.

        Parameters
        ----------
        open_gateway
            Opens the listener that containers reach, once the engine can tell where, and returns its URL for artifacts.
        """
        self._open_gateway = open_gateway
        await self.artifacts.reconcile()
        await self.look()
        self.deleted.start()
        self._looking = asyncio.create_task(self._keep_looking(), name="agent-hub engine")

    async def close(self) -> None:
        """Stop what the hub itself does. Containers go on; the next hub on this data directory takes them up."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await self.deleted.close()
        # Chats that wait for a build first: the end of one that is cut off is no failure of theirs.
        await self.chats.close()
        await self.builds.close()
        await self.engine.close()
        self.store.close()

    async def look(self) -> Status:
        """Look at the engine now, and act on what has changed; one look at a time."""
        async with self._look_lock:
            return await self._look()

    async def _look(self) -> Status:
        found = await self.engine.status()
        before, self._engine_status = self._engine_status, found
        if found.reachable and not self._reconciled:
            try:
                self.chats.tell_containers(await self._open_gateway())
                await self.builds.reconcile()
                # Before the chats, some of which wait for a build.
                await self.builds.resume()
                await self.chats.reconcile()
                await self._finish_deletions()
                nodes = await self.engine.nodes()
                self._gpus = tuple(gpu for node in nodes for gpu in node.gpus)
                self._reconciled = True
            except EngineUnavailable:
                logger.warning("The engine went away while the hub took up its containers; trying again")
            except EngineError as error:
                logger.error("The hub could not take up its containers: %s", error)
        elif not found.reachable and before.reachable:
            self._reconciled = False
            await self.chats.engine_lost()
        if found.model_copy(update={"checked_at": before.checked_at}) != before:
            self.events.announce("status", "status", self.status())
        return self.status()

    def _look_again(self) -> None:
        self._reconciled = False
        self._look_now.set()

    async def _keep_looking(self) -> None:
        while True:
            pause = LOOK_INTERVAL if self._engine_status.reachable and self._reconciled else RETRY_INTERVAL
            try:
                async with asyncio.timeout(pause):
                    await self._look_now.wait()
            except TimeoutError:
                pass
            self._look_now.clear()
            try:
                await self.look()
            except AgentHubError as error:
                logger.error("The hub could not act on what it saw of its engine: %s", error)
            except Exception:
                # A hub that stopped looking would never notice that the engine is back.
                logger.exception("The hub could not act on what it saw of its engine")

    def _announce(self, kind: str, id: str, value: Any) -> None:
        """Tell of a committed change whom it concerns."""
        if kind == "spare":
            return
        self.events.announce(kind, id, value)  # type: ignore[arg-type]
        if kind == "project":
            self.chats.spares.refresh()

    # -- what it knows

    def status(self) -> Status:
        """The hub as a whole, as of the last look at the engine."""
        return Status(
            version=version("agent-hub"),
            hub_id=self.store.hub_id,
            engine=self._engine_status,
            gpus=self._gpus,
            agents=tuple(AgentInfo(name=agent.name, title=agent.title) for agent in AGENTS.values()),
            default_base=self.settings.base_image,
            artifacts_path=self.settings.artifacts_folder,
        )

    def project(self, key: str) -> Project:
        """A project by id or name. Raises :class:`~agent_hub.errors.NotFound`."""
        named = next((project for project in self.store.projects if project.name == key), None)
        return self.store.projects.items.get(key) or named or self.store.projects[key]

    def _take_snapshot(self, seq: int) -> SnapshotEvent:
        return SnapshotEvent(
            seq=seq,
            status=self.status(),
            projects=tuple(project.masked() for project in self.store.projects),
            chats=tuple(chat.masked() for chat in self.store.chats),
            artifacts=tuple(self.store.artifacts),
        )

    # -- projects

    async def add_project(self, new: NewProject) -> Project:
        """Keep a project and build it. The repository is looked at first, so that a wrong URL is refused at once."""
        mounts = check_mounts(new.mounts, self.settings.data_dir)
        find_agent(new.agent)
        found = await check_repository(new.url, new.branch)
        async with self._naming:
            name = self._free_name(new.name or found.name, chosen=new.name is not None)
            project = Project(
                id=secrets.token_hex(6),
                url=found.url,
                **(new.model_dump(exclude={"url", "name", "mounts"}) | {"name": name, "mounts": mounts}),
            )
            await self.store.projects.put(project)
        await self.builds.queue(project.id)
        return self.store.projects[project.id]

    async def change_project(self, project_id: str, change: ProjectChange) -> Project:
        """Change a project's settings; chats that exist keep theirs, and the snapshot stays until it is built anew."""
        project = self.store.projects[project_id]
        update = {name: getattr(change, name) for name in change.model_fields_set if getattr(change, name) is not None}
        if "mounts" in update:
            update["mounts"] = check_mounts(update["mounts"], self.settings.data_dir)
        if "agent" in update:
            find_agent(update["agent"])
        if "name" in update and update["name"] != project.name:
            update["name"] = self._free_name(update["name"], chosen=True)
        if update.get("branch") not in (None, project.branch):
            await check_repository(project.url, update["branch"])

        def apply(old: Project) -> Project:
            env = {"env": keep_secrets(update["env"], old.env)} if "env" in update else {}
            return old.model_copy(update=update | env)

        return await self.store.projects.change(project_id, apply)

    async def delete_project(self, project_id: str, force: bool = False) -> None:
        """Delete a project and its clone. Its chats go with it only where `force` is set."""
        project = self.store.projects[project_id]
        chats = [chat.id for chat in self.store.chats if chat.project == project_id]
        if chats and not force:
            found = await asyncio.gather(*(self.chats.unsaved(chat_id) for chat_id in chats))
            unsaved = [chat_id for chat_id, work in zip(chats, found, strict=True) if work]
            names = ", ".join(f"“{self.store.chats[chat_id].name}”" for chat_id in unsaved)
            raise Conflict(
                f"“{project.name}” has {len(chats)} chat{'s' * (len(chats) != 1)}."
                + (f" Work in {names} is nowhere else." if unsaved else ""),
                "Delete them first, or delete the project with all its chats (force).",
                chats=len(chats),
                unsaved=unsaved,
            )
        await self._delete_project(project)

    async def _delete_project(self, project: Project) -> None:
        """Delete a project with all that is its own. An engine that is away only puts the rest off."""
        project_id = project.id
        self._leaving.add(project_id)
        try:
            await self.store.leave(project_id)
            if project.build is not None and not project.build.state.ended:
                await self.builds.cancel(project_id)
            # Anew, once no chat is being added: one that came meanwhile would be left without its project.
            while adding := [future for future, chat in self._adding.items() if chat.project == project_id]:
                await asyncio.wait(adding)
            await self.chats.spares.drop(project_id)
            chats = [chat.id for chat in self.store.chats if chat.project == project_id]
            for chat_id in chats:
                with suppress(NotFound):
                    await self.chats.delete(chat_id, force=True)
            await self.deleted.remove_project(project_id)
            await self.store.forget_project(project_id)
        except EngineUnavailable:
            raise
        except (AgentHubError, OSError):
            with suppress(AgentHubError):
                await self.store.stay(project_id)
            raise
        finally:
            self._leaving.discard(project_id)
            self.chats.spares.readmit(project_id)

    async def _finish_deletions(self) -> None:
        """Delete the projects whose deletion was cut off."""
        for project_id in sorted(self.store.leaving - self._leaving):
            try:
                await self._delete_project(self.store.projects[project_id])
            except EngineUnavailable:
                raise
            except AgentHubError as error:
                logger.error("The project %s could not be deleted: %s", project_id, error)

    # -- chats

    async def add_chat(self, new: NewChat, key: str = "") -> Chat:
        """Keep a chat and start it; returns at once.

        Parameters
        ----------
        key
            The request's own, where it may come again: it starts one chat, and is answered with it each time.
        """
        if not key:
            return await self._add_chat(new, None)
        request = Request(key, hashlib.sha256(new.model_dump_json().encode()).hexdigest())
        while key in self._asking:
            await asyncio.wait([self._asking[key]])
        answered = self.store.answered(request)
        if answered is not None:
            if answered not in self.store.chats:
                raise Conflict(
                    "The chat that this request started has been deleted.", "Ask for a new one, by a new key."
                )
            return self.store.chats[answered]
        self._asking[key] = asking = asyncio.ensure_future(self._add_chat(new, request))
        asking.add_done_callback(lambda done: self._asking.pop(key))
        return await asyncio.shield(asking)

    async def _add_chat(self, new: NewChat, request: Request | None) -> Chat:
        return await self._begin_chat(self._new_chat(new), request)

    def _new_chat(self, new: NewChat) -> Chat:
        project = self.project(new.project)
        agent = new.agent or project.agent
        find_agent(agent)
        mounts = check_mounts(new.mounts, self.settings.data_dir)
        own = {key: getattr(new, key) for key in Resources.model_fields if getattr(new, key) is not None}
        chat_id = secrets.token_hex(6)
        return Chat(
            id=chat_id,
            project=project.id,
            name=new.name or _title(new.prompt) or self._chat_name(project.id, agent),
            agent=agent,
            model=new.model if new.model is not None else project.model,
            prompt=new.prompt,
            mounts=merge_mounts(project.mounts, mounts),
            env=merge_env(project.env, new.env),
            resources=project.resources.model_copy(update=own),
            workspace=str(self.folders.workspace(chat_id)),
        )

    async def _begin_chat(self, chat: Chat, request: Request | None = None) -> Chat:
        project = self.store.projects[chat.project]
        if project.id in self._leaving | self.store.leaving:
            raise Conflict(f"“{project.name}” is being deleted.", "Choose another project.", field="project")
        adding = asyncio.ensure_future(self.chats.add(chat, request))
        self._adding[adding] = chat
        adding.add_done_callback(self._adding.pop)
        return await asyncio.shield(adding)

    async def restore_chat(self, chat_id: str) -> Chat:
        """Start a new chat with the work of a deleted one in its workspace; what was kept is then the chat's again.

        Raises
        ------
        Conflict
            Its project is not there any more.
        """
        kept = await self.deleted.get(chat_id)
        project = self.store.projects.items.get(kept.project)
        if project is None:
            raise Conflict(
                f"The project “{kept.project_name}” of this chat is deleted.",
                f"In a clone of {kept.url}: {kept.how}",
            )
        repository = Repository(self.folders.repository(project.id), project.url, project.branch)
        new = self._new_chat(NewChat(project=project.id, name=kept.name, agent=kept.agent, model=kept.model))
        workspace = self.folders.workspace(new.id)
        try:
            await restore(kept, repository, workspace)
            chat = await self._begin_chat(new)
        except BaseException:
            if new.id not in self.store.chats:
                await asyncio.to_thread(give_up, kept, workspace)
            raise
        with suppress(NotFound):
            await self.deleted.remove(chat_id)
        return chat

    async def rename_chat(self, chat_id: str, name: str) -> Chat:
        """Give a chat another name."""
        return await self.store.chats.change(chat_id, name=name)

    async def stop_chat(self, chat_id: str) -> Chat:
        """Stop a chat, and return once it does not run."""
        return await self.chats.stop(chat_id)

    def _free_name(self, name: str, chosen: bool) -> str:
        taken = {project.name for project in self.store.projects}
        if name not in taken:
            return name
        if chosen:
            raise Conflict(f"There is a project “{name}” already.", "Choose another name.", field="name")
        return next(other for number in range(2, len(taken) + 3) if (other := f"{name} {number}") not in taken)

    def _chat_name(self, project_id: str, agent: str) -> str:
        chats = (*self.store.chats, *self._adding.values())
        taken = {chat.name for chat in chats if chat.project == project_id}
        title = AGENTS[agent].title
        return next(
            name
            for number in range(1, len(taken) + 2)
            if (name := f"{title} chat" if number == 1 else f"{title} chat {number}") not in taken
        )


def _title(prompt: str) -> str:
    """A chat's name from its first prompt: the first line, cut at a word."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "")
    line = "".join(char for char in line if char.isprintable())
    if len(line) <= 60:
        return line
    return line[:60].rsplit(" ", 1)[0] + "…"
