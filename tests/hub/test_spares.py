"""Chats that are prepared ahead."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import EngineUnavailable
from agent_hub.hub.spare import ReadySpare, SpareMaker
from agent_hub.hub.spareplan import FAILURES
from agent_hub.models import ChatStatus, EnvVar, Mount, NewChat, Project, ProjectChange, Spare
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import LIMIT, RunningHub

NEWS = (EnvVar(name="COLOUR", value="green"),)
"""What a chat must be told that its spare was not."""


@pytest.fixture
async def a_hub_with_spares(open_hub: OpenHub) -> RunningHub:
    return await open_hub(spares=1)


@pytest.fixture
async def a_process_hub_with_spares(opened: list[RunningHub], a_small_codex: Path, tmp_path: Path) -> RunningHub:
    folder = tmp_path / "processes"
    opened.append(await RunningHub.open(folder, ProcessEngine(folder / "data" / "processes"), "any", spares=1))
    return opened[-1]


async def spares(hub: RunningHub, project: Project, count: int = 1, but: set[str] | None = None) -> set[str]:
    """The ids of the project's spares, once that many wait beside those in `but`."""

    def waiting() -> set[str]:
        shown = hub.hub.store.projects[project.id].spares
        ids = {spare.id for spare in hub.hub.store.spares if spare.id in hub.hub.chats.spares} - (but or set())
        return ids if len(ids) >= count and shown >= count else set()

    return await hub.until(waiting)


async def test_a_chat_takes_over_a_spare(a_hub_with_spares: RunningHub, a_repository: Repository) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    (spare,) = await spares(hub, project)
    chat = await hub.hub.new_chats.add(
        NewChat(project=project.id, name="Quick", env=(EnvVar(name="COLOUR", value="a 'b"),))
    )
    assert chat.id == spare
    chat = await hub.settled(chat.id)
    await hub.says(chat.id, 'x"$COLOUR"x', "xa 'bx")
    assert chat.commit == a_repository.head
    assert (await hub.run(chat.id, "cat /workspace/README.md")).strip() == "# Widgets"
    assert chat.id not in hub.hub.store.spares


