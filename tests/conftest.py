"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

from tests.standins.git_server import GitServer

pytest_plugins = ["pytest_jupyter.jupyter_server"]

BASE_IMAGE = "debian:bookworm-slim"
HUB_LABEL = "agent-hub.hub"
ENGINE_TIMEOUT = 60


@dataclass(frozen=True)
class Repository:
    """A Git repository with a working tree: three commits on ``main``, one more on ``feature``."""

    path: Path

    def git(self, *arguments: str) -> str:
        """Run Git in the working tree; what it printed."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    def commit(self, subject: str, files: dict[str, str]) -> str:
        """Write the files and commit them; the commit's id."""
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    @property
    def head(self) -> str:
        return self.git("rev-parse", "main")


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str], Repository]:
    """Makes repositories, all in one folder."""

    def make(name: str = "widgets") -> Repository:
        path = tmp_path / "repositories" / name
        path.mkdir(parents=True)
        repository = Repository(path)
        repository.git("init", "--quiet", "--initial-branch=main")
        repository.git("config", "user.name", "Test")
        repository.git("config", "user.email", "test@localhost")
        repository.commit("Add a readme", {"README.md": "# Widgets\n"})
        repository.commit("Add a module", {"widgets.py": "COUNT = 1\n"})
        repository.git("switch", "--quiet", "--create", "feature")
        repository.commit("Count to two", {"widgets.py": "COUNT = 2\n"})
        repository.git("switch", "--quiet", "main")
        repository.commit("Add data", {"data/numbers.txt": "1\n2\n3\n"})
        return repository

    return make


@pytest.fixture
def a_repository(make_repository: Callable[[str], Repository]) -> Repository:
    return make_repository("widgets")


@pytest.fixture
def repository_url(a_repository: Repository) -> Iterator[str]:
    """`a_repository`, served over the network of this machine."""
    with GitServer(a_repository.path.parent) as server:
        yield server.url(a_repository.path)


@pytest.fixture
def a_small_codex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of Codex, where its 300 MB add nothing, and a home without a person's own start files."""
    program = tmp_path / "codex"
    program.write_text("#!/bin/sh\necho codex-cli 0.0.0\n")
    program.chmod(0o755)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("AGENT_HUB_CODEX", str(program))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return program


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[docker.DockerClient]:
    """A Docker engine that answers. Where there is none the test fails, so that nothing is left out unnoticed."""
    if os.environ.get("AGENT_HUB_TEST_WITHOUT_DOCKER"):
        pytest.skip("AGENT_HUB_TEST_WITHOUT_DOCKER is set, and this needs a Docker engine")
    try:
        client = docker.from_env(timeout=ENGINE_TIMEOUT)
        client.ping()
    except DockerException as error:
        pytest.fail(f"No Docker engine answers ({error}): run bin/test, or set AGENT_HUB_TEST_WITHOUT_DOCKER=1.")
    yield client
    client.close()


@pytest.fixture(scope="session")
def base_image(docker_engine: docker.DockerClient) -> str:
    """The tag of an image without Python, Git or curl, on the engine."""
    try:
        docker_engine.images.get(BASE_IMAGE)
    except ImageNotFound:
        pytest.fail(f"The engine has no {BASE_IMAGE}: run bin/test, or docker pull {BASE_IMAGE}.")
    return BASE_IMAGE


@pytest.fixture(scope="session", autouse=True)
def no_container_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What hubs of these tests made is gone after them. Theirs are the containers that see this run's own folder."""
    yield
    left = _containers_of_hubs_in(tmp_path_factory.getbasetemp())
    assert not left, f"containers left on the engine: {left}"


def _containers_of_hubs_in(folder: Path) -> list[str]:
    try:
        client = docker.from_env(timeout=ENGINE_TIMEOUT)
    except DockerException:
        return []
    try:
        found = client.api.containers(all=True, filters={"label": HUB_LABEL})
    except (DockerException, OSError):
        return []
    finally:
        client.close()
    return [
        str(container["Names"][0])
        for container in found
        if any(Path(mount.get("Source", "/")).is_relative_to(folder) for mount in container.get("Mounts", []))
    ]
