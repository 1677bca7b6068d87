"""A request to a program of this machine, of which nothing is logged: its address holds a code, its answer a token."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

LONGEST = 2**16
"""Bytes of an answer's head."""

HOPS = 2


async def ask(port: int, path: str, seconds: float) -> str:
    """The status that a GET of that path ends with, once it was led on at the same port; empty where there is none."""
    status = ""
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(seconds):
            for _ in range(HOPS + 1):
                status, path = await _get(port, path)
                if not path:
                    break
    return status


async def _get(port: int, path: str) -> tuple[str, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LONGEST)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        # To its end: a program may wait for that before it goes on.
        while await reader.read(LONGEST):
            continue
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    status = re.match(r"HTTP/1\.[01] (\d{3})", head)
    further = re.search(rf"(?i)\r\nlocation: *http://(?:localhost|127\.0\.0\.1):{port}(/[\x21-\x7e]*)\r\n", head)
    found = status[1] if status else ""
    return found, further[1] if further and found.startswith("3") else ""
