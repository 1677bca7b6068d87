"""The connection to a Docker engine: everything on the event loop, but for what is asked rarely, which the SDK asks."""

from __future__ import annotations

import asyncio
import json
import math
import os
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import docker
import docker.errors
import docker.utils
from docker.tls import TLSConfig

from agent_hub.engines.docker_errors import message_of, raise_for, refused, typed_errors, unavailable
from agent_hub.engines.http import Answer, EngineAddress, Reply, ShortCalls
from agent_hub.engines.streams import READ_BUFFER, AttachRefused, Resize, TerminalStream, attach
from agent_hub.errors import AgentHubError, EngineUnavailable
from agent_hub.models.base import plain_line

T = TypeVar("T")

SDK_THREADS = 4
"""Threads for calls through the SDK, and for what blocks."""

CALL_TIMEOUT = 60.0
"""Seconds that the engine gets to answer."""

LOOK_TIMEOUT = 10.0
"""Seconds that the engine gets to say how it is."""


class DockerConnection:
    """Where the engine is, and the ways to ask it.

    Parameters
    ----------
    base_url
        As in ``DOCKER_HOST``; by default that variable, with those for TLS, else the local socket.
    timeout
        Seconds that the engine gets to answer a call.

    Raises
    ------
    EngineUnavailable
        That is no engine's address, or its certificates cannot be read.
    """

    def __init__(self, base_url: str | None, timeout: float = CALL_TIMEOUT) -> None:
        self.timeout = timeout
        self.environment = {**os.environ, "DOCKER_HOST": base_url} if base_url else dict(os.environ)
        try:
            self._options = docker.utils.kwargs_from_env(environment=self.environment)
            self.address = _address(self._options)
        except (docker.errors.DockerException, ValueError, OSError) as error:
            raise EngineUnavailable(
                f"Where the container engine is cannot be understood: {plain_line(str(error))}.",
                "Correct DOCKER_HOST (unix:///var/run/docker.sock, tcp://HOST:PORT), DOCKER_TLS_VERIFY and "
                "DOCKER_CERT_PATH, or unset them.",
            ) from error
        self._calls = ShortCalls(self.address)
        self._buffer = memoryview(bytearray(READ_BUFFER))
        self._version = ""
        self._pool = ThreadPoolExecutor(SDK_THREADS, "agent-hub-docker")
        self._lock = threading.Lock()
        self._api: docker.APIClient | None = None

    def close(self) -> None:
        """Give back threads and connections."""
        self._calls.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._api is not None:
            self._api.close()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run what blocks in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def sdk(self, work: Callable[[docker.APIClient], T]) -> T:
        """Ask through the SDK. Raises the hub's own errors."""
        await self._api_version()

        def call() -> T:
            with typed_errors():
                return work(self._client())

        return await self.in_thread(call)

    def _client(self) -> docker.APIClient:
        with self._lock:
            if self._api is None:
                self._api = docker.APIClient(version=self._version, timeout=math.ceil(self.timeout), **self._options)
            return self._api

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        *,
        grace: float = 0.0,
    ) -> Any:
        """Ask for what the engine answers at once, and give the answer's JSON, ``None`` where it is empty.

        Raises the hub's own errors: :class:`~agent_hub.errors.EngineUnavailable` where no answer comes in time.

        Parameters
        ----------
        grace
            Seconds more that the engine was told to take.
        """
        return await self._call(method, f"/v{await self._api_version()}{path}", query, body, self.timeout + grace)

    async def _call(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: bytes | None, timeout: float
    ) -> Any:
        try:
            async with asyncio.timeout(timeout):
                reply = await self._calls.request(method, path, query, body)
        except OSError as error:
            raise unavailable(error) from error
        if reply.status >= 400:
            raise _refused(reply)
        try:
            return json.loads(reply.body) if reply.body.strip() else None
        except ValueError as error:
            raise unavailable("it answers what is no JSON") from error

    async def version(self) -> dict[str, Any]:
        """What the engine says of itself, asked anew."""
        found = await self._call("GET", "/version", None, None, min(self.timeout, LOOK_TIMEOUT))
        if not isinstance(found, dict) or not found.get("ApiVersion"):
            raise unavailable("it answers as no container engine does")
        self._version = str(found["ApiVersion"])
        return found

    async def _api_version(self) -> str:
        if not self._version:
            await self.version()
        return self._version

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        upgrade: bool = False,
        unhurried: bool = False,
    ) -> Answer:
        """Ask on a connection of its own; see :meth:`EngineAddress.request`. Raises the hub's own errors.

        Parameters
        ----------
        unhurried
            The answer may take as long as it takes to begin.
        """
        version = await self._api_version()
        try:
            async with asyncio.timeout(None if unhurried else self.timeout):
                answer = await self.address.request(method, f"/v{version}{path}", query, body, headers, upgrade=upgrade)
            return await raise_for(answer)
        except OSError as error:
            raise unavailable(error) from error

    async def attach(self, path: str, query: Mapping[str, Any], resize: Resize, *, framed: bool) -> TerminalStream:
        """Attach to a container. Raises the hub's own errors."""
        path = f"/v{await self._api_version()}{path}"
        try:
            async with asyncio.timeout(self.timeout):
                return await attach(self.address, path, query, resize, framed=framed, buffer=self._buffer)
        except OSError as error:
            raise unavailable(error) from error
        except AttachRefused as error:
            raise _refused(error.reply) from error


def _refused(reply: Reply) -> AgentHubError:
    text = reply.body.decode(errors="replace").strip()
    return refused(reply.status, message_of(text) or f"status {reply.status}")


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
