"""A real server with the hub in it, in a process and a folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import websocket

START_SECONDS = 60
STOP_SECONDS = 30
REQUEST_SECONDS = 60


class Server:
    """``jupyter server`` with the extension, on a free port of 127.0.0.1.

    Parameters
    ----------
    folder
        Where it keeps everything: its root, its data directory, its log.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.log = folder / "server.log"
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS)

    def __enter__(self) -> Server:
        root = self.folder / "root"
        root.mkdir(parents=True)
        isolated = {name: str(self.folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                    "--ServerApp.jpserver_extensions={'agent_hub': True}",
                    f"--ServerApp.root_dir={root}",
                    f"--ServerApp.port={self.port}",
                    "--ServerApp.port_retries=0",
                    f"--IdentityProvider.token={self.token}",
                    f"--AgentHub.data_dir={self.folder / 'data'}",
                    "--AgentHub.engine_class=agent_hub.engines.docker.DockerEngine",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | isolated,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that ``agent-hub/<path>`` answers, ``None`` where it answers none; over one connection."""
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, f"/agent-hub/{path}", data, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self._connection.close()
            raise
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else None

    def watch(self, chat: str) -> Watched:
        """A chat's terminal, as a browser opens it."""
        return Watched(
            websocket.create_connection(
                f"ws://127.0.0.1:{self.port}/agent-hub/terminals/websocket/{chat}",
                header=[f"Authorization: token {self.token}"],
                timeout=REQUEST_SECONDS,
                sockopt=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
            )
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if self.request("GET", "api/status")["engine"]["reachable"]:
                    return
            except (OSError, http.client.HTTPException, RuntimeError):
                pass
            time.sleep(0.1)
        raise RuntimeError(f"The server did not come up in {START_SECONDS} s:\n{self.log.read_text()[-4000:]}")

    def _stop(self) -> None:
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Watched:
    """A viewer's end of terminado's protocol."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection

    def read(self) -> str:
        """The next output."""
        while True:
            kind, *rest = json.loads(self._connection.recv())
            if kind == "stdout":
                return str(rest[0])
            if kind == "disconnect":
                raise RuntimeError("The terminal ended.")

    def write(self, text: str) -> None:
        """Type."""
        self._connection.send(json.dumps(["stdin", text]))

    def close(self) -> None:
        """Stop watching."""
        self._connection.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
