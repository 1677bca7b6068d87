"""Chats prepared ahead: they are made, kept and removed, and taken over by new chats."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress

from agent_hub.agents.base import Agent
from agent_hub.engines.base import Engine, Handle
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import AgentHubError, EngineError
from agent_hub.hub.folders import Folders
from agent_hub.hub.launches import Launcher
from agent_hub.hub.queue import StartQueue
from agent_hub.hub.spare import ReadySpare, SpareMaker
from agent_hub.hub.spareplan import SparePlan
from agent_hub.hub.store import Store
from agent_hub.hub.tokens import new_token, token_hash
from agent_hub.models import Chat, Project, Resources, Spare
from agent_hub.terminals.registry import Terminals

logger = logging.getLogger(__name__)

CALM = 0.5
"""Seconds without a start before spares are made: they must not take the processor from a chat that somebody awaits."""

PATIENCE = 60.0
"""Seconds that a spare gets to become ready."""


class Spares:
    """Every project's spares.

    Parameters
    ----------
    count
        Spares of each project; 0 makes none.
    starts
        The queue of the chats' own starts, which come first.
    """

    def __init__(
        self,
        store: Store,
        folders: Folders,
        engine: Engine,
        agents: Mapping[str, Agent],
        launcher: Launcher,
        terminals: Terminals,
        starts: StartQueue,
        count: int,
    ) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self._launcher = launcher
        self._terminals = terminals
        self._maker = SpareMaker(folders, engine, agents, launcher, terminals)
        self._starts = starts
        self._count = count
        # A fifo passes no border between two kernels, so that nobody could wait at it there.
        prepared = {name for name, agent in agents.items() if agent.runs_ahead or engine.shares_kernel}
        self._plan = SparePlan(store, folders, count, prepared)
        self._ready: dict[str, ReadySpare] = {}
        self._wanted = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._making: str | None = None
        self._removals: dict[str, asyncio.Task[None]] = {}
        self._taken: set[str] = set()

    def __contains__(self, id: object) -> bool:
        """Whether the spare of that id waits to be claimed."""
        return id in self._ready

    # -- for chats

    def take(self, chat: Chat) -> ReadySpare | None:
        """The spare that can become `chat`, which is nobody else's from now on; ``None`` where there is none.

        Parameters
        ----------
        chat
            What is asked for, with the image and commit that it would start from.
        """
        if self._plan.used(chat.project):
            self._wanted.set()
        branch = self._store.projects[chat.project].branch
        for found in self._ready.values():
            if found.spare.branch == branch and self._serves(found.spare.chat, chat):
                del self._ready[found.spare.id]
                # Until it is stored as a chat it is stored as a spare, and one that nobody holds would be removed.
                self._taken = {id for id in self._taken if id in self._store.spares} | {found.spare.id}
                if found.ending is not None:
                    found.ending.cancel()
                self._wanted.set()
                return found
        return None

    def give_up(self, taken: ReadySpare) -> None:
        """Remove a spare that was taken and could not be used."""
        self._taken.discard(taken.spare.id)
        self._remove(taken.spare.id, taken.handle, taken)

    def _serves(self, spare: Chat, chat: Chat) -> bool:
        same = ("project", "agent", "image", "commit", "mounts")
        return (
            all(getattr(spare, name) == getattr(chat, name) for name in same)
            and _limits(spare) == _limits(chat)
            and self._agents[chat.agent].fits(spare, chat)
        )

    # -- keeping them

    def start(self) -> None:
        """Begin to keep spares, once the engine answers and what an earlier hub left is removed."""
        if self._keeping is None and self._count:
            self._keeping = asyncio.create_task(self._keep(), name="agent-hub spares")
        self._wanted.set()

    def refresh(self) -> None:
        """Look again at what is there and what is wanted: a project, its snapshot or its chats have changed."""
        self._wanted.set()

    async def stop(self) -> None:
        """Make no more; those that are there are forgotten, and removed by :meth:`reconcile`, by whichever hub."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
        # All at once: a chat that is asked for meanwhile must not get one that was let go of.
        forgotten, self._ready = self._ready, {}
        for found in forgotten.values():
            await found.let_go()
        await self._count_ready()

    async def reconcile(self, handles: Mapping[str, Handle]) -> None:
        """Remove the spares that an earlier hub, or an engine that went away, has left.

        Parameters
        ----------
        handles
            Containers of this hub, by the id of their chat.
        """
        self._plan.retry()
        for spare in self._store.spares:
            if spare.id not in self._ready and spare.id not in self._taken and spare.id != self._making:
                self._remove(spare.id, handles.get(spare.id))

    async def drop(self, project_id: str) -> None:
        """Remove the spares of a project that is being deleted, and return once they are gone; it gets no more."""
        self._plan.leave(project_id)
        ids = {spare.id for spare in self._store.spares if spare.chat.project == project_id}
        for id in ids:
            found = self._ready.pop(id, None)
            if found is not None:
                self._remove(id, found.handle, found)
        if self._making in ids:
            await self.restart()
            for id in ids & {spare.id for spare in self._store.spares}:
                self._remove(id, await self._launcher.find(id))
        waiting = [task for id, task in self._removals.items() if id in ids]
        if waiting:
            await asyncio.wait(waiting)

    def readmit(self, project_id: str) -> None:
        """Let a project have spares again, where it could not be deleted."""
        self._plan.readmit(project_id)
        self._wanted.set()

    async def restart(self) -> None:
        """Give up the spare that is being made."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
            self.start()

    async def close(self) -> None:
        """Remove every spare: paused containers that nobody can claim would only take memory."""
        await self.stop()
        with suppress(EngineError):
            for spare in self._store.spares:
                if spare.id not in self._taken:
                    self._remove(spare.id, await self._launcher.find(spare.id))
        if self._removals:
            _, late = await asyncio.wait(list(self._removals.values()), timeout=PATIENCE / 6)
            for task in late:
                task.cancel()

    @property
    def _is_kept_on(self) -> bool:
        """Whether the task that asks is still to make spares.

        What it awaits as it is cancelled may fail, as where the engine went away: then it hears of that failure alone.
        """
        return self._keeping is asyncio.current_task()

    async def _keep(self) -> None:
        while self._is_kept_on:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._fill()
            except Exception:
                # Who stops here would leave every later chat without a spare, and nobody would know why.
                logger.exception("Chats could not be prepared ahead; this is tried again at the next change")

    async def _fill(self) -> None:
        while self._is_kept_on:
            self._drop_outdated()
            await self._count_ready()
            if self._next_project() is None:
                return
            await self._starts.idle()
            # Starts come in bursts, and a chat that has just started draws its first screen.
            await asyncio.sleep(CALM)
            project = self._next_project()
            if project is not None and not self._starts.busy:
                await self._count_ready()
                await self._make(project)

    def _number(self, project_id: str) -> int:
        return sum(found.spare.chat.project == project_id for found in self._ready.values())

    def _drop_outdated(self) -> None:
        colours = self._terminals.palette.colours
        faded = [id for id, found in self._ready.items() if found.warm is not None and found.colours != colours]
        for id in {*faded, *self._plan.outdated(found.spare for found in self._ready.values())}:
            found = self._ready.pop(id)
            self._remove(id, found.handle, found)

    def _next_project(self) -> Project | None:
        return self._plan.next_project(found.spare for found in self._ready.values())

    # -- making one

    async def _make(self, project: Project) -> None:
        token = new_token()
        id = secrets.token_hex(6)
        spare = Spare(id=id, chat=self._plan.template(id, project), branch=project.branch, token_hash=token_hash(token))
        self._making = id
        try:
            # Stored before anything of it is made, so that nothing of it is ever left without being known.
            await self._store.spares.put(spare)
            async with asyncio.timeout(PATIENCE):
                found = self._ready[id] = await self._maker.make(spare, token)
            found.ending = asyncio.create_task(self._watch(found), name=f"spare {id}")
            self._plan.made(project.id)
        except Exception as error:
            # Also what nobody foresaw: a program that waits here is not the hub's, and may answer anything.
            foreseen = isinstance(error, AgentHubError | OSError)
            why = str(error) or "it took too long"
            logger.warning(
                "A chat of “%s” could not be prepared ahead: %s",
                project.name,
                why,
                exc_info=None if foreseen else error,
            )
            self._plan.failed(project)
            with suppress(AgentHubError):
                self._remove(id, await self._launcher.find(id))
        finally:
            self._making = None

    async def _watch(self, found: ReadySpare) -> None:
        """Let go of a spare whose container ends while it waits."""
        with suppress(EngineError):
            await self._engine.wait(found.handle)
        if self._ready.pop(found.spare.id, None) is not None:
            self._remove(found.spare.id, found.handle, found)
            self._wanted.set()

    # -- removing one

    def _remove(self, id: str, handle: Handle | None, found: ReadySpare | None = None) -> None:
        if id in self._removals:
            return
        task = asyncio.create_task(self._removed(id, handle, found), name=f"remove spare {id}")
        self._removals[id] = task
        task.add_done_callback(lambda done: self._removals.pop(id, None))

    async def _removed(self, id: str, handle: Handle | None, found: ReadySpare | None) -> None:
        try:
            if found is not None:
                await found.let_go()
            if handle is not None:
                await self._engine.remove(handle)
            await asyncio.to_thread(remove_tree, self._folders.chat(id))
            await self._store.spares.delete(id)
        except (AgentHubError, OSError) as error:
            logger.warning("The spare %s could not be removed, and will be later: %s", id, error)

    async def _count_ready(self) -> None:
        for project in self._store.projects:
            update = {"spares": self._number(project.id)}
            if project.spares != update["spares"]:
                await self._store.projects.show(project.id, lambda now, new=update: now.model_copy(update=new))  # type: ignore[misc]


def _limits(chat: Chat) -> Resources:
    return chat.resources.model_copy(update={"gpus": chat.resources.gpus or None})
