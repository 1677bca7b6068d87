"""A server that may be killed at any moment, and starts again at once."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

READY_SECONDS = 60.0
REQUEST_SECONDS = 60.0


class Server:
    """``jupyter server`` with the hub, always on the same port, data directory and token.

    Parameters
    ----------
    folder
        Where it keeps everything: its root, its data directory, its log.
    options
        Traits of the hub.
    """

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.root = folder / "root"
        self.log = folder / "server.log"
        self.alive = False
        self._options = options
        self._token = secrets.token_hex(16)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}/agent-hub/",
            headers={"Authorization": f"token {self._token}"},
            timeout=REQUEST_SECONDS,
            limits=httpx.Limits(max_connections=100),
        )

    async def __aenter__(self) -> Server:
        self.root.mkdir(parents=True, exist_ok=True)
        own = {name: str(self.folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
        with self.log.open("wb") as log:
            self._nursery = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.crash.nursery"),
                *("--no-browser", "--allow-root", "--ServerApp.jpserver_extensions={'agent_hub': True}"),
                *(f"--ServerApp.root_dir={self.root}", f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
                f"--IdentityProvider.token={self._token}",
                f"--AgentHub.data_dir={self.data}",
                "--AgentHub.engine_class=agent_hub.engines.docker.DockerEngine",
                *(f"--AgentHub.{name}={value}" for name, value in self._options.items()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                # No other extension: what this machine has installed adds only time.
                env=os.environ | own | {"JUPYTER_NO_CONFIG": "1"},
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        await asyncio.wait_for(self._nursery.wait(), REQUEST_SECONDS)

    # -- its life

    async def start(self) -> None:
        """Start it; it does not answer yet."""
        await self._tell("start", "started")
        self.alive = True

    async def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.alive = False
        await self._tell("kill", "killed")

    async def ready(self) -> None:
        """Wait until the hub answers and has taken up what was there."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = await self.http.get("api/status")
                if answer.status_code == 200 and answer.json()["engine"]["reachable"]:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.01)
        raise AssertionError(f"The server did not come up in {READY_SECONDS} s:\n{self.log.read_text()[-6000:]}")

    async def _tell(self, word: str, answer: str) -> None:
        assert self._nursery.stdin is not None and self._nursery.stdout is not None
        self._nursery.stdin.write(f"{word}\n".encode())
        async with asyncio.timeout(REQUEST_SECONDS):
            said = (await self._nursery.stdout.readline()).decode().strip()
        assert said == answer, f"{said!r}:\n{self.log.read_text()[-6000:]}"

    # -- what it holds

    async def get(self, path: str) -> Any:
        """The JSON of an address."""
        answer = await self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def rows(self, query: str) -> list[Any]:
        """The first column of what the store holds."""
        with closing(sqlite3.connect(f"file:{self.data / 'hub.db'}?mode=ro", uri=True, timeout=10)) as db:
            return [row[0] for row in db.execute(query)]

    def ids(self, table: str) -> set[str]:
        """The ids of a table of the store."""
        return set(self.rows(f"SELECT id FROM {table}"))

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-6000:]
