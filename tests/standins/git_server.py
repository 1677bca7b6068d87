"""A real Git server on 127.0.0.1, for repositories that are reached by a URL."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

START_TIMEOUT = 20.0


class GitServer:
    """``git daemon`` over one folder; every repository under it can be cloned and fetched, none pushed to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, repository: Path) -> str:
        """The URL of a repository under the root."""
        return f"git://127.0.0.1:{self.port}/{repository.relative_to(self.root).as_posix()}"

    def __enter__(self) -> GitServer:
        deadline = time.monotonic() + START_TIMEOUT
        # The daemon cannot be asked which port it took: one that was free a moment ago may be taken, so try again.
        while time.monotonic() < deadline:
            self.port = _free_port()
            self._process = subprocess.Popen(
                [
                    "git",
                    "daemon",
                    "--reuseaddr",
                    "--export-all",
                    "--listen=127.0.0.1",
                    f"--port={self.port}",
                    f"--base-path={self.root}",
                    str(self.root),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while self._process.poll() is None and time.monotonic() < deadline:
                if _listens(self.port):
                    return self
                time.sleep(0.02)
        self.close()
        raise TimeoutError(f"git daemon did not listen within {START_TIMEOUT:.0f} s")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
