"""A chat's life on a real engine."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import docker
import pytest
from pydantic import ValidationError

from agent_hub.engines.base import ContainerSpec
from agent_hub.engines.docker import DockerEngine
from agent_hub.errors import Conflict, InvalidInput, InvalidMount, NotFound, UnsavedWork
from agent_hub.models import ChatChange, ChatStatus, Mount, NewChat, NewProject, Project
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import RunningHub


async def test_a_chat_that_its_agent_ended_keeps_everything_and_starts_again(
    a_hub: RunningHub, a_ready_project: Project
) -> None:
    chat = await a_hub.start(a_ready_project)
    await a_hub.type(chat.id, "echo kept > kept.txt; exit 3\r")
    ended = await a_hub.settled(chat.id, ChatStatus.exited)
    assert ended.exit_code == 3
    assert ended.ended_at is not None
    assert (Path(chat.workspace) / "kept.txt").read_text() == "kept\n"
    await a_hub.shows(chat.id, "The agent exited (3)")
    await a_hub.hub.chats.start(chat.id)
    again = await a_hub.settled(chat.id)
    assert (again.exit_code, again.ended_at, again.container) == (None, None, chat.container)
    await a_hub.says(chat.id, "$(cat kept.txt)-again", "kept-again")
    assert "exited (3)" in a_hub.shown(chat.id)


async def test_a_running_chat_cannot_be_started_and_a_stopped_one_not_stopped(
    a_hub: RunningHub, a_ready_project: Project
) -> None:
    chat = await a_hub.start(a_ready_project)
    with pytest.raises(Conflict):
        await a_hub.hub.chats.start(chat.id)
    stopped = await a_hub.hub.chats.stop(chat.id)
    assert (stopped.status, stopped.reason, stopped.exit_code) == (ChatStatus.exited, "stopped", None)
    with pytest.raises(Conflict):
        await a_hub.hub.chats.stop(chat.id)


async def test_a_program_that_ignores_being_asked_is_stopped_all_the_same(
    a_hub: RunningHub, a_ready_project: Project, docker_engine: docker.DockerClient
) -> None:
    chat = await a_hub.start(a_ready_project)
    await a_hub.says(chat.id, "de''af; trap '' TERM HUP; while :; do sleep 1; done", "deaf")
    async with asyncio.timeout(120):
        stopped = await a_hub.hub.chats.stop(chat.id, grace=1.0)
    assert stopped.status is ChatStatus.exited
    assert docker_engine.containers.get(chat.container).status == "exited"


async def test_a_deleted_chat_leaves_no_container_no_folder_and_no_row(
    a_hub: RunningHub, a_ready_project: Project
) -> None:
    chat = await a_hub.start(a_ready_project)
    await a_hub.run(chat.id, "mkdir -p /workspace/.git/locked/deep && chmod -R 0 /workspace/.git/locked")
    await a_hub.hub.chats.delete(chat.id)
    assert await a_hub.containers() == []
    assert not a_hub.hub.folders.chat(chat.id).exists()
    assert chat.id not in a_hub.hub.store.chats
    assert chat.id not in a_hub.hub.terminals
    with pytest.raises(NotFound):
        await a_hub.hub.chats.delete(chat.id)


async def test_unsaved_work_is_not_deleted_unless_it_is_meant(a_hub: RunningHub, a_ready_project: Project) -> None:
    chat = await a_hub.start(a_ready_project)
    (Path(chat.workspace) / "new.txt").write_text("new")
    with pytest.raises(UnsavedWork) as refused:
        await a_hub.hub.chats.delete(chat.id)
    assert refused.value.details["files"] == 1
    assert a_hub.hub.store.chats[chat.id].status is ChatStatus.running
    await a_hub.hub.chats.delete(chat.id, force=True)
    assert not Path(chat.workspace).exists()


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
async def test_a_chat_deleted_while_it_starts_leaves_nothing(
    a_hub: RunningHub, a_ready_project: Project, moment: float
) -> None:
    chat = await a_hub.hub.new_chats.add(NewChat(project=a_ready_project.id, agent="shell"))
    await asyncio.sleep(moment)
    await a_hub.hub.chats.delete(chat.id, force=True)
    assert await a_hub.containers() == []
    assert not a_hub.hub.folders.chat(chat.id).exists()
    assert a_hub.hub.chats._watches == {} and not a_hub.hub.chats._starting.queue.busy


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
async def test_a_chat_stopped_while_it_starts_does_not_run_and_can_start(
    a_hub: RunningHub, a_ready_project: Project, moment: float
) -> None:
    chat = await a_hub.hub.new_chats.add(NewChat(project=a_ready_project.id, agent="shell"))
    await asyncio.sleep(moment)
    stopped = await a_hub.hub.chats.stop(chat.id)
    assert (stopped.status, stopped.reason) == (ChatStatus.exited, "stopped")
    handle = await a_hub.container(chat.id)
    assert handle is None or (await a_hub.hub.engine.inspect(handle)).state != "running"
    await a_hub.hub.chats.start(chat.id)
    await a_hub.settled(chat.id)
    assert (Path(chat.workspace) / "widgets.py").exists()


async def test_ten_chats_at_once_are_ten_containers_and_deleted_at_once_none(
    a_hub: RunningHub, a_ready_project: Project
) -> None:
    wanted = NewChat(project=a_ready_project.id, agent="shell")
    chats = await asyncio.gather(*(a_hub.hub.new_chats.add(wanted) for _ in range(10)))
    await asyncio.gather(*(a_hub.settled(chat.id) for chat in chats))
    assert len(await a_hub.containers()) == len(a_hub.hub.store.chats) == 10
    assert len({chat.name for chat in chats}) == 10
    await asyncio.gather(*(a_hub.hub.chats.delete(chat.id) for chat in chats))
    assert await a_hub.containers() == []
    assert len(a_hub.hub.store.chats) == 0
    assert list((a_hub.hub.folders.root / "chats").iterdir()) == []


async def test_a_chat_deleted_by_two_at_once_is_gone_once(a_hub: RunningHub, a_ready_project: Project) -> None:
    chat = await a_hub.start(a_ready_project)
    both = await asyncio.gather(
        a_hub.hub.chats.delete(chat.id), a_hub.hub.chats.delete(chat.id), return_exceptions=True
    )
    assert [error for error in both if not isinstance(error, NotFound | None)] == []
    assert await a_hub.containers() == []


NAMES = ["two words", 'it\'s "quoted" `$(id)`', "a/b\\c", "💫 ünï", "..", "-rf", "x" * 200]


@pytest.mark.parametrize("name", NAMES)
async def test_a_chat_may_have_any_printable_name(
    a_process_hub: RunningHub, a_repository: Repository, name: str
) -> None:
    project = await a_process_hub.ready(a_repository, name=name)
    chat = await a_process_hub.start(project, name=name)
    assert (project.name, chat.name) == (name, name)
    renamed = await a_process_hub.hub.chats.change(chat.id, ChatChange(name=f"  {name[:190]} again "))
    assert renamed.name == f"{name[:190]} again"
    assert a_process_hub.hub.store.chats[chat.id].status is ChatStatus.running


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "x" * 300, "a\nb", "a\x00b", "a\x1b[31mb", "a\x7fb"])
def test_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    for make in (
        lambda: ChatChange(name=name),
        lambda: NewChat(project="p", name=name),
        lambda: NewProject(url="/srv", name=name),
    ):
        with pytest.raises(ValidationError):
            make()


async def test_a_chat_without_a_name_is_called_after_its_prompt(
    a_process_hub: RunningHub, a_repository: Repository
) -> None:
    project = await a_process_hub.ready(a_repository)
    prompt = "\n  Plot the loss of the last run\x07 and publish it as a picture that everybody can look at\nplease"
    chat = await a_process_hub.start(project, prompt=prompt)
    assert chat.name == "Plot the loss of the last run and publish it as a picture…"


async def test_mounts_of_project_and_chat_are_merged_and_read_only_is_kept(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path
) -> None:
    for name in ("reference", "scratch", "own"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    project = await a_hub.ready(
        a_repository,
        mounts=[
            Mount(source=str(tmp_path / "reference"), target="/reference"),
            Mount(source=str(tmp_path / "scratch"), target="/scratch", read_only=True),
        ],
    )
    chat = await a_hub.start(project, mounts=[Mount(source=str(tmp_path / "own"), target="/scratch", read_only=False)])
    output = await a_hub.run(
        chat.id,
        "exec 2>&1; cat /reference/file /scratch/file; touch /scratch/made; touch /reference/made || echo ' refused'",
    )
    assert output.startswith("referenceown") and "refused" in output
    assert (tmp_path / "own" / "made").stat().st_uid == os.getuid()
    assert not (tmp_path / "reference" / "made").exists()


async def test_a_chats_environment_overrides_its_projects(a_hub: RunningHub, a_repository: Repository) -> None:
    project = await a_hub.ready(a_repository, env={"ONE": "project", "TWO": "project"})
    chat = await a_hub.start(project, env={"TWO": 'chat\'s "own" $HOME\n2'})
    await a_hub.type(chat.id, 'printf %s "$ONE:$TWO" >/workspace/env; echo do""ne\r')
    await a_hub.shows(chat.id, "done")
    assert await a_hub.run(chat.id, "cat /workspace/env") == 'project:chat\'s "own" $HOME\n2'


async def test_no_variable_is_in_a_containers_configuration(
    a_hub: RunningHub, a_ready_project: Project, docker_engine: docker.DockerClient
) -> None:
    chat = await a_hub.start(a_ready_project, env={"API_KEY": "sk-secret"})
    handle = await a_hub.container(chat.id)
    assert handle is not None
    assert "sk-secret" not in str(docker_engine.api.inspect_container(handle.id))


async def test_what_a_chat_asks_of_the_machine_is_what_its_container_gets(
    a_hub: RunningHub, a_ready_project: Project, docker_engine: docker.DockerClient
) -> None:
    chat = await a_hub.start(a_ready_project, cpus=0.5, memory=128 * 2**20, pids=64)
    host = docker_engine.containers.get(chat.container).attrs["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (500_000_000, 128 * 2**20, 64)
    assert host["CapDrop"] == ["ALL"] and "no-new-privileges" in host["SecurityOpt"] and host["Init"]
    assert not any("docker.sock" in mount["Source"] for mount in host.get("Mounts") or ())


async def test_no_token_is_in_a_containers_configuration(
    a_hub: RunningHub, a_ready_project: Project, docker_engine: docker.DockerClient
) -> None:
    chat = await a_hub.start(a_ready_project)
    token = (a_hub.hub.folders.run(chat.id) / "token").read_text().strip()
    assert len(token) > 30
    assert token not in json.dumps(docker_engine.containers.get(chat.container).attrs)
    assert token not in (a_hub.hub.folders.root / "hub.db").read_bytes().decode(errors="replace")
    environment = await a_hub.run(chat.id, "env; ls -la /; ls /var/run")
    assert "docker.sock" not in environment and "JUPYTER" not in environment


@pytest.mark.parametrize("source", ["/there/is/no/such/folder", "/var/run/docker.sock", "/run", "/"])
async def test_a_bad_mount_is_refused_before_anything_is_made(
    a_hub: RunningHub, a_ready_project: Project, source: str
) -> None:
    with pytest.raises(InvalidMount):
        await a_hub.hub.new_chats.add(
            NewChat(project=a_ready_project.id, mounts=(Mount(source=source, target="/data"),))
        )
    assert len(a_hub.hub.store.chats) == 0 and await a_hub.containers() == []


async def test_an_agent_that_there_is_not_is_refused(a_hub: RunningHub, a_ready_project: Project) -> None:
    with pytest.raises(InvalidInput) as refused:
        await a_hub.hub.new_chats.add(NewChat(project=a_ready_project.id, agent="nobody"))
    assert refused.value.details["field"] == "agent"


async def test_a_project_with_chats_is_deleted_only_with_them(a_hub: RunningHub, a_ready_project: Project) -> None:
    chat = await a_hub.start(a_ready_project)
    (Path(chat.workspace) / "unsaved.txt").write_text("unsaved")
    with pytest.raises(Conflict) as refused:
        await a_hub.hub.projects.delete(a_ready_project.id)
    assert refused.value.details == {"chats": 1, "unsaved": [chat.id]}
    assert f"Work in “{chat.name}” is nowhere else." in refused.value.message
    await a_hub.hub.projects.delete(a_ready_project.id, force=True)
    assert await a_hub.containers() == []
    assert len(a_hub.hub.store.projects) == len(a_hub.hub.store.chats) == 0
    assert not Path(chat.workspace).exists()
    # What is kept of the chat builds on the clone.
    clone = a_hub.hub.folders.repository(a_ready_project.id)
    assert {entry.name for entry in clone.parent.iterdir()} == {clone.name, "deleted"}
    await a_hub.hub.deleted.remove(chat.id)
    assert not clone.parent.exists()


async def test_a_chat_s_git_has_the_whole_history_and_cannot_write_the_project_s(
    a_hub: RunningHub, a_ready_project: Project
) -> None:
    chat = await a_hub.start(a_ready_project)
    assert "Add data" in await a_hub.run(chat.id, "git log --oneline")
    assert await a_hub.run(chat.id, "git fsck --full --strict && git gc --quiet && git status --porcelain") == ""
    assert "Read-only file system" in await a_hub.run(chat.id, "touch /hub/objects/mine; rm -rf /hub/objects/pack")
    clone = Repository(a_hub.hub.folders.repository(a_ready_project.id))
    clone.git("fsck", "--full")


async def test_a_chat_of_a_project_that_cannot_be_built_fails_with_the_builds_cause(
    a_hub: RunningHub, a_repository: Repository
) -> None:
    project = await a_hub.add(a_repository, setup="sleep 0.5; exit 4")
    chat = await a_hub.hub.new_chats.add(NewChat(project=project.id))
    assert a_hub.hub.store.chats[chat.id].status is ChatStatus.queued
    failed = await a_hub.settled(chat.id, ChatStatus.failed)
    assert failed.error and failed.error.code == "setup_failed"
    assert await a_hub.containers() == []


async def test_a_container_removed_by_others_is_noticed_and_made_anew(
    a_hub: RunningHub, a_ready_project: Project, docker_engine: docker.DockerClient
) -> None:
    chat = await a_hub.start(a_ready_project)
    (Path(chat.workspace) / "kept.txt").write_text("kept")
    docker_engine.containers.get(chat.container).remove(force=True)
    ended = await a_hub.settled(chat.id, ChatStatus.exited)
    assert "its container is gone" in ended.reason
    await a_hub.hub.chats.start(chat.id)
    again = await a_hub.settled(chat.id)
    assert again.container != chat.container
    assert (Path(chat.workspace) / "kept.txt").read_text() == "kept"


async def test_a_snapshot_removed_by_others_is_built_anew_for_a_chat(
    a_hub: RunningHub, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    project = await a_hub.ready(a_repository, setup="echo made > made.txt")
    assert project.snapshot
    docker_engine.images.remove(project.snapshot.image, force=True)
    chat = await a_hub.start(project)
    await a_hub.seeded(chat.id)
    assert (Path(chat.workspace) / "made.txt").exists()


# -- the next hub on the same data


async def test_a_running_chat_outlives_its_hub(
    open_hub: OpenHub, opened: list[RunningHub], a_repository: Repository
) -> None:
    first = await open_hub()
    chat = await first.start(await first.ready(a_repository))
    await first.says(chat.id, "be''fore; word=kept", "before")
    await first.close()
    opened.remove(first)
    second = await open_hub()
    assert second.hub.store.chats[chat.id].status is ChatStatus.running
    assert "before" in second.shown(chat.id)
    await second.says(chat.id, "aft''er-$word", "after-kept")
    await second.type(chat.id, "exit 5\r")
    assert (await second.settled(chat.id, ChatStatus.exited)).exit_code == 5


async def test_a_chat_that_ended_while_no_hub_ran_is_seen_to_have_ended(
    open_hub: OpenHub, opened: list[RunningHub], a_repository: Repository
) -> None:
    first = await open_hub()
    chat = await first.start(await first.ready(a_repository))
    await first.type(chat.id, "sleep 1; exit 7\r")
    await first.close()
    opened.remove(first)
    engine = DockerEngine()
    handle = next(iter(await engine.list({"agent-hub.chat": chat.id})))
    async with asyncio.timeout(30):
        await engine.wait(handle)
    await engine.close()
    second = await open_hub()
    ended = second.hub.store.chats[chat.id]
    assert (ended.status, ended.exit_code) == (ChatStatus.exited, 7)


async def test_a_build_that_a_stop_cut_off_is_taken_up(
    open_hub: OpenHub, opened: list[RunningHub], a_repository: Repository
) -> None:
    first = await open_hub()
    project = await first.add(a_repository, setup="sleep 10; echo made > made.txt")
    await first.step(project.id, "Setup script")
    await first.close()
    opened.remove(first)
    second = await open_hub()
    build = await second.ended_build(project.id)
    assert (build.number, build.state) == (2, "ready")
    assert await second.containers() == []


async def test_a_container_without_a_chat_is_removed_and_another_hubs_is_not(
    open_hub: OpenHub, opened: list[RunningHub], a_repository: Repository, tmp_path: Path
) -> None:
    first = await open_hub()
    project = await first.ready(a_repository)
    assert project.snapshot
    engine, image, hub_id = first.hub.engine, project.snapshot.image, first.hub.store.hub_id

    async def orphan(hub: str, chat: str) -> None:
        labels = {"agent-hub.hub": hub, "agent-hub.chat": chat}
        mounts = [Mount(source=str(tmp_path), target="/data")]
        await engine.create(ContainerSpec(f"agent-hub-{hub}-{chat}", image, labels=labels, mounts=mounts))

    await orphan(hub_id, "0123")
    await orphan("another", tmp_path.name)
    await first.close()
    opened.remove(first)
    second = await open_hub()
    assert await second.containers() == []
    (theirs,) = await second.hub.engine.list({"agent-hub.hub": "another", "agent-hub.chat": tmp_path.name})
    await second.hub.engine.remove(theirs)


# -- a full disk


async def test_a_chat_for_whose_workspace_there_is_no_room_says_so_and_leaves_nothing(
    a_process_hub_on_a_small_disk: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub_on_a_small_disk
    a_repository.commit("Add much", {"much.txt": os.urandom(1_000_000).hex()})
    project = await hub.ready(a_repository)
    await hub.hub.builds.snapshot(project.id)
    assert not hub.hub.folders.scratch(project.id).exists()
    filler = hub.hub.folders.root / "filler"
    with open(filler, "wb", buffering=0) as file:
        free = os.statvfs(filler)
        file.write(b"x" * (free.f_bavail * free.f_frsize - 1_000_000))
    chat = await hub.hub.new_chats.add(NewChat(project=project.id, agent="shell"))
    failed = await hub.settled(chat.id, ChatStatus.failed)
    assert failed.error and failed.error.code == "storage_full"
    assert list(hub.hub.folders.workspace(chat.id).iterdir()) == []
    assert await hub.containers() == []
    filler.unlink()
    await hub.hub.chats.start(chat.id)
    await hub.settled(chat.id)
    assert (hub.hub.folders.workspace(chat.id) / "much.txt").exists()
