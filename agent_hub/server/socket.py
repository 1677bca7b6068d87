"""What the hub's WebSockets share: who may open one, and how long a silent client is kept."""

from __future__ import annotations

from typing import Any, ClassVar

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from agent_hub.errors import AgentHubError
from agent_hub.server.handler import AUTH_RESOURCE, running_hub

PING_SECONDS = 30.0
"""How often a client is asked whether it is still there, and how long it may take to answer."""


class HubSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Base of the WebSockets; the mixin checks the origin."""

    action: ClassVar[str] = "read"
    """What an authorizer is asked whether the person may do."""

    auth_resource = AUTH_RESOURCE
    # Tornado pings, and takes seconds; the mixin's own pings, which take these as milliseconds, are not started.
    ping_interval = PING_SECONDS
    ping_timeout = PING_SECONDS

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade to a WebSocket, for who may, where there is what they ask for."""
        allowed = self.authorizer.is_authorized(self, self.current_user, self.action, self.auth_resource)
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        try:
            self.hub = running_hub(self.settings)
            self.find(*args)
        except AgentHubError as error:
            raise web.HTTPError(error.status, error.message) from error
        await super().get(*args, **kwargs)

    def find(self, *args: str) -> None:
        """Look up what the path names, before the upgrade; raises :class:`~agent_hub.errors.NotFound`."""
