"""Where Codex's app-server listens."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from agent_hub.agents.appserver import AppServer, Notify
from agent_hub.agents.base import AGENT_HOME
from agent_hub.errors import AgentUnavailable

SOCKET = "app-server.sock"
"""What ``container/bin/run-codex`` calls the app-server's socket, in the agent's folder."""

LOOK_SECONDS = 0.02
"""Between two looks for a socket that is not there yet, at first; later ones are rarer."""

LONGEST_LOOK_SECONDS = 2.0


def sockets_folder() -> str:
    """Where Codex makes its sockets, whatever path it is given: the path becomes a link."""
    return f"/tmp/codex-daemon-{os.getuid()}"


def find_socket(home: Path, sockets: Path) -> Path | None:
    """An app-server's socket, in the folder that its container was given or, without a container, where Codex made it.

    The name of a socket is the hash of the path that Codex was given. The link at that path is not followed, since an
    agent may lead it anywhere. Blocks for no longer than a look at a file.
    """
    given = sockets / _hash(f"{AGENT_HOME}/{SOCKET}")
    if given.is_socket():
        return given
    own = Path(sockets_folder()) / _hash(os.path.join(os.path.realpath(home), SOCKET))
    return own if _is_private(own.parent) and own.is_socket() else None


async def connect(find: Callable[[], Path | None], notify: Notify) -> AppServer:
    """Wait for an app-server to listen, and connect to it.

    Parameters
    ----------
    find
        Looks for its socket.
    """
    delay = LOOK_SECONDS
    while True:
        place = find()
        if place is not None:
            # What a killed container left is there as well, and nothing listens on it.
            with contextlib.suppress(AgentUnavailable):
                return await AppServer.connect(place, notify)
        await asyncio.sleep(delay)
        delay = min(delay * 1.1, LONGEST_LOOK_SECONDS)


def _is_private(folder: Path) -> bool:
    """Whether no other user can have made what is in the folder; anybody can make one in ``/tmp``."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700 and status.st_uid == os.getuid()


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()
