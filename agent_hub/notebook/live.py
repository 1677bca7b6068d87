"""What happens in the hub, as it happens, for all that a kernel shows of it: one connection, on one thread.

However much is told, showing it takes a bounded share of the kernel's time and of its page's.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

import httpx
import websocket
from pydantic import TypeAdapter, ValidationError

from agent_hub.models import Artifact, Chat, Turn, TurnEvent

if TYPE_CHECKING:
    from agent_hub.notebook.discovery import Server
    from agent_hub.notebook.transport import Transport

logger = logging.getLogger(__name__)

INTERVAL = 0.1
"""Seconds between two times that something is shown of one chat."""

PAUSE = 0.006
"""Seconds between two times that something is shown at all: a page with fifty cards has other things to do as well."""

SHARE = 0.2
"""Of the time, what is spent on showing; past it, less often is shown."""

CHARACTERS_PER_SECOND = 300_000
"""Shown by all: what a page with many cards can draw, and its connection takes, beside what a person does there.

A Jupyter server bounds how many messages come (``iopub_msg_rate_limit``: 1000/s, more than :data:`PAUSE` allows), and
how much is printed (``iopub_data_rate_limit``), but not how large these are.
"""

FIRST_RETRY, LAST_RETRY = 0.5, 10.0
PING_SECONDS = 10.0
SILENCE_SECONDS = 30.0
CONNECT_TIMEOUT = 5.0

EVENT: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)
TURNS = TypeAdapter(tuple[Turn, ...])
CHAT = TypeAdapter(Chat)
ARTIFACT = TypeAdapter(Artifact)

R = TypeVar("R")
Told = TypeVarTuple("Told")


class Watcher(Protocol):
    """Who is told of one chat, on the thread of the connection."""

    @property
    def chat_id(self) -> str:
        """The chat."""

    def changed(self, chat: Chat | None) -> None:
        """The chat as it is now; ``None``: it is deleted."""

    def published(self, artifact: Artifact) -> None:
        """It has published a file, or a new version of one."""

    def conversed(self, turns: tuple[Turn, ...]) -> None:
        """All its turns; those that have ended without their items."""

    def happened(self, event: TurnEvent) -> None:
        """Something happened in one of them."""

    def away(self, why: str) -> None:
        """The server does not answer; empty: it does again."""

    def show(self) -> int:
        """Show what is new; the result is how many characters that took, 0 where nothing is new."""


class Live:
    """The connection of one kernel to one hub; :func:`live` gives it.

    The thread lives while anybody watches.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._watchers: dict[str, Watcher] = {}
        self._socket: websocket.WebSocket | None = None
        self._thread: threading.Thread | None = None
        self._changed = threading.Event()
        self._told: dict[str, None] = {}
        self._shown: dict[str, float] = {}
        self._reported: set[str] = set()

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` from now on."""
        with self._lock:
            self._watchers[watcher.chat_id] = watcher
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="agent-hub live", daemon=True)
                self._thread.start()
                return
        if self._socket is not None:
            # It has told of all chats already, and does so once more where it is begun anew.
            self._call(watcher.away, "")
        self._ask({"follow": watcher.chat_id})

    def forget(self, watcher: Watcher) -> None:
        """Tell it no longer."""
        with self._lock:
            if self._watchers.get(watcher.chat_id) is not watcher:
                return
            del self._watchers[watcher.chat_id]
            self._shown.pop(watcher.chat_id, None)
        self._ask({"unfollow": watcher.chat_id})
        self._changed.set()

    def _ask(self, message: dict[str, str]) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            connection.send(json.dumps(message))
        except (OSError, websocket.WebSocketException):
            # The thread finds it broken too, and asks for everything anew.
            logger.debug("Could not ask for %s", message)

    def _all(self) -> list[Watcher]:
        with self._lock:
            return list(self._watchers.values())

    def _is_over(self) -> bool:
        with self._lock:
            if not self._watchers:
                self._thread = None
            return self._thread is None

    def _run(self) -> None:
        pause = FIRST_RETRY
        while not self._is_over():
            why = "The server has ended the connection."
            try:
                with closing(self._connect()) as connection:
                    self._socket = connection
                    for watcher in self._all():
                        self._ask({"follow": watcher.chat_id})
                    began = time.monotonic()
                    self._listen(connection)
                    if time.monotonic() - began > LAST_RETRY:
                        pause = FIRST_RETRY
            except (OSError, websocket.WebSocketException, ValueError) as error:
                why = str(error)
            except Exception as error:
                # Without the thread no card would ever be live again.
                why = repr(error)
                self._report(error)
            finally:
                self._socket = None
            for watcher in self._all():
                self._call(watcher.away, why)
                self._call(watcher.show)
            self._changed.wait(pause)
            self._changed.clear()
            pause = min(pause * 2, LAST_RETRY)

    def _connect(self) -> websocket.WebSocket:
        server = self._transport.server
        options: dict[str, Any] = {}
        if server.socket:
            unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            unix.settimeout(CONNECT_TIMEOUT)
            unix.connect(server.socket)
            options["socket"] = unix
        if server.url.startswith("https"):
            options["sslopt"] = {"context": httpx.create_ssl_context()}
        return websocket.create_connection(
            f"ws{server.url.removeprefix('http')}agent-hub/api/events",
            timeout=CONNECT_TIMEOUT,
            header=[f"Authorization: token {server.token}"] if server.token else [],
            http_no_proxy=["localhost", "127.0.0.1", "::1"],
            **options,
        )

    def _listen(self, connection: websocket.WebSocket) -> None:
        heard = asked = free = time.monotonic()
        while not self._is_over():
            connection.settimeout(max(0.001, self._due(free) - time.monotonic()))
            try:
                kind, data = connection.recv_data(control_frame=True)
                heard = time.monotonic()
                if kind == websocket.ABNF.OPCODE_CLOSE:
                    return
                if kind == websocket.ABNF.OPCODE_TEXT:
                    self._take(data)
            except websocket.WebSocketTimeoutException:
                pass
            now = time.monotonic()
            if now - heard > SILENCE_SECONDS:
                raise TimeoutError("The server has not been heard for long.")
            if now - asked > PING_SECONDS:
                asked = now
                connection.ping()
            if now >= self._due(free):
                characters = self._show_next(now)
                took = time.monotonic() - now
                free = now + max(PAUSE, took / SHARE, characters / CHARACTERS_PER_SECOND)

    def _due(self, free: float) -> float:
        """When the next of them may show what it was told."""
        shown = [self._shown.get(chat, 0.0) for chat in self._told]
        return max(free, min(shown) + INTERVAL) if shown else time.monotonic() + PING_SECONDS

    def _show_next(self, now: float) -> int:
        # One at a time, the one that waits longest: the kernel's other threads run in between.
        chat = min(self._told, key=lambda chat: self._shown.get(chat, 0.0))
        del self._told[chat]
        self._shown[chat] = now
        watcher = self._watchers.get(chat)
        return self._call(watcher.show) or 0 if watcher is not None else 0

    def _call(self, tell: Callable[[*Told], R], *told: *Told) -> R | None:
        """Tell a watcher; one that fails costs the others nothing."""
        try:
            return tell(*told)
        except Exception as error:
            self._report(error)
            return None

    def _report(self, error: Exception) -> None:
        # Once: it may happen with every word that an agent says.
        if repr(error) not in self._reported:
            self._reported.add(repr(error))
            logger.error("What a hub tells could not be shown", exc_info=error)

    def _take(self, data: bytes) -> None:
        told = json.loads(data)
        try:
            self._dispatch(told)
        except ValidationError:
            logger.warning("The hub tells of something that this version does not know: %.200s", data)

    def _dispatch(self, told: dict[str, Any]) -> None:
        kind = told.get("type")
        if kind in ("followed", "conversation"):
            watcher = self._told_to(told.get("chat"))
            if watcher is None:
                return
            if kind == "followed":
                self._call(watcher.happened, EVENT.validate_python(told["event"], extra="ignore"))
            else:
                self._call(watcher.conversed, TURNS.validate_python(told["turns"], extra="ignore"))
        elif kind == "snapshot":
            chats = {chat["id"]: chat for chat in told["chats"]}
            for watcher in self._all():
                self._call(watcher.away, "")
                self._told[watcher.chat_id] = None
                self._changed_to(watcher, chats.get(watcher.chat_id))
            for artifact in told["artifacts"]:
                self._published(artifact)
        elif kind == "change" and told.get("kind") == "chat":
            watcher = self._told_to(told.get("id"))
            if watcher is not None:
                self._changed_to(watcher, told["value"])
        elif kind == "change" and told.get("kind") == "artifact" and told["value"] is not None:
            self._published(told["value"])

    def _told_to(self, chat: object) -> Watcher | None:
        """Who watches the chat, and has something to show now."""
        watcher = self._watchers.get(str(chat))
        if watcher is not None:
            self._told[watcher.chat_id] = None
        return watcher

    def _changed_to(self, watcher: Watcher, value: dict[str, Any] | None) -> None:
        self._call(watcher.changed, None if value is None else CHAT.validate_python(value, extra="ignore"))

    def _published(self, artifact: dict[str, Any]) -> None:
        watcher = self._told_to(artifact.get("chat"))
        if watcher is not None:
            self._call(watcher.published, ARTIFACT.validate_python(artifact, extra="ignore"))


_connections: weakref.WeakValueDictionary[Server, Live] = weakref.WeakValueDictionary()
"""A connection goes with the last card that uses it."""

_making = threading.Lock()


def live(transport: Transport) -> Live:
    """The kernel's one connection to that hub, with that token."""
    with _making:
        connection = _connections.get(transport.server)
        if connection is None:
            connection = _connections[transport.server] = Live(transport)
        return connection
