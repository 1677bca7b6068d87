"""The events socket: everything once, then every change, and the build logs a client asks for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.websocket import WebSocketClosedError

from agent_hub.hub.events import to_json
from agent_hub.models import LogEvent
from agent_hub.server.socket import HubSocket


class EventsSocket(HubSocket):
    """``api/events``: a ``SnapshotEvent``, then ``ChangeEvent`` and ``LogEvent``, as JSON text.

    A client sends ``{"subscribe": "<project id>"}`` for the log of that project's newest build, from its first line,
    and ``{"unsubscribe": "<project id>"}`` to end it. Anything else it sends is ignored.
    """

    _changes: asyncio.Task[None] | None = None

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to tell."""
        self._logs: dict[str, asyncio.Task[None]] = {}
        self._changes = asyncio.create_task(self._send_changes(), name="agent-hub events")

    def on_message(self, message: str | bytes) -> None:
        """Subscribe to a log, or end it."""
        try:
            asked = json.loads(message)
        except (ValueError, RecursionError):
            return
        if not isinstance(asked, dict):
            return
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
            for task in self._logs.values():
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

    async def _send_log(self, project_id: str) -> None:
        build = self.hub.store.projects[project_id].build
        try:
            async for offset, lines in self.hub.builds.log(project_id):
                event = LogEvent(project=project_id, build=build.id if build else "", offset=offset, lines=tuple(lines))
                await self.write_message(event.model_dump_json())
        except WebSocketClosedError:
            pass


handlers: list[tuple[str, type]] = [(r"api/events", EventsSocket)]
