"""A server of nothing but the hub, which ends by itself: what ``agent_cli`` works with where no server runs.

It is a Jupyter server, so that the hub is set up by the same configuration files, and is asked and watched in the same
way, as that of a JupyterLab. It serves this machine alone, and ends once nobody uses it and no chat runs.
"""

from __future__ import annotations

import asyncio
import fcntl
import sys
import threading
from pathlib import Path
from typing import IO, Any

from jupyter_server.serverapp import ServerApp

from agent_hub.hub.hub import Hub
from agent_hub.hub.lifecycle import ACTIVE
from agent_hub.hub.lock import USERS


class BackgroundServer(ServerApp):
    """Serves one data directory's hub."""

    data_dir = ""

    def find_server_extensions(self) -> None:
        """Take the hub, and none of what a person has enabled for JupyterLab."""
        self.jpserver_extensions = {"agent_hub": True}

    async def _post_start(self) -> None:
        await super()._post_start()  # type: ignore[no-untyped-call]
        self._lasting = asyncio.create_task(self._last(), name="agent-hub background")

    async def _last(self) -> None:
        """End once nobody uses it and no chat runs."""
        hub = self.web_app.settings.get("agent_hub")
        with open(Path(self.data_dir) / USERS, "a") as users:
            while True:
                if isinstance(hub, Hub):
                    await _no_chat_runs(hub)
                await _nobody_uses(users)
                # Whoever used it last may have left a chat that goes on.
                if not isinstance(hub, Hub) or not _running(hub):
                    # Held to the end of the process: who comes now waits for it, and then starts another.
                    self.stop(from_signal=True)
                    await asyncio.Event().wait()
                fcntl.flock(users, fcntl.LOCK_UN)


def _running(hub: Hub) -> bool:
    return any(chat.status in ACTIVE for chat in hub.store.chats)


async def _no_chat_runs(hub: Hub) -> None:
    changes = hub.events.subscribe()
    try:
        async for _ in changes:
            if not _running(hub):
                return
    finally:
        changes.close()


async def _nobody_uses(users: IO[str]) -> None:
    """Wait until no ``agent_cli`` holds the lock, and take it."""
    loop = asyncio.get_running_loop()
    taken: asyncio.Future[None] = loop.create_future()

    def take() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)
        loop.call_soon_threadsafe(taken.set_result, None)

    # A daemon, as nothing ends such a wait: a server that is told to end goes without it.
    threading.Thread(target=take, name="agent-hub users", daemon=True).start()
    await taken


def main(arguments: list[str] | None = None) -> None:
    """``python -m agent_hub.server.background DATA_DIR ROOT``."""
    data_dir, root, *options = sys.argv[1:] if arguments is None else arguments
    BackgroundServer.data_dir = data_dir
    given: list[Any] = [
        f"--AgentHub.data_dir={data_dir}",
        # One that is prepared ahead would outlast the one chat that a person wants here.
        "--AgentHub.spares=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
    ]
    BackgroundServer.launch_instance([*given, *options])


if __name__ == "__main__":
    main()
