"""The conversations with the agents of all chats: who is heard, and whose turns somebody looks at."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from agent_hub.agents.base import Agent
from agent_hub.errors import AgentHubError, Conflict, NoConversation, NotFound, StorageFull
from agent_hub.hub.chatturns import ChatTurns
from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.hub.titles import title
from agent_hub.hub.turnlog import TurnLog
from agent_hub.hub.turnrecord import TurnRecord
from agent_hub.models import Chat, ChatStatus, Turn, TurnSummary, Usage

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 30.0

_HEARS = (ChatStatus.queued, ChatStatus.starting, ChatStatus.running, ChatStatus.unknown)
"""States of a chat in which its agent takes a prompt, now or once it is up."""


class Conversations:
    """Every conversation that goes on, or is looked at.

    What is neither is on the disk alone: ten thousand chats that have ended take no memory here.
    """

    def __init__(self, store: Store, folders: Folders, agents: Mapping[str, Agent]) -> None:
        self._store = store
        self._folders = folders
        self._agents = agents
        self._open: dict[str, ChatTurns] = {}
        self._opening: dict[str, asyncio.Future[ChatTurns]] = {}
        self._joining: dict[str, asyncio.Task[None]] = {}
        self._noted: set[str] = set()
        self._threads: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what a person asks for

    async def of(self, chat_id: str) -> ChatTurns:
        """A chat's turns.

        Raises
        ------
        NotFound
            There is no such chat.
        NoConversation
            Its agent is one that does not tell of its turns.
        """
        chat = self._store.chats[chat_id]
        if not self._agents[chat.agent].converses:
            raise NoConversation(
                f"“{chat.name}” runs {self._agents[chat.agent].title}, which takes no prompts.",
                "Type in its terminal, or start a chat with another agent.",
            )
        while chat_id not in self._open:
            if chat_id not in self._opening:
                self._opening[chat_id] = asyncio.ensure_future(self._load(chat))
            await asyncio.shield(self._opening[chat_id])
        return self._open[chat_id]

    @asynccontextmanager
    async def look(self, chat_id: str) -> AsyncIterator[ChatTurns]:
        """As :meth:`of`, for as long as the context lasts."""
        try:
            yield await self.of(chat_id)
        finally:
            self._left(chat_id)

    async def send(self, chat_id: str, prompt: str, key: str = "") -> Turn:
        """Give a chat's agent a prompt, after those that it was given before. Returns once it is written down.

        Raises
        ------
        Conflict
            The chat does not run, or too many prompts wait.
        StorageFull
            There is no room to write it down.
        """
        async with self.look(chat_id) as turns:
            chat = self._store.chats[chat_id]
            if chat.status not in _HEARS:
                raise Conflict(
                    f"“{chat.name}” does not run: it is {chat.status.value}.", "Start it again, then say it."
                )
            try:
                return turns.add(prompt, key)
            except OSError as error:
                raise StorageFull.from_os_error(error) from error

    def turn_of(self, chat_id: str) -> TurnSummary | None:
        """The turn that a chat's agent is at, or was at last; before any, the one that it is to begin with."""
        turns = self._open.get(chat_id)
        return turns.at_work if turns is not None else self._store.chats[chat_id].turn

    def measured(self, chat_id: str, usage: Usage) -> None:
        """Add what a model has counted to the turn that a chat's agent is at, where one is known."""
        turns = self._open.get(chat_id)
        if turns is not None:
            turns.measured(usage)

    # -- what happens to chats

    async def begun(self, chat: Chat) -> None:
        """Make a chat's first prompt a turn, before its agent is told of it; again where the agent never was."""
        if not chat.prompt or chat.started_at is not None or not self._agents[chat.agent].converses:
            return
        turns = await self.of(chat.id)
        if all(turn.status.ended and not turn.agent_turn for turn in turns.record.heads()):
            try:
                turns.add(chat.prompt)
            except OSError as error:
                raise StorageFull.from_os_error(error) from error

    def join(self, chat_id: str) -> None:
        """Listen to the agent of a chat that runs, as soon as it is up, and again should the connection end."""
        if self._agents[self._store.chats[chat_id].agent].converses and chat_id not in self._joining:
            self._joining[chat_id] = task = asyncio.create_task(self._join(chat_id), name=f"join {chat_id}")
            task.add_done_callback(lambda done: self._joined(chat_id, done))

    def _joined(self, chat_id: str, done: asyncio.Task[None]) -> None:
        if self._joining.get(chat_id) is done:
            del self._joining[chat_id]
        if not done.cancelled() and (error := done.exception()):
            logger.error("The agent of chat %s is not heard any more", chat_id, exc_info=error)

    async def ended(self, chat_id: str, error: AgentHubError | None = None) -> None:
        """The chat's container has ended; `error` says why, where nobody meant it to."""
        await self._give_up_joining(chat_id)
        chat = self._store.chats.items.get(chat_id)
        if chat is None or not self._agents[chat.agent].converses:
            return
        turns = await self.of(chat_id)
        await turns.close()
        turns.left(error)
        # Before it is let go of, where the summary is taken from.
        await self._keep_summary(chat_id)
        self._let_go(chat_id)

    async def unreachable(self) -> None:
        """The engine is away, and with it whatever is known of its containers; what was said is kept."""
        for chat_id in list(self._joining):
            await self._give_up_joining(chat_id)
        for chat_id, turns in list(self._open.items()):
            await turns.close()
            self._let_go(chat_id)

    async def forget(self, chat_id: str) -> None:
        """The chat is being deleted: nothing more is written down."""
        await self._give_up_joining(chat_id)
        turns = self._open.pop(chat_id, None)
        if turns is not None:
            await turns.close()
            turns.record.followers.end()

    async def close(self) -> None:
        """Hang up. Agents go on; the next hub hears what they did meanwhile."""
        for chat_id in list(self._joining):
            await self._give_up_joining(chat_id)
        for turns in list(self._open.values()):
            await turns.close()
            turns.record.followers.end()
        self._open.clear()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- within

    async def _load(self, chat: Chat) -> ChatTurns:
        try:
            record = TurnRecord(TurnLog(self._folders.turns(chat.id)), lambda: self._note(chat.id))
            await asyncio.to_thread(record.load)
            turns = ChatTurns(
                chat.id, record, lambda thread: self._thread_began(chat.id, thread), lambda: self.join(chat.id)
            )
            self._open[chat.id] = turns
            return turns
        finally:
            del self._opening[chat.id]

    def _let_go(self, chat_id: str) -> None:
        turns = self._open.get(chat_id)
        if turns is not None and not turns.in_use:
            del self._open[chat_id]

    def _left(self, chat_id: str) -> None:
        """Somebody looks no longer."""
        if chat_id in self._store.chats.items and self._store.chats[chat_id].status not in _HEARS:
            self._let_go(chat_id)

    async def _join(self, chat_id: str) -> None:
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                chat = self._store.chats[chat_id]
                turns = await self.of(chat_id)
                if turns.heard:
                    return
                home, sockets = self._folders.agent_home(chat_id), self._folders.sockets(chat_id)
                agent = await self._agents[chat.agent].converse(chat, home, sockets, turns)
                try:
                    await turns.joined(agent)
                except BaseException:
                    await agent.close()
                    raise
                self._thread_began(chat_id, agent.thread)
                return
            except NotFound:
                return
            except AgentHubError as error:
                logger.info("The agent of chat %s is not heard yet: %s", chat_id, error.message)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_RETRY_SECONDS)

    async def _give_up_joining(self, chat_id: str) -> None:
        task = self._joining.pop(chat_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    def _note(self, chat_id: str) -> None:
        """Keep the newest turn with the chat, in the order in which it changes, and the latest of it alone."""
        if chat_id not in self._noted:
            self._noted.add(chat_id)
            self._spawn(self._keep_summary(chat_id))

    async def _keep_summary(self, chat_id: str) -> None:
        self._noted.discard(chat_id)
        turns = self._open.get(chat_id)
        if turns is None or chat_id not in self._store.chats.items:
            return
        summary = turns.record.summary
        heads = turns.record.heads()
        prompt = next((turn.prompt for turn in heads if turn.prompt), "")

        def change(chat: Chat) -> Chat:
            update: dict[str, object] = {"turn": summary}
            if not chat.named and (name := title(prompt)):
                update |= {"name": name, "named": True}
            return chat.model_copy(update=update)

        await self._observe(chat_id, change)

    def _thread_began(self, chat_id: str, thread: str) -> None:
        """Keep the newest thread with the chat, and the latest of it alone: an agent may tell of any number."""
        if chat_id in self._threads:
            self._threads[chat_id] = thread
        elif thread and self._store.chats[chat_id].thread != thread:
            self._threads[chat_id] = thread
            self._spawn(self._keep_thread(chat_id))

    async def _keep_thread(self, chat_id: str) -> None:
        thread = self._threads.pop(chat_id)
        await self._observe(chat_id, lambda chat: chat.model_copy(update={"thread": thread}))

    async def _observe(self, chat_id: str, change: Callable[[Chat], Chat]) -> None:
        try:
            await self._store.chats.observe(chat_id, change)
        except NotFound:
            logger.debug("Chat %s was deleted meanwhile", chat_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
