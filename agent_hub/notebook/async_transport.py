"""HTTP to the hub on an event loop: as :mod:`agent_hub.notebook.transport`, whose answers and errors these are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from agent_hub.errors import AgentHubError, HubUnavailable
from agent_hub.models import TurnEvent
from agent_hub.notebook.discovery import candidates, is_no_hub, not_found
from agent_hub.notebook.transport import (
    CONNECT_TIMEOUT,
    DIRECT,
    PROBE_TIMEOUT,
    Repeated,
    Transport,
    client_options,
)

M = TypeVar("M", bound=BaseModel)

MOST_IDLE = 20
"""Connections that are kept for the next request. How many there are at once nothing limits: each turn that is awaited
has one."""


class AsyncTransport:
    """Connections to one server's hub, on the event loop that first uses them.

    Parameters
    ----------
    sync
        The same for a thread.
    """

    def __init__(self, sync: Transport) -> None:
        self.sync = sync
        self.url = sync.url
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=MOST_IDLE)
        self._client = httpx.AsyncClient(
            **client_options(sync.server, sync.timeout),
            limits=limits,
            transport=httpx.AsyncHTTPTransport(uds=sync.server.socket, limits=limits) if sync.server.socket else None,
            mounts={pattern: None for pattern in DIRECT},
        )

    def __repr__(self) -> str:
        return f"AsyncTransport({self.url!r})"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        self.sync.close()

    async def read(self, path: str, kind: type[M], timeout: float | None = None) -> M:
        """What a GET answers, as a model."""
        extra = {} if timeout is None else {"timeout": timeout}
        return self.sync._parsed(await self._request("GET", path, **extra), TypeAdapter(kind))

    async def read_all(self, path: str, kind: type[M]) -> list[M]:
        """What a GET answers, as a list of models."""
        return self.sync._parsed(await self._request("GET", path), TypeAdapter(list[kind]))  # type: ignore[valid-type]

    async def send(self, method: str, path: str, kind: type[M], body: Mapping[str, Any] | None = None) -> M:
        """Ask for a change; what the hub answers, as a model."""
        return self.sync._parsed(await self._request(method, path, json=dict(body or {})), TypeAdapter(kind))

    async def create(self, path: str, kind: type[M], body: Mapping[str, Any]) -> M:
        """As :meth:`Transport.create`."""
        request = Repeated()
        while True:
            try:
                response = await self._request("POST", path, json=dict(body), headers=request.headers)
                return self.sync._parsed(response, TypeAdapter(kind))
            except HubUnavailable as error:
                await asyncio.sleep(request.pause(error))

    async def delete(self, path: str, *, force: bool = False) -> None:
        """Delete what is at `path`."""
        await self._request("DELETE", path, params={"force": "true"} if force else {})

    async def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Ask for something that is answered with nothing."""
        await self._request("POST", path, json=dict(body))

    async def text(self, path: str) -> str:
        """What a GET answers, as text."""
        return (await self._request("GET", path)).text

    async def stream(self, path: str, silence: float) -> AsyncGenerator[TurnEvent | None]:
        """As :meth:`Transport.stream`."""
        async with aclosing(self._lines("GET", path, None, silence)) as lines:
            async for line in lines:
                yield self.sync._event(line)

    def lines(self, path: str, body: Mapping[str, Any], silence: float) -> AsyncGenerator[bytes]:
        """As :meth:`Transport.lines`."""
        return self._lines("POST", path, dict(body), silence)

    async def _lines(
        self, method: str, path: str, body: dict[str, Any] | None, silence: float
    ) -> AsyncGenerator[bytes]:
        limits = httpx.Timeout(silence, connect=CONNECT_TIMEOUT)
        with self.sync._errors():
            async with self._client.stream(method, path, json=body, timeout=limits) as response:
                if not response.is_success:
                    await response.aread()
                self.sync._check(response)
                rest = b""
                # As there, not aiter_lines().
                async for piece in response.aiter_bytes():
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        yield line

    async def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        with self.sync._errors():
            response = await self._client.request(method, path, **arguments)
        self.sync._check(response)
        return response


async def connect(url: str | None, token: str | None, timeout: float, kind: type[M]) -> tuple[AsyncTransport, M]:
    """As :func:`agent_hub.notebook.transport.connect`."""
    servers, named = candidates(url, token)
    refused: dict[str, AgentHubError] = {}
    for server in servers:
        transport = AsyncTransport(Transport(server, timeout))
        try:
            return transport, await transport.read("status", kind, None if named else PROBE_TIMEOUT)
        except BaseException as error:
            await transport.close()
            if not isinstance(error, AgentHubError) or not is_no_hub(error):
                raise
            refused[server.url] = error
    raise not_found(refused)
