"""The two engines, a tiny image on each, and containers that are gone after the test."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from agent_hub.engines.base import BuildSpec, ContainerSpec, Engine, Handle, Stream
from agent_hub.engines.docker import DockerEngine
from agent_hub.engines.process import ProcessEngine

BASE_IMAGE = os.environ.get("AGENT_HUB_TEST_BASE_IMAGE", "debian:bookworm-slim")
TEST_LABEL = "agent-hub.test"
TIMEOUT = 30.0

Create = Callable[..., Awaitable[Handle]]


@pytest_asyncio.fixture(params=["docker", "process"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    if request.param == "docker":
        request.getfixturevalue("docker_engine")
    made: Engine = DockerEngine() if request.param == "docker" else ProcessEngine(tmp_path / "engine")
    yield made
    await made.close()


@pytest_asyncio.fixture
async def on_docker(docker_engine: object) -> AsyncIterator[DockerEngine]:
    """The Docker engine alone; `docker_engine` fails, or skips, where none answers."""
    made = DockerEngine()
    yield made
    await made.close()


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with one program in ``bin``."""
    folder = tmp_path / "context"
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "hello"
    program.write_text("#!/bin/sh\necho hello from the image\n")
    program.chmod(0o755)
    (folder / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nCOPY bin /opt/agent-hub/bin\n")
    return folder


@pytest_asyncio.fixture
async def image(engine: Engine, context: Path) -> AsyncIterator[str]:
    ref = f"agent-hub-test/engines:{uuid.uuid4().hex[:12]}"
    await engine.build(BuildSpec(ref, context, labels={TEST_LABEL: "image"}), lambda line: None)
    yield ref
    await engine.remove_image(ref)


@pytest_asyncio.fixture
async def create(engine: Engine, image: str) -> AsyncIterator[Create]:
    """Creates a container that runs a shell command; removed after the test."""
    made: list[Handle] = []

    async def create(script: str, spec: ContainerSpec | None = None) -> Handle:
        base = spec or ContainerSpec(name="", image=image)
        name = base.name or f"agent-hub-test-{uuid.uuid4().hex[:12]}"
        labels = {TEST_LABEL: name, **base.labels}
        handle = await engine.create(
            replace(base, name=name, image=base.image or image, command=("sh", "-c", script), labels=labels)
        )
        made.append(handle)
        return handle

    yield create
    for handle in made:
        await engine.remove(handle)


class Attached:
    """A container's terminal, with what came and was not looked at yet."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.pieces: list[bytes] = []
        self.ended = False
        self._changed = asyncio.Event()
        stream.listen(self._take, self._end)

    def _take(self, data: bytes) -> None:
        assert not self.ended, "nothing comes after the end"
        self.pieces.append(data)
        self._changed.set()

    def _end(self) -> None:
        assert not self.ended, "the end is told once"
        self.ended = True
        self._changed.set()

    async def read(self) -> bytes:
        """What came, or ``b""`` once the stream has ended."""
        while not self.pieces and not self.ended:
            self._changed.clear()
            await self._changed.wait()
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data

    async def write(self, data: bytes) -> None:
        room = self.stream.write(data)
        if room is not None:
            await room

    async def resize(self, rows: int, columns: int) -> None:
        await self.stream.resize(rows, columns)

    async def close(self) -> None:
        await self.stream.close()


async def attach(engine: Engine, handle: Handle) -> Attached:
    """Attach, and listen."""
    return Attached(await engine.attach(handle))


async def read_until(stream: Attached, expected: bytes, timeout: float = TIMEOUT) -> bytes:
    """What comes up to and with `expected`."""
    data = b""
    async with asyncio.timeout(timeout):
        while expected not in data:
            part = await stream.read()
            assert part, f"the stream ended after {data!r}"
            data += part
    return data


async def read_all(stream: Attached, timeout: float = TIMEOUT) -> bytes:
    """What comes until the end."""
    data = bytearray()
    async with asyncio.timeout(timeout):
        while part := await stream.read():
            data += part
    return bytes(data)
