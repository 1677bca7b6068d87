"""Many chats of one prompt on an event loop: as :mod:`agent_hub.notebook.runs`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from agent_hub.errors import Conflict, NotFound
from agent_hub.notebook.async_artifacts import AsyncArtifacts
from agent_hub.notebook.async_chat import AsyncChat
from agent_hub.notebook.async_record import AsyncRecord
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.diff import Diff
from agent_hub.notebook.polling import poll_async
from agent_hub.notebook.results import METRICS, frame
from agent_hub.notebook.run_state import to_stop
from agent_hub.notebook.runs import RUN_TIMEOUT, Runs, all_done, has_begun, newly_done
from agent_hub.notebook.threads import in_thread

if TYPE_CHECKING:
    import pandas

    from agent_hub import models


class AsyncRuns(AsyncRecord[Runs]):
    """The chats that :meth:`AsyncHub.map` has started: one for each combination of a grid."""

    async def chats(self) -> Sequence[AsyncChat]:
        """The chats, in the order of the grid; ``chat.parameters`` says what each was given."""
        return [self._chat(data) for data in await self._look()]

    async def artifacts(self) -> Sequence[AsyncArtifacts]:
        """What each has published, in the order of :meth:`chats`."""
        return [await chat.artifacts() for chat in await self.chats()]

    async def diffs(self) -> Sequence[Diff | None]:
        """What each has changed, in the order of :meth:`chats`; ``None`` for one that has never begun."""
        return [await chat.diff() if has_begun(chat.sync._data) else None for chat in await self.chats()]

    async def done(self) -> bool:
        """Whether each of them has ended, however."""
        return all_done(await self._look())

    async def wait(self, timeout: float | None = RUN_TIMEOUT) -> AsyncRuns:
        """Wait until each has ended, however, and return this; raises as :meth:`Runs.wait`."""
        async with aclosing(self._looks(timeout)) as looks:
            async for seen in looks:
                if all_done(seen):
                    break
        return self

    async def as_completed(self, timeout: float | None = None) -> AsyncGenerator[AsyncChat]:
        """The chats as they end, whichever ends first, for ``async for``; see :meth:`Runs.as_completed`."""
        told: set[str] = set()
        async with aclosing(self._looks(timeout)) as looks:
            async for seen in looks:
                for data in newly_done(seen, told):
                    yield self._chat(data)
                if all_done(seen):
                    break

    async def results(self, metrics: str = METRICS) -> pandas.DataFrame:
        """What has come of each so far, as a table; see :meth:`Runs.results`."""
        return await in_thread(frame, [chat.sync for chat in await self.chats()], metrics)

    async def stop(self) -> AsyncRuns:
        """Stop all that work, and those that wait for their turn."""
        for data in to_stop(await self._look()):
            with suppress(Conflict, NotFound):  # It has ended meanwhile, or is deleted.
                await self._chat(data).stop()
        return self

    async def delete(self, *, force: bool = False) -> None:
        """Delete all of its chats for good; see :meth:`Chat.delete`."""
        for chat in reversed(await self.chats()):
            await chat.delete(force=force)

    async def _look(self) -> list[models.Chat]:
        from agent_hub.models import Chat as Data

        self._sync._seen = await self._transport.read_all(f"{self._sync._path}/chats", Data)
        return self._sync._seen

    def _looks(self, timeout: float | None) -> AsyncGenerator[list[models.Chat]]:
        return poll_async(self._look, timeout, *self._sync._late)

    def _chat(self, data: models.Chat) -> AsyncChat:
        return AsyncChat(self._transport, Chat(self._transport.sync, data))
