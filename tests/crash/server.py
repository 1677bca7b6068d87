"""A server that may be killed at any moment, and starts again at once."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import docker
import httpx

from tests.bench.viewer import Viewer, WebSocket
from tests.conftest import Repository

READY_SECONDS = 600.0
"""Also for the first image on an engine, to which Debian's packages are fetched."""
REQUEST_SECONDS = 180.0


class Server:
    """``jupyter server`` with the hub, always on the same port, data directory and token.

    Parameters
    ----------
    folder
        Where it keeps everything: its root, its data directory, its log.
    engine
        Where its containers are.
    environment
        Variables of its own.
    options
        Traits of the hub.
    """

    def __init__(
        self,
        folder: Path,
        engine: docker.DockerClient,
        environment: Mapping[str, str] | None = None,
        **options: object,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.root = folder / "root"
        self.log = folder / "server.log"
        self.alive = False
        self._engine = engine
        self._environment = environment or {}
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
                env=os.environ | own | {"JUPYTER_NO_CONFIG": "1"} | self._environment,
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

    async def post(self, path: str, body: Any = None) -> Any:
        """What a request that is granted is answered."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code in (201, 202), (path, answer.status_code, answer.text)
        return answer.json()

    async def until(self, path: str, *states: str) -> Any:
        """A chat, or a project's build, once it is in one of the states."""
        async with asyncio.timeout(READY_SECONDS):
            while True:
                found = await self.get(path)
                if (found["status"] if "status" in found else found["state"]) in states:
                    return found
                await asyncio.sleep(0.02)

    async def project(self, repository: Repository, **settings: object) -> str:
        """The id of a new project that is built."""
        added = await self.post("api/projects", {"url": str(repository.path), "agent": "shell"} | settings)
        build = await self.until(f"api/projects/{added['id']}/build", "ready", "failed", "cancelled")
        assert build["state"] == "ready", build
        return str(added["id"])

    async def spare(self, project: str) -> None:
        """Wait until a new chat of the project would find a spare."""
        async with asyncio.timeout(READY_SECONDS):
            while not (await self.get(f"api/projects/{project}"))["spares"]:
                await asyncio.sleep(0.02)

    async def chat(self, project: str, **settings: object) -> str:
        """The id of a new chat that runs."""
        added = await self.post("api/chats", {"project": project} | settings)
        chat = await self.until(f"api/chats/{added['id']}", "running", "failed", "exited")
        assert chat["status"] == "running", chat
        return str(added["id"])

    def events(self) -> WebSocket:
        """The changes that the hub announces, after a first message of all there is."""
        return WebSocket(self.port, "/agent-hub/api/events", self._token)

    def watch(self, chat: str) -> Viewer:
        """A chat's terminal, as a browser opens it."""
        return Viewer(self.port, self._token, chat)

    async def says(self, chat: str, typed: str, shown: str) -> None:
        """Type a line into a chat's terminal, and wait until it shows a text."""

        def say() -> None:
            viewer, seen = self.watch(chat), ""
            try:
                viewer.write(f"{typed}\r")
                while shown not in seen:
                    seen += viewer.read()
            finally:
                viewer.close()

        await asyncio.to_thread(say)

    async def publish(self, chat: str, name: str, data: bytes) -> str:
        """Publish by the chat's own ``hub_artifact``; what it printed."""
        script = 'file=$(mktemp) && cat >"$file" && /opt/agent-hub/bin/hub_artifact publish "$file" --name "$0"'
        process = await asyncio.create_subprocess_exec(
            *("docker", "exec", "--interactive", f"agent-hub-{chat}", "sh", "-c", script, name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(REQUEST_SECONDS):
            said, _ = await process.communicate(data)
        return said.decode()

    async def containers(self) -> dict[str, str]:
        """By the chat that they are of, the states of what this server's hub has on the engine."""
        return await asyncio.to_thread(self._containers)

    def clear(self) -> None:
        """Remove what it has on the engine."""
        for name in self._containers() if (self.data / "hub.db").exists() else ():
            self._engine.api.remove_container(f"agent-hub-{name}", force=True)

    def _containers(self) -> dict[str, str]:
        (hub,) = self.rows("SELECT value FROM meta WHERE key = 'hub_id'")
        found = self._engine.api.containers(all=True, filters={"label": f"agent-hub.hub={hub}"})
        return {one["Labels"].get("agent-hub.chat", one["Names"][0]): one["State"] for one in found}

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
