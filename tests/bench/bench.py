"""What every measurement stands on: how much is measured, and servers with a project and its raw counterpart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.chats import COLD, HubChats, RawChats
from tests.bench.project import Project, make_repository
from tests.bench.raw import RawDocker
from tests.bench.server import Server


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    runs: int = 12
    few_runs: int = 3
    echoes: int = 2000
    output_bytes: int = 100_000_000
    published: int = 1000
    published_bytes: int = 500_000_000
    files: int = 20_000
    spares: int = 4
    burst: int = 10
    bursts: int = 5
    idle_seconds: float = 60.0
    chats: int = 20
    terminals: int = 50
    sockets: int = 20
    listed: int = 1000
    shown: int = 2000
    lists: int = 500
    frames: int = 120


QUICK = Scale(
    runs=1,
    few_runs=1,
    echoes=50,
    output_bytes=2_000_000,
    published=20,
    published_bytes=2_000_000,
    files=500,
    spares=1,
    burst=3,
    bursts=1,
    idle_seconds=1.0,
    chats=2,
    terminals=3,
    sockets=2,
    listed=50,
    shown=60,
    lists=20,
    frames=20,
)
"""Enough to show that each measurement works, and too little to mean anything."""


@dataclass(frozen=True)
class Stage:
    """A server with a small project, whose chats are shells, and the same containers without the hub."""

    server: Server
    project: Project
    hub: HubChats
    raw: RawChats


@dataclass(frozen=True)
class Bench:
    """One run of the bench.

    Parameters
    ----------
    folder
        Of its own, where everything is kept. What containers have mounted of it is how they are found in the end.
    base
        Base image of the chats.
    """

    docker: RawDocker
    folder: Path
    base: str
    scale: Scale

    @contextmanager
    def stage(self, name: str, spares: int) -> Iterator[Stage]:
        """A stage with that many spares of each project."""
        folder = self.folder / name
        with Server(folder / "server", spares) as server:
            repository = make_repository(folder / "shells", {"README.md": b"# Bench\n"})
            project = Project(server, repository, self.base)
            hub = HubChats(server, project)
            with hub.chat(**COLD) as chat:
                raw = RawChats(hub.inspect(self.docker, chat.id), folder)
            yield Stage(server, project, hub, raw)
            project.delete()
