"""What the hub knows outlives whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent_hub.errors import Conflict, DataDirectoryInUse, NotFound, StorageFull
from agent_hub.hub.migrations import MIGRATIONS
from agent_hub.hub.requests import Request
from agent_hub.hub.store import Store
from agent_hub.models import Build, Chat, Project, Spare

WRITER = """
import asyncio, sys
from pathlib import Path
from agent_hub.hub.store import Store
from agent_hub.models import Project

async def write():
    store = Store(Path(sys.argv[1]))
    for number in range(int(sys.argv[2]), 10**9):
        await store.projects.put(Project(id=f"{number:x}", name="widgets", url="/srv", setup="x" * 5000))
        print(f"{number:x}", flush=True)

asyncio.run(write())
"""


@pytest.fixture
def a_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "data")
    yield store
    store.close()


def project(id: str, **fields: object) -> Project:
    return Project(id=id, name="widgets", url="/srv/widgets", **fields)  # type: ignore[arg-type]


def fill(folder: Path) -> None:
    """Leave no space on the file system of a folder."""
    with (
        open(folder / "filler", "wb", buffering=0) as filler,
        pytest.raises(OSError, match="No space left"),
    ):
        while True:
            filler.write(b"x" * 4096)


def test_a_killed_hub_has_every_change_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for count in (1, 7, 50, 200):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(len(acknowledged) * 2)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            acknowledged += [writer.stdout.readline().strip() for _ in range(count)]
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged += writer.stdout.read().split()
        store = Store(tmp_path)
        try:
            assert [id for id in acknowledged if id not in store.projects] == []
        finally:
            store.close()


async def test_changes_side_by_side_lose_nothing(a_store: Store) -> None:
    await a_store.projects.put(project("a", setup=""))

    def add(project: Project) -> Project:
        return project.model_copy(update={"setup": project.setup + "x"})

    await asyncio.gather(*(a_store.projects.change("a", add) for _ in range(300)))
    assert a_store.projects["a"].setup == "x" * 300


async def test_what_was_stored_is_there_after_it_was_opened_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = await store.projects.put(project("a", setup="make"))
    await store.projects.put(project("b"))
    await store.projects.delete("b")
    await store.set_token("chat", "hash")
    hub_id = store.hub_id
    store.close()
    store = Store(tmp_path)
    assert list(store.projects) == [first]
    assert store.chat_of_token("hash") == "chat"
    assert store.hub_id == hub_id
    store.close()


async def test_a_build_that_an_older_hub_stored_is_there_with_no_word_of_its_source(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.projects.put(project("a", build=Build(id="a-1", project="a", number=1, branch="main", base="slim")))
    store.close()
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as database:
        database.execute("UPDATE project SET body = json_remove(body, '$.build.branch', '$.build.base')")
    store = Store(tmp_path)
    build = store.projects["a"].build
    store.close()
    assert build is not None
    assert (build.branch, build.base) == (None, "")


async def test_a_change_goes_to_its_end_where_its_request_is_cancelled(tmp_path: Path) -> None:
    store = Store(tmp_path)
    putting = asyncio.create_task(store.projects.put(project("a")))
    await asyncio.sleep(0)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await store.projects.put(project("b"))
    remembered = [project.id for project in store.projects]
    store.close()
    store = Store(tmp_path)
    assert [project.id for project in store.projects] == remembered == ["a", "b"]
    store.close()


async def test_a_change_is_announced_after_it_can_be_read(tmp_path: Path) -> None:
    seen: list[tuple[str, str, bool]] = []
    store = Store(tmp_path, lambda kind, id, value: seen.append((kind, id, id in store.projects)))
    await store.projects.put(project("a"))
    await store.projects.change("a", name="gadgets")
    await store.projects.change("a", name="gadgets")
    await store.projects.delete("a")
    store.close()
    assert seen == [("project", "a", True), ("project", "a", True), ("project", "a", False)]


async def test_what_is_not_there_cannot_be_changed(a_store: Store) -> None:
    with pytest.raises(NotFound):
        await a_store.projects.change("a", name="gadgets")


def test_a_second_hub_on_a_data_directory_is_refused_and_told_of_the_first(a_store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryInUse) as refused:
        Store(tmp_path / "data")
    assert str(os.getpid()) in refused.value.message
    assert "--AgentHub.data_dir" in refused.value.hint


def test_a_data_directory_is_free_again_after_its_hub(tmp_path: Path) -> None:
    Store(tmp_path).close()
    Store(tmp_path).close()


async def test_a_full_disk_changes_nothing_and_is_said(a_small_disk: Path) -> None:
    store = Store(a_small_disk)
    await store.projects.put(project("a", setup="first"))
    fill(a_small_disk)
    with pytest.raises(StorageFull) as refused:
        await store.projects.put(project("b", setup="x" * 200_000))
    assert "nothing was changed" in refused.value.message
    with pytest.raises(StorageFull):
        await store.projects.change("a", setup="y" * 200_000)
    assert [(one.id, one.setup) for one in store.projects] == [("a", "first")]
    (a_small_disk / "filler").unlink()
    await store.projects.put(project("c"))
    store.close()
    store = Store(a_small_disk)
    assert [(one.id, one.setup) for one in store.projects] == [("a", "first"), ("c", "")]
    store.close()


def test_a_new_store_has_the_newest_schema(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "hub.db") as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    db.close()


def test_nobody_else_can_read_the_store(tmp_path: Path) -> None:
    Store(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "hub.db").stat().st_mode & 0o077 == 0


async def test_a_request_is_known_again_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    request = Request("key", "body")
    await store.add_chat(Chat(id="c", project="p", name="C", agent="shell"), request=request)
    store.close()
    store = Store(tmp_path)
    assert store.requests.answered(request) == "c"
    with pytest.raises(Conflict):
        store.requests.answered(Request("key", "another body"))
    store.close()


async def test_a_spare_becomes_a_chat_at_one_instant(tmp_path: Path) -> None:
    store = Store(tmp_path)
    chat = Chat(id="s", project="p", name="Spare", agent="shell")
    spare = await store.spares.put(Spare(id="s", chat=chat, token_hash="hash"))
    await store.add_chat(chat, spare)
    for _ in range(2):
        assert list(store.spares) == [] and list(store.chats) == [chat]
        assert store.chat_of_token("hash") == "s"
        store.close()
        store = Store(tmp_path)
    store.close()


async def test_what_is_so_at_the_moment_is_shown_and_not_stored(tmp_path: Path) -> None:
    told: list[Any] = []
    store = Store(tmp_path, lambda kind, id, value: told.append(value))
    await store.chats.put(Chat(id="c", project="p", name="C", agent="shell"))
    await store.chats.show("c", lambda chat: chat.model_copy(update={"place": 3}))
    await store.chats.show("gone", lambda chat: chat)
    assert told[-1].place == 3 and store.chats["c"].place == 3
    store.close()
    store = Store(tmp_path)
    assert store.chats["c"].place == 0
    store.close()
