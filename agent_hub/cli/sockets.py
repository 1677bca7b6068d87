"""WebSockets of a server's hub."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from agent_hub.errors import HubUnavailable, NotFound
from agent_hub.notebook.discovery import Server
from agent_hub.notebook.polling import RESTART_PATIENCE
from agent_hub.notebook.transport import Transport

_AGAIN_SECONDS = 0.2
"""Between two tries to reach a server that is away."""


async def open_socket(server: Server, path: str) -> ClientConnection:
    """A WebSocket of a server's hub, asked without a proxy."""
    url = f"ws{server.url.removeprefix('http')}agent-hub/{path}"
    parts = urlsplit(url)
    if server.socket:
        address = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        address = await asyncio.to_thread(socket.create_connection, (parts.hostname, port), 10)
    try:
        if server.socket:
            address.connect(server.socket)
        address.setblocking(False)
        return await connect(
            url,
            sock=address,
            ssl=httpx.create_ssl_context() if parts.scheme == "wss" else None,
            additional_headers={"Authorization": f"token {server.token}"} if server.token else None,
            compression=None,
            # A replay is a mebibyte, and a snapshot as long as there are chats.
            max_size=None,
            open_timeout=10,
            close_timeout=1,
        )
    except InvalidStatus as error:
        address.close()
        if error.response.status_code == 404:
            raise NotFound("There is no such terminal.", "`agent_cli ls` lists the chats.") from error
        raise
    except BaseException:
        address.close()
        raise


async def stay_connected(hub: Transport, path: str, use: Callable[[ClientConnection], Awaitable[None]]) -> NoReturn:
    """Use a WebSocket of a hub's, and another one whenever it is lost: a restart of the server ends nothing.

    Parameters
    ----------
    use
        Returns once the WebSocket is closed, or raises what the closing raises.

    Raises
    ------
    HubUnavailable
        The server has been away for longer than a restart takes.
    """
    there = time.monotonic()
    while True:
        try:
            async with await open_socket(hub.server, path) as connection:
                try:
                    await use(connection)
                finally:
                    # However long nothing was said, it was there until now.
                    there = time.monotonic()
        except (OSError, WebSocketException) as error:
            if time.monotonic() - there > RESTART_PATIENCE:
                raise HubUnavailable(
                    f"The server at {hub.url} does not answer any more.",
                    "The chat goes on where its container does: once the server is back, `agent_cli attach` shows it.",
                ) from error
        await asyncio.sleep(_AGAIN_SECONDS)
