from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from agent_hub.notebook.client import Hub
from tests.cli.commands import Commands
from tests.cli.person import Person
from tests.cli.tmux import Tmux
from tests.notebook.conftest import docker_server, hub, nowhere, server
from tests.notebook.server import Server

__all__ = ["docker_server", "hub", "nowhere", "server"]


@pytest.fixture
def commands(server: Server, hub: Hub) -> Commands:
    # `hub` leaves nothing behind.
    return Commands(server)


@pytest.fixture
def person(tmp_path: Path, docker_engine: docker.DockerClient, base_image: str) -> Iterator[Person]:
    """A person without a server, on the Docker engine. What their chats made is gone afterwards."""
    person = Person(tmp_path / "person")
    person.settle(base_image=base_image)
    yield person
    for container in person.containers(docker_engine):
        container.remove(force=True, v=True)
    person.ends_its_hub()


@pytest.fixture
def terminal(person: Person, tmp_path: Path) -> Iterator[Tmux]:
    """Their terminal."""
    with Tmux(tmp_path, person.environment) as window:
        yield window
