"""Lab with the hub as ``compose.yaml`` starts it."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import docker

from tests.conftest import Repository
from tests.contained.server import CHECKOUT, ServerElsewhere
from tests.crash.server import READY_SECONDS, REQUEST_SECONDS

ADDRESS = re.compile(r"http://127\.0\.0\.1:(?P<port>\d+)/lab\?token=(?P<token>[0-9a-f]+)")
OWNER = 1234
"""Whose folder Lab shows: neither root nor who owns it where nobody says."""


class ComposedServer(ServerElsewhere):
    """``docker compose up``, with a folder of this machine.

    Parameters
    ----------
    folder
        Of this machine: ``work`` in it is ``/work`` in the container, and is :data:`OWNER`'s.
    image
        The tag that ``compose/Dockerfile`` was built as.
    """

    def __init__(self, folder: Path, engine: docker.DockerClient, image: str) -> None:
        super().__init__(folder, engine)
        self.root = folder / "work"
        self._project = f"agent-hub-test-{secrets.token_hex(6)}"
        self._variables = {
            "AGENT_HUB_IMAGE": image,
            "AGENT_HUB_FOLDER": str(self.root),
            "AGENT_HUB_PORT": str(self.port),
        }

    async def __aenter__(self) -> ComposedServer:
        self.root.mkdir(parents=True)
        os.chown(self.root, OWNER, OWNER)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()
        await self.compose("stop")
        await asyncio.to_thread(self.clear)
        await self.compose("down", "--volumes")

    async def start(self) -> None:
        """Start it, and wait until the hub answers."""
        await self.compose("up", "--detach", "--no-build")
        await self._read_token()
        await self.ready()

    async def compose(self, *words: str) -> str:
        """What a command of ``docker compose`` printed; a failure shows it."""
        command = [*compose_program(), "--project-name", self._project, *words]
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=CHECKOUT,
            env=os.environ | self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=REQUEST_SECONDS,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return str(done.stdout)

    def take(self, repository: Repository) -> Repository:
        """The same repository, in the folder that Lab shows and as its owner's; its path is what the hub sees."""
        copied = Path(shutil.copytree(repository.path, self.root / repository.path.name, symlinks=True))
        for one in (copied, *copied.rglob("*")):
            os.chown(one, OWNER, OWNER, follow_symlinks=False)
        return Repository(Path("/work") / copied.name)

    async def _read_token(self) -> None:
        """Read the address that it prints, as a person does."""
        deadline = time.monotonic() + READY_SECONDS
        while (found := ADDRESS.search(said := await self.compose("logs", "hub"))) is None:
            assert time.monotonic() < deadline, said[-6000:]
            await asyncio.sleep(0.2)
        assert int(found["port"]) == self.port
        self._token = found["token"]
        self.http.headers["Authorization"] = f"token {self._token}"


def compose_program() -> Sequence[str]:
    """``docker compose``, or what it was before it was a plugin."""
    plugin = ["docker", "compose"]
    if subprocess.run([*plugin, "version"], capture_output=True, timeout=REQUEST_SECONDS).returncode == 0:
        return plugin
    return ["docker-compose"]
