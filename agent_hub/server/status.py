"""The hub as a whole."""

from __future__ import annotations

import json

from jupyter_server.auth.decorator import authorized
from tornado import web

from agent_hub.server.handler import AUTH_RESOURCE, HubHandler
from agent_hub.server.openapi import openapi


class StatusHandler(HubHandler):
    """``api/status``"""

    @web.authenticated
    @authorized(resource=AUTH_RESOURCE)
    async def get(self) -> None:
        """The status as of the last look at the engine."""
        self.answer(self.hub.status())

    @web.authenticated
    @authorized(resource=AUTH_RESOURCE)
    async def post(self) -> None:
        """Look at the engine now."""
        self.answer(await self.hub.look())


class GpusHandler(HubHandler):
    """``api/gpus``"""

    @web.authenticated
    @authorized(resource=AUTH_RESOURCE)
    async def get(self) -> None:
        """The machine's GPUs."""
        self.answer(self.hub.status().gpus)


class OpenApiHandler(HubHandler):
    """``api/openapi.json``"""

    @web.authenticated
    @authorized(resource=AUTH_RESOURCE)
    async def get(self) -> None:
        """The schema of this API."""
        self.finish(json.dumps(openapi()))


handlers: list[tuple[str, type]] = [
    (r"api/status", StatusHandler),
    (r"api/gpus", GpusHandler),
    (r"api/openapi\.json", OpenApiHandler),
]
