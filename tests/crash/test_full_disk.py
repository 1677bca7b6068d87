"""The disk of the hub's data fills up to its last byte while chats run, and is emptied again."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Repository
from tests.crash.conftest import OpenServer
from tests.crash.expected import sha256
from tests.crash.server import Server

FULL = 507
RENAMES = 600
"""Changes after which SQLite writes to the place of the first ones again, and needs no more room."""

BLOCK = 4096


class FullDisk:
    """A file system without a byte left, between entering and leaving."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def __enter__(self) -> FullDisk:
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (1 << 20, BLOCK, 1):
                with suppress(OSError):
                    while True:
                        os.write(descriptor, bytes(size))
            # What the file system has only promised is written now.
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return self

    def leave(self, blocks: int) -> None:
        """Leave that many blocks, and no more."""
        self.__enter__()
        with self._filler.open("r+b") as filler:
            filler.truncate(self._filler.stat().st_size // BLOCK * BLOCK - blocks * BLOCK)
            os.fsync(filler.fileno())

    def __exit__(self, *_: object) -> None:
        self._filler.unlink()


def says_that_the_disk_is_full(error: dict[str, Any]) -> bool:
    """Whether an error tells what happened, and what to do."""
    return error["code"] == "storage_full" and "full" in error["message"] and "ree some space" in error["hint"]


def refused(answer: httpx.Response, granted: int) -> bool:
    """Whether a request was refused for the disk's sake; otherwise it must have been granted."""
    if answer.status_code == granted:
        return False
    assert answer.status_code == FULL and says_that_the_disk_is_full(answer.json()), answer.text
    return True


async def rename(server: Server, chat: str, times: int) -> str | None:
    """Rename a chat until that is refused, but so often at most; the last name that was acknowledged."""
    name = None
    for number in range(times):
        new = f"renamed {number} {secrets.token_hex(40)}"
        if refused(await server.http.patch(f"api/chats/{chat}", json={"name": new}), 200):
            break
        name = new
    return name


async def new_chat(server: Server, project: str) -> str | None:
    """The id of a new chat which has settled, unless it was refused: it runs, or says that the disk is full."""
    answer = await server.http.post("api/chats", json={"project": project})
    if refused(answer, 201):
        return None
    chat = await server.until(f"api/chats/{answer.json()['id']}", "failed", "running", "exited")
    assert chat["status"] == "running" or (chat["status"] == "failed" and says_that_the_disk_is_full(chat["error"])), (
        chat
    )
    return str(chat["id"])


async def restart(server: Server) -> None:
    await server.kill()
    await server.start()
    await server.ready()


@pytest.fixture
async def a_server(a_disk: Path, open_server: OpenServer) -> Server:
    """A server without spares whose data is on a small disk, started."""
    server = await open_server(spares=0)
    await server.start()
    await server.ready()
    return server


@pytest.mark.parametrize("changes", [pytest.param(0, id="a new store"), pytest.param(RENAMES, id="a used store")])
async def test_a_full_disk_refuses_what_it_cannot_hold_and_costs_what_runs_nothing(
    a_server: Server, a_disk: Path, a_repository: Repository, changes: int
) -> None:
    server = a_server
    project = await server.project(a_repository)
    chat = await server.chat(project, name="Before")
    await server.says(chat, "kept=in-memory; echo kept >kept.txt; echo wri''tten", "written")
    published = await server.publish(chat, "loss.png", b"before")
    assert published.startswith("Published loss.png")
    name = await rename(server, chat, changes) or "Before"
    with FullDisk(a_disk):
        await server.says(chat, "echo $kept; seq 20000; echo still he''re", "still here")
        made = [await new_chat(server, project) for _ in range(3)]
        said = await server.publish(chat, "loss.png", os.urandom(100_000))
        assert "disk that holds the hub's data is full" in said and "Free some space" in said, said
        name = await rename(server, chat, RENAMES) or name
        made.append(await new_chat(server, project))
        await server.says(chat, "echo $kept; echo go''es on", "goes on")
        await restart(server)
        shown = await server.get(f"api/chats/{chat}")
        assert (shown["status"], shown["name"]) == ("running", name)
        await server.says(chat, "echo it is $kept.", "it is in-memory.")
    # By itself, without a restart.
    assert (await server.http.patch(f"api/chats/{chat}", json={"name": "After"})).status_code == 200
    said = await server.publish(chat, "loss.png", b"after")
    assert "version 2" in said, said
    failed = [id for id in made if id is not None]
    for id in failed:
        if (await server.until(f"api/chats/{id}", "failed", "running"))["status"] == "failed":
            await server.post(f"api/chats/{id}/start")
        await server.until(f"api/chats/{id}", "running")
    new = await server.chat(project, name="New")
    await server.says(new, "echo a new o''ne", "a new one")
    await server.says(chat, "cat kept.txt; exit", "kept")
    assert (await server.until(f"api/chats/{chat}", "exited"))["name"] == "After"
    await restart(server)
    names = {one["id"]: one["name"] for one in await server.get("api/chats")}
    assert names.keys() == {chat, new, *failed} and (names[chat], names[new]) == ("After", "New")
    (artifact,) = await server.get(f"api/chats/{chat}/artifacts")
    assert (artifact["version"], artifact["sha256"]) == (2, sha256(b"after"))
    assert (a_disk / "artifacts" / artifact["id"] / "1").read_bytes() == b"before"
    assert "Traceback" not in server.log.read_text(), server.tail()


async def test_a_disk_that_becomes_full_at_any_block_leaves_no_chat_half_started(
    a_server: Server, a_disk: Path, a_repository: Repository
) -> None:
    server = a_server
    project = await server.project(a_repository)
    ends = []
    with FullDisk(a_disk) as disk:
        for blocks in range(0, 40, 2):
            disk.leave(blocks)
            chat = await new_chat(server, project)
            ends.append(None if chat is None else (await server.get(f"api/chats/{chat}"))["status"])
            if chat is not None:
                disk.leave(64)
                assert (await server.http.delete(f"api/chats/{chat}")).status_code == 204
    assert {None, "failed"} <= set(ends), ends
    assert await server.containers() == {}
    assert list((a_disk / "chats").iterdir()) == []
    assert "Traceback" not in server.log.read_text(), server.tail()


async def test_a_chat_on_a_full_disk_ends_when_it_ends_and_is_stopped_when_asked(
    a_server: Server, a_disk: Path, a_repository: Repository
) -> None:
    server = a_server
    project = await server.project(a_repository)
    ending, stopped = [await server.chat(project) for _ in range(2)]
    with FullDisk(a_disk):
        await rename(server, ending, RENAMES)
        await server.says(ending, "echo by''e; exit 3", "bye")
        assert (await server.until(f"api/chats/{ending}", "exited"))["exit_code"] == 3
        assert (await server.http.post(f"api/chats/{stopped}/stop")).status_code == 202
        assert (await server.get(f"api/chats/{stopped}"))["status"] == "exited"
        await restart(server)
        assert {one["status"] for one in await server.get("api/chats")} == {"exited"}
    for id in (ending, stopped):
        await server.post(f"api/chats/{id}/start")
        await server.until(f"api/chats/{id}", "running")
    assert "Traceback" not in server.log.read_text(), server.tail()


async def test_chats_are_prepared_ahead_again_once_a_full_disk_has_room(
    a_disk: Path, open_server: OpenServer, a_repository: Repository
) -> None:
    server = await open_server(spares=1)
    await server.start()
    await server.ready()
    project = await server.project(a_repository)
    await server.spare(project)
    with FullDisk(a_disk):
        taken = await new_chat(server, project)
        async with asyncio.timeout(30):
            while server.log.read_text().count("could not be prepared ahead") < 3:
                await asyncio.sleep(0.05)
    await server.chat(project)
    await server.spare(project)
    assert taken is None or (await server.get(f"api/chats/{taken}"))["id"] == taken
