"""A connection to a socket of an agent's, which may have put anything in its place."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path


async def open_socket(path: Path) -> socket.socket:
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
