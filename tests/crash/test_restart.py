"""What was under way when a server was killed goes on with the next one."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import docker
import httpx
import pytest

from tests.conftest import Repository
from tests.crash.conftest import OpenServer
from tests.crash.server import Server

CHATS = 20
DEAF = "trap '' HUP INT TERM; echo de''af; while :; do sleep 1; done"


@pytest.fixture
async def a_server(open_server: OpenServer) -> Server:
    """A server without spares, started."""
    server = await open_server(spares=0)
    await server.start()
    await server.ready()
    return server


async def restart(server: Server) -> float:
    """Kill the server and start it; the seconds until its hub has taken everything up."""
    await server.kill()
    start = time.monotonic()
    await server.start()
    await server.ready()
    return time.monotonic() - start


async def test_twenty_running_chats_go_on_after_a_kill(a_server: Server, a_repository: Repository) -> None:
    project = await a_server.project(a_repository)
    chats = await asyncio.gather(*(a_server.chat(project) for _ in range(CHATS)))
    # What only the very same shell knows, and what it shows without being asked.
    for number, chat in enumerate(chats):
        await a_server.says(chat, f"kept=number-{number}; echo se''t", "set")
    before = await a_server.containers()
    took = await restart(a_server)
    shown = {chat["id"]: chat["status"] for chat in await a_server.get("api/chats")}
    assert shown == dict.fromkeys(chats, "running")
    for number, chat in enumerate(chats):
        await a_server.says(chat, "echo it is $kept.", f"it is number-{number}.")
    assert await a_server.containers() == before == dict.fromkeys(chats, "running")
    print(f"{CHATS} running chats taken up in {took:.2f} s, with the server's own start")
    # To look at them one after another would take the more the more there are; a busy machine takes long for anything.
    assert took < 120


async def test_a_chat_that_was_being_stopped_is_stopped_and_nobody_waits_for_it(
    a_server: Server, a_repository: Repository
) -> None:
    project = await a_server.project(a_repository)
    deaf, other = await asyncio.gather(a_server.chat(project), a_server.chat(project))
    await a_server.says(deaf, DEAF, "deaf")
    stopping = asyncio.create_task(a_server.http.post(f"api/chats/{deaf}/stop"))
    await a_server.until(f"api/chats/{deaf}", "stopping")
    took = await restart(a_server)
    with pytest.raises(httpx.TransportError):
        await stopping
    # It ends by itself once the engine kills it, which on a slow machine is before the hub is there again.
    assert (await a_server.get(f"api/chats/{deaf}"))["status"] in ("stopping", "exited")
    await a_server.says(other, "echo still he''re", "still here")
    assert took < 8, "the hub waited for a program that ignores being asked to end"
    stopped = await a_server.until(f"api/chats/{deaf}", "exited", "running", "failed")
    assert (stopped["status"], stopped["reason"]) == ("exited", "stopped")
    assert await a_server.containers() == {deaf: "exited", other: "running"}


async def test_a_chat_that_was_being_deleted_is_deleted(a_server: Server, a_repository: Repository) -> None:
    chat = await a_server.chat(await a_server.project(a_repository))
    folder = a_server.data / "chats" / chat
    # Much to put aside and to remove, so that the kill comes in the middle of it.
    for number in range(3000):
        (folder / "workspace" / f"{number}.txt").write_text("unsaved")
    deleting = asyncio.create_task(a_server.http.delete(f"api/chats/{chat}", params={"force": "true"}))
    await a_server.until(f"api/chats/{chat}", "deleting")
    await restart(a_server)
    with pytest.raises(httpx.TransportError):
        await deleting
    async with asyncio.timeout(180):
        while chat in {one["id"] for one in await a_server.get("api/chats")}:
            await asyncio.sleep(0.05)
    assert not folder.exists()
    assert await a_server.containers() == {}


async def test_a_build_under_way_goes_on_and_the_chats_that_wait_for_it_start(
    a_server: Server, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    setup = f"echo {time.time()} >made; sleep 10"
    added = await a_server.post("api/projects", {"url": str(a_repository.path), "agent": "shell", "setup": setup})
    project = f"api/projects/{added['id']}"
    chat = (await a_server.post("api/chats", {"project": added["id"]}))["id"]
    async with asyncio.timeout(60):
        while not any(
            s["name"] == "Setup script" and s["state"] == "running"
            for s in (await a_server.get(f"{project}/build"))["steps"]
        ):
            await asyncio.sleep(0.02)
    await restart(a_server)
    assert (await a_server.get(f"api/chats/{chat}"))["status"] == "queued"
    build = await a_server.until(f"{project}/build", "ready", "failed", "cancelled")
    assert build["state"] == "ready", build
    await a_server.until(f"api/chats/{chat}", "running")
    assert await a_server.containers() == {chat: "running"}
    image = (await a_server.get(project))["snapshot"]["image"]
    assert (await a_server.http.delete(project, params={"force": "true"})).status_code == 204
    docker_engine.images.remove(image)


async def test_a_project_is_added_whole_or_not_at_all(a_server: Server, a_repository: Repository) -> None:
    chance = random.Random(7)
    for _ in range(8):
        body = {"url": str(a_repository.path), "agent": "shell"}
        adding = asyncio.create_task(a_server.http.post("api/projects", json=body))
        await asyncio.wait([adding], timeout=chance.uniform(0, 0.1))
        await restart(a_server)
        answered = adding.done() and adding.exception() is None
        await asyncio.gather(adding, return_exceptions=True)
        projects = await a_server.get("api/projects")
        assert len(projects) == 1 or (not answered and not projects)
        for project in projects:
            await a_server.until(f"api/projects/{project['id']}/build", "ready")
            await a_server.chat(project["id"])
            assert (await a_server.http.delete(f"api/projects/{project['id']}?force=true")).status_code == 204


async def test_a_project_that_was_being_deleted_is_deleted_with_its_chats(
    a_server: Server, a_repository: Repository
) -> None:
    chance = random.Random(11)
    for _ in range(5):
        project = await a_server.project(a_repository)
        for _ in range(2):
            chat = await a_server.chat(project)
            (a_server.data / "chats" / chat / "workspace" / "unsaved.txt").write_text("unsaved")
        deleting = asyncio.create_task(a_server.http.delete(f"api/projects/{project}", params={"force": "true"}))
        # It is stored that the project goes before anything of it does.
        async with asyncio.timeout(10):
            while not a_server.rows("SELECT project FROM leaving") and not deleting.done():
                await asyncio.sleep(0)
        await asyncio.sleep(chance.uniform(0, 0.4))
        await restart(a_server)
        await asyncio.gather(deleting, return_exceptions=True)
        assert await a_server.get("api/projects") == await a_server.get("api/chats") == []
        assert await a_server.containers() == {}
        assert list((a_server.data / "chats").iterdir()) == []
        assert a_server.rows("SELECT project FROM leaving") == []


async def test_after_a_reboot_chats_go_on_with_their_workspace(
    a_server: Server, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    chat = await a_server.chat(await a_server.project(a_repository))
    workspace = Path((await a_server.get(f"api/chats/{chat}"))["workspace"])
    (workspace / "kept.txt").write_text("kept")
    await a_server.kill()
    docker_engine.api.remove_container(f"agent-hub-{chat}", force=True)
    await a_server.start()
    await a_server.ready()
    ended = await a_server.get(f"api/chats/{chat}")
    assert ended["status"] == "exited" and "workspace is kept" in ended["reason"], ended
    await a_server.post(f"api/chats/{chat}/start")
    await a_server.until(f"api/chats/{chat}", "running")
    await a_server.says(chat, "echo it is $(cat kept.txt).", "it is kept.")


async def test_a_workspace_whose_making_was_cut_off_is_made_whole(a_server: Server, a_repository: Repository) -> None:
    """Git, which the hub had asked to make it, outlives the hub for a while."""
    a_repository.git("config", "gc.auto", "0")
    a_repository.commit("Add many", {f"many/{number % 97}/{number}.txt": f"{number}\n" for number in range(10_000)})
    project = await a_server.project(a_repository)
    chance = random.Random(5)
    for _ in range(2):
        chat = (await a_server.post("api/chats", {"project": project}))["id"]
        folder = a_server.data / "chats" / chat
        async with asyncio.timeout(180):
            while not any(folder.glob("workspace*unfinished*/many/*")):
                await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, 0.3))
        await restart(a_server)
        found = await a_server.until(f"api/chats/{chat}", "running", "failed", "exited")
        assert found["status"] == "running", (found, a_server.tail())
        clean = Repository(folder / "workspace")
        assert (clean.git("status", "--porcelain"), clean.git("fsck")) == ("", "")
        assert sorted(path.name for path in folder.glob("workspace*")) == ["workspace"]
        assert (await a_server.http.delete(f"api/chats/{chat}")).status_code == 204
    assert list((a_server.data / "chats").iterdir()) == []
