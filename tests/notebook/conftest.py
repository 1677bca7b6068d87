from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest

from agent_hub import AsyncHub
from agent_hub.notebook.client import Hub
from tests.notebook.kernel import Kernel
from tests.notebook.server import DOCKER, PROCESS, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose chats are plain processes, so that they start at once."""
    with Server(tmp_path_factory.mktemp("server"), PROCESS) as running:
        yield running


@pytest.fixture(scope="session")
def docker_server(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: docker.DockerClient, base_image: str
) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("docker"), DOCKER, f"--AgentHub.base_image={base_image}") as running:
        yield running


@pytest.fixture
def hub(server: Server) -> Iterator[Hub]:
    """The server's hub; what a test left there is gone after it."""
    hub = server.hub()
    yield hub
    for project in hub.projects.values():
        project.delete(force=True)


@pytest.fixture
async def async_hub(hub: Hub, server: Server) -> AsyncIterator[AsyncHub]:
    # `hub` leaves nothing behind.
    async with AsyncHub(server.url, server.token) as connected:
        yield connected


@pytest.fixture
def kernel(server: Server, hub: Hub) -> Iterator[Kernel]:
    with Kernel(server) as running:
        yield running


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A process that was started in the background ignores interrupts, as may be that of these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runtime files without any, in an environment that names no server."""
    for name in (
        "AGENT_HUB_URL",
        "AGENT_HUB_TOKEN",
        "JPY_PARENT_PID",
        "JUPYTERHUB_SERVICE_URL",
        "JUPYTERHUB_API_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    monkeypatch.chdir(tmp_path)
    return runtime