async def test_a_spare_that_fails_as_it_is_given_up_keeps_nobody_waiting(
    a_process_hub_with_spares: RunningHub, a_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def make(self: SpareMaker, spare: Spare, token: str) -> ReadySpare:
        try:
            begun.set()
            await asyncio.sleep(LIMIT)
        finally:
            # As what it lets go of does where the engine is away.
            raise EngineUnavailable("The container engine does not answer.", "Start Docker.")

    monkeypatch.setattr(SpareMaker, "make", make)
    hub = a_process_hub_with_spares
    project = await hub.ready(a_repository)
    await asyncio.wait_for(begun.wait(), LIMIT)
    hub.hub.chats.spares.refresh()
    async with asyncio.timeout(30):
        await hub.hub.chats.spares.stop()
    assert hub.hub.store.projects[project.id].spares == 0


async def test_a_spare_is_made_again_once_it_is_taken(a_hub_with_spares: RunningHub, a_repository: Repository) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    (one,) = await spares(hub, project)
    first = await hub.start(project)
    (another,) = await spares(hub, project, but={one})
    second = await hub.start(project)
    assert (first.id, second.id) == (one, another)
    assert first.container != second.container


async def test_what_a_spare_cannot_serve_starts_all_the_same(
    a_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    (spare,) = await spares(hub, project)
    chat = await hub.start(project, memory=64 * 2**20)
    assert chat.id != spare
    assert spare in hub.hub.store.spares


async def test_a_spare_of_other_settings_is_replaced(a_hub_with_spares: RunningHub, a_repository: Repository) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    old = await spares(hub, project)
    await hub.hub.projects.change(project.id, ProjectChange(env=(EnvVar(name="NEW", value="1"),)))
    (new,) = await spares(hub, project, but=old)
    assert (await hub.start(project)).id == new


async def test_a_spare_of_an_older_commit_is_replaced(a_hub_with_spares: RunningHub, a_repository: Repository) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    await spares(hub, project)
    head = a_repository.commit("Add more", {"more.txt": "more\n"})
    await hub.hub.builds.queue(project.id)
    await hub.ended_build(project.id)
    chat = await hub.start(project)
    assert chat.commit == head
    assert "more.txt" in await hub.run(chat.id, "ls /workspace")


async def test_spares_go_with_their_project(a_hub_with_spares: RunningHub, a_repository: Repository) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    await spares(hub, project)
    await hub.hub.projects.delete(project.id)
    assert await hub.containers() == []
    assert list(hub.hub.store.spares) == []
    assert list((hub.hub.settings.data_dir / "chats").iterdir()) == []


async def test_a_project_deleted_while_its_spare_is_made_leaves_nothing(
    a_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    while not hub.hub.store.spares:
        await asyncio.sleep(0.01)
    await hub.hub.projects.delete(project.id)
    assert await hub.containers() == []
    assert list((hub.hub.settings.data_dir / "chats").iterdir()) == []


async def test_a_closed_hub_leaves_no_spare(
    opened: list[RunningHub], open_hub: OpenHub, a_repository: Repository
) -> None:
    hub = await open_hub(spares=2)
    project = await hub.ready(a_repository)
    await spares(hub, project, 2)
    await hub.close()
    opened.remove(hub)
    hub = await open_hub()
    assert await hub.containers() == []
    assert list(hub.hub.store.spares) == []


async def test_a_spare_whose_container_was_removed_is_replaced(
    a_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    lost = await spares(hub, project)
    (handle,) = await hub.containers()
    await hub.hub.engine.remove(handle)
    (new,) = await spares(hub, project, but=lost)
    assert (await hub.start(project)).id == new


async def test_ten_at_once_on_four_spares_are_ten_chats(open_hub: OpenHub, a_repository: Repository) -> None:
    hub = await open_hub(spares=4)
    project = await hub.ready(a_repository)
    ready = await spares(hub, project, 4)
    chats = await asyncio.gather(
        *(hub.hub.new_chats.add(NewChat(project=project.id, agent="shell")) for _ in range(10))
    )
    assert len({chat.id for chat in chats}) == 10
    assert ready <= {chat.id for chat in chats}
    assert len({chat.name for chat in chats}) == 10
    containers = {(await hub.settled(chat.id)).container for chat in chats}
    assert len(containers) == 10


async def test_a_spare_without_containers_becomes_a_chat_as_well(
    a_process_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_with_spares
    project = await hub.ready(a_repository)
    (spare,) = await spares(hub, project)
    chat = await hub.start(project, env={"COLOUR": "green"})
    assert chat.id == spare
    await hub.says(chat.id, 'x"$COLOUR"x', "xgreenx")


async def test_a_spare_that_cannot_be_made_costs_no_chat_and_is_not_tried_for_ever(
    a_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_hub_with_spares
    # The engine refuses the mount: its source goes before the container is made.
    source = a_repository.path.parent / "data"
    source.mkdir()
    project = await hub.ready(a_repository)
    await spares(hub, project)
    await hub.hub.projects.change(
        project.id, ProjectChange(mounts=(Mount(source=str(source), target="/data", read_only=True),))
    )
    source.rmdir()
    failures = hub.hub.chats.spares._plan._failures
    await hub.until_true(lambda: failures.get(project.id, ("", 0))[1] == FAILURES)
    await hub.until_true(lambda: not list(hub.hub.store.spares))
    source.mkdir()
    assert (await hub.start(project)).status is ChatStatus.running


async def test_a_restored_chat_takes_over_no_spare(a_hub_with_spares: RunningHub, a_repository: Repository) -> None:
    """A spare has a workspace already; the restored one's is what counts."""
    hub = a_hub_with_spares
    project = await hub.ready(a_repository)
    await spares(hub, project)
    chat = await hub.start(project)
    (Path(chat.workspace) / "new.txt").write_text("new")
    await hub.hub.chats.delete(chat.id, force=True)
    (spare,) = await spares(hub, project, but={chat.id})
    again = await hub.settled((await hub.hub.new_chats.restore(chat.id)).id)
    assert again.id != spare
    assert (await hub.run(again.id, "git fsck --no-dangling && git status --porcelain")).strip() == "?? new.txt"


async def test_a_spare_on_another_branch_than_the_project_s_is_nobody_s(
    a_process_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_with_spares
    a_repository.git("branch", "next")
    project = await hub.ready(a_repository)
    old = await spares(hub, project)
    await hub.hub.projects.change(project.id, ProjectChange(branch="next"))
    chat = await hub.start(project)
    assert Repository(Path(chat.workspace)).git("branch", "--show-current") == "next"
    (new,) = await spares(hub, project, but={*old, chat.id})
    assert (await hub.start(project)).id == new


async def test_a_spare_that_is_being_taken_over_is_not_removed_as_one_that_nobody_holds(
    a_process_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_with_spares
    project = await hub.ready(a_repository)
    (spare,) = await spares(hub, project)
    taken = hub.hub.chats.spares.take(hub.hub.store.spares[spare].chat)
    assert taken is not None
    try:
        await hub.hub.chats.reconcile()
        await spares(hub, project, but={spare})
        assert hub.hub.folders.workspace(spare).is_dir() and taken.handle in await hub.containers()
    finally:
        hub.hub.chats.spares.give_up(taken)
    await hub.until_true(lambda: spare not in hub.hub.store.spares)


async def test_a_chat_that_cannot_be_told_to_its_spare_fails_and_can_be_started_again(
    a_process_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_with_spares
    project = await hub.ready(a_repository)
    (spare,) = await spares(hub, project)
    in_the_way = hub.hub.folders.run(spare) / "environment.new"
    in_the_way.mkdir()
    chat = await hub.hub.new_chats.add(NewChat(project=project.id, agent="shell", env=NEWS))
    assert chat.id == spare
    failed = await hub.settled(chat.id, ChatStatus.failed)
    assert "environment.new" in failed.reason
    in_the_way.rmdir()
    await hub.hub.chats.start(chat.id)
    await hub.settled(chat.id)
    await hub.says(chat.id, "rea''dy", "ready")


async def test_a_chat_deleted_while_it_takes_over_a_spare_leaves_nothing(
    a_process_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_with_spares
    project = await hub.ready(a_repository)
    (spare,) = await spares(hub, project)
    # Who writes into a pipe waits until somebody reads.
    held = hub.hub.folders.run(spare) / "environment.new"
    os.mkfifo(held)
    asking = asyncio.create_task(hub.hub.new_chats.add(NewChat(project=project.id, agent="shell", env=NEWS)))
    await hub.until(lambda: spare in hub.hub.store.chats)
    deleting = asyncio.create_task(hub.hub.chats.delete(spare, force=True))
    await hub.until(lambda: hub.hub.store.chats[spare].status is ChatStatus.deleting)
    done, _ = await asyncio.wait([deleting], timeout=0.5)
    assert not done, "it waits for the take-over, which holds the terminal"
    assert await asyncio.to_thread(held.read_text)
    async with asyncio.timeout(LIMIT):
        await asking
        await deleting
    assert spare not in hub.hub.terminals and spare not in hub.hub.store.chats
    assert await hub.container(spare) is None and not hub.hub.folders.chat(spare).exists()


async def test_a_spare_that_fails_in_the_hub_s_own_folders_is_tried_again(
    a_process_hub_with_spares: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_with_spares
    project = await hub.add(a_repository)
    in_the_way = hub.hub.folders.repository(project.id) / "shallow"
    await hub.step(project.id, "Agent layer")
    in_the_way.mkdir()
    await hub.ended_build(project.id)
    failures = hub.hub.chats.spares._plan._failures
    await hub.until_true(lambda: failures.get(project.id, ("", 0))[1] == FAILURES)
    in_the_way.rmdir()
    await hub.hub.projects.change(project.id, ProjectChange(env=(EnvVar(name="NEW", value="1"),)))
    await spares(hub, project)
