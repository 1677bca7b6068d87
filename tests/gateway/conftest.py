from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.models import Chat
from tests.conftest import Repository
from tests.gateway.container import Container
from tests.hub.running import RunningHub


@pytest.fixture
async def hub(tmp_path: Path, a_small_codex: Path) -> AsyncIterator[RunningHub]:
    """A hub without containers: what they would add is in ``tests/container``."""
    running = await RunningHub.open(tmp_path, ProcessEngine(tmp_path / "data" / "processes"), "any")
    yield running
    await running.clear()
    await running.close()


@pytest.fixture
async def a_chat(hub: RunningHub, a_repository: Repository) -> Chat:
    return await hub.start(await hub.ready(a_repository), name="first")


@pytest.fixture
def container(hub: RunningHub, a_chat: Chat) -> Container:
    """What `a_chat` can send."""
    return Container.of(hub, a_chat)
