"""From a chat that is asked for to one that runs: a spare taken over, or a container started in its turn."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from agent_hub.agents.base import Warm
from agent_hub.engines.base import Engine, Handle
from agent_hub.errors import AgentHubError, BaseImageNotFound, EngineError, StorageFull
from agent_hub.hub import lifecycle
from agent_hub.hub.builds import Builds
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.conversations import Conversations
from agent_hub.hub.launches import Launcher
from agent_hub.hub.queue import StartQueue
from agent_hub.hub.requests import Request
from agent_hub.hub.rungate import RunGate
from agent_hub.hub.spare import ReadySpare
from agent_hub.hub.spares import Spares
from agent_hub.hub.store import Store
from agent_hub.models import Chat, ChatStatus, Snapshot
from agent_hub.terminals.registry import Terminals

logger = logging.getLogger(__name__)

CLAIM_SECONDS = 0.05
"""A chat that starts from nothing waits for this long after a spare was taken over, whose shell is a few milliseconds
from its prompt: the start takes both processors, and a hundred times as long."""

RELEASE_SECONDS = 0.006
"""Between two spares that go on as chats: side by side each takes the other's processor, and the first is as late as
the last."""

SLOTS = max(2, os.cpu_count() or 2)
"""Containers that start side by side."""


class Starts:
    """Every start that is under way.

    Parameters
    ----------
    lock
        Gives the lock of a chat: whoever holds it has the chat's container for itself.
    on_running
        Called with a chat's id and container once it runs.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        builds: Builds,
        terminals: Terminals,
        launcher: Launcher,
        conversations: Conversations,
        runs: RunGate,
        lock: Callable[[str], asyncio.Lock],
        on_running: Callable[[str, Handle], None],
    ) -> None:
        self._store = store
        self._engine = engine
        self._builds = builds
        self._terminals = terminals
        self._launcher = launcher
        self._conversations = conversations
        self._runs = runs
        self._lock = lock
        self._on_running = on_running
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._adding: dict[str, asyncio.Event] = {}
        self._claimed = self._released = float("-inf")
        self.queue = StartQueue(SLOTS, self._note_place)

    def __contains__(self, chat_id: object) -> bool:
        """Whether a start of the chat is under way."""
        return chat_id in self._tasks or chat_id in self._adding

    async def add(self, chat: Chat, spares: Spares, request: Request | None) -> Chat:
        """Keep a new chat and begin it: on a spare, as which it then has another id, or in its turn.

        Returns as soon as the chat is stored.
        """
        project = self._store.projects[chat.project]
        # A restored chat brings its workspace, and can take over no other.
        brings = os.path.exists(chat.workspace)
        if project.snapshot is not None and not self._builds.is_building(chat.project) and not brings:
            starting = lifecycle.starting(chat, project.snapshot.image, project.snapshot.commit)
            taken = spares.take(starting)
            if taken is not None:
                return await self._take_over(starting, taken, spares, request)
        # What is stored and answered now would be in the way as well, where some of many get spares.
        await self._make_way()
        with self._being_added(chat.id):
            await self._store.add_chat(chat, request=request)
            self._terminals.get_or_create(chat.id)
            await self._begin_conversation(chat)
            self.begin(chat.id)
        return self._store.chats[chat.id]

    async def add_all(self, chats: Sequence[Chat], request: Request | None) -> Chat:
        """Keep new chats, all or none, and begin each in its turn; returns the first as soon as they are stored."""
        with ExitStack() as being_added:
            for chat in chats:
                being_added.enter_context(self._being_added(chat.id))
            await self._store.add_chats(chats, request)
            for chat in chats:
                self._terminals.get_or_create(chat.id)
                self.begin(chat.id)
        return self._store.chats[chats[0].id]

    def begin(self, chat_id: str) -> None:
        """Start a chat that is queued; once, however often it is said."""
        self._run(chat_id, self._begin(chat_id, self._tasks.get(chat_id)))

    async def cancel(self, chat_id: str) -> None:
        """Give up a chat's start, and return once nothing of it goes on."""
        if chat_id in self._adding:
            await self._adding[chat_id].wait()
        task = self._tasks.get(chat_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """Give up every start; the next hub begins them again."""
        for added in list(self._adding.values()):
            await added.wait()
        tasks = [*self._tasks.values(), *self._notes]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @contextmanager
    def _being_added(self, chat_id: str) -> Iterator[None]:
        """Between a chat's record and its start, nobody else may take it for one that is left over."""
        self._adding[chat_id] = asyncio.Event()
        try:
            yield
        finally:
            self._adding.pop(chat_id).set()

    async def _begin_conversation(self, chat: Chat) -> None:
        """Make the first prompt the first turn before the chat is answered: whoever asked for it may look for it."""
        # Where it cannot be kept, the start fails for the same reason, and says so.
        with suppress(AgentHubError):
            await self._conversations.begun(chat)

    # -- on a spare

    async def _take_over(self, chat: Chat, taken: ReadySpare, spares: Spares, request: Request | None) -> Chat:
        spare = taken.spare
        update = {"id": spare.id, "workspace": spare.chat.workspace, "container": taken.handle.id}
        chat = chat.model_copy(update=update)
        self._claimed = time.monotonic()
        with self._being_added(chat.id):
            # Frozen containers take a few milliseconds to go on, which the rest need not wait for. Both end before it
            # is known what comes next: a spare that is stored as a chat by now is not to be removed.
            woken, kept = await asyncio.gather(
                self._wake(chat, taken), self._store.add_chat(chat, spare, request), return_exceptions=True
            )
            if isinstance(kept, BaseException):
                spares.give_up(taken)
                raise kept
            self._terminals.adopt(taken.terminal)
            await self._begin_conversation(chat)
            wait = 0.0 if taken.warm is not None else self._in_turn()
            if woken is None and taken.warm is None and not wait:
                # Here and now: before the task below has its turn there may be many requests.
                try:
                    self._launcher.release(chat.id)
                except (AgentHubError, OSError) as error:
                    woken = error
            self._run(chat.id, self._hand_over(chat, taken, woken, wait))
        return kept

    def _in_turn(self) -> float:
        """How long a container is to wait before it goes on, after the one before it."""
        now = time.monotonic()
        self._released = max(now, self._released + RELEASE_SECONDS)
        return self._released - now

    async def _wake(self, chat: Chat, taken: ReadySpare) -> None:
        await self._launcher.hand_over(chat, taken.told)
        if taken.paused:
            with suppress(EngineError):
                await self._engine.unpause(taken.handle)

    async def _hand_over(self, chat: Chat, taken: ReadySpare, woken: BaseException | None, wait: float) -> None:
        async with self._lock(chat.id):
            try:
                await self._conversations.begun(chat)
                if woken is not None:
                    raise woken
                if wait:
                    await asyncio.sleep(wait)
                    self._launcher.release(chat.id)
                thread = "" if taken.warm is None else await self._claim(chat, taken.warm)
                await self._run_on(chat.id, taken.handle, thread)
                return
            except (AgentHubError, OSError) as error:
                logger.warning("A chat could not take over what was prepared for it, and starts anew: %s", error)
            finally:
                if taken.warm is not None:
                    await taken.warm.close()
            await self._engine.remove(taken.handle)
        await self._start(chat.id)

    async def _claim(self, chat: Chat, warm: Warm) -> str:
        """Give a chat the agent that runs already; the id of its conversation."""
        turns = await self._conversations.of(chat.id)
        first = next((turn.number for turn in turns.record.live()), None) if chat.prompt else None
        agent = await warm.claim(chat, turns.mark(first or 0), turns)
        turns.given(agent, first)
        return agent.thread

    # -- in its turn

    async def _make_way(self) -> None:
        """Wait until a spare that was just taken over is at its prompt."""
        await asyncio.sleep(max(0.0, self._claimed + CLAIM_SECONDS - time.monotonic()))

    async def _begin(self, chat_id: str, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            try:
                await asyncio.wait([earlier])
            except asyncio.CancelledError:
                earlier.cancel()
                await asyncio.wait([earlier])
                raise
            if self._store.chats[chat_id].status not in (ChatStatus.queued, ChatStatus.starting):
                return
        await self._runs.turn(chat_id)
        await self._start(chat_id)

    async def _start(self, chat_id: str) -> None:
        await self._conversations.begun(self._store.chats[chat_id])
        project = self._store.chats[chat_id].project
        try:
            await self._start_from(chat_id, await self._snapshot(project, chat_id))
        except BaseImageNotFound:
            # Somebody has cleaned up the engine. What the snapshot was made from is still known.
            await self._store.chats.change(chat_id, image="")
            await self._builds.again(project)
            await self._start_from(chat_id, await self._snapshot(project, chat_id))

    async def _snapshot(self, project: str, chat_id: str) -> Snapshot:
        if self._builds.is_building(project):
            await self._store.chats.show(
                chat_id, lambda chat: lifecycle.waiting(chat, 0, "waits for the project's build")
            )
        return await self._builds.snapshot(project)

    async def _start_from(self, chat_id: str, snapshot: Snapshot) -> None:
        async with self.queue.turn(self._store.chats[chat_id].project, chat_id), self._lock(chat_id):
            await self._make_way()
            chat = await self._store.chats.change(
                chat_id, lambda chat: lifecycle.starting(chat, snapshot.image, snapshot.commit)
            )
            if chat.status is not ChatStatus.starting:
                return
            handle = await self._launcher.prepare(chat)
            self._terminals.get_or_create(chat_id).connect(await self._engine.attach(handle))
            await to_its_end(self._engine.start(handle))
            await self._run_on(chat_id, handle)

    async def _run_on(self, chat_id: str, handle: Handle, thread: str = "") -> None:
        await self._store.chats.observe(chat_id, lambda chat: lifecycle.running(chat, handle.id, thread))
        self._on_running(chat_id, handle)

    def _note_place(self, chat_id: str, place: int) -> None:
        ahead = place - 1
        reason = f"waits for {ahead} start{'s' * (ahead != 1)} before it" if ahead else "is next to start"
        task = asyncio.create_task(
            self._store.chats.show(chat_id, lambda chat: lifecycle.waiting(chat, place, reason)),
            name=f"place of {chat_id}",
        )
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    # -- one start

    def _run(self, chat_id: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._settle(chat_id, work), name=f"start {chat_id}")
        self._tasks[chat_id] = task

        def forget(done: asyncio.Task[None]) -> None:
            # Where it was given up before it began.
            work.close()
            if self._tasks.get(chat_id) is done:
                del self._tasks[chat_id]

        task.add_done_callback(forget)

    async def _settle(self, chat_id: str, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except AgentHubError as error:
            await self._failed(chat_id, error)
        except OSError as error:
            await self._failed(chat_id, StorageFull.from_os_error(error))
        except Exception:
            logger.exception("Chat %s could not start", chat_id)
            unforeseen = AgentHubError("The hub failed in a way nobody foresaw.", "The server's log has the traceback.")
            await self._failed(chat_id, unforeseen)

    async def _failed(self, chat_id: str, error: AgentHubError) -> None:
        logger.info("Chat %s could not start: %s", chat_id, error.message)
        self._terminals.get_or_create(chat_id).note(f"Could not start: {error}")
        if self._store.chats[chat_id].started_at is None:
            await self._remove_unstarted(chat_id)
        await self._conversations.ended(chat_id, error)
        await self._store.chats.observe(chat_id, lambda chat: lifecycle.failed(chat, error))

    async def _remove_unstarted(self, chat_id: str) -> None:
        """Leave no container behind of a chat that never ran; the next try makes its own."""
        try:
            handle = await self._launcher.find(chat_id)
            if handle is not None:
                await self._engine.remove(handle)
        except EngineError:
            logger.warning("The container of chat %s could not be removed now; the next start takes it up", chat_id)
