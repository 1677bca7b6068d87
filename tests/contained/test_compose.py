"""The hub's own image, and the compose file that starts it."""

from __future__ import annotations

import os
import secrets
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest

from agent_hub.engines.docker_buildkit import find_builder
from tests.conftest import Repository
from tests.contained.composed import OWNER, ComposedServer
from tests.contained.server import CHECKOUT
from tests.crash.server import REQUEST_SECONDS

pytestmark = pytest.mark.timeout(1200)
BUILD_SECONDS = 900


@pytest.fixture(scope="module")
def a_hub_image(base_image: str, docker_engine: docker.DockerClient) -> Iterator[str]:
    """``compose/Dockerfile``, built on an image that the engine has."""
    tag = f"agent-hub/hub-test:{secrets.token_hex(6)}"
    certificates = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    secret = [f"--secret=id=ca,src={certificates}"] if certificates else []
    builder = find_builder(os.environ)
    assert builder is not None, "no docker command here can use BuildKit"
    done = subprocess.run(
        [*builder, "--tag", tag, f"--build-arg=BASE={base_image}", *secret, "--file=compose/Dockerfile", "."],
        cwd=CHECKOUT,
        env=os.environ | {"DOCKER_BUILDKIT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    yield tag
    docker_engine.images.remove(tag)


@pytest.fixture
async def a_composed_server(
    tmp_path: Path, docker_engine: docker.DockerClient, a_hub_image: str
) -> AsyncIterator[ComposedServer]:
    """Not yet started."""
    async with ComposedServer(tmp_path / "composed", docker_engine, a_hub_image) as server:
        yield server


async def test_compose_starts_lab_with_the_hub_and_what_chats_make_is_the_person_s(
    a_composed_server: ComposedServer, a_repository: Repository, base_image: str
) -> None:
    server = a_composed_server
    await server.start()
    page = await server.http.get(f"http://127.0.0.1:{server.port}/lab")
    assert page.status_code == 200
    assert "agent-hub-labextension" in page.text

    project = await server.project(server.take(a_repository), base=base_image)
    chat = await server.chat(project)
    await server.says(chat, "cat README.md", "# Widgets")
    assert "loss.txt" in await server.publish(chat, "loss.txt", b"0.25\n")
    (published,) = list((server.root / "agent-hub").rglob("loss.txt"))
    assert published.read_bytes() == b"0.25\n"
    assert (published.stat().st_uid, published.stat().st_gid) == (OWNER, OWNER)


async def test_its_doctor_finds_no_problem(a_composed_server: ComposedServer, base_image: str) -> None:
    said = await a_composed_server.compose("run", "--rm", "hub", "doctor", f"--AgentHub.base_image={base_image}")
    assert "PROBLEM" not in said
    assert "Docker" in said


def test_a_folder_of_root_s_is_not_given_away(a_hub_image: str, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("of the machine")
    os.chown(tmp_path, 0, 0)
    done = subprocess.run(
        ["docker", "run", "--rm", "--volume", f"{tmp_path}:/work", a_hub_image, "doctor"],
        capture_output=True,
        text=True,
        timeout=REQUEST_SECONDS,
    )
    assert done.returncode == 1
    assert "set AGENT_HUB_UID" in done.stderr
    assert tmp_path.stat().st_uid == 0
