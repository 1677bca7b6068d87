from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from agent_hub.engines.base import Engine
from agent_hub.engines.docker import DockerEngine
from agent_hub.engines.process import ProcessEngine
from agent_hub.models import Project
from tests.conftest import Repository
from tests.hub.running import RunningHub

OpenHub = Callable[..., Awaitable[RunningHub]]


@pytest.fixture
async def opened() -> AsyncIterator[list[RunningHub]]:
    """The hubs that a test has opened; they are cleared and closed after it."""
    hubs: list[RunningHub] = []
    yield hubs
    for hub in hubs:
        await hub.clear()
        await hub.close()


@pytest.fixture
async def open_hub(
    opened: list[RunningHub], docker_engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> OpenHub:
    """Opens hubs on the Docker engine, each with the folder that it is given."""

    async def open(name: str = "hub", engine: Engine | None = None, **settings: Any) -> RunningHub:
        settings = {"base": base_image} | settings
        opened.append(await RunningHub.open(tmp_path / name, engine or DockerEngine(), **settings))
        return opened[-1]

    return open


@pytest.fixture
async def a_hub(open_hub: OpenHub) -> RunningHub:
    """A hub on the Docker engine."""
    return await open_hub()


@pytest.fixture
async def a_ready_project(a_hub: RunningHub, a_repository: Repository) -> Project:
    """A project without a setup script: its snapshot is the same for every hub, so that it is made once."""
    return await a_hub.ready(a_repository)


@pytest.fixture
async def a_process_hub(opened: list[RunningHub], a_small_codex: Path, tmp_path: Path) -> RunningHub:
    """A hub without containers, for what they add nothing to."""
    folder = tmp_path / "hub"
    opened.append(await RunningHub.open(folder, ProcessEngine(folder / "data" / "processes"), "any"))
    return opened[-1]


@pytest.fixture
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system to fill")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=True, timeout=10)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)


@pytest.fixture
async def a_process_hub_on_a_small_disk(
    a_small_disk: Path, opened: list[RunningHub], a_small_codex: Path
) -> RunningHub:
    engine = ProcessEngine(a_small_disk / "data" / "processes")
    opened.append(await RunningHub.open(a_small_disk, engine, "any"))
    return opened[-1]
