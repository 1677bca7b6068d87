"""A real Jupyter server, in a process and a folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.bench.viewer import Viewer, WebSocket
from tests.hub.running import CACHE

BYTECODE = CACHE.with_name("agent-hub-bytecode")
"""Python's compiled files, of every server here."""

START_SECONDS = 60
STOP_SECONDS = 30
REQUEST_SECONDS = 60
MEBIBYTE = 2**20


class Connection:
    """One connection to the server that stays open; for one thread."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS)
        self._headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that `path` answers, ``None`` where it answers none."""
        text = self.fetch(method, path, body)
        return json.loads(text) if text else None

    def fetch(self, method: str, path: str, body: Any = None) -> bytes:
        """What `path` answers."""
        data = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, data, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self._connection.close()
            raise
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return text

    def close(self) -> None:
        self._connection.close()


class Server:
    """``jupyter server`` on a free port of 127.0.0.1, between :meth:`start` and :meth:`stop`.

    Parameters
    ----------
    folder
        Where it keeps everything: its root, its data directory, its log.
    spares
        Of each project.
    extension
        Whether the hub is in it. A server without it is what the hub's own cost is counted from.
    """

    def __init__(self, folder: Path, spares: int = 0, extension: bool = True) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self._spares = spares
        self._extension = extension
        self._token = secrets.token_hex(16)
        self._port = _free_port()
        self._connection = self.connect()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    @property
    def token(self) -> str:
        return self._token

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Start it, and return once it answers."""
        root = self.folder / "root"
        for folder in (root, self.data, CACHE):
            folder.mkdir(parents=True, exist_ok=True)
        if not (self.data / "cache").exists():
            # What is fetched once is the same for every server.
            (self.data / "cache").symlink_to(CACHE)
        isolated = {name: str(self.folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
        # As on every machine but one that tests: what has started once was compiled then.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= isolated | {"PYTHONPYCACHEPREFIX": str(BYTECODE)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                    f"--ServerApp.jpserver_extensions={ {'agent_hub': self._extension} }",
                    f"--ServerApp.root_dir={root}",
                    f"--ServerApp.port={self._port}",
                    "--ServerApp.port_retries=0",
                    f"--IdentityProvider.token={self._token}",
                    f"--AgentHub.data_dir={self.data}",
                    f"--AgentHub.spares={self._spares}",
                    "--AgentHub.engine_class=agent_hub.engines.docker.DockerEngine",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                # A Ctrl-C is for the bench, which then stops its servers.
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._connection.close()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    # -- what it is asked

    def connect(self) -> Connection:
        """A connection of one's own."""
        return Connection(self._port, self._token)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that ``agent-hub/<path>`` answers, ``None`` where it answers none."""
        return self._connection.request(method, f"/agent-hub/{path}", body)

    def watch(self, chat: str, buffer: int = 0) -> Viewer:
        """A chat's terminal, as a browser opens it."""
        return Viewer(self._port, self._token, chat, buffer)

    def listen(self) -> WebSocket:
        """The events, as the panel listens to them."""
        return WebSocket(self._port, "/agent-hub/api/events", self._token)

    # -- what it costs

    @property
    def memory(self) -> float:
        """MiB of the process that are in memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE

    @property
    def processor_seconds(self) -> float:
        """Seconds of one core that the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if not self._extension:
                    self._connection.request("GET", "/api/status")
                    return
                if self.request("GET", "api/status")["engine"]["reachable"]:
                    return
            except (OSError, http.client.HTTPException, RuntimeError):
                pass
            time.sleep(0.02)
        raise RuntimeError(f"The server did not come up in {START_SECONDS} s:\n{self.log.read_text()[-4000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
