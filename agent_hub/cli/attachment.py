"""A chat's terminal in this one: what is typed goes to the agent, what it prints comes here, until one of them ends."""

from __future__ import annotations

import asyncio
import codecs
import errno
import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from agent_hub.cli.chat import ENDED
from agent_hub.cli.keys import Keys
from agent_hub.cli.shown import as_text, on_a_screen
from agent_hub.cli.sockets import stay_connected
from agent_hub.cli.tty import Tty, ready
from agent_hub.errors import NotFound
from agent_hub.models import Chat
from agent_hub.notebook.transport import Transport, part

INTERRUPT, END_OF_INPUT = "\x03", "\x04"

_READ_BYTES = 64 * 1024
_WRITE_BYTES = 4096
"""Fewer than a pipe or a terminal that takes any takes without making wait."""

_END_SECONDS = 0.5
"""Between two times that an agent is told that there is no more input: one that starts may have lost the first."""

_DRAIN_SECONDS, _QUIET_SECONDS = 5.0, 0.05

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end the command, and what was started for it."""

HELD = (*ENDING, signal.SIGINT)
"""Signals that wait, blocked, while it is not known yet what there is to be stopped."""


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
        self._show = on_a_screen(lambda: tty.size[0]) if tty.shown else as_text()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._keys = Keys()
        self._left: asyncio.Future[Left]
        self._socket: ClientConnection | None = None
        self._connected = asyncio.Event()
        self._interrupted = False
        self._taken = 0
        self._busy = False

    async def show(self, give_up: Callable[[], None] | None) -> Left:
        """Show it until the agent or the person ends it; returns which of them.

        Parameters
        ----------
        give_up
            Called, in a thread, where something else ends it: a signal, or an error. Further signals, such as a
            terminal that goes away sends more than one of, do not end the command before it is done. ``None`` where
            the chat was there before: it goes on whatever ends here, as it does when a browser's tab is closed.
        """
        loop = asyncio.get_running_loop()
        self._left = loop.create_future()
        handled = self._handle_signals(loop)
        left = None
        try:
            left = await self._until_left(owned=give_up is not None)
            return left
        finally:
            if give_up is not None and left in (None, Left.told):
                await asyncio.to_thread(give_up)
            for signum in handled:
                loop.remove_signal_handler(signum)

    async def _until_left(self, *, owned: bool) -> Left:
        with self._tty.raw():
            works = (self._watch(), self._output(), self._input(owned))
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
                elif left is Left.detached:
                    # What is said next begins a line of its own.
                    await self._write(b"\r\n")
                return left
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    # -- signals

    def _handle_signals(self, loop: asyncio.AbstractEventLoop) -> list[signal.Signals]:
        handlers: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGWINCH: self._resize,
            signal.SIGCONT: self._go_on,
            signal.SIGINT: self._interrupt,
            **{signum: partial(self._end, signum) for signum in ENDING},
        }
        for signum, handler in handlers.items():
            loop.add_signal_handler(signum, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        return list(handlers)

    def _end(self, signum: signal.Signals) -> None:
        self.signal = signum
        self._leave(Left.told)

    def _interrupt(self) -> None:
        """Ctrl-C where the terminal is not raw, as what is typed comes from elsewhere: to the agent, then to this.

        Before there is a terminal to show, and while the server is away, nobody can be told: it ends this at once.
        """
        if self._interrupted or not self._connected.is_set():
            self._end(signal.SIGINT)
        self._interrupted = True
        self._say(["stdin", INTERRUPT])

    def _go_on(self) -> None:
        self._tty.set_raw()
        self._resize()

    def _resize(self) -> None:
        # Who sees no terminal has no size: all viewers have that of the smallest.
        if self._tty.shown:
            self._say(["set_size", *self._tty.size])

    def _say(self, message: list[Any]) -> None:
        if self._socket is not None:
            task = asyncio.ensure_future(self._socket.send(json.dumps(message)))
            # Where the connection is lost, the next one begins with the size.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _leave(self, left: Left) -> None:
        if not self._left.done():
            self._left.set_result(left)

    # -- what is typed

    async def _input(self, owned: bool) -> None:
        while True:
            await ready(self._tty.input, write=False)
            try:
                data = os.read(self._tty.input, _READ_BYTES)
            except OSError:
                data = b""
            if not data:
                break
            await self._type(data)
        if self._tty.typed:
            # The terminal is gone.
            self._end(signal.SIGHUP)
            return
        if not owned:
            # Who looks with nothing to type would end what is somebody's.
            await asyncio.shield(self._left)
            return
        while True:
            await self._send(END_OF_INPUT)
            await asyncio.sleep(_END_SECONDS)

    async def _type(self, data: bytes) -> None:
        if self._tty.typed:
            data = self._keys.take(data)
        if self._keys.left:
            # First, as what was typed before it may have to wait for a server that is away.
            self._leave(Left.detached)
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
        await stay_connected(self._hub, f"terminals/websocket/{part(self.chat.id)}", self._show_all)

    async def _show_all(self, terminal: ClientConnection) -> None:
        self._socket = terminal
        self._resize()
        self._connected.set()
        try:
            async for message in terminal:
                self._busy = True
                await self._take(message)
                self._taken += 1
                self._busy = False
        finally:
            self._connected.clear()

    async def _take(self, message: str | bytes) -> None:
        match json.loads(message):
            case ["stdout", str(text)]:
                self._tty.note(text)
                await self._write(self._show(text).encode("utf-8", "surrogateescape"))

    async def _write(self, data: bytes) -> None:
        for start in range(0, len(data), _WRITE_BYTES):
            piece = data[start : start + _WRITE_BYTES]
            while piece:
                await ready(self._tty.output, write=True)
                try:
                    piece = piece[os.write(self._tty.output, piece) :]
                except OSError as error:
                    # Whoever saw it has gone: the terminal, or the other end of a pipe.
                    self._end(signal.SIGPIPE if error.errno == errno.EPIPE else signal.SIGHUP)
                    return

    async def _drain(self) -> None:
        """Show the last of what was printed: all that the server had sent before it answered."""
        # Where the connection is closed there is no more.
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                if self._socket is not None:
                    await (await self._socket.ping())
        taken = -1
        # What came is here by now, and is shown by `_output`, which may have to wait for who reads it.
        while (self._busy or taken != self._taken) and not self.signal:
            taken = self._taken
            await asyncio.sleep(_QUIET_SECONDS)

    # -- how the chat is

    async def _watch(self) -> None:
        """Notice when the chat has ended, or is deleted."""
        await stay_connected(self._hub, "api/events", self._learn_all)

    async def _learn_all(self, events: ClientConnection) -> None:
        async for message in events:
            self._learn(json.loads(message))

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
