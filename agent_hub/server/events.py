"""The events socket: everything once, then every change, and the build logs a client asks for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from agent_hub.errors import AgentHubError
from agent_hub.hub.hub import Hub
from agent_hub.models import LogEvent
from agent_hub.server.handler import AUTH_RESOURCE, running_hub


class EventsSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """``api/events``: a ``SnapshotEvent``, then ``ChangeEvent`` and ``LogEvent``, as JSON text.

    A client sends ``{"subscribe": "<project id>"}`` for the log of that project's newest build, from its first line,
    and ``{"unsubscribe": "<project id>"}`` to end it. Anything else it sends is ignored.
    """

    auth_resource = AUTH_RESOURCE

    _hub: Hub
    _changes: asyncio.Task[None] | None = None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade to a WebSocket, for who may."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "read", AUTH_RESOURCE)
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        try:
            self._hub = running_hub(self.settings)
        except AgentHubError as error:
            raise web.HTTPError(error.status, reason=error.code) from None
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to tell."""
        super().open(*args, **kwargs)
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
        if isinstance(begin, str) and begin in self._hub.store.projects:
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
        subscription = self._hub.events.subscribe()
        try:
            async for event in subscription:
                # Awaiting the write is the backpressure: what a slow client misses is bounded by its subscription.
                await self.write_message(event.model_dump_json())
        except WebSocketClosedError:
            pass
        finally:
            subscription.close()

    async def _send_log(self, project_id: str) -> None:
        build = self._hub.store.projects[project_id].build
        try:
            async for offset, lines in self._hub.builds.log(project_id):
                event = LogEvent(project=project_id, build=build.id if build else "", offset=offset, lines=tuple(lines))
                await self.write_message(event.model_dump_json())
        except WebSocketClosedError:
            pass


handlers: list[tuple[str, type]] = [(r"api/events", EventsSocket)]
