"""Chats: from a request to a running container, and back.

:mod:`agent_hub.hub.lifecycle` says what state follows which; this module makes it so.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import TypeVar

from agent_hub.agents.base import AGENT_HOME, RUN, TOOLS, WORKSPACE, Agent
from agent_hub.engines.base import ContainerSpec, ContainerStatus, Engine, Handle, Limits
from agent_hub.errors import (
    AgentHubError,
    ContainerLost,
    EngineError,
    EngineUnavailable,
    StorageFull,
    UnsavedWork,
)
from agent_hub.hub import lifecycle
from agent_hub.hub.builds import Builds
from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.hub.tokens import new_token, token_hash
from agent_hub.hub.workspaces import Repository, unsaved_work
from agent_hub.models import Chat, ChatStatus, Mount
from agent_hub.terminals.registry import Terminals
from agent_hub.terminals.terminal import Terminal

logger = logging.getLogger(__name__)

T = TypeVar("T")

PIDS = 4096
"""Processes a chat may have where it asks for no other limit: enough for any build, too few for a fork bomb."""

ENTRYPOINT_ENV = {"AGENT_HUB_WORKSPACE": WORKSPACE, "AGENT_HUB_SEED": f"{TOOLS}/seed", "AGENT_HUB_RUN": RUN}
"""What the entrypoint is told. Images say the same; where there are no images, this is what says it."""


class Chats:
    """Every chat's container, workspace and terminal.

    One chat does one thing at a time; chats do not wait for each other, but for the engine.
    """

    def __init__(
        self,
        store: Store,
        folders: Folders,
        engine: Engine,
        agents: Mapping[str, Agent],
        builds: Builds,
        terminals: Terminals,
    ) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self._builds = builds
        self._terminals = terminals
        self._locks: dict[str, asyncio.Lock] = {}
        self._starts: dict[str, asyncio.Task[None]] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self.artifacts_url = ""
        """What containers are told to publish to; set once the gateway listens."""

    # -- what a person asks for

    async def add(self, chat: Chat) -> Chat:
        """Keep a new chat and start it. Returns at once; the chat is queued."""
        await self._store.chats.put(chat)
        self._terminal(chat.id)
        self._begin(chat.id)
        return self._store.chats[chat.id]

    async def start(self, chat_id: str) -> Chat:
        """Start a chat that has ended; its agent goes on with the same conversation."""
        chat = await self._store.chats.change(chat_id, lifecycle.queued)
        self._begin(chat_id)
        return chat

    async def stop(self, chat_id: str, grace: float = 10.0) -> Chat:
        """Stop a chat and return once it does not run. What waits to start is given up."""
        await self._store.chats.change(chat_id, lifecycle.stopping)
        await self._cancel_start(chat_id)
        async with self._lock(chat_id):
            handle = await self._find(chat_id)
            if handle is None:
                return await self._store.chats.change(chat_id, lifecycle.cancelled)
            status = await self._engine.stop(handle, grace)
            await self._ended(chat_id, status)
        return self._store.chats[chat_id]

    async def delete(self, chat_id: str, force: bool = False) -> None:
        """Delete a chat: its container first, verified, then its files, then its name.

        Raises
        ------
        UnsavedWork
            The workspace holds work that is nowhere else, and `force` is not set.
        """
        chat = self._store.chats[chat_id]
        if not force and chat.status is not ChatStatus.deleting and self._folders.workspace(chat_id).exists():
            unsaved = await unsaved_work(self._folders.workspace(chat_id))
            if unsaved:
                raise UnsavedWork(
                    f"“{chat.name}” has {unsaved}, which are nowhere else.",
                    "Commit and push them from the chat, or delete it anyway (force).",
                    files=unsaved.files,
                    commits=unsaved.commits,
                )
        await self._store.chats.change(chat_id, lifecycle.deleting)
        await self._cancel_start(chat_id)
        async with self._lock(chat_id):
            if chat_id not in self._store.chats:
                return
            await self._store.revoke_token(chat_id)
            handle = await self._find(chat_id)
            if handle is not None:
                await self._engine.remove(handle)
            self._forget_watch(chat_id)
            await self._terminals.remove(chat_id)
            await asyncio.to_thread(_remove_tree, self._folders.chat(chat_id))
            for artifact in [artifact for artifact in self._store.artifacts if artifact.chat == chat_id]:
                await asyncio.to_thread(_remove_tree, self._folders.artifact(artifact.id))
                await self._store.artifacts.delete(artifact.id)
            await self._store.chats.delete(chat_id)
        self._locks.pop(chat_id, None)

    # -- what happens by itself

    async def reconcile(self) -> None:
        """Make the store agree with the engine: after the hub's start, and when the engine has come back."""
        handles = {
            handle.labels["agent-hub.chat"]: handle
            for handle in await self._engine.list({"agent-hub.hub": self._store.hub_id})
            if "agent-hub.chat" in handle.labels
        }
        for chat in self._store.chats:
            self._terminal(chat.id)
            if chat.id in self._starts or chat.id in self._watches:
                continue
            handle = handles.get(chat.id)
            if chat.status is ChatStatus.deleting:
                await self.delete(chat.id, force=True)
            elif handle is not None and chat.status not in (ChatStatus.queued, ChatStatus.starting):
                await self._adopt(chat, handle)
            elif chat.status in (ChatStatus.queued, ChatStatus.starting):
                self._begin(chat.id)
            elif chat.status in lifecycle.ACTIVE:
                await self._ended(chat.id, ContainerStatus("lost"))
        for chat_id, handle in handles.items():
            # A chat is stored before its container is made, so a container without one was deleted.
            if chat_id not in self._store.chats:
                logger.warning("Removing the container %s of a chat that was deleted", handle.name)
                await self._engine.remove(handle)

    async def engine_lost(self) -> None:
        """The engine does not answer: no running chat can be vouched for."""
        for chat in self._store.chats:
            self._forget_watch(chat.id)
            await self._store.chats.change(chat.id, lifecycle.unreachable)

    async def close(self) -> None:
        """Let go of every chat. Containers go on running."""
        tasks = [*self._starts.values(), *self._watches.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._terminals.close()

    # -- starting

    def _begin(self, chat_id: str) -> None:
        task = asyncio.create_task(self._start(chat_id), name=f"start {chat_id}")
        self._starts[chat_id] = task
        task.add_done_callback(lambda done: self._starts.pop(chat_id, None))

    async def _start(self, chat_id: str) -> None:
        try:
            project = self._store.chats[chat_id].project
            if self._store.projects[project].snapshot is None:
                await self._store.chats.change(chat_id, reason="waits for the project's build")
            snapshot = await self._builds.snapshot(project)
            async with self._lock(chat_id):
                chat = await self._store.chats.change(
                    chat_id, lambda chat: lifecycle.starting(chat, snapshot.image, snapshot.commit)
                )
                await self._launch(chat)
        except AgentHubError as error:
            await self._failed(chat_id, error)
        except OSError as error:
            await self._failed(chat_id, StorageFull.from_os_error(error))

    async def _failed(self, chat_id: str, error: AgentHubError) -> None:
        logger.info("Chat %s could not start: %s", chat_id, error.message)
        self._terminal(chat_id).note(f"Could not start: {error}")
        if self._store.chats[chat_id].started_at is None:
            await self._remove_unstarted(chat_id)
        await self._store.chats.change(chat_id, lambda chat: lifecycle.failed(chat, error))

    async def _remove_unstarted(self, chat_id: str) -> None:
        """Leave no container behind of a chat that never ran; the next try makes its own."""
        try:
            handle = await self._find(chat_id)
            if handle is not None:
                await self._engine.remove(handle)
        except EngineError:
            logger.warning("The container of chat %s could not be removed now; the next start takes it up", chat_id)

    async def _launch(self, chat: Chat) -> None:
        terminal = self._terminal(chat.id)
        agent = self._agents[chat.agent]
        fresh = await asyncio.to_thread(self._make_folders, chat.id)
        thread = chat.thread if fresh else await asyncio.to_thread(agent.thread, self._folders.agent_home(chat.id))
        chat = await self._store.chats.change(chat.id, thread=thread or chat.thread)
        try:
            # The engine makes the container while Git makes the workspace: neither needs the other before the start.
            async with asyncio.TaskGroup() as together:
                if fresh:
                    together.create_task(self._make_workspace(chat))
                together.create_task(self._tell(chat, agent))
                made = together.create_task(_to_its_end(self._engine.create(self._spec(chat, agent))))
        except* AgentHubError as group:
            raise first_error(group) from None
        handle = made.result()
        terminal.connect(await self._engine.attach(handle))
        await _to_its_end(self._engine.start(handle))
        await self._store.chats.change(chat.id, lambda chat: lifecycle.running(chat, handle.id))
        self._watch(chat.id, handle)

    def _spec(self, chat: Chat, agent: Agent) -> ContainerSpec:
        folders = self._folders
        return ContainerSpec(
            name=f"agent-hub-{chat.id}",
            image=chat.image,
            env=ENTRYPOINT_ENV
            | dict(agent.environment(chat))
            | {variable.name: variable.value or "" for variable in chat.env},
            mounts=[
                Mount(source=str(folders.workspace(chat.id)), target=WORKSPACE, read_only=False),
                Mount(source=str(folders.agent_home(chat.id)), target=AGENT_HOME, read_only=False),
                Mount(source=str(folders.run(chat.id)), target=RUN),
                *chat.mounts,
            ],
            labels={
                "agent-hub.hub": self._store.hub_id,
                "agent-hub.chat": chat.id,
                "agent-hub.project": chat.project,
            },
            user=f"{os.getuid()}:{os.getgid()}",
            limits=Limits(cpus=chat.resources.cpus, memory=chat.resources.memory, pids=chat.resources.pids or PIDS),
            gpus=chat.resources.gpus or 0,
        )

    def _make_folders(self, chat_id: str) -> bool:
        """Make the chat's folders; returns whether its workspace has yet to be filled."""
        folders = self._folders
        folders.chat(chat_id).mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (folders.workspace(chat_id), folders.agent_home(chat_id), folders.run(chat_id)):
            folder.mkdir(exist_ok=True, mode=0o700)
        return not any(folders.workspace(chat_id).iterdir())

    async def _make_workspace(self, chat: Chat) -> None:
        project = self._store.projects[chat.project]
        repository = Repository(self._folders.repository(chat.project), project.url, project.branch)
        # Beside its place and then moved there: a clone that was cut off must not look like one that is whole.
        unfinished = self._folders.chat(chat.id) / "workspace.unfinished"
        await asyncio.to_thread(_remove_tree, unfinished)
        try:
            await repository.check_out(unfinished)
            os.rename(unfinished, self._folders.workspace(chat.id))
        finally:
            await asyncio.to_thread(_remove_tree, unfinished)

    async def _tell(self, chat: Chat, agent: Agent) -> None:
        """Write what the container reads at its start: its token, the gateway's address, and what to run."""
        token = new_token()
        await self._store.set_token(chat.id, token_hash(token))
        files = {
            "token": token,
            "artifacts_url": self.artifacts_url,
            "command": f"exec {shlex.join(agent.command(chat))}",
        }
        await asyncio.to_thread(self._write_run, chat.id, files)
        await asyncio.to_thread(agent.prepare, chat, self._folders.agent_home(chat.id))

    def _write_run(self, chat_id: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self._folders.run(chat_id) / name
            temporary = path.with_suffix(".new")
            temporary.write_text(text + "\n")
            temporary.chmod(0o600)
            temporary.replace(path)

    # -- watching

    async def _adopt(self, chat: Chat, handle: Handle) -> None:
        """Take up a container that was there before this hub process was."""
        status = await self._engine.inspect(handle)
        if status.state == "running":
            terminal = self._terminal(chat.id)
            terminal.connect(await self._engine.attach(handle), painted=True)
            await asyncio.to_thread(self._write_run, chat.id, {"artifacts_url": self.artifacts_url})
            await self._store.chats.change(chat.id, lambda chat: lifecycle.running(chat, handle.id))
            self._watch(chat.id, handle)
        elif chat.status in lifecycle.ACTIVE:
            await self._ended(chat.id, status)

    def _watch(self, chat_id: str, handle: Handle) -> None:
        task = asyncio.create_task(self._wait(chat_id, handle), name=f"watch {chat_id}")
        self._watches[chat_id] = task

    def _forget_watch(self, chat_id: str) -> None:
        task = self._watches.pop(chat_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _wait(self, chat_id: str, handle: Handle) -> None:
        try:
            status = await self._engine.wait(handle)
        except EngineUnavailable:
            # The hub's own look at the engine tells when it is back, and reconciles then.
            if chat_id in self._store.chats:
                await self._store.chats.change(chat_id, lifecycle.unreachable)
            self._watches.pop(chat_id, None)
            return
        except ContainerLost:
            status = ContainerStatus("lost")
        if chat_id in self._store.chats and self._store.chats[chat_id].status is not ChatStatus.stopping:
            await self._ended(chat_id, status)
        self._watches.pop(chat_id, None)

    async def _ended(self, chat_id: str, status: ContainerStatus) -> None:
        chat = self._store.chats[chat_id]
        self._forget_watch(chat_id)
        await self._store.revoke_token(chat_id)
        thread = await asyncio.to_thread(self._agents[chat.agent].thread, self._folders.agent_home(chat_id))
        chat = await self._store.chats.change(chat_id, lambda chat: lifecycle.ended(chat, status, thread))
        if chat.status is ChatStatus.exited:
            self._terminal(chat_id).note(_farewell(chat))

    # -- small things

    def _terminal(self, chat_id: str) -> Terminal:
        return self._terminals.get_or_create(chat_id)

    def _lock(self, chat_id: str) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    async def _cancel_start(self, chat_id: str) -> None:
        task = self._starts.get(chat_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _find(self, chat_id: str) -> Handle | None:
        found = await self._engine.list({"agent-hub.hub": self._store.hub_id, "agent-hub.chat": chat_id})
        return found[0] if found else None


async def _to_its_end(work: Awaitable[T]) -> T:
    """Await work that must not be left half-known: where this task is cancelled, it waits for the work first.

    A request to the engine goes on without whoever asked for it, so the container it makes would be missed by a
    cancelled start, and by the deletion that follows.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def first_error(group: BaseExceptionGroup[AgentHubError]) -> AgentHubError:
    """The error that the others of a group followed from."""
    first = group.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first


def _farewell(chat: Chat) -> str:
    how = f"exited ({chat.exit_code})" if chat.exit_code is not None else "ended"
    why = f": {chat.reason}" if chat.reason else ""
    return f"The agent {how}{why}. Everything is kept; start the chat again to go on."


def _remove_tree(folder: Path) -> None:
    """Remove a folder whatever modes an agent left in it; raise if anything stays."""

    def allow(function: object, path: str, error: BaseException) -> None:
        os.chmod(os.path.dirname(path), 0o700)
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, 0o700)
            shutil.rmtree(path)
        else:
            os.unlink(path)

    if folder.exists():
        shutil.rmtree(folder, onerror=lambda function, path, info: allow(function, path, info[1]))
