"""Which chats of a run work now: no more at once than it was begun with, one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from agent_hub.errors import AgentHubError, NotFound
from agent_hub.hub import lifecycle
from agent_hub.hub.store import Store
from agent_hub.models import Chat, ChatStatus

logger = logging.getLogger(__name__)


class RunGate:
    """Lets the chats of each run begin in their turn, and ends those whose prompt has ended.

    A chat that has done what it was asked for is stopped, so that a run of a thousand chats never holds more containers
    and GPUs than those that work. Who starts it again has it for himself: the run is done with it.

    Parameters
    ----------
    stop
        Stops a chat.
    """

    def __init__(self, store: Store, stop: Callable[[str], Awaitable[object]]) -> None:
        self._store = store
        self._stop = stop
        self._working: dict[str, set[str]] = {}
        self._waiting: dict[str, dict[str, asyncio.Event]] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        for chat in store.chats:
            if chat.run is not None and not chat.run.done and chat.status is not ChatStatus.queued:
                self._working.setdefault(chat.run.id, set()).add(chat.id)

    async def turn(self, chat_id: str) -> None:
        """Wait until a chat may begin; at once where it is of no run, or the run is done with it."""
        chat = self._store.chats[chat_id]
        run = chat.run
        if run is None or run.done or chat.status is not ChatStatus.queued:
            return
        waiting = self._waiting.setdefault(run.id, {})
        waiting[chat_id] = admitted = asyncio.Event()
        try:
            self._admit(run.id)
            if not admitted.is_set():
                reason = f"waits for its turn in {run.name}"
                await self._store.chats.show(chat_id, lambda chat: lifecycle.waiting(chat, 0, reason))
            await admitted.wait()
        finally:
            waiting.pop(chat_id, None)

    def look(self, id: str, chat: Chat | None) -> None:
        """A chat has changed, or is gone (``None``): where it has done its part, the next one has its turn."""
        if chat is None:
            for run, working in self._working.items():
                if id in working:
                    working.discard(id)
                    self._admit(run)
        elif chat.run is not None and not chat.run.done and _is_over(chat) and id not in self._ending:
            self._ending[id] = task = asyncio.create_task(self._end(chat), name=f"end {id} in its run")
            task.add_done_callback(lambda done: self._ending.pop(id, None))

    def look_at_all(self) -> None:
        """Look at what has happened while no hub ran."""
        for chat in self._store.chats:
            self.look(chat.id, chat)

    async def close(self) -> None:
        """Do nothing more; the next hub goes on."""
        tasks = list(self._ending.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _end(self, chat: Chat) -> None:
        if chat.status is ChatStatus.running:
            try:
                await self._stop(chat.id)
            except AgentHubError as error:
                logger.warning("Chat %s has done its part of a run, and goes on: %s", chat.id, error)
        try:
            await self._store.chats.observe(chat.id, _done)
        except NotFound:
            logger.debug("Chat %s was deleted meanwhile", chat.id)
        if chat.run is not None:
            self._working.get(chat.run.id, set()).discard(chat.id)
            self._admit(chat.run.id)

    def _admit(self, run: str) -> None:
        working = self._working.setdefault(run, set())
        for chat_id, admitted in self._waiting.get(run, {}).items():
            if admitted.is_set():
                continue
            chat = self._store.chats[chat_id]
            # What is about to be deleted with its project need not begin first.
            if chat.project in self._store.leaving or chat.run is None or len(working) >= chat.run.concurrency:
                return
            working.add(chat_id)
            admitted.set()


def _is_over(chat: Chat) -> bool:
    """Whether a chat has done what its run asked of it, or never will."""
    if chat.status in (ChatStatus.exited, ChatStatus.failed, ChatStatus.deleting):
        return True
    turn = chat.turn
    return chat.status is ChatStatus.running and turn is not None and turn.status.ended and not turn.queued


def _done(chat: Chat) -> Chat:
    return chat if chat.run is None else chat.model_copy(update={"run": chat.run.model_copy(update={"done": True})})
