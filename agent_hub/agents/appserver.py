"""A client of ``codex app-server``: JSON-RPC over a WebSocket on a Unix socket.

The agent has the other end in its hands: what comes is bounded, what is not understood is left out, and no link is
followed to the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from agent_hub.errors import AgentUnavailable

MESSAGE_BYTES = 2**20
"""Longest message that is read; a longer one ends the connection.

The longest that there is to say is a first prompt, of 120,000 bytes before they are escaped. Parsing is one step that
keeps every thread of Python waiting, so that it would be no better off the event loop: at worst this much takes 40 ms.
"""

TOTAL_BYTES = 16 * 2**20
"""Most bytes of all messages of a connection, which lasts from a spare's start to its claim: Codex says a few KiB."""

MESSAGE_COST = 1024
"""Bytes that every message counts for beside its own, for what it costs to take one of any length."""

ANSWER_SECONDS = 10.0
"""How long the app-server may take to answer."""

CLIENT = {"name": "agent-hub", "title": "Agent Hub", "version": "1"}

Notify = Callable[[str, Mapping[str, Any]], None]
"""Takes a notification: its method and its parameters. Called on the event loop."""


class AppServer:
    """A connection to an app-server. Made by :meth:`connect`.

    Requests that the app-server makes, approvals above all, are left to its other clients.
    """

    def __init__(self, connection: ClientConnection, notify: Notify) -> None:
        self._connection = connection
        self._notify = notify
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, path: Path, notify: Notify) -> AppServer:
        """Connect, and say who we are.

        Raises
        ------
        AgentUnavailable
            Nothing listens there, or it is no app-server.
        """
        try:
            end = await _open(path)
        except OSError as error:
            raise _unavailable(f"Codex's app-server cannot be reached: {error.strerror or error}.") from error
        try:
            # A paused container answers no ping, and its connection is to last.
            connection = await connect(
                "ws://localhost/",
                sock=end,
                compression=None,
                max_size=MESSAGE_BYTES,
                ping_interval=None,
                open_timeout=ANSWER_SECONDS,
            )
        # A value error: it answers with the address of another server, which is not followed.
        except (OSError, TimeoutError, ValueError, WebSocketException) as error:
            end.close()
            raise _unavailable(f"Codex's app-server does not answer: {error}.") from error
        server = cls(connection, notify)
        try:
            await server.call("initialize", clientInfo=CLIENT, capabilities={"experimentalApi": True})
            await server._send({"method": "initialized"})
        except BaseException:
            await server.close()
            raise
        return server

    async def call(self, method: str, /, *, seconds: float = ANSWER_SECONDS, **params: Any) -> dict[str, Any]:
        """Ask for something; the result.

        Raises
        ------
        AgentUnavailable
            The app-server refused, is gone, or did not answer within `seconds`.
        """
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._send({"id": number, "method": method, "params": params})
                message = await answer
        except TimeoutError:
            said = f"Codex's app-server did not answer {method} within {seconds:g} s."
            raise _unavailable(said, unanswered=True) from None
        finally:
            del self._waiting[number]
        if "error" in message:
            error = message["error"]
            text = error.get("message") if isinstance(error, dict) else error
            raise _unavailable(f"Codex's app-server refused {method}: {str(text)[:500]}.")
        result = message.get("result")
        return result if isinstance(result, dict) else {}

    async def close(self) -> None:
        """End the connection; the app-server goes on."""
        # Without a farewell: a paused container would answer none.
        self._connection.transport.abort()
        await self._reader

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._reader.done():
            raise _unavailable("Codex's app-server is gone.")
        try:
            await self._connection.send(json.dumps(message))
        except WebSocketException as error:
            raise _unavailable("Codex's app-server is gone.") from error

    async def _read(self) -> None:
        with contextlib.suppress(WebSocketException):
            left = TOTAL_BYTES
            async for text in self._connection:
                left -= len(text) + MESSAGE_COST
                if left < 0:
                    self._connection.transport.abort()
                    break
                self._take(text)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result({"error": {"message": "the connection has ended"}})

    def _take(self, text: str | bytes) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        method = message.get("method")
        if method is None:
            number = message.get("id")
            answer = self._waiting.get(number) if isinstance(number, int) else None
            if answer is not None and not answer.done():
                answer.set_result(message)
        elif isinstance(method, str) and "id" not in message:
            params = message.get("params")
            self._notify(method, params if isinstance(params, dict) else {})


async def _open(path: Path) -> socket.socket:
    """A connection to the socket at `path` itself. Raises :class:`OSError`."""
    # The agent may have put a link here, to a socket that is none of its business; and a path may be longer than the
    # 107 bytes that the address of a socket has room for.
    place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(place).st_mode):
            raise OSError(f"{path.name} is no socket")
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            await asyncio.get_running_loop().sock_connect(end, f"/proc/self/fd/{place}")
        except BaseException:
            end.close()
            raise
        return end
    finally:
        os.close(place)


def _unavailable(message: str, **details: object) -> AgentUnavailable:
    return AgentUnavailable(message, "The chat's terminal says more; stop the chat and start it again.", **details)
