"""The hub as a whole."""

from __future__ import annotations

import json

from agent_hub.server.handler import HubHandler, guarded
from agent_hub.server.openapi import openapi


class StatusHandler(HubHandler):
    """``api/status``"""

    @guarded
    async def get(self) -> None:
        """The status as of the last look at the engine."""
        self.answer(self.hub.status())

    @guarded
    async def post(self) -> None:
        """Look at the engine now."""
        self.answer(await self.hub.look())


class GpusHandler(HubHandler):
    """``api/gpus``"""

    @guarded
    async def get(self) -> None:
        """The machine's GPUs."""
        self.answer(self.hub.status().gpus)


class OpenApiHandler(HubHandler):
    """``api/openapi.json``"""

    @guarded
    async def get(self) -> None:
        """The schema of this API."""
        self.finish(json.dumps(openapi()))


handlers: list[tuple[str, type]] = [
    (r"api/status", StatusHandler),
    (r"api/gpus", GpusHandler),
    (r"api/openapi\.json", OpenApiHandler),
]
