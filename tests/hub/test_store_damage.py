"""What the hub does with a store that it did not leave that way."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from agent_hub.errors import StorageFull, StoreDamaged, StoreTooNew
from agent_hub.hub.migrations import MIGRATIONS
from agent_hub.hub.requests import REQUESTS, Request
from agent_hub.hub.store import Store
from agent_hub.models import Chat, Project


def chat(id: str, **fields: object) -> Chat:
    return Chat(id=id, project="a", name="chat", agent="shell", **fields)  # type: ignore[arg-type]


@pytest.fixture
async def a_used_folder(tmp_path: Path) -> Path:
    """The data directory of a hub with a project and many chats."""
    folder = tmp_path / "data"
    store = Store(folder)
    await store.projects.put(Project(id="a", name="widgets", url="/srv/widgets"))
    for number in range(200):
        await store.chats.put(chat(f"{number:x}", prompt="x" * 500))
    store.close()
    (folder / "projects" / "a").mkdir(parents=True)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """What the files of a store hold."""
    return {path.name: path.read_bytes() for path in folder.glob("hub.db*")}


async def test_a_store_of_the_first_version_opens_and_keeps_everything(tmp_path: Path) -> None:
    project, one = Project(id="a", name="widgets", url="/srv/widgets"), chat("1", prompt="Plot")
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db:
        db.executescript(f"{MIGRATIONS[0]};PRAGMA user_version = 1;")
        db.execute("INSERT INTO project VALUES (?, ?)", (project.id, project.model_dump_json(exclude={"spares"})))
        db.execute("INSERT INTO chat VALUES (?, ?)", (one.id, one.model_dump_json(exclude={"place"})))
        db.execute("INSERT INTO token VALUES ('1', 'hash')")
        db.execute("INSERT INTO meta VALUES ('hub_id', 'abc')")
        db.commit()
    store = Store(tmp_path)
    assert (list(store.projects), list(store.chats), store.hub_id) == ([project], [one], "abc")
    assert store.chat_of_token("hash") == "1"
    await store.add_chat(chat("2"), request=Request("key", "body"))
    store.close()
    store = Store(tmp_path)
    assert [one.id for one in store.chats] == ["1", "2"]
    store.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    a_used_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(a_used_folder)
    broken = "CREATE TABLE more (id TEXT); INSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr("agent_hub.hub.migrations.MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(StoreDamaged):
        Store(a_used_folder)
    assert contents(a_used_folder) == before
    monkeypatch.undo()
    store = Store(a_used_folder)
    assert len(store.chats) == 200
    store.close()


def test_a_store_of_a_newer_hub_is_refused_and_left_alone(a_used_folder: Path) -> None:
    with closing(sqlite3.connect(a_used_folder / "hub.db")) as db:
        db.executescript("PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE);")
    before = contents(a_used_folder)
    with pytest.raises(StoreTooNew) as refused:
        Store(a_used_folder)
    assert "999" in refused.value.message and "--AgentHub.data_dir" in refused.value.hint
    assert contents(a_used_folder) == before


def truncate_to(size: float) -> object:
    def damage(file: Path) -> None:
        os.truncate(file, int(file.stat().st_size * size))

    return damage


def overwrite_the_middle(file: Path) -> None:
    with file.open("r+b") as db:
        db.seek(file.stat().st_size // 2)
        db.write(os.urandom(20_000))


def no_database(file: Path) -> None:
    file.write_text('{"chats": []}' * 1000)


def a_row_of_something_else(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("""UPDATE chat SET body = '{"id": 1}' WHERE id = '7'""")
        db.commit()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(truncate_to(0), id="empty"),
        pytest.param(truncate_to(0.001), id="100 bytes"),
        pytest.param(truncate_to(0.5), id="half"),
        pytest.param(truncate_to(0.97), id="most"),
        pytest.param(Path.unlink, id="gone"),
        overwrite_the_middle,
        no_database,
        a_row_of_something_else,
    ],
)
def test_a_damaged_store_is_refused_and_left_alone(a_used_folder: Path, damage: object) -> None:
    damage(a_used_folder / "hub.db")  # type: ignore[operator]
    before = contents(a_used_folder)
    for _ in range(2):
        with pytest.raises(StoreDamaged) as refused:
            Store(a_used_folder)
        assert str(a_used_folder / "hub.db") in refused.value.message
        assert "backup" in refused.value.hint and "chats/*/workspace" in refused.value.hint
    assert contents(a_used_folder) == before


async def test_a_full_disk_at_any_write_leaves_memory_and_disk_agreeing(a_small_disk: Path) -> None:
    store = Store(a_small_disk)
    await store.projects.put(Project(id="a", name="widgets", url="/srv/widgets"))
    filler = a_small_disk / "filler"
    refused = 0
    for number in range(60):
        # Space for a little less than each write needs, and a little more: it fails at another place each time.
        filler.write_bytes(b"")
        space = os.statvfs(a_small_disk)
        filler.write_bytes(b"x" * max(0, space.f_bavail * space.f_frsize - number * 4096))
        try:
            if number % 3 == 0:
                await store.add_chat(chat(f"{number:x}", prompt="x" * 30_000), request=Request(f"{number}", "body"))
            elif number % 3 == 1:
                await store.projects.change("a", setup="x" * number * 1000)
            else:
                await store.set_token("1", f"hash {number}")
        except StorageFull:
            refused += 1
        with closing(sqlite3.connect(f"file:{a_small_disk / 'hub.db'}?mode=ro", uri=True)) as db:
            assert [id for (id,) in db.execute("SELECT id FROM chat ORDER BY rowid")] == list(store.chats.items)
            (body,) = db.execute("SELECT body FROM project").fetchone()
            assert Project.model_validate_json(body) == store.projects["a"]
            for (hash,) in db.execute("SELECT hash FROM token"):
                assert store.chat_of_token(hash) == "1"
    assert 0 < refused < 60
    filler.unlink()
    known = list(store.chats)
    store.close()
    store = Store(a_small_disk)
    assert list(store.chats) == known
    store.close()


def test_a_store_opened_on_a_full_disk_says_so(a_small_disk: Path) -> None:
    (a_small_disk / "data").mkdir()
    with open(a_small_disk / "filler", "wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(b"x" * 4096)
    with pytest.raises(StorageFull):
        Store(a_small_disk / "data")
    (a_small_disk / "filler").unlink()
    Store(a_small_disk / "data").close()


async def test_a_key_is_remembered_though_the_clock_was_set_forward(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.projects.put(Project(id="a", name="widgets", url="/srv/widgets"))
    await store.add_chat(chat("1"), request=Request("key", "body"))
    store.close()
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db:
        db.execute("UPDATE request SET at = at - 1e9")
        db.commit()
    store = Store(tmp_path)
    assert store.requests.answered(Request("key", "body")) == "1"
    for number in range(REQUESTS):
        await store.add_chat(chat(f"{number + 2:x}"), request=Request(f"{number}", "body"))
    # At once, and not when the store is opened again, which may be in a year.
    assert store.requests.answered(Request("key", "body")) is None
    assert store.rows("SELECT count(*) FROM request") == [(REQUESTS,)]
    store.close()
    store = Store(tmp_path)
    assert store.requests.answered(Request("key", "body")) is None
    assert store.requests.answered(Request("0", "body")) == "2"
    store.close()


def test_ten_thousand_chats_are_opened_in_two_seconds(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db:
        rows = ((f"{n:x}", chat(f"{n:x}", prompt="x" * 300).model_dump_json()) for n in range(10_000))
        db.executemany("INSERT INTO chat VALUES (?, ?)", rows)
        db.commit()
    start = time.process_time()
    store = Store(tmp_path)
    took = time.process_time() - start
    assert len(store.chats) == 10_000
    store.close()
    assert took < 2.0
