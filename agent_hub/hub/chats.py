"""Chats: from a request to a running container, and back.

:mod:`agent_hub.hub.lifecycle` says what state follows which; this module makes it so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial

from agent_hub.agents.base import Agent
from agent_hub.engines.base import ContainerStatus, Engine, Handle
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import AgentHubError, AgentUnavailable, ContainerLost, EngineUnavailable, NotFound, UnsavedWork
from agent_hub.hub import lifecycle
from agent_hub.hub.artifacts import Artifacts
from agent_hub.hub.builds import Builds
from agent_hub.hub.chat_git import ChatGit
from agent_hub.hub.conversations import Conversations
from agent_hub.hub.deleted import DeletedChats
from agent_hub.hub.folders import Folders
from agent_hub.hub.launches import Launcher
from agent_hub.hub.limits import ContainerLimits
from agent_hub.hub.mount_sources import MountSources
from agent_hub.hub.requests import Request
from agent_hub.hub.rungate import RunGate
from agent_hub.hub.spares import Spares
from agent_hub.hub.starts import Starts
from agent_hub.hub.store import Store
from agent_hub.hub.unsaved import Unsaved, unsaved_work
from agent_hub.models import Chat, ChatChange, ChatStatus
from agent_hub.terminals.registry import Terminals
from agent_hub.terminals.terminal import Terminal

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Chats that are taken up side by side after a restart."""


