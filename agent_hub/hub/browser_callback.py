"""Where a browser on the hub's own machine ends a sign-in: the address that Codex gave out leads to this machine.

It takes that one request and no other, while somebody signs in and no longer.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from agent_hub.errors import AgentHubError

logger = logging.getLogger(__name__)

LONGEST = 16384
"""Bytes of a request's head."""

PATIENCE = 10.0
"""Seconds that a browser may take to say what it wants."""

_REQUEST = re.compile(rb"GET (/[\x21-\x7e]*) HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"(?i)\r\nhost:[ \t]*((?:localhost|127\.0\.0\.1):[0-9]{1,5})[ \t]*\r\n")

_PAGE = """\
<!doctype html><meta charset="utf-8"><title>Agent Hub</title>
<style>body {{ font: 16px system-ui; margin: 20vh auto; max-width: 32em; color-scheme: light dark }}</style>
<p>{}</p>
"""


class BrowserCallback:
    """A listener on the loopback.

    Parameters
    ----------
    deliver
        Takes the address that the browser was sent to; raises the hub's errors.
    """

    def __init__(self, deliver: Callable[[str], Awaitable[None]]) -> None:
        self._deliver = deliver
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> bool:
        """Listen; whether that port is free. Where it is not, the address is pasted."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST)
        except OSError as error:
            logger.info("No browser of this machine ends a sign-in by itself, port %s is taken: %s", port, error)
            return False
        return True

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            status, said = await self._answer(head)
            body = _PAGE.format(said).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
                "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: "
                "default-src 'none'; style-src 'unsafe-inline'\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            logger.debug("A browser came to the end of a sign-in and said nothing that is one")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, head: bytes) -> tuple[str, str]:
        request, host = _REQUEST.match(head), _HOST.search(head)
        # By another name it is no browser that Codex's address has led here.
        if request is None or host is None:
            return "404 Not Found", "There is nothing here."
        try:
            await self._deliver(f"http://{host[1].decode().lower()}{request[1].decode()}")
        except AgentHubError:
            return "400 Bad Request", "This is not the end of the sign-in that Agent Hub waits for."
        return "200 OK", "You are signed in, and may close this page. Agent Hub goes on in JupyterLab."
