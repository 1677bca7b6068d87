"""A chat's terminal in this one: what is typed goes to the agent, what it prints comes here, until one of them ends."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from agent_hub.cli.shown import as_text, on_a_screen
from agent_hub.cli.tty import Tty
from agent_hub.errors import AgentHubError, HubUnavailable, NotFound
from agent_hub.models import Chat
from agent_hub.notebook.discovery import Server
from agent_hub.notebook.transport import Transport, part

DETACH = b"\x10\x11"
"""Ctrl-P Ctrl-Q, as of ``docker attach``."""

INTERRUPT, END_OF_INPUT = "\x03", "\x04"

_READ_BYTES = 64 * 1024
_WRITE_BYTES = 4096
"""Fewer than a pipe or a terminal that takes any takes without making wait."""

_END_SECONDS = 0.5
"""Between two times that an agent is told that there is no more input: one that starts may have lost the first."""

_PATIENCE_SECONDS = 30.0
"""How long a server may be away: its restart ends no chat."""

NO_SIZE = (24, 80)
"""Rows and columns of a terminal that nobody sees."""

ENDED = ("exited", "failed")


class Left(Enum):
    """Why a terminal is not shown any more."""

    ended = "the agent ended"
    detached = "the person left it"
    told = "a signal told the command to end"


class Attachment:
    """One showing of a chat's terminal.

    Parameters
    ----------
    hub
        The hub of the chat.
    chat
        The chat, as it is by now.
    tty
        Where it is shown.
    """

    def __init__(self, hub: Transport, chat: Chat, tty: Tty) -> None:
        self.chat = chat
        self.signal = 0
        """The signal by which the command was told to end."""
        self._hub = hub
        self._tty = tty
        self._show = on_a_screen(lambda: (tty.size or NO_SIZE)[0]) if tty.shown else as_text()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = b""
        self._left: asyncio.Future[Left]
        self._socket: ClientConnection | None = None
        self._connected = asyncio.Event()
        self._interrupted = False

    async def show(self) -> Left:
        """Show it until the agent or the person ends it; returns which of them."""
        loop = asyncio.get_running_loop()
        self._left = loop.create_future()
        handled = self._handle_signals(loop)
        with self._tty.raw():
            works = (self._watch(), self._output(), self._input())
            tasks: list[asyncio.Future[Any]] = [asyncio.create_task(work) for work in works]
            try:
                await asyncio.wait([self._left, *tasks], return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    # Its error is the reason why this is over.
                    if task.done() and not self._left.done():
                        task.result()
                left = await self._left
                if left is Left.ended:
                    await self._drain()
                elif self._tty.shown:
                    # What is said next begins a line of its own.
                    await self._write(b"\r\n")
                return left
            finally:
                for signum in handled:
                    loop.remove_signal_handler(signum)
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                if self._socket is not None:
                    await self._socket.close()

    # -- signals

    def _handle_signals(self, loop: asyncio.AbstractEventLoop) -> list[signal.Signals]:
        handlers: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGWINCH: self._resize,
            signal.SIGCONT: self._go_on,
            signal.SIGINT: self._interrupt,
            signal.SIGTERM: lambda: self._end(signal.SIGTERM),
            signal.SIGHUP: lambda: self._end(signal.SIGHUP),
        }
        for signum, handler in handlers.items():
            loop.add_signal_handler(signum, handler)
        return list(handlers)

    def _end(self, signum: signal.Signals) -> None:
        self.signal = signum
        self._leave(Left.told)

    def _interrupt(self) -> None:
        """Ctrl-C where the terminal is not raw, as what is typed comes from elsewhere: to the agent, then to this."""
        if self._interrupted:
            self._end(signal.SIGINT)
        self._interrupted = True
        self._say(["stdin", INTERRUPT])

    def _go_on(self) -> None:
        self._tty.set_raw()
        self._resize()

    def _resize(self) -> None:
        self._say(["set_size", *(self._tty.size or NO_SIZE)])

    def _say(self, message: list[Any]) -> None:
        if self._socket is not None:
            task = asyncio.ensure_future(self._socket.send(json.dumps(message)))
            # Where the connection is lost, the next one begins with the size.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _leave(self, left: Left) -> None:
        if not self._left.done():
            self._left.set_result(left)

    # -- what is typed

    async def _input(self) -> None:
        while True:
            await _ready(self._tty.input, write=False)
            data = os.read(self._tty.input, _READ_BYTES)
            if not data:
                break
            await self._type(data)
        if self._tty.typed:
            # The terminal is gone.
            self._end(signal.SIGHUP)
            return
        while True:
            await self._send(END_OF_INPUT)
            await asyncio.sleep(_END_SECONDS)

    async def _type(self, data: bytes) -> None:
        if self._tty.typed:
            data = self._held + data
            if DETACH in data:
                self._leave(Left.detached)
                return
            # The first of the two keys means nothing before it is known what comes after it.
            self._held = DETACH[:1] if data.endswith(DETACH[:1]) else b""
            data = data.removesuffix(self._held)
        if text := self._decode(data, False):
            await self._send(text)

    async def _send(self, text: str) -> None:
        while True:
            await self._connected.wait()
            assert self._socket is not None
            try:
                await self._socket.send(json.dumps(["stdin", text]))
                return
            except ConnectionClosed:
                await asyncio.sleep(0.1)

    # -- what is shown

    async def _output(self) -> None:
        lost = time.monotonic()
        while True:
            try:
                self._socket = await _open(self._hub.server, f"terminals/websocket/{part(self.chat.id)}")
                self._resize()
                self._connected.set()
                async for message in self._socket:
                    await self._take(message)
                lost = time.monotonic()
            except (OSError, WebSocketException) as error:
                if time.monotonic() - lost > _PATIENCE_SECONDS:
                    raise _away(self._hub) from error
            self._connected.clear()
            await asyncio.sleep(0.2)

    async def _take(self, message: str | bytes) -> None:
        match json.loads(message):
            case ["stdout", str(text)]:
                self._tty.note(text)
                await self._write(self._show(text).encode("utf-8", "surrogateescape"))

    async def _write(self, data: bytes) -> None:
        for start in range(0, len(data), _WRITE_BYTES):
            piece = data[start : start + _WRITE_BYTES]
            while piece:
                await _ready(self._tty.output, write=True)
                piece = piece[os.write(self._tty.output, piece) :]

    async def _drain(self) -> None:
        """Show the last of what was printed: all that the server has sent before it answers."""
        # `_output` reads on meanwhile; where it finds the connection closed there is no more.
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(5):
                if self._socket is not None:
                    await (await self._socket.ping())
                    await asyncio.sleep(0)

    # -- how the chat is

    async def _watch(self) -> None:
        """Notice when the chat has ended, or is deleted."""
        lost = time.monotonic()
        while True:
            try:
                async with await _open(self._hub.server, "api/events") as events:
                    async for message in events:
                        lost = time.monotonic()
                        self._learn(json.loads(message))
            except (OSError, WebSocketException) as error:
                if time.monotonic() - lost > _PATIENCE_SECONDS:
                    raise _away(self._hub) from error
            await asyncio.sleep(0.2)

    def _learn(self, event: dict[str, Any]) -> None:
        if event["type"] == "snapshot":
            found = [chat for chat in event["chats"] if chat["id"] == self.chat.id]
        elif event["type"] == "change" and (event["kind"], event["id"]) == ("chat", self.chat.id):
            found = [event["value"]]
        else:
            return
        if not found or found[0] is None:
            raise NotFound("The chat was deleted.", "`agent_cli ls` lists those that are there.")
        self.chat = type(self.chat).model_validate(found[0], extra="ignore")
        if self.chat.status.value in ENDED:
            self._leave(Left.ended)


def _away(hub: Transport) -> AgentHubError:
    return HubUnavailable(
        f"The server at {hub.url} does not answer any more.",
        "The chat goes on where its container does: once the server is back, `agent_cli attach` shows it.",
    )


async def _open(server: Server, path: str) -> ClientConnection:
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


async def _ready(descriptor: int, *, write: bool) -> None:
    """Wait until a descriptor can be read or written; a regular file always can."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    # Most often it can be written at once.
    if write and select.select([], [descriptor], [], 0)[1]:
        return
    try:
        add(descriptor, tell)
    except PermissionError:
        return
    try:
        await ready
    finally:
        remove(descriptor)
