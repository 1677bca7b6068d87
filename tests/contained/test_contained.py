"""A hub in a container of the engine that its chats are on."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path

import docker
import httpx
import pytest
from docker.models.volumes import Volume

from tests.conftest import Repository
from tests.contained.server import ContainedServer
from tests.crash.server import READY_SECONDS

OpenContained = Callable[..., Awaitable[ContainedServer]]


@pytest.fixture
def a_volume(docker_engine: docker.DockerClient) -> Iterator[Volume]:
    volume = docker_engine.volumes.create(f"agent-hub-test-{secrets.token_hex(6)}")
    yield volume
    volume.remove(force=True)


@pytest.fixture
async def open_contained(
    tmp_path: Path, base_image: str, docker_engine: docker.DockerClient, a_small_codex: Path, a_volume: Volume
) -> AsyncIterator[OpenContained]:
    """Starts a server in a container; it, its chats and its volume are removed after the test."""
    async with AsyncExitStack() as stack:

        async def start(
            data: str, on: str, gateway: tuple[str, int] | None = None, **options: object
        ) -> ContainedServer:
            options |= {"base_image": base_image} | ({"gateway_port": gateway[1]} if gateway else {})
            folder = tmp_path / "server"
            server = ContainedServer(folder, docker_engine, base_image, data, on, gateway, **options)
            return await stack.enter_async_context(server)

        yield start


@pytest.fixture
def a_free_place(docker_engine: docker.DockerClient) -> tuple[str, int]:
    """An address and a port that containers reach, which nobody listens at."""
    (part,) = docker_engine.networks.get("bridge").attrs["IPAM"]["Config"]
    address = part.get("Gateway") or str(next(ipaddress.ip_network(part["Subnet"]).hosts()))
    with closing(socket.create_server((address, 0))) as listener:
        return address, listener.getsockname()[1]


async def _works(server: ContainedServer, repository: Repository, **settings: object) -> str:
    """The id of a chat that has said, kept and published something."""
    await server.ready()
    project = await server.project(repository, **settings)
    chat = await server.chat(project)
    await server.says(chat, "echo kept >left.txt; cat README.md", "# Widgets")
    files = await server.get(f"api/chats/{chat}/files/left.txt?stat=true")
    assert files["size"] == len("kept\n")
    assert "loss.txt" in await server.publish(chat, "loss.txt", b"0.25\n")
    (published,) = list((server.root / "agent-hub").rglob("loss.txt"))
    assert published.read_bytes() == b"0.25\n"
    return chat


async def _refused(server: ContainedServer) -> dict[str, str]:
    """Why the hub did not start."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            answer = await server.http.get("api/status")
            assert answer.status_code != 200, answer.text
            body: dict[str, str] = answer.json()
            if "still starting" not in body["message"]:
                return body
        await asyncio.sleep(0.05)
    raise AssertionError(server.tail())


def _run_in(chat: str, engine: docker.DockerClient, script: str, limit: int = 60) -> tuple[int, str]:
    code, output = engine.containers.get(f"agent-hub-{chat}").exec_run(["timeout", str(limit), "bash", "-c", script])
    return code, output.decode()


async def test_it_works_on_the_machine_s_network_with_its_data_in_a_folder(
    open_contained: OpenContained, a_repository: Repository, docker_engine: docker.DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    server = await open_contained(str(tmp_path / "data"), "host")
    (server.root / "numbers").mkdir()
    (server.root / "numbers" / "a.txt").write_text("1\n")
    chat = await _works(server, a_repository, mounts=[{"source": "/work/numbers", "target": "/numbers"}])
    assert _run_in(chat, docker_engine, "cat /numbers/a.txt") == (0, "1\n")
    own = (tmp_path / "data" / "hub" / "chats" / chat / "workspace" / "left.txt").stat()
    assert (own.st_uid, own.st_gid) == (os.getuid(), os.getgid())


async def test_it_works_on_a_network_of_its_own_with_its_data_in_a_volume(
    open_contained: OpenContained,
    a_repository: Repository,
    a_volume: Volume,
    a_free_place: tuple[str, int],
    docker_engine: docker.DockerClient,
) -> None:
    server = await open_contained(a_volume.name, "bridge", a_free_place)
    chat = await _works(server, a_repository)
    # Of the hub's container a chat reaches the gateway alone.
    assert server.container is not None
    server.container.reload()
    address = server.container.attrs["NetworkSettings"]["IPAddress"]
    for host, port in ((address, server.port), (address, a_free_place[1]), (a_free_place[0], server.port)):
        code, said = _run_in(chat, docker_engine, f": </dev/tcp/{host}/{port}", limit=3)
        assert code, (host, port, said)
    assert _run_in(chat, docker_engine, f": </dev/tcp/{a_free_place[0]}/{a_free_place[1]}")[0] == 0


async def test_it_works_at_its_own_address_where_chats_may_reach_each_other(
    open_contained: OpenContained, a_repository: Repository, a_volume: Volume
) -> None:
    server = await open_contained(a_volume.name, "bridge", network="bridge")
    await _works(server, a_repository)


async def test_data_that_no_chat_could_be_given_are_refused_with_what_to_do(open_contained: OpenContained) -> None:
    server = await open_contained("", "bridge", network="bridge", data_dir="/tmp/hub")
    refused = await _refused(server)
    assert "/tmp/hub is in none of the folders that it was started with" in refused["message"]
    assert "--AgentHub.data_dir" in refused["hint"]


async def test_a_hub_that_chats_cannot_reach_is_refused_with_what_to_do(
    open_contained: OpenContained, a_volume: Volume, a_free_place: tuple[str, int]
) -> None:
    server = await open_contained(a_volume.name, "bridge", gateway_port=a_free_place[1])
    refused = await _refused(server)
    assert f"its port {a_free_place[1]} is not published" in refused["message"]
    assert f"-p {a_free_place[0]}:{a_free_place[1]}:{a_free_place[1]}" in refused["hint"]
