"""The hub: its rooms put together, and what a person can ask of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agent_hub.agents import AGENTS, offered
from agent_hub.connections.access_log import AccessLog
from agent_hub.connections.github import GitHub
from agent_hub.connections.github_api import PUBLIC as PUBLIC_GITHUB
from agent_hub.connections.openai import PUBLIC_API, OpenAI
from agent_hub.connections.outgoing import host_of
from agent_hub.connections.secrets import Secrets
from agent_hub.connections.traffic import Traffic
from agent_hub.engines.base import Engine
from agent_hub.errors import AgentHubError, EngineError, EngineUnavailable, StorageFull
from agent_hub.hub.artifacts import Artifacts
from agent_hub.hub.budgets import Budgets
from agent_hub.hub.builds import Builds
from agent_hub.hub.chat_git import ChatGit
from agent_hub.hub.chat_work import ChatWork
from agent_hub.hub.chats import Chats
from agent_hub.hub.colours import Colours
from agent_hub.hub.commands import Commands
from agent_hub.hub.conversations import Conversations
from agent_hub.hub.deleted import DeletedChats
from agent_hub.hub.events import Events, Everything
from agent_hub.hub.folders import Folders
from agent_hub.hub.identities import Identities
from agent_hub.hub.limits import ContainerLimits
from agent_hub.hub.mount_sources import MountSources
from agent_hub.hub.newchats import NewChats
from agent_hub.hub.projects import Projects
from agent_hub.hub.proposals import Proposals
from agent_hub.hub.restoring import recover
from agent_hub.hub.runs import Runs
from agent_hub.hub.sign_ins import SignIns
from agent_hub.hub.store import Store
from agent_hub.hub.workspace_copies import WorkspaceCopies
from agent_hub.hub.workspace_files import WorkspaceFiles, forget_uploads
from agent_hub.models import (
    AgentInfo,
    EngineStatus,
    ErrorBody,
    GatewayStatus,
    Gpu,
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
    mount_roots: tuple[str, ...] = ()
    """Below which everything has to be that chats are given."""
    openai_issuer: str = ""
    """Who signs people in with ChatGPT, where it is not OpenAI itself."""
    chatgpt_url: str = ""
    """Who answers for a ChatGPT account, where it is not ChatGPT itself."""
    demo: bool = False
    """Whether the agent that is a script is offered."""


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
        self.colours = Colours(self.store, lambda: self.chats.spares.refresh())
        self.terminals = Terminals(self.folders.terminal, self.colours.palette)
        secrets = Secrets(self.folders.secrets)
        issuer = settings.openai_issuer.rstrip("/")
        self.openai = OpenAI(secrets, self._openai_changed, issuer, settings.chatgpt_url)
        self.sign_ins = SignIns(self.store, self.folders, engine, settings.base_image, self.openai, issuer)
        self.github = GitHub(secrets, self._github_changed)
        self.traffic = Traffic()
        self._found: dict[str, datetime] = {}
        """When the hub itself last found a host well, whose state the traffic tells."""
        # What was found by the hub before is no news.
        self._look_at_openai()
        self.access_log = AccessLog()
        self._told = (self.github.status.url, self.github.person)
        self.identities = Identities(lambda: self.github.person)
        self.budgets = Budgets(self.store)
        access = self.github.environment
        sources = MountSources(settings.data_dir, settings.mount_roots, engine.host_path)
        self.limits = ContainerLimits(engine)
        self.builds = Builds(
            self.store,
            self.folders,
            engine,
            AGENTS,
            settings.base_image,
            settings.setup_timeout,
            access,
            sources,
            self.limits,
        )
        self.deleted = DeletedChats(self.store, self.folders, settings.keep_deleted)
        self.conversations = Conversations(self.store, self.folders, AGENTS)
        self.artifacts = Artifacts(
            self.store, self.folders, settings.root, settings.artifacts_folder, self.conversations.turn_of
        )
        self.copies = WorkspaceCopies(self.folders.workspace, self.artifacts.incoming, settings.root)
        self.chats = Chats(
            self.store,
            self.folders,
            engine,
            AGENTS,
            self.builds,
            self.terminals,
            self.deleted,
            self.conversations,
            self.artifacts,
            ChatGit(self.github, self.identities),
            sources,
            self.limits,
            self._look_again,
            settings.spares,
        )
        self._offered = offered(settings.demo)
        self.new_chats = NewChats(self.store, self.folders, self.chats, self.deleted, sources, self._offered)
        self.runs = Runs(self.store, self.new_chats)
        self.projects = Projects(
            self.store, self.builds, self.chats, self.new_chats, self.deleted, sources, access, self._offered
        )
        self.proposals = Proposals(self.folders.looks, settings.base_image, lambda: len(self._gpus), access)
        self.commands = Commands(self.store, engine)
        self.work = ChatWork(self.store, self.folders, self.identities)
        self._engine_status = EngineStatus(
            name="Container engine", kind=engine.kind, reachable=False, isolated=engine.isolated, message="Starting"
        )
        self._gpus: tuple[Gpu, ...] = ()
        self._looking: asyncio.Task[None] | None = None
        self._look_now = asyncio.Event()
        self._look_lock = asyncio.Lock()
        self._reconciled = False

    # -- its own life

    async def start(self, open_gateway: Callable[[], Awaitable[str]]) -> None:
        """Take up what was left: containers that run, builds that were cut off; then keep an eye on the engine.

        Parameters
        ----------
        open_gateway
            Opens the listener that containers reach, once the engine can tell where, and returns its URL.
        """
        self._open_gateway = open_gateway
        await self.artifacts.reconcile()
        await asyncio.to_thread(recover, self.folders, self.store.chats)
        await asyncio.to_thread(forget_uploads, self.folders.chats)
        await asyncio.to_thread(self.sign_ins.forget_files)
        await asyncio.to_thread(self.proposals.forget_files)
        await self.look()
        self.deleted.start()
        self.github.look()
        self._looking = asyncio.create_task(self._keep_looking(), name="agent-hub engine")

    async def close(self) -> None:
        """Stop what the hub itself does. Containers go on; the next hub on this data directory takes them up."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await self.artifacts.close()
        await self.deleted.close()
        await self.commands.close()
        await self.sign_ins.close()
        await self.openai.close()
        await self.github.close()
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
        is_another = await self.identities.refresh()
        found = await self.engine.status()
        before, self._engine_status = self._engine_status, found
        if found.reachable and not self._reconciled:
            try:
                self.chats.tell_containers(await self._open_gateway())
                await self.builds.reconcile()
                await self.sign_ins.reconcile()
                # Before the chats, some of which wait for a build.
                await self.builds.resume()
                await self.chats.reconcile()
                await self.projects.finish_deletions()
                nodes = await self.engine.nodes()
                self._gpus = tuple(gpu for node in nodes for gpu in node.gpus)
                self._reconciled = True
            except EngineUnavailable:
                logger.warning("The engine went away while the hub took up its containers; trying again")
            except (EngineError, StorageFull) as error:
                logger.error("The hub could not take up its containers: %s", error)
        elif not found.reachable and before.reachable:
            self._reconciled = False
            self.limits.forget()
            await self.chats.engine_lost()
        if is_another or found.model_copy(update={"checked_at": before.checked_at}) != before:
            self._say_status()
        return self.status()

    def _say_status(self) -> None:
        self.events.announce("status", "status", self.status())

    def _openai_changed(self) -> None:
        self._look_at_openai()
        self._say_status()

    def _look_at_openai(self) -> None:
        openai = self.openai.status
        self._recover(openai.base_url or PUBLIC_API, openai.checked_at, openai.problem)
        if (account := openai.chatgpt) is not None:
            self._recover(self.openai.chatgpt.base_url, account.signed_in_at, account.problem)

    def _recover(self, url: str, checked_at: datetime | None, problem: ErrorBody | None) -> None:
        """Let a host be well that was found so since the last time, other than by a chat's request."""
        host = host_of(url)
        if checked_at is not None and problem is None and self._found.get(host) != checked_at:
            self._found[host] = checked_at
            self.traffic.recover(host)

    def _github_changed(self) -> None:
        github = self.github.status
        self._recover(github.url or PUBLIC_GITHUB, github.checked_at, github.problem)
        self._say_status()
        told, self._told = self._told, (self.github.status.url, self.github.person)
        if told != self._told:
            self.chats.tell_again()

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
        elif kind == "chat":
            self.chats.runs.look(id, value)

    # -- what it knows

    def status(self) -> Status:
        """The hub as a whole, as of the last look at the engine."""
        return Status(
            version=version("agent-hub"),
            hub_id=self.store.hub_id,
            engine=self._engine_status,
            gpus=self._gpus,
            agents=tuple(
                AgentInfo(name=agent.name, title=agent.title, converses=agent.converses, asks_openai=agent.asks_openai)
                for agent in self._offered.values()
            ),
            default_base=self.settings.base_image,
            openai=self.openai.status,
            github=self.github.status,
            committer=self.identities.committer,
            artifacts_path=self.settings.artifacts_folder,
        )

    def gateway_status(self) -> GatewayStatus:
        """What chats asked for lately, by way of the gateway."""
        openai, github = self.openai.status, self.github.status
        hosts = {
            host_of(openai.base_url or PUBLIC_API): bool(openai.key),
            host_of(github.url or PUBLIC_GITHUB): github.connected,
            host_of(self.openai.chatgpt.base_url): openai.chatgpt is not None,
        }
        uses = {project: at for project, at in self.access_log.uses.items() if project in self.store.projects}
        return GatewayStatus(routes=self.traffic.routes(hosts), last_uses=uses)

    def files(self, chat_id: str) -> WorkspaceFiles:
        """A chat's files. Raises :class:`~agent_hub.errors.NotFound` where there is no such chat."""
        chat = self.store.chats[chat_id]
        return WorkspaceFiles(self.folders.workspace(chat.id), self.folders.uploads(chat.id))

    def _take_snapshot(self, seq: int) -> Everything:
        return Everything(
            seq=seq,
            status=self.status(),
            projects=tuple(self.store.projects),
            chats=tuple(self.store.chats),
            artifacts=tuple(self.store.artifacts),
        )
