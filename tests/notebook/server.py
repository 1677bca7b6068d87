"""A Jupyter server with the hub in it, in a process and folders of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import websocket

from agent_hub.errors import HubUnavailable
from agent_hub.notebook.client import Hub

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agent-hub"
PROCESS = "agent_hub.engines.process.ProcessEngine"
DOCKER = "agent_hub.engines.docker.DockerEngine"
START_TIMEOUT = 60
STOP_TIMEOUT = 30


class Server:
    """``jupyter server``, which chooses a free port of 127.0.0.1.

    Parameters
    ----------
    folder
        Where it keeps everything: its root, its runtime files, the hub's data, its log.
    options
        Command-line options beside those of every server here.
    pages
        Which pages it serves too: ``"jupyterlab"``, ``"notebook"``.
    """

    def __init__(self, folder: Path, engine: str, *options: str, pages: str = "", token: str | None = None) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.runtime = folder / "runtime"
        self.data = folder / "data"
        self.token = secrets.token_hex(16) if token is None else token
        self.url = ""
        self._log = folder / "server.log"
        self._extensions = {"agent_hub": True, "jupyterlab": False} | ({pages: True} if pages else {})
        self._options = [f"--AgentHub.engine_class={engine}", *options]

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a process look for servers where this one is, and keeps a person's own start files out of it."""
        folders = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "HOME": "home"}
        return {name: str(self.folder / folder) for name, folder in folders.items()}

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def pid(self) -> int:
        return self._process.pid

    def hub(self) -> Hub:
        return Hub(self.url, self.token)

    def type(self, chat: str, text: str) -> None:
        """Type into a chat's terminal, as a browser does."""
        url = self.url.replace("http", "ws", 1)
        connection = websocket.create_connection(
            f"{url}agent-hub/terminals/websocket/{chat}", header=[f"Authorization: token {self.token}"], timeout=30
        )
        try:
            connection.send(json.dumps(["stdin", text]))
            typed = text.rstrip("\r")
            seen = ""
            while typed not in seen:
                kind, *rest = json.loads(connection.recv())
                seen += rest[0] if kind == "stdout" else ""
        finally:
            connection.close()

    def start(self) -> None:
        for folder in (self.root, self.data, self.folder / "home", CACHE):
            folder.mkdir(parents=True, exist_ok=True)
        # What is fetched once is the same for every hub.
        if not (self.data / "cache").exists():
            (self.data / "cache").symlink_to(CACHE)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                    f"--ServerApp.jpserver_extensions={self._extensions}",
                    f"--ServerApp.root_dir={self.root}",
                    *self._address(),
                    f"--IdentityProvider.token={self.token}",
                    f"--AgentHub.data_dir={self.data}",
                    *self._options,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self.environment,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _address(self) -> list[str]:
        if any("ServerApp.sock" in option for option in self._options):
            return []
        # Started again, it is where it was.
        return ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={urlsplit(self.url).port or 0}"]

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        info = self.runtime / f"jpserver-{self._process.pid}.json"
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                found = json.loads(info.read_text())
                self.url = found["url"]
                if found["sock"] or self.hub().status.reachable:
                    return
            except (OSError, ValueError, HubUnavailable):
                pass
            time.sleep(0.1)
        raise RuntimeError(f"The server did not come up:\n{self.log[-4000:]}")

    def restart(self) -> None:
        """Kill it, and start it again at the same address."""
        self._process.kill()
        self._process.wait()
        self.start()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
