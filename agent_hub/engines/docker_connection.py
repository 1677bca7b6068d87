"""The connection to a Docker engine: short calls through the SDK, what waits or streams on the event loop."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import docker
import docker.utils
from docker.tls import TLSConfig

from agent_hub.engines.docker_errors import raise_for, typed_errors, unavailable
from agent_hub.engines.streams import Answer, EngineAddress
from agent_hub.errors import EngineUnavailable

T = TypeVar("T")

SHORT_CALLS = 8
"""Threads for calls that the engine answers at once."""

CALL_TIMEOUT = 60
"""Seconds after which a short call is given up."""


class DockerConnection:
    """Where the engine is, and the two ways to ask it.

    Parameters
    ----------
    base_url
        As in ``DOCKER_HOST``; by default that variable, with those for TLS, else the local socket.
    """

    def __init__(self, base_url: str | None) -> None:
        self.environment = {**os.environ, "DOCKER_HOST": base_url} if base_url else dict(os.environ)
        with typed_errors():
            self._options = docker.utils.kwargs_from_env(environment=self.environment)
        self.address = _address(self._options)
        self._pool = ThreadPoolExecutor(SHORT_CALLS, "agent-hub-docker")
        self._lock = threading.Lock()
        self._api: docker.APIClient | None = None

    def close(self) -> None:
        """Give back threads and connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._api is not None:
            self._api.close()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run what blocks in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def call(self, work: Callable[[docker.APIClient], T]) -> T:
        """Ask through the SDK, for what the engine answers at once. Raises the hub's own errors."""
        if self._api is None:
            with typed_errors():
                _, writer = await self.address.connect()
                writer.close()

        def call() -> T:
            with typed_errors():
                return work(self._client())

        return await self.in_thread(call)

    def _client(self) -> docker.APIClient:
        with self._lock:
            if self._api is None:
                self._api = docker.APIClient(version="auto", timeout=CALL_TIMEOUT, **self._options)
            return self._api

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        upgrade: bool = False,
    ) -> Answer:
        """Ask on a connection of its own; see :meth:`EngineAddress.request`. Raises the hub's own errors."""
        version = self._api.api_version if self._api else await self.call(lambda api: api.api_version)
        try:
            answer = await self.address.request(method, f"/v{version}{path}", query, body, headers, upgrade=upgrade)
            return await raise_for(answer)
        except OSError as error:
            raise unavailable(error) from error


def _address(options: Mapping[str, Any]) -> EngineAddress:
    tls: TLSConfig | None = options.get("tls") or None
    url = docker.utils.parse_host(options.get("base_url"), tls=bool(tls))
    parts = urlsplit(url)
    if parts.scheme in ("unix", "http+unix"):
        return EngineAddress(path="/" + url.split("://", 1)[1].lstrip("/"))
    if parts.scheme not in ("http", "https", "tcp"):
        raise EngineUnavailable(
            f"The hub does not reach an engine by {parts.scheme}://.",
            "Use a unix:// or tcp:// address in DOCKER_HOST; for ssh, forward the engine's socket with ssh -L.",
        )
    return EngineAddress(host=parts.hostname or "127.0.0.1", port=parts.port or 2375, tls=_tls_context(tls))


def _tls_context(tls: TLSConfig | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=tls.ca_cert or None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(*tls.cert)
    return context
