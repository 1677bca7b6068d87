"""The agent layer on a real engine, and real servers for what runs in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from agent_hub.agents.layer import container_folder, stage_layer
from tests.container.receiver import Receiver, open_receiver
from tests.standins.model_server import ModelServer

BASE = os.environ.get("AGENT_HUB_TEST_BASE", "debian:bookworm-slim")
BIN = container_folder() / "bin"
LABEL = "agent-hub.test"
HOST = "host.docker.internal"


@dataclass
class Layers:
    """Builds images that are gone after the session; the engine keeps their layers for the next one."""

    client: docker.DockerClient
    context: Path
    tags: list[str] = field(default_factory=list)

    def on(self, base: str = BASE, uid: int = 1000) -> str:
        """The agent layer on a base image."""
        return self._build(path=str(self.context), buildargs={"BASE": base, "UID": str(uid), "GID": str(uid)})

    def base(self, *lines: str) -> str:
        """A base image of its own: `lines` of a Dockerfile on the plain one."""
        folder = self.context.parent / uuid.uuid4().hex
        folder.mkdir()
        (folder / "Dockerfile").write_text("\n".join([f"FROM {BASE}", *lines]) + "\n")
        return self._build(path=str(folder))

    def _build(self, **options: Any) -> str:
        tag = f"agent-hub-test:{uuid.uuid4().hex}"
        self.client.images.build(tag=tag, rm=True, forcerm=True, timeout=600, **options)
        self.tags.append(tag)
        return tag


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def layers(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layers]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agent-hub"
    context = tmp_path_factory.mktemp("layer") / "context"
    asyncio.run(stage_layer(context, cache, print))
    made = Layers(engine, context)
    yield made
    for tag in made.tags:
        engine.images.remove(tag, force=True, noprune=True)


@pytest.fixture(scope="session")
def image(layers: Layers) -> str:
    """The agent layer on the plain base, for uid 1000."""
    return layers.on()


@dataclass(frozen=True)
class Ended:
    code: int
    output: str


RunIn = Callable[..., Ended]


@pytest.fixture
def run_in(engine: docker.DockerClient) -> Iterator[RunIn]:
    """Run a command in a container of an image, to its end; the container is gone afterwards."""
    containers: list[Container] = []

    def run(image: str, command: Sequence[str], **options: Any) -> Ended:
        container = engine.containers.create(
            image, list(command), labels={LABEL: "1"}, init=True, extra_hosts={HOST: "host-gateway"}, **options
        )
        containers.append(container)
        container.start()
        code = container.wait(timeout=60)["StatusCode"]
        return Ended(code, container.logs().decode())

    yield run
    for container in containers:
        container.remove(force=True, v=True)


@dataclass(frozen=True)
class Userland:
    """A shell and the programs beside it, as one kind of base image has them."""

    shell: str
    path: str


@pytest.fixture(params=["debian", "busybox"])
def userland(request: pytest.FixtureRequest, tmp_path: Path) -> Userland:
    """What the scripts run under: GNU programs, and BusyBox's, which Alpine has."""
    if request.param == "debian":
        return Userland("/bin/sh", "/usr/bin:/bin")
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("this machine has no busybox (busybox-static), which Alpine's scripts run under")
    folder = tmp_path / "busybox"
    folder.mkdir()
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    for name in applets:
        (folder / name).symlink_to(busybox)
    for name in ("git", "curl", "python3"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(f"/usr/bin/{name}")
    return Userland(str(folder / "sh"), str(folder))


@pytest.fixture
def chat_folders(tmp_path: Path) -> dict[str, Path]:
    """Workspace, agent's folder, run folder and sockets' folder of a chat, owned by uid 1000."""
    folders = {name: tmp_path / name for name in ("workspace", "agent", "run", "sockets")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
        if os.getuid() == 0:
            os.chown(folder, 1000, 1000)
    return folders


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in for a model, which containers reach at the bridge's address."""
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture(scope="session")
def host() -> str:
    """What a container of these tests calls this machine."""
    return HOST


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as received:
        yield received


TOKEN = "a-secret-token"
SENDERS = {"curl": ("curl",), "python3": ("python3",), "wget": ("wget", "grep", "mktemp", "rm")}
"""What can send a file, and what else it needs."""


@pytest.fixture
def run_folder(tmp_path: Path, receiver: Receiver) -> Path:
    """What the hub tells a chat's container: the receiver's address, and a token."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "artifacts_url").write_text(receiver.url())
    return folder


@pytest.fixture
def pauses(tmp_path: Path) -> Path:
    """A folder with a sleep that does not: it writes down how long it was asked to."""
    folder = tmp_path / "pauses"
    folder.mkdir()
    (folder / "sleep").write_text(f'#!/bin/sh\necho "$1" >>"{folder}/asked"\n')
    (folder / "sleep").chmod(0o755)
    return folder


@pytest.fixture(params=SENDERS)
def path_with_one_sender(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH where one program only can send a file."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("cat", "od", *SENDERS[request.param]):
        program = Path("/usr/bin") / name
        if not program.exists():
            found = shutil.which(name)
            if not found:
                pytest.skip(f"this machine has no {name}")
            program = Path(found)
        (folder / name).symlink_to(program)
    return str(folder)


Tool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def hub_artifact(run_folder: Path, pauses: Path, tmp_path: Path) -> Tool:
    """Run it as an agent does, in a folder of its own."""

    def run(
        *arguments: str, path: str = "/usr/bin:/bin", shell: str = "/bin/sh", **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shell, str(BIN / "hub_artifact"), *arguments],
            cwd=tmp_path,
            env={"PATH": f"{pauses}:{path}", "AGENT_HUB_RUN": str(run_folder), "LANG": "C.UTF-8"} | env,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


@pytest.fixture
def publish(hub_artifact: Tool) -> Tool:
    """Run ``hub_artifact publish``."""
    return lambda *arguments, **options: hub_artifact("publish", *arguments, **options)
