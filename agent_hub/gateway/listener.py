"""The listener that containers reach: on the engine's bridge address, and nothing of the Jupyter API on it."""

from __future__ import annotations

import errno
import logging
import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from agent_hub.errors import AgentHubError, PortInUse
from agent_hub.gateway.artifacts import ArtifactsHandler
from agent_hub.gateway.callers import Callers
from agent_hub.gateway.git_proxy import GitProxyHandler, git_client
from agent_hub.gateway.handler import NothingHandler
from agent_hub.gateway.installation_token import InstallationTokenHandler
from agent_hub.gateway.models import ModelHandler
from agent_hub.hub.hub import Hub

logger = logging.getLogger(__name__)

CONNECTIONS = 512
"""Most connections at once: each is an open file of the server's, which has some thousands for all that it does."""

CONNECTIONS_OF_ONE = 128
"""Most connections at once from one address, so that a container leaves some for the others."""


LARGEST_BODY = 2**16
"""Bytes of a body that is gathered before anybody looks at who sends it; what is streamed has a limit of its own."""


class BoundedServer(HTTPServer):
    """An HTTP server that ends connections past the most, since a container can open any number of them."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Begin without any."""
        super().initialize(*args, **kwargs)
        self._taken: list[tuple[IOStream, str]] = []

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Take a connection, or end it."""
        self._taken = [taken for taken in self._taken if not taken[0].closed()]
        host = str(address[0])
        if len(self._taken) >= CONNECTIONS or sum(other == host for _, other in self._taken) >= CONNECTIONS_OF_ONE:
            stream.close()
            return
        self._taken.append((stream, host))
        super().handle_stream(stream, address)


class Gateway:
    """What a container may ask the hub for.

    Parameters
    ----------
    hub
        Who answers.
    port
        The port to listen on; 0 takes the one of last time, so that running containers find it after a restart.
    base_url
        What containers are told, where the address they reach differs from the one that is bound.
    max_artifact
        Most bytes of a published file.
    """

    def __init__(self, hub: Hub, port: int = 0, base_url: str = "", max_artifact: int = 2**31) -> None:
        self._hub = hub
        self._port = port
        self._base_url = base_url.rstrip("/")
        self._max_artifact = max_artifact
        self._server: HTTPServer | None = None
        self._git = git_client()
        self.url = ""

    async def open(self) -> str:
        """Listen where containers reach it, and return the URL that they find it at.

        Raises
        ------
        PortInUse
            The port that was asked for is taken.
        """
        if self._server is None:
            address, name = await self._hub.engine.gateway_address(self._port, self._base_url)
            listener = self._bind(address)
            given = {"hub": self._hub, "callers": Callers(self._hub.store)}
            application = Application(
                [
                    (r"/artifacts", ArtifactsHandler, given | {"limit": self._max_artifact}),
                    (r"/v1/(.*)", ModelHandler, given),
                    (r"/git/.*", GitProxyHandler, given),
                    (r"/github-token", InstallationTokenHandler, given),
                ],
                default_handler_class=NothingHandler,
                default_handler_args=given,
                log_function=lambda handler: None,
                git_client=self._git,
            )
            self._server = BoundedServer(
                application, max_body_size=LARGEST_BODY, chunk_size=2**20, idle_connection_timeout=120
            )
            self._server.add_sockets([listener])
            port = listener.getsockname()[1]
            self.url = self._base_url or f"http://{name}:{port}"
            logger.info("Containers find the hub at %s (bound to %s:%s)", self.url, address, port)
        return self.url

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
        await self._git.aclose()

    def _bind(self, address: str) -> socket.socket:
        last = int(self._hub.store.recall("gateway_port") or 0)
        for port in [self._port] if self._port else [last, 0]:
            try:
                listener = socket.create_server(
                    (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=128
                )
            except OSError as error:
                if error.errno == errno.EADDRINUSE and not self._port:
                    continue
                if error.errno == errno.EADDRINUSE:
                    raise PortInUse(
                        f"Port {port} on {address}, where containers would reach the hub, is in use.",
                        "Choose another with --AgentHub.gateway_port=PORT, or leave it out to take a free one.",
                        port=port,
                    ) from None
                raise AgentHubError(
                    f"The hub cannot listen on {address}:{port} for its containers: {error.strerror}.",
                    "Look at the engine's network, and say with --AgentHub.gateway_base_url what containers find.",
                ) from error
            listener.setblocking(False)
            self._hub.store.remember("gateway_port", str(listener.getsockname()[1]))
            return listener
        raise PortInUse(f"No port is free on {address}.", "Close some programs that listen there.")
