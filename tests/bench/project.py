"""A repository that chats start from, as a project of a server."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.server import Server

BUILD_SECONDS = 900
SPARE_SECONDS = 120
LOOK_SECONDS = 0.05


class Project:
    """A project of a server's, whose snapshot is built.

    Parameters
    ----------
    repository
        A folder with a Git repository in it.
    settings
        More of what a new project is asked for.
    """

    def __init__(self, server: Server, repository: Path, base: str, **settings: Any) -> None:
        self._server = server
        body = {"url": str(repository), "name": repository.name, "base": base, "agent": "shell", **settings}
        self.id = str(server.request("POST", "api/projects", body)["id"])
        self._wait_for_build()

    def wait_for_spares(self, count: int) -> None:
        """Wait until that many chats are prepared ahead."""
        deadline = time.monotonic() + SPARE_SECONDS
        while self._look()["spares"] < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"There were no {count} spares in {SPARE_SECONDS} s.")
            time.sleep(LOOK_SECONDS)

    def delete(self) -> None:
        """Delete it with all its chats."""
        self._server.request("DELETE", f"api/projects/{self.id}?force=true")

    def _wait_for_build(self) -> None:
        deadline = time.monotonic() + BUILD_SECONDS
        while time.monotonic() < deadline:
            build = self._look()["build"]
            if build["state"] == "ready":
                return
            if build["state"] in ("failed", "cancelled"):
                raise RuntimeError(f"The snapshot could not be built: {build['error']}")
            time.sleep(LOOK_SECONDS)
        raise RuntimeError(f"The snapshot was not built in {BUILD_SECONDS} s.")

    def _look(self) -> dict[str, Any]:
        project: dict[str, Any] = self._server.request("GET", f"api/projects/{self.id}")
        return project


def make_repository(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A Git repository with one commit of these files."""
    folder.mkdir(parents=True)
    stream = bytearray(b"commit refs/heads/main\ncommitter Bench <bench@localhost> 0 +0000\ndata 5\nFiles\n")
    for name, content in files.items():
        stream += f"M 100644 inline {name}\ndata {len(content)}\n".encode() + content + b"\n"
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "fast-import", "--quiet"], input=bytes(stream), check=True)
    subprocess.run([*git, "reset", "-q", "--hard"], check=True)
    return folder
