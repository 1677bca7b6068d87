"""The events socket: everything once, then every change, and the build logs a client asks for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.websocket import WebSocketClosedError

from agent_hub.errors import AgentHubError
from agent_hub.hub.events import to_json
from agent_hub.hub.followers import Follower
from agent_hub.models import ConversationEvent, FollowedEvent, LogEvent
from agent_hub.models.transcript import together
from agent_hub.server.socket import HubSocket


class EventsSocket(HubSocket):
    """``api/events``: a ``SnapshotEvent``, then ``ChangeEvent`` and ``LogEvent``, as JSON text.

    A client sends ``{"subscribe": "<project id>"}`` for the log of that project's newest build, from its first line,
    and ``{"unsubscribe": "<project id>"}`` to end it; ``{"follow": "<chat id>"}`` for the chat's turns, as a
    ``ConversationEvent`` and then ``FollowedEvent``, and ``{"unfollow": "<chat id>"}``. Anything else is ignored.
    """

    _changes: asyncio.Task[None] | None = None

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to tell."""
        self._logs: dict[str, asyncio.Task[None]] = {}
        self._followed: dict[str, asyncio.Task[None]] = {}
        self._changes = asyncio.create_task(self._send_changes(), name="agent-hub events")

    def on_message(self, message: str | bytes) -> None:
        """Subscribe to a log, or end it."""
        try:
            asked = json.loads(message)
        except (ValueError, RecursionError):
            return
        if not isinstance(asked, dict):
            return
        self._follow(asked.get("follow"), asked.get("unfollow"))
        begin, end = asked.get("subscribe"), asked.get("unsubscribe")
        for project in (begin, end):
            if isinstance(project, str) and project in self._logs:
                self._logs.pop(project).cancel()
        if isinstance(begin, str) and begin in self.hub.store.projects:
            self._logs[begin] = asyncio.create_task(self._send_log(begin), name=f"agent-hub log {begin}")

    def on_close(self) -> None:
        """Stop telling."""
        if self._changes is not None:
            self._changes.cancel()
            for task in (*self._logs.values(), *self._followed.values()):
                task.cancel()

    def get_compression_options(self) -> dict[str, Any]:
        """Logs and snapshots are text that shrinks well."""
        return {"compression_level": 1}

    async def _send_changes(self) -> None:
        subscription = self.hub.events.subscribe()
        try:
            async for event in subscription:
                # Awaiting the write is the backpressure: what a slow client misses is bounded by its subscription.
                await self.write_message(await to_json(event))
        except WebSocketClosedError:
            pass
        finally:
            subscription.close()

    def _follow(self, begin: object, end: object) -> None:
        for chat in (begin, end):
            if isinstance(chat, str) and chat in self._followed:
                self._followed.pop(chat).cancel()
        if isinstance(begin, str) and begin in self.hub.store.chats:
            self._followed[begin] = asyncio.create_task(self._send_turns(begin), name=f"agent-hub turns {begin}")

    async def _send_turns(self, chat: str) -> None:
        try:
            async with self.hub.conversations.look(chat) as turns:
                follower = turns.record.follow()
                try:
                    await self._tell(chat, follower)
                finally:
                    follower.close()
        except AgentHubError as error:
            self.log.debug("Nothing to follow of chat %s: %s", chat, error)
        except WebSocketClosedError:
            pass

    async def _tell(self, chat: str, follower: Follower) -> None:
        async for events in follower:
            if follower.anew:
                event = ConversationEvent(chat=chat, turns=tuple(together(events)))
                await self.write_message(event.model_dump_json())
                continue
            for one in events:
                await self.write_message(FollowedEvent(chat=chat, event=one).model_dump_json())

    async def _send_log(self, project_id: str) -> None:
        build = self.hub.store.projects[project_id].build
        try:
            async for offset, lines in self.hub.builds.log(project_id):
                event = LogEvent(project=project_id, build=build.id if build else "", offset=offset, lines=tuple(lines))
                await self.write_message(event.model_dump_json())
        except WebSocketClosedError:
            pass


handlers: list[tuple[str, type]] = [(r"api/events", EventsSocket)]
