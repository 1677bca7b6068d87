"""The agent layer on a real engine, and real servers for what runs in it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import threading
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from agent_hub.agents.layer import container_folder, stage_layer
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


@dataclass
class Receiver:
    """A small gateway: takes published files, and answers as the hub does."""

    port: int
    published: list[dict[str, Any]] = field(default_factory=list)
    refusal: dict[str, str] | None = None
    before_answer: Callable[[], None] = lambda: None

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/artifacts"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
            name = query["name"][0]
            versions = sum(1 for one in received.published if one["name"] == name)
            received.published.append({"name": name, "content": content, "headers": dict(self.headers.items())})
            received.before_answer()
            if received.refusal:
                self.answer(413, received.refusal)
            else:
                path = f"artifacts/{name}"
                self.answer(201, {"name": name, "version": versions + 1, "size": len(content), "path": path})

        def answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what came is recorded."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    received = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield received
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)
