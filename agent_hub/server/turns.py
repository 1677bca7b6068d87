"""Conversations over REST: turns, approvals, and a stream of what happens in a turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tornado.iostream import StreamClosedError

from agent_hub.hub.followers import Follower
from agent_hub.models import Answer, NewTurn
from agent_hub.server.handler import HubHandler, guarded

BEAT_SECONDS = 10.0
"""Between two signs of life to who follows a turn in which nothing happens."""


class TurnsHandler(HubHandler):
    """``api/chats/{id}/turns``"""

    @guarded
    async def get(self, id: str) -> None:
        """Every turn of a chat, oldest first, without its items."""
        async with self.hub.conversations.look(id) as turns:
            self.answer(turns.record.heads())

    @guarded
    async def post(self, id: str) -> None:
        """Give the chat's agent a prompt; answered once it is written down. The agent has it after those before it.

        A request that is repeated with its ``Idempotency-Key`` header is one turn, and gets the same answer.
        """
        async with self.hub.conversations.look(id):
            new = self.body(NewTurn)
        self.answer(await self.hub.conversations.send(id, new.prompt, self.idempotency_key), 201)


class TurnHandler(HubHandler):
    """``api/chats/{id}/turns/{number}``"""

    @guarded
    async def get(self, id: str, number: str) -> None:
        """One turn, with all that happened in it so far."""
        async with self.hub.conversations.look(id) as turns:
            self.answer(await turns.record.turn(_number(number)))


class TurnEventsHandler(HubHandler):
    """``api/chats/{id}/turns/{number}/events``"""

    _follower: Follower | None = None

    @guarded
    async def get(self, id: str, number: str) -> None:
        """What happens in a turn: a ``TurnEvent`` on each line, from its beginning to its end, as it comes.

        A line that is empty says that nothing has happened, and that the hub is there.
        """
        async with self.hub.conversations.look(id) as turns:
            turns.record.head(_number(number))
            self.set_header("Content-Type", "application/x-ndjson")
            self.set_header("Cache-Control", "no-store")
            # A proxy that gathers an answer would hold it back until the turn has ended.
            self.set_header("X-Accel-Buffering", "no")
            self._follower = turns.record.follow()
            beats = asyncio.create_task(self._beat(), name=f"agent-hub beat {id}")
            try:
                async for events in turns.record.events(_number(number), self._follower):
                    self.write("".join(f"{event.model_dump_json()}\n" for event in events))
                    # Awaiting it is the backpressure: what a slow client misses is told anew.
                    await self.flush()
            except StreamClosedError:
                self.log.debug("Nobody follows turn %s of chat %s any more", number, id)
            finally:
                beats.cancel()
                self._follower.close()

    async def _beat(self) -> None:
        with suppress(StreamClosedError):
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                self.write("\n")
                await self.flush()

    def on_connection_close(self) -> None:
        """Follow no longer for who has gone."""
        super().on_connection_close()
        if self._follower is not None:
            self._follower.end()


class TurnInterruptHandler(HubHandler):
    """``api/chats/{id}/turns/{number}/interrupt``"""

    @guarded
    async def post(self, id: str, number: str) -> None:
        """End a turn; one that waits is never said. Its end is told as every other change."""
        async with self.hub.conversations.look(id) as turns:
            self.answer(await turns.interrupt(_number(number)), 202)


class ApprovalHandler(HubHandler):
    """``api/chats/{id}/approvals/{approval}``"""

    @guarded
    async def post(self, id: str, approval: str) -> None:
        """Answer what the agent has asked."""
        async with self.hub.conversations.look(id) as turns:
            await turns.answer(approval, self.body(Answer).decision)
        self.set_status(204)


def _number(text: str) -> int:
    # Python takes no longer number than this for one.
    return int(text[:18])


handlers: list[tuple[str, type]] = [
    (r"api/chats/([0-9a-f]+)/turns", TurnsHandler),
    (r"api/chats/([0-9a-f]+)/turns/([0-9]+)", TurnHandler),
    (r"api/chats/([0-9a-f]+)/turns/([0-9]+)/events", TurnEventsHandler),
    (r"api/chats/([0-9a-f]+)/turns/([0-9]+)/interrupt", TurnInterruptHandler),
    (r"api/chats/([0-9a-f]+)/approvals/([^/]+)", ApprovalHandler),
]