class Chats:
    """Every chat's container, workspace and terminal.

    One chat does one thing at a time; chats do not wait for each other, but for the engine. `on_trouble` is called when
    the engine has left a question unanswered, so that somebody looks at it, and reconciles once it is back.
    """

    def __init__(
        self,
        store: Store,
        folders: Folders,
        engine: Engine,
        agents: Mapping[str, Agent],
        builds: Builds,
        terminals: Terminals,
        deleted: DeletedChats,
        conversations: Conversations,
        artifacts: Artifacts,
        git: ChatGit,
        sources: MountSources,
        limits: ContainerLimits,
        on_trouble: Callable[[], None],
        spares: int = 0,
    ) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self._builds = builds
        self._terminals = terminals
        self._deleted = deleted
        self._conversations = conversations
        self._artifacts = artifacts
        self._locks: dict[str, asyncio.Lock] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._on_trouble = on_trouble
        self.runs = RunGate(store, self.stop)
        self._launcher = Launcher(store, folders, engine, agents, git, sources, limits)
        self._starting = Starts(
            store, engine, builds, terminals, self._launcher, conversations, self.runs, self._lock, self._watch
        )
        self.spares = Spares(store, folders, engine, agents, self._launcher, terminals, self._starting.queue, spares)

    def tell_containers(self, gateway_url: str) -> None:
        """Containers find the gateway at this address from now on."""
        self._launcher.gateway_url = gateway_url

    def tell_again(self) -> None:
        """Let chats that run, or are about to, know that another account is connected."""
        for chat in self._store.chats:
            if chat.status in (ChatStatus.running, ChatStatus.starting):
                self._finish(chat.id, self._tell(chat.id))

    async def _tell(self, chat_id: str) -> None:
        async with self._lock(chat_id):
            if self._store.chats[chat_id].status is ChatStatus.running:
                await self._launcher.tell_address(chat_id)

    # -- what a person asks for

    async def add(self, chats: Sequence[Chat], request: Request | None = None) -> Chat:
        """Keep new chats, all or none, and start them; see :meth:`Starts.add`. Returns the first of them at once."""
        if len(chats) == 1 and chats[0].run is None:
            return await self._starting.add(chats[0], self.spares, request)
        return await self._starting.add_all(chats, request)

    async def start(self, chat_id: str) -> Chat:
        """Start a chat that has ended; its agent goes on with the same conversation."""
        chat = await self._store.chats.change(chat_id, lifecycle.queued)
        self._starting.begin(chat_id)
        return chat

    async def change(self, chat_id: str, change: ChatChange) -> Chat:
        """Give a chat another name, or another budget."""
        update = {name: getattr(change, name) for name in change.model_fields_set}
        if update.get("name", "") is None:
            del update["name"]
        return await self._store.chats.change(chat_id, **update)

    async def stop(self, chat_id: str, grace: float = 10.0) -> Chat:
        """Stop a chat and return once it does not run. What waits to start is given up."""
        await self._store.chats.observe(chat_id, lifecycle.stopping)
        await self._starting.cancel(chat_id)
        await self._stop(chat_id, grace)
        return self._store.chats[chat_id]

    async def _stop(self, chat_id: str, grace: float = 10.0) -> None:
        async with self._lock(chat_id):
            if self._store.chats[chat_id].status is not ChatStatus.stopping:
                # Somebody else has stopped it meanwhile, and by now it may have been started again.
                return
            handle = await self._launcher.find(chat_id)
            if handle is None:
                await self._conversations.ended(chat_id)
                await self._store.chats.observe(chat_id, lifecycle.cancelled)
            else:
                await self._ended(chat_id, await self._engine.stop(handle, grace))

    async def delete(self, chat_id: str, force: bool = False) -> None:
        """Delete a chat: its container first, verified, then its files, then its name.

        Raises
        ------
        UnsavedWork
            The workspace holds work that is nowhere else, and `force` is not set.
        StorageFull, WorkNotKept
            It could not be put aside; the chat stays, without a container.
        """
        chat = self._store.chats[chat_id]
        if not force and chat.status is not ChatStatus.deleting:
            unsaved = await self.unsaved(chat_id)
            if unsaved:
                raise UnsavedWork(
                    f"“{chat.name}” holds work that is nowhere else: {unsaved}.",
                    "Commit and push them from the chat, or delete it anyway (force).",
                    files=unsaved.files,
                    commits=unsaved.commits,
                )
        await self._store.chats.change(chat_id, lifecycle.deleting)
        await self._starting.cancel(chat_id)
        async with self._lock(chat_id):
            if chat_id not in self._store.chats:
                return
            await self._store.revoke_token(chat_id)
            handle = await self._launcher.find(chat_id)
            if handle is not None:
                await self._engine.remove(handle)
            self._forget_watch(chat_id)
            try:
                await self._deleted.keep(self._store.chats[chat_id], self._folders.workspace(chat_id))
            except AgentHubError as error:
                await self._store.chats.observe(chat_id, partial(lifecycle.kept_back, error=error))
                raise
            await self._terminals.remove(chat_id)
            await self._conversations.forget(chat_id)
            await asyncio.to_thread(remove_tree, self._folders.chat(chat_id))
            await self._artifacts.forget_chat(chat_id)
            await self._store.chats.delete(chat_id)
        self._locks.pop(chat_id, None)

    async def unsaved(self, chat_id: str) -> Unsaved:
        """What would be lost with a chat's workspace."""
        workspace = self._folders.workspace(chat_id)
        if not workspace.exists():
            return Unsaved(files=0, commits=0)
        found = await unsaved_work(workspace)
        if found and chat_id in self._starting:
            # It may have been put in its place under that look.
            found = await unsaved_work(workspace)
        return found

    # -- what happens by itself

    async def reconcile(self) -> None:
        """Make the store agree with the engine: after the hub's start, and when the engine has come back."""
        handles = {
            handle.labels["agent-hub.chat"]: handle
            for handle in await self._engine.list({"agent-hub.hub": self._store.hub_id})
            if "agent-hub.chat" in handle.labels
        }
        room = asyncio.Semaphore(AT_ONCE)

        async def take_up(chat_id: str) -> None:
            async with room:
                # As it is by now: people go on meanwhile.
                chat = self._store.chats.items.get(chat_id)
                if chat is not None and chat_id not in self._starting and chat_id not in self._watches:
                    await self._take_up(chat, handles.get(chat_id))

        for chat in self._store.chats:
            self._terminal(chat.id)
        try:
            async with asyncio.TaskGroup() as together:
                for chat in self._store.chats:
                    together.create_task(take_up(chat.id))
        except* EngineUnavailable as group:
            raise group.exceptions[0] from None
        await self.spares.reconcile(handles)
        for chat_id, handle in handles.items():
            # A chat is stored before its container is made, so a container without one was deleted.
            if chat_id not in self._store.chats and chat_id not in self._store.spares:
                logger.warning("Removing the container %s of a chat that was deleted", handle.name)
                await self._engine.remove(handle)
        self.runs.look_at_all()
        self.spares.start()

    async def _take_up(self, chat: Chat, handle: Handle | None) -> None:
        """Go on with what was under way with a chat. One that cannot be helped now does not keep the others waiting."""
        try:
            if chat.status is ChatStatus.deleting:
                self._finish(chat.id, self.delete(chat.id, force=True))
            elif chat.status is ChatStatus.stopping:
                self._finish(chat.id, self._stop(chat.id))
            elif chat.status in (ChatStatus.queued, ChatStatus.starting):
                if handle is not None and chat.started_at is None:
                    # Nobody knows how far it came; it has done nothing yet that anyone has seen.
                    await self._engine.remove(handle)
                self._starting.begin(chat.id)
            elif handle is not None:
                await self._adopt(chat.id, handle)
            elif chat.status in lifecycle.ACTIVE:
                await self._ended(chat.id, ContainerStatus("lost"))
        except EngineUnavailable:
            raise
        except NotFound:
            logger.info("Chat %s was deleted while it was taken up", chat.id)
        except (AgentHubError, OSError) as error:
            logger.error("Chat %s could not be taken up: %s", chat.id, error)

    def _finish(self, chat_id: str, work: Coroutine[None, None, None]) -> None:
        """Go on with what may take long, such as a program's patience with being asked to end, beside all else."""
        task = asyncio.create_task(self._finished(chat_id, work), name=f"finish {chat_id}")
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _finished(self, chat_id: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except EngineUnavailable:
            self._on_trouble()
        except NotFound:
            logger.info("Chat %s was deleted meanwhile", chat_id)
        except (AgentHubError, OSError) as error:
            logger.error("What was under way with chat %s could not be finished: %s", chat_id, error)

    async def engine_lost(self) -> None:
        """The engine does not answer: no running chat can be vouched for, and no spare."""
        await self.spares.stop()
        await self._conversations.unreachable()
        for chat in self._store.chats:
            self._forget_watch(chat.id)
            with suppress(NotFound):  # deleted while this loop waited for another
                await self._store.chats.observe(chat.id, lifecycle.unreachable)

    async def close(self) -> None:
        """Let go of every chat. Containers go on running."""
        await self.runs.close()
        await self._starting.close()
        await self.spares.close()
        tasks = [*self._watches.values(), *self._finishing]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._conversations.close()
        await self._terminals.close()

    # -- watching

    async def _adopt(self, chat_id: str, handle: Handle) -> None:
        """Take up a container that was there before this hub process was."""
        async with self._lock(chat_id):
            if chat_id in self._watches:
                # It was started meanwhile.
                return
            status = await self._engine.inspect(handle)
            if status.state == "running":
                self._terminal(chat_id).connect(await self._engine.attach(handle), painted=True)
                await self._launcher.tell_address(chat_id)
                await self._store.chats.observe(chat_id, lambda chat: lifecycle.running(chat, handle.id))
                self._watch(chat_id, handle)
            elif self._store.chats[chat_id].status in lifecycle.ACTIVE:
                await self._ended(chat_id, status)

    def _watch(self, chat_id: str, handle: Handle) -> None:
        task = asyncio.create_task(self._wait(chat_id, handle), name=f"watch {chat_id}")
        self._watches[chat_id] = task
        self._conversations.join(chat_id)

    def _forget_watch(self, chat_id: str) -> None:
        task = self._watches.pop(chat_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _wait(self, chat_id: str, handle: Handle) -> None:
        try:
            try:
                status = await self._engine.wait(handle)
            except ContainerLost:
                status = ContainerStatus("lost")
            # Who stops or deletes a chat says how it ended; it may be deleted while this does.
            with suppress(NotFound):
                if self._store.chats[chat_id].status not in (ChatStatus.stopping, ChatStatus.deleting):
                    await self._ended(chat_id, status)
            self._watches.pop(chat_id, None)
        except AgentHubError as error:
            self._watches.pop(chat_id, None)
            if not isinstance(error, EngineUnavailable):
                logger.error("Nobody knows how chat %s fares, until the engine is looked at again: %s", chat_id, error)
            with suppress(AgentHubError):
                await self._store.chats.observe(chat_id, lifecycle.unreachable)
            self._on_trouble()

    async def _ended(self, chat_id: str, status: ContainerStatus) -> None:
        chat = self._store.chats[chat_id]
        self._forget_watch(chat_id)
        await self._store.revoke_token(chat_id)
        meant = chat.status in (ChatStatus.stopping, ChatStatus.deleting)
        await self._conversations.ended(chat_id, None if meant else _end(status))
        thread = await asyncio.to_thread(self._agents[chat.agent].thread, self._folders.agent_home(chat_id))
        chat = await self._store.chats.observe(chat_id, lambda chat: lifecycle.ended(chat, status, thread))
        if chat.status is ChatStatus.exited:
            self._terminal(chat_id).note(_farewell(chat))

    # -- small things

    def _terminal(self, chat_id: str) -> Terminal:
        return self._terminals.get_or_create(chat_id)

    def _lock(self, chat_id: str) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())


def _end(status: ContainerStatus) -> AgentHubError:
    """What the end of a container, which nobody meant, means to a turn that goes on."""
    again = "Start the chat again with the same conversation, and say it again."
    if status.state == "lost":
        return ContainerLost("The chat's container is gone; its workspace is kept.", again)
    code = "" if status.exit_code is None else f" with exit code {status.exit_code}"
    why = f": {status.reason}" if status.reason else ""
    return AgentUnavailable(f"The chat's agent ended{code} in the middle of it{why}.", again)


def _farewell(chat: Chat) -> str:
    how = f"exited ({chat.exit_code})" if chat.exit_code is not None else "ended"
    why = f": {chat.reason}" if chat.reason else ""
    return f"The agent {how}{why}. Everything is kept; resume the chat to go on."
