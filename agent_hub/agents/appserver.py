"""A client of ``codex app-server``: JSON-RPC over a WebSocket on a Unix socket.

The agent has the other end in its hands: what comes is bounded, what is not understood is left out, and no link is
followed to the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from agent_hub.agents.paced import REST, SPELL_SECONDS, PacedConnection
from agent_hub.agents.unix_socket import open_socket
from agent_hub.errors import AgentUnavailable

MESSAGE_BYTES = 4 * 2**20
"""Longest message that is read; a longer one ends the connection.

The longest that there is to say is what a command has printed, of which Codex keeps 1 MiB before it is escaped. Parsing
is one step that keeps every thread of Python waiting, so that it would be no better off the event loop.
"""

ANSWER_SECONDS = 10.0
"""How long the app-server may take to answer."""

logger = logging.getLogger(__name__)

CLIENT = {"name": "agent-hub", "title": "Agent Hub", "version": "1"}

Notify = Callable[[str, Mapping[str, Any]], None]
"""Takes a notification: its method and its parameters. Called on the event loop."""

Asked = Callable[[int | str, str, Mapping[str, Any]], None]
"""Takes a request: its id, its method and its parameters. Called on the event loop."""


class AppServer:
    """A connection to an app-server. Made by :meth:`connect`.

    It tells on to `notify`, `asked` and `ended`, which may be set anew at any time. A request that the app-server makes
    may be left to its other clients; an approval is asked of all of them.
    """

    def __init__(self, connection: ClientConnection, notify: Notify) -> None:
        self._connection = connection
        self.notify = notify
        self.asked: Asked = lambda number, method, params: None
        self.ended: Callable[[], None] = lambda: None
        self._closing = False
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
            end = await open_socket(path)
        except OSError as error:
            raise _unavailable(f"Codex's app-server cannot be reached: {error.strerror or error}.") from error
        try:
            # A paused container answers no ping, and its connection is to last.
            connection = await connect(
                "ws://localhost/",
                sock=end,
                compression=None,
                create_connection=PacedConnection,
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

    @property
    def connected(self) -> bool:
        """Whether the connection is there."""
        return not self._reader.done()

    async def reply(self, number: int | str, result: Mapping[str, Any]) -> None:
        """Answer what the app-server has asked. Raises :class:`~agent_hub.errors.AgentUnavailable` where it is gone."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._send({"id": number, "result": result})
        except TimeoutError:
            raise _unavailable("Codex's app-server does not read what it is answered.") from None

    async def close(self) -> None:
        """End the connection; the app-server goes on."""
        self._closing = True
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
        try:
            with contextlib.suppress(WebSocketException):
                spent = 0.0
                async for text in self._connection:
                    began = time.thread_time()
                    self._take(text)
                    spent += time.thread_time() - began
                    if spent > SPELL_SECONDS:
                        await asyncio.sleep(spent * REST)
                        spent = 0.0
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_result({"error": {"message": "the connection has ended"}})
            if not self._closing:
                self.ended()

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
        elif isinstance(method, str):
            params = message.get("params")
            self._tell(method, params if isinstance(params, dict) else {}, message)

    def _tell(self, method: str, params: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        number = message.get("id")
        try:
            if "id" not in message:
                self.notify(method, params)
            elif isinstance(number, int | str):
                self.asked(number, method, params)
        except Exception:
            # One message that cannot be taken is one message: whoever is told counts on the next, and on the end.
            logger.exception("What Codex's app-server told as %.100r was not taken", method)


def _unavailable(message: str, **details: object) -> AgentUnavailable:
    return AgentUnavailable(message, "The chat's terminal says more; stop the chat and start it again.", **details)
