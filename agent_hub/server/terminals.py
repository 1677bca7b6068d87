"""Terminals over HTTP: terminado's REST and its WebSocket protocol, as Lab's own terminal widget speaks it."""

from __future__ import annotations

import asyncio
import json
from json.encoder import encode_basestring
from typing import Any

from tornado.iostream import StreamClosedError

from agent_hub.errors import InvalidInput
from agent_hub.models import TerminalColours, TerminalInfo, TerminalMatches
from agent_hub.server.frames import TextFrames
from agent_hub.server.handler import HubHandler, guarded
from agent_hub.server.socket import HubSocket
from agent_hub.terminals.search import MOST_MATCHES, QUERY_CHARACTERS
from agent_hub.terminals.terminal import Terminal
from agent_hub.terminals.viewer import Viewer


class TerminalSocket(HubSocket):
    """A viewer of a terminal.

    Messages are JSON lists. Out: ``["setup", {}]``, ``["stdout", text]``, ``["disconnect", 1]``.
    In: ``["stdin", text]``, ``["set_size", rows, columns, height, width]``, the last two in pixels. What is none of
    these is ignored.
    """

    action = "execute"

    _terminal: Terminal
    _frames: TextFrames
    _viewer: Viewer | None = None

    def find(self, *args: str) -> None:
        """Find the terminal."""
        self._terminal = self.hub.terminals.find(args[0])

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """Show the terminal."""
        assert self.ws_connection is not None
        self._frames = await TextFrames.on(self.ws_connection, self.on_message)
        self.write_message('["setup", {}]')
        self._viewer = self._terminal.join(self)

    def on_message(self, message: str | bytes) -> asyncio.Future[None] | None:
        """Type, or set the size; the next message is read when this one has found room."""
        match _parse(message):
            case ["stdin", str(text)]:
                return self._terminal.type(text)
            case ["set_size", rows, columns, *pixels] if _is_side(rows) and _is_side(columns):
                # Lab's widget gives -1 pixels until it has once been on the screen: its rows and columns mean nothing.
                shown = all(_is_side(side) for side in pixels)
                if self._viewer is not None:
                    self._terminal.resize(self._viewer, int(rows) if shown else 0, int(columns) if shown else 0)
        return None

    def on_close(self) -> None:
        """Stop watching; the terminal goes on."""
        if self._viewer is not None:
            self._terminal.leave(self._viewer)

    def send(self, text: str) -> asyncio.Future[None] | None:
        """Show output."""
        try:
            return self._frames.send(f'["stdout", {encode_basestring(text)}]'.encode("utf-8", "replace"))
        except StreamClosedError:
            return None

    def end(self) -> None:
        """Tell the widget that the terminal is gone for good."""
        if self.ws_connection is not None:
            self.write_message('["disconnect", 1]')
            self.close()


def _parse(message: str | bytes) -> Any:
    try:
        return json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return None


def _is_side(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


class TerminalsHandler(HubHandler):
    """``api/terminals``"""

    @guarded
    async def get(self) -> None:
        """Every terminal."""
        self.answer(_info(terminal) for terminal in self.hub.terminals.values())


class TerminalHandler(HubHandler):
    """``api/terminals/{name}``"""

    @guarded
    async def get(self, name: str) -> None:
        """One terminal."""
        self.answer(_info(self.hub.terminals.find(name)))

    @guarded
    async def delete(self, name: str) -> None:
        """Stop the terminal's chat; the terminal stays, as the chat does."""
        self.hub.terminals.find(name)
        await self.hub.chats.stop(name)
        self.set_status(204)


class TerminalSearchHandler(HubHandler):
    """``api/terminals/{name}/search``"""

    _search: asyncio.Task[TerminalMatches] | None = None

    @guarded
    async def get(self, name: str) -> None:
        """The newest lines of a terminal with ``?q=`` in them, at most ``?limit=``."""
        self.hub.terminals.find(name)
        query = self.get_query_argument("q", "", strip=False)
        if not 0 < len(query) <= QUERY_CHARACTERS:
            raise InvalidInput(f"q: 1 to {QUERY_CHARACTERS} characters.", "Say what to search for.", field="q")
        limit = self.get_query_argument("limit", "100")
        if not (limit.isascii() and limit.isdigit() and len(limit) < 5 and 0 < int(limit) <= MOST_MATCHES):
            raise InvalidInput(f"limit: a number from 1 to {MOST_MATCHES}.", "Correct it and try again.", field="limit")
        self._search = asyncio.create_task(self.hub.terminals.search(name, query, int(limit)))
        try:
            self.answer(await self._search)
        except asyncio.CancelledError:
            self.log.debug("Nobody waits for a search of terminal %s any more", name)

    def on_connection_close(self) -> None:
        """Search no more for who has gone."""
        super().on_connection_close()
        if self._search is not None:
            self._search.cancel()


class TerminalTextHandler(HubHandler):
    """``api/terminals/{name}/text``"""

    @guarded
    async def get(self, name: str) -> None:
        """What a terminal has shown, as far back as it is kept, without colours."""
        text = await self.hub.terminals.text(name)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(text.encode("utf-8", "replace"), set_content_type="text/plain; charset=utf-8")


class ColoursHandler(HubHandler):
    """``api/colours``"""

    @guarded
    async def put(self) -> None:
        """Tell in which colours the person is shown terminals."""
        await self.hub.colours.tell(self.body(TerminalColours))
        self.set_status(204)


def _info(terminal: Terminal) -> TerminalInfo:
    return TerminalInfo(name=terminal.name, last_activity=terminal.last_activity)


handlers: list[tuple[str, type]] = [
    (r"api/colours", ColoursHandler),
    (r"api/terminals", TerminalsHandler),
    (r"api/terminals/([^/]+)", TerminalHandler),
    (r"api/terminals/([^/]+)/search", TerminalSearchHandler),
    (r"api/terminals/([^/]+)/text", TerminalTextHandler),
    (r"terminals/websocket/([^/]+)", TerminalSocket),
]
