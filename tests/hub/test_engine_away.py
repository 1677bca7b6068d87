"""An engine that goes away in the middle, and comes back."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent_hub.engines.docker import DockerEngine
from agent_hub.errors import EngineUnavailable
from agent_hub.models import BuildState, ChatChange, ChatStatus, NewChat, ProjectChange
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.hub.second_engine import SecondEngine

BASE = "busybox:test"


# The Docker SDK leaves a socket that could not connect to the garbage collector (docker/transport/unixconn.py).
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def no_socket_is_left_to_be_collected() -> Iterator[None]:
    """Collects them while their warning is still left out, so that no other test is blamed for them."""
    yield
    gc.collect()


@pytest.fixture
def an_engine(docker_engine: object) -> Iterator[SecondEngine]:
    """An engine with a base image."""
    if os.geteuid() != 0:
        pytest.skip("only root may start a Docker engine")
    if not all(shutil.which(name) for name in ("dockerd", "unshare", "busybox")):
        pytest.skip("this machine lacks dockerd, unshare or busybox (busybox-static), which a second engine needs")
    # Beside the other temporary folders: a path in them is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder:
        engine = SecondEngine(Path(folder))
        try:
            engine.start()
            engine.import_base(BASE)
            yield engine
        finally:
            engine.stop()


@pytest.fixture
async def hub(an_engine: SecondEngine, a_small_codex: Path, tmp_path: Path) -> AsyncIterator[RunningHub]:
    running = await RunningHub.open(tmp_path / "hub", DockerEngine(an_engine.url), BASE)
    yield running
    await running.clear()
    assert await running.containers() == []
    await running.close()


async def reachable(hub: RunningHub, expected: bool) -> None:
    """Wait until the hub's status says so, by itself."""
    await hub.until(lambda: hub.hub.status().engine.reachable is expected, 30)


