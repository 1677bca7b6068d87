from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.crash.server import Server
from tests.hub.running import CACHE

OpenServer = Callable[..., Awaitable[Server]]


@pytest.fixture
def a_strangers_container(docker_engine: docker.DockerClient, base_image: str) -> Iterator[Container]:
    """A chat's container of another hub."""
    labels = {"agent-hub.hub": secrets.token_hex(6), "agent-hub.chat": secrets.token_hex(6)}
    container = docker_engine.containers.run(base_image, ["sleep", "1d"], detach=True, labels=labels, init=True)
    container.reload()
    yield container
    container.remove(force=True)


@pytest.fixture
def a_disk(tmp_path: Path) -> Iterator[Path]:
    """The data directory of the server that is opened later, on a file system of its own: ext4, of 24 MiB."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("only root may mount a file system to fill, and mkfs.ext4 (e2fsprogs) makes it")
    image, folder = tmp_path / "disk.img", tmp_path / "server" / "data"
    folder.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(24 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True, timeout=30)
    mounted = subprocess.run(
        ["mount", "-o", "loop", str(image), str(folder)], capture_output=True, text=True, timeout=30
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    (folder / "lost+found").rmdir()
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


@pytest.fixture
async def open_server(
    tmp_path: Path, base_image: str, docker_engine: docker.DockerClient, a_small_codex: Path
) -> AsyncIterator[OpenServer]:
    """Opens the test's server, with the hub's options that it is given; it is not started yet.

    What it leaves on the engine is removed, also where a test failed.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    (tmp_path / "server" / "data").mkdir(parents=True, exist_ok=True)
    (tmp_path / "server" / "data" / "cache").symlink_to(CACHE)
    async with AsyncExitStack() as stack:

        async def open(**options: object) -> Server:
            server = Server(tmp_path / "server", docker_engine, **({"base_image": base_image} | options))
            stack.callback(server.clear)
            return await stack.enter_async_context(server)

        yield open
