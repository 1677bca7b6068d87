"""A request whose body is taken as it comes."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, stream_request_body

from agent_hub.gateway.handler import GatewayHandler

STALL_SECONDS = 120.0
"""How long a chat may send nothing in the middle of a body, which holds a connection, and whoever is asked with it."""


@stream_request_body
class StreamedHandler(GatewayHandler):
    """Who sends no more in the middle of a body is hung up on."""

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self._stalled: asyncio.TimerHandle | None = None
        self._is_closed = False
        super().__init__(application, request, **kwargs)
        self._wait_for_body()

    async def take(self, chunk: bytes) -> None:
        """Take one piece of the body; as long as this takes, nothing more has to come."""
        raise NotImplementedError

    async def data_received(self, chunk: bytes) -> None:
        """Take one piece, and wait for the next."""
        self.body_is_there()
        try:
            await self.take(chunk)
        finally:
            self._wait_for_body()

    def body_is_there(self) -> None:
        """Wait for no more of the body."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def on_finish(self) -> None:
        """Wait for nothing any more."""
        super().on_finish()
        self.body_is_there()

    def on_connection_close(self) -> None:
        """Wait for nothing any more."""
        super().on_connection_close()
        self._is_closed = True
        self.body_is_there()

    def _wait_for_body(self) -> None:
        self.body_is_there()
        if not self._finished and not self._is_closed:
            self._stalled = asyncio.get_running_loop().call_later(STALL_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        stream = getattr(self.request.connection, "stream", None)
        if stream is not None:
            stream.close()