async def test_a_build_that_loses_its_engine_fails_with_that_and_the_next_one_works(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    project = await hub.add(a_repository, setup="sleep 1000")
    await hub.step(project.id, "Setup script")
    # An engine that is asked to stop ends its containers first, and the script would seem to have failed.
    await asyncio.to_thread(an_engine.kill)
    build = await hub.ended_build(project.id)
    assert build.state is BuildState.failed
    assert build.error and build.error.code == "engine_unavailable", build.error
    assert build.error.message and build.error.hint
    await hub.hub.look()
    assert not hub.hub.status().engine.reachable and hub.hub.status().engine.message
    await asyncio.to_thread(an_engine.start)
    await reachable(hub, True)
    await hub.hub.projects.change(project.id, ProjectChange(setup="true"))
    await hub.hub.builds.queue(project.id)
    assert (await hub.ended_build(project.id)).state is BuildState.ready
    assert await hub.containers() == []


async def test_a_chat_that_loses_its_engine_is_unknown_and_settled_when_it_is_back(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    project = await hub.ready(a_repository)
    chat = await hub.start(project)
    (Path(chat.workspace) / "kept.txt").write_text("kept")
    await asyncio.to_thread(an_engine.stop)
    await hub.until(lambda: hub.hub.store.chats[chat.id].status in (ChatStatus.unknown, ChatStatus.exited), 30)
    await reachable(hub, False)
    other = await hub.hub.new_chats.add(NewChat(project=project.id, agent="shell"))
    failed = await hub.settled(other.id, ChatStatus.failed)
    assert failed.error and failed.error.code == "engine_unavailable"
    await asyncio.to_thread(an_engine.start)
    await reachable(hub, True)
    await hub.settled(chat.id, ChatStatus.exited)
    for id in (chat.id, other.id):
        await hub.hub.chats.start(id)
        await hub.settled(id)
    assert (Path(chat.workspace) / "kept.txt").read_text() == "kept"


async def test_a_chat_deleted_without_its_engine_is_gone_when_it_is_back(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    chat = await hub.start(await hub.ready(a_repository))
    await asyncio.to_thread(an_engine.stop)
    with pytest.raises(EngineUnavailable):
        await hub.hub.chats.delete(chat.id, force=True)
    assert hub.hub.store.chats[chat.id].status is ChatStatus.deleting
    await hub.hub.look()
    await asyncio.to_thread(an_engine.start)
    await hub.until(lambda: chat.id not in hub.hub.store.chats, 30)
    assert await hub.containers() == []
    assert not Path(chat.workspace).exists()


async def test_a_workspace_outlives_the_pruning_of_everything_the_engine_holds(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    chat = await hub.start(await hub.ready(a_repository))
    workspace = Repository(Path(chat.workspace))
    (workspace.path / "kept.txt").write_text("kept")
    await hub.hub.chats.stop(chat.id)
    for spare in await hub.containers():
        await hub.hub.engine.stop(spare, 0)
    arguments = ["docker", "--host", an_engine.url, "system", "prune", "--all", "--volumes", "--force"]
    await asyncio.to_thread(subprocess.run, arguments, check=True, capture_output=True, timeout=60)
    assert workspace.git("status", "--porcelain") == "?? kept.txt"
    workspace.git("fsck", "--full", "--strict")
    files = [path for path in workspace.path.rglob("*") if path.is_file()]
    assert {path.stat().st_uid for path in files} == {os.getuid()}
    assert all(os.access(path, os.R_OK | os.W_OK) for path in files if ".git" not in path.parts)


async def test_an_engine_that_is_killed_takes_no_work_with_it(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    chat = await hub.start(await hub.ready(a_repository))
    (Path(chat.workspace) / "kept.txt").write_text("kept")
    await asyncio.to_thread(an_engine.kill)
    await reachable(hub, False)
    assert hub.hub.store.chats[chat.id].status is ChatStatus.unknown
    await asyncio.to_thread(an_engine.start)
    await reachable(hub, True)
    ended = await hub.until(
        lambda: (found := hub.hub.store.chats[chat.id]).status in (ChatStatus.running, ChatStatus.exited) and found, 30
    )
    if ended.status is ChatStatus.exited:
        await hub.hub.chats.start(chat.id)
    await hub.settled(chat.id)
    await hub.says(chat.id, "it is $(cat kept.txt).", "it is kept.")
    assert len(await hub.containers()) == 1


async def test_what_was_asked_as_the_engine_was_killed_has_happened_once_it_is_back(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    project = await hub.ready(a_repository)
    stopped, deleted = [await hub.start(project) for _ in range(2)]
    started = await hub.hub.new_chats.add(NewChat(project=project.id, agent="shell"))
    asked = asyncio.gather(
        hub.hub.chats.stop(stopped.id), hub.hub.chats.delete(deleted.id, force=True), return_exceptions=True
    )
    await hub.until(lambda: hub.hub.store.chats[deleted.id].status is ChatStatus.deleting)
    await asyncio.to_thread(an_engine.kill)
    async with asyncio.timeout(60):
        await asked
    await asyncio.to_thread(an_engine.start)
    await reachable(hub, True)
    await hub.until(lambda: deleted.id not in hub.hub.store.chats, 30)
    assert not Path(deleted.workspace).exists()
    await hub.until(lambda: hub.hub.store.chats[stopped.id].status is ChatStatus.exited, 30)
    ends = (ChatStatus.running, ChatStatus.failed, ChatStatus.exited)
    found = await hub.until(lambda: (one := hub.hub.store.chats[started.id]).status in ends and one, 60)
    if found.status is ChatStatus.failed:
        assert found.error is not None and found.error.code.startswith("engine"), found.error
    if found.status is not ChatStatus.running:
        await hub.hub.chats.start(started.id)
        await hub.settled(started.id)
    running = {handle.labels["agent-hub.chat"] for handle in await hub.containers()}
    assert running == {stopped.id, started.id}


async def test_an_engine_that_hangs_keeps_nobody_waiting_who_needs_none(
    hub: RunningHub, an_engine: SecondEngine, a_repository: Repository
) -> None:
    project = await hub.ready(a_repository)
    chat = await hub.start(project)
    an_engine.freeze()
    try:
        stopping = asyncio.create_task(hub.hub.chats.stop(chat.id))
        looking = asyncio.create_task(hub.hub.look())
        # Less than the look takes that waits for the engine.
        async with asyncio.timeout(8):
            other = await hub.hub.new_chats.add(NewChat(project=project.id, agent="shell", name="Later"))
            assert (await hub.hub.chats.change(chat.id, ChatChange(name="Renamed"))).name == "Renamed"
            await hub.hub.projects.change(project.id, ProjectChange(name="Gadgets"))
            subscription = hub.hub.events.subscribe()
            assert len((await anext(subscription)).chats) == 2  # type: ignore[union-attr]
            subscription.close()
        await reachable(hub, False)
    finally:
        an_engine.thaw()
    await reachable(hub, True)
    async with asyncio.timeout(60):
        await asyncio.gather(stopping, looking, return_exceptions=True)
    await hub.until(lambda: hub.hub.store.chats[chat.id].status is ChatStatus.exited, 60)
    ends = (ChatStatus.running, ChatStatus.failed)
    await hub.until(lambda: hub.hub.store.chats[other.id].status in ends, 60)
