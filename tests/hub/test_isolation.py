"""What a chat's container is made with by the person's choice: a runtime, and folders of the machine."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import docker
import pytest

from agent_hub.engines.docker import DockerEngine
from agent_hub.errors import InvalidMount
from agent_hub.hub import workspace_copies
from agent_hub.models import ChatStatus, Mount, NewChat, Resources
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import RunningHub

RUNTIME = "io.containerd.runc.v2"
"""A name for what Docker runs containers by anyway, and which it tells from its default."""


async def test_every_container_runs_by_the_runtime_that_was_chosen(
    open_hub: OpenHub, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    hub = await open_hub(engine=DockerEngine(runtime=RUNTIME), spares=1)
    assert hub.hub.status().engine.name.endswith(f" ({RUNTIME})")
    project = await hub.add(a_repository, setup="sleep 60")
    await hub.step(project.id, "Setup script")
    (setup,) = await hub.containers()
    assert runtime(docker_engine, setup.id) == RUNTIME
    await hub.hub.builds.cancel(project.id)

    other = await hub.ready(a_repository, name="ready")
    chat = await hub.start(other)
    await hub.until(lambda: hub.hub.store.projects[other.id].spares == 1)
    made = [one for one in await hub.containers() if one.labels.get("agent-hub.project") == other.id]
    assert len(made) == 2 and chat.container in {one.id for one in made}
    assert {runtime(docker_engine, one.id) for one in made} == {RUNTIME}
    assert await hub.run(chat.id, "echo runs") == "runs\n"


def runtime(engine: docker.DockerClient, id: str) -> str:
    return str(engine.containers.get(id).attrs["HostConfig"]["Runtime"])


async def test_a_chat_takes_most_of_the_machine_at_most_where_nothing_else_is_said(
    a_hub: RunningHub, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    project = await a_hub.add(a_repository, setup="sleep 60", resources=Resources(cpus=0.5))
    await a_hub.step(project.id, "Setup script")
    (setup,) = await a_hub.containers()
    machine = docker_engine.info()
    host = docker_engine.containers.get(setup.id).attrs["HostConfig"]
    assert host["NanoCpus"] == 5 * 10**8
    assert host["Memory"] == host["MemorySwap"] == int(machine["MemTotal"] * 0.9)
    await a_hub.hub.builds.cancel(project.id)

    chat = await a_hub.start(await a_hub.ready(a_repository, name="ready"))
    assert chat.container is not None
    host = docker_engine.containers.get(chat.container).attrs["HostConfig"]
    assert 0 < host["NanoCpus"] < machine["NCPU"] * 10**9
    assert host["Memory"] == host["MemorySwap"] == int(machine["MemTotal"] * 0.9)
    assert host["PidsLimit"] == 4096


async def test_a_mount_that_an_agent_turns_into_a_link_keeps_the_chat_from_starting(
    open_hub: OpenHub, a_repository: Repository, tmp_path: Path
) -> None:
    shared, secret = tmp_path / "shared", tmp_path / "secret"
    (shared / "data").mkdir(parents=True)
    secret.mkdir()
    (secret / "key").write_text("the person's")
    hub = await open_hub()
    project = await hub.ready(a_repository)
    # The one may write where the other's folder is.
    evil = await hub.start(project, mounts=[Mount(source=str(shared), target="/shared", read_only=False)])
    new = NewChat(project=project.id, agent="shell", mounts=(Mount(source=str(shared / "data"), target="/data"),))
    chat = await hub.settled((await hub.hub.new_chats.add(new)).id)
    await hub.hub.chats.stop(chat.id)
    await hub.run(evil.id, f"rmdir /shared/data && ln -s {secret} /shared/data")
    await hub.hub.chats.start(chat.id)
    failed = await hub.settled(chat.id, ChatStatus.failed)
    assert failed.error is not None and failed.error.code == "invalid_mount"
    assert "leads elsewhere now" in failed.error.message
    # Nor is it given to a new one, but as the folder that it leads to, if that may be had.
    await asyncio.to_thread(shutil.rmtree, secret)
    with pytest.raises(InvalidMount):
        await hub.hub.new_chats.add(new)


async def test_what_may_be_mounted_is_said_by_who_runs_the_server(
    open_hub: OpenHub, a_repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "allowed" / "data").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    hub = await open_hub(mount_roots=(str(tmp_path / "allowed"),))
    with pytest.raises(InvalidMount) as refused:
        await hub.add(a_repository, mounts=[Mount(source=str(tmp_path / "other"), target="/data")])
    assert str(tmp_path / "allowed") in refused.value.message and "--AgentHub.mount_roots" in refused.value.hint
    project = await hub.ready(a_repository)
    chat = await hub.start(project, mounts=[Mount(source=str(tmp_path / "allowed/data"), target="/data")])
    assert await hub.run(chat.id, "ls -d /data") == "/data\n"


async def test_a_setup_script_that_becomes_root_leaves_nothing_of_it_on_the_machine(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    setup = "sudo cp /usr/bin/id /data/id && exit 3; sudo id -u > seen; sudo touch /root/here"
    mounts = [Mount(source=str(data), target="/data", read_only=False)]
    project = await a_hub.ready(a_repository, setup=setup, mounts=mounts)
    assert not list(data.iterdir())
    chat = await a_hub.start(project)
    # The chat may write there, and has no way to become root.
    assert await a_hub.run(chat.id, "cat seen; touch /data/mine") == "0\n"
    assert [path.name for path in data.iterdir()] == ["mine"]


async def test_a_mount_that_an_agent_turns_into_a_link_is_shown_to_no_setup_script(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    (tmp_path / "data").mkdir()
    secret.mkdir()
    project = await a_hub.ready(a_repository, mounts=[Mount(source=str(tmp_path / "data"), target="/data")])
    (tmp_path / "data").rmdir()
    (tmp_path / "data").symlink_to(secret)
    await a_hub.hub.builds.queue(project.id, force=True)
    build = await a_hub.ended_build(project.id)
    assert build.error is not None and build.error.code == "invalid_mount"
    assert "leads elsewhere now" in build.error.message


async def test_what_is_published_of_a_mount_is_what_the_chat_sees_there(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    copy = workspace_copies.copy
    monkeypatch.setattr(workspace_copies, "copy", lambda *given: taken.append(given[2]) or copy(*given))
    a_repository.commit("Add models", {"out/model.bin": "here" * 2**19, "plain.bin": "same" * 2**19})
    (a_repository.path / "linked").symlink_to("out")
    a_repository.git("add", "linked")
    a_repository.commit("Link them", {})
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "model.bin").write_bytes(b"away" * 2**19)
    # The engine follows the link: what it mounts is seen in `out`.
    mount = Mount(source=str(tmp_path / "models"), target="/workspace/linked")
    chat = await a_hub.start(await a_hub.ready(a_repository), mounts=(mount,))
    await a_hub.run(chat.id, "cd /workspace && hub_artifact publish out/model.bin plain.bin")
    published = {one.name: (a_hub.hub.settings.root / one.path).read_bytes() for one in a_hub.hub.store.artifacts}
    assert published == {"model.bin": b"away" * 2**19, "plain.bin": b"same" * 2**19}
    # The other one is the workspace's own, and the hub knows that it is the same.
    assert taken == [2**21]
