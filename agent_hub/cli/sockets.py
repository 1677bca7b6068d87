"""WebSockets of a server's hub."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from agent_hub.errors import AgentHubError, HubUnavailable, NotFound
from agent_hub.notebook.discovery import Server
from agent_hub.notebook.transport import Transport


async def open_socket(server: Server, path: str) -> ClientConnection:
    """A WebSocket of a server's hub, asked without a proxy."""
    url = f"ws{server.url.removeprefix('http')}agent-hub/{path}"
    parts = urlsplit(url)
    if server.socket:
        address = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address.connect(server.socket)
    else:
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        address = await asyncio.to_thread(socket.create_connection, (parts.hostname, port), 10)
    address.setblocking(False)
    try:
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


def away(hub: Transport) -> AgentHubError:
    """What a server that was lost, and has not come back, means."""
    return HubUnavailable(
        f"The server at {hub.url} does not answer any more.",
        "The chat goes on where its container does: once the server is back, `agent_cli attach` shows it.",
    )
