"""Terminals over HTTP: terminado's REST and its WebSocket protocol, as Lab's own terminal widget speaks it."""

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
from agent_hub.models import TerminalInfo
from agent_hub.server.handler import AUTH_RESOURCE, HubHandler, guarded, running_hub
from agent_hub.terminals.terminal import Terminal
from agent_hub.terminals.viewer import Viewer

PING_SECONDS = 30.0
"""How often a viewer's browser is asked whether it is still there, and how long it may take to answer."""


class TerminalSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A viewer of a terminal.

    Messages are JSON lists. Out: ``["setup", {}]``, ``["stdout", text]``, ``["disconnect", 1]``.
    In: ``["stdin", text]``, ``["set_size", rows, columns, height, width]``. What is none of these is ignored.
    """

    auth_resource = AUTH_RESOURCE
    # Tornado pings, and takes seconds; the mixin's own pings, which take these as milliseconds, are not started.
    ping_interval = PING_SECONDS
    ping_timeout = PING_SECONDS

    _terminal: Terminal
    _viewer: Viewer | None = None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade to a WebSocket, for who may, where there is such a terminal."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        try:
            self._terminal = running_hub(self.settings).terminals.find(args[0])
        except AgentHubError as error:
            raise web.HTTPError(error.status, error.message) from error
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Show the terminal."""
        self.set_nodelay(True)
        self.write_message('["setup", {}]')
        self._viewer = self._terminal.join(self)

    async def on_message(self, message: str | bytes) -> None:
        """Type, or set the size; the next message is read when this one has found room."""
        match _parse(message):
            case ["stdin", str(text)]:
                await self._terminal.write(text)
            case ["set_size", rows, columns, *_] if self._viewer is not None and _is_side(rows) and _is_side(columns):
                self._terminal.resize(self._viewer, int(rows), int(columns))

    def on_close(self) -> None:
        """Stop watching; the terminal goes on."""
        if self._viewer is not None:
            self._terminal.leave(self._viewer)

    def send(self, text: str) -> asyncio.Future[None] | None:
        """Show output."""
        try:
            return self.write_message(json.dumps(["stdout", text], ensure_ascii=False))
        except WebSocketClosedError:
            return None

    def end(self) -> None:
        """Tell the widget that the terminal is gone for good."""
        if self.ws_connection is not None:
            self.write_message('["disconnect", 1]')
            self.close()


def _parse(message: str | bytes) -> Any:
    try:
        return json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return None


def _is_side(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


class TerminalsHandler(HubHandler):
    """``api/terminals``"""

    @guarded
    async def get(self) -> None:
        """Every terminal."""
        self.answer(_info(terminal) for terminal in self.hub.terminals.values())


class TerminalHandler(HubHandler):
    """``api/terminals/{name}``"""

    @guarded
    async def get(self, name: str) -> None:
        """One terminal."""
        self.answer(_info(self.hub.terminals.find(name)))

    @guarded
    async def delete(self, name: str) -> None:
        """Stop the terminal's chat; the terminal stays, as the chat does."""
        self.hub.terminals.find(name)
        await self.hub.stop_chat(name)
        self.set_status(204)


def _info(terminal: Terminal) -> TerminalInfo:
    return TerminalInfo(name=terminal.name, last_activity=terminal.last_activity)


handlers: list[tuple[str, type]] = [
    (r"api/terminals", TerminalsHandler),
    (r"api/terminals/([^/]+)", TerminalHandler),
    (r"terminals/websocket/([^/]+)", TerminalSocket),
]
