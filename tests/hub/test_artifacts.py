"""What was published stays as it was, version by version, until a person deletes it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import Conflict, NotFound
from agent_hub.hub import artifact_files, artifacts, digests
from agent_hub.hub.artifact_files import file_name, free_name
from agent_hub.hub.digests import Digests
from agent_hub.hub.received import Received
from agent_hub.models import Artifact, ArtifactVersion, Chat, TurnStatus, TurnSummary
from tests.conftest import Repository
from tests.hub.running import RunningHub


async def open_hub(folder: Path) -> RunningHub:
    return await RunningHub.open(folder, ProcessEngine(folder / "data" / "processes"), "any")


@dataclass
class Publisher:
    """A chat of a hub, and what it publishes."""

    hub: RunningHub
    chat: Chat

    async def publish(self, name: str, content: bytes, is_read: bool = True) -> Artifact:
        path = self.hub.hub.artifacts.incoming()
        path.write_bytes(content)
        received = Received(path, _sha256(content) if is_read else None)
        return await self.hub.hub.artifacts.publish(self.chat.id, name, received)

    def kept(self, artifact: Artifact, version: int) -> Path:
        return self.hub.hub.artifacts.content(artifact.id, version)

    def shown(self, artifact: Artifact) -> Path:
        return self.hub.hub.settings.root / artifact.path

    async def at(self, number: int, prompt: str) -> None:
        """Let its agent be at a turn."""
        turn = TurnSummary(number=number, status=TurnStatus.running, prompt=prompt)
        await self.hub.hub.store.chats.change(self.chat.id, turn=turn)

    async def reopen(self, meanwhile: Callable[[Path], None] = lambda data: None) -> None:
        """Go over to the next hub; `meanwhile` is called with the data directory while there is none."""
        data = self.hub.hub.settings.data_dir
        await self.hub.close()
        meanwhile(data)
        self.hub = await open_hub(data.parent)


@pytest.fixture
async def chat(tmp_path: Path, a_small_codex: Path, a_repository: Repository) -> AsyncIterator[Publisher]:
    hub = await open_hub(tmp_path)
    publisher = Publisher(hub, await hub.start(await hub.ready(a_repository), name="first"))
    yield publisher
    await publisher.hub.clear()
    await publisher.hub.close()


async def test_every_version_can_be_read_with_the_turn_that_published_it(chat: Publisher) -> None:
    await chat.at(1, "Plot the loss")
    await chat.publish("loss.txt", b"one")
    await chat.at(2, "Clip the gradient")
    artifact = await chat.publish("loss.txt", b"two!")
    assert (artifact.version, artifact.turn, artifact.prompt) == (2, 2, "Clip the gradient")
    await chat.reopen()
    versions = chat.hub.hub.store.versions.of(artifact.id)
    assert [(one.version, one.size, one.turn, one.prompt) for one in versions] == [
        (1, 3, 1, "Plot the loss"),
        (2, 4, 2, "Clip the gradient"),
    ]
    assert versions[-1] == artifact.newest
    assert [chat.kept(artifact, one.version).read_bytes() for one in versions] == [b"one", b"two!"]
    with pytest.raises(NotFound, match="no version 3"):
        chat.kept(artifact, 3)


async def test_what_an_agent_does_to_a_file_that_it_published_changes_nothing(chat: Publisher) -> None:
    await chat.hub.run(chat.chat.id, "echo heron > a.txt && hub_artifact publish a.txt && : > a.txt")
    (artifact,) = chat.hub.hub.store.artifacts
    assert chat.kept(artifact, 1).read_bytes() == chat.shown(artifact).read_bytes() == b"heron\n"


async def test_a_chat_s_history_is_in_the_order_in_which_it_was_published(chat: Publisher) -> None:
    for name in ("a.txt", "b.txt", "a.txt"):
        await chat.publish(name, b"")
    names = {artifact.id: artifact.name for artifact in chat.hub.hub.store.artifacts}
    history = chat.hub.hub.artifacts.history(chat.chat.id)
    assert [(names[one.artifact], one.version) for one in history] == [("a.txt", 1), ("b.txt", 1), ("a.txt", 2)]


async def test_the_same_bytes_are_kept_once_under_whatever_name_and_what_is_shown_is_a_person_s_own(
    chat: Publisher,
) -> None:
    first = await chat.publish("a.txt", b"heron")
    again = await chat.publish("a.txt", b"heron")
    other = await chat.publish("b.txt", b"heron")
    kept = [chat.kept(first, 1), chat.kept(again, 2), chat.kept(other, 1)]
    assert len({path.stat().st_ino for path in kept}) == 1
    chat.shown(other).write_text("mine")
    assert {path.read_bytes() for path in kept} == {b"heron"}
    assert list(chat.hub.hub.folders.incoming.glob("*")) == []


async def test_what_was_not_read_when_it_was_published_is_read_then(chat: Publisher) -> None:
    digest = _sha256(b"heron")
    first = await chat.publish("a.bin", b"heron")
    later = await chat.publish("b.bin", b"heron", is_read=False)
    assert later.sha256 is None
    await chat.hub.until(lambda: chat.hub.hub.store.artifacts[later.id].sha256 == digest)
    # And then the same bytes are kept once.
    await chat.hub.until_true(lambda: chat.kept(later, 1).stat().st_ino == chat.kept(first, 1).stat().st_ino)
    assert chat.kept(later, 1).read_bytes() == b"heron" and list(chat.hub.hub.folders.incoming.glob("*")) == []


async def test_the_next_hub_reads_what_the_last_one_did_not(chat: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Digests, "read", lambda self, version: None)
        one = await chat.publish("a.bin", b"one", is_read=False)
        await chat.publish("a.bin", b"two", is_read=False)
    await chat.reopen()
    store = chat.hub.hub.store
    await chat.hub.until(lambda: store.artifacts[one.id].sha256 == _sha256(b"two"))
    assert [version.sha256 for version in store.versions.of(one.id)] == [_sha256(b"one"), _sha256(b"two")]
    await chat.reopen()
    assert chat.hub.hub.store.artifacts[one.id].sha256 == _sha256(b"two")


async def test_one_digest_that_cannot_be_recorded_holds_up_no_other(
    chat: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Digests._record

    async def badly(self: Digests, version: ArtifactVersion) -> None:
        if version.sha256 == _sha256(b"heron"):
            raise sqlite3.OperationalError("disk I/O error")
        await record(self, version)

    may_go_on = threading.Event()
    digest = Digests._digest

    def slowly(self: Digests, path: Path) -> str | None:
        may_go_on.wait(30)
        return digest(self, path)

    monkeypatch.setattr(Digests, "_record", badly)
    monkeypatch.setattr(Digests, "_digest", slowly)
    await chat.publish("a.bin", b"heron", is_read=False)
    made = await chat.publish("b.bin", b"egret", is_read=False)
    may_go_on.set()
    await chat.hub.until(lambda: chat.hub.hub.store.artifacts[made.id].sha256 == _sha256(b"egret"), 20)


async def test_what_is_deleted_before_it_was_read_leaves_nothing(
    chat: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, may_go_on = threading.Event(), threading.Event()
    digest = Digests._digest

    def slowly(self: Digests, path: Path) -> str | None:
        reading.set()
        may_go_on.wait(30)
        return digest(self, path)

    monkeypatch.setattr(Digests, "_digest", slowly)
    gone = await chat.publish("a.bin", b"heron", is_read=False)
    kept = await chat.publish("b.bin", b"heron", is_read=False)
    assert await asyncio.to_thread(reading.wait, 30)
    await chat.hub.hub.artifacts.delete(gone.id)
    may_go_on.set()
    await chat.hub.until(lambda: chat.hub.hub.store.artifacts[kept.id].sha256 == _sha256(b"heron"))
    assert [artifact.id for artifact in chat.hub.hub.store.artifacts] == [kept.id]
    assert chat.hub.hub.store.versions.of(gone.id) == ()
    assert not chat.hub.hub.folders.artifact(gone.id).exists()


async def test_what_is_deleted_while_it_is_read_leaves_nothing_of_bytes_that_another_has(
    chat: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, may_go_on = threading.Event(), threading.Event()
    digest = Digests._digest

    def slowly(self: Digests, path: Path) -> str | None:
        found = digest(self, path)
        read.set()
        may_go_on.wait(30)
        return found

    monkeypatch.setattr(Digests, "_digest", slowly)
    other = await chat.publish("a.bin", b"heron")
    gone = await chat.publish("b.bin", b"heron", is_read=False)
    later = await chat.publish("c.bin", b"egret", is_read=False)
    assert await asyncio.to_thread(read.wait, 30)
    await chat.hub.hub.artifacts.delete(gone.id)
    may_go_on.set()
    await chat.hub.until(lambda: chat.hub.hub.store.artifacts[later.id].sha256 == _sha256(b"egret"))
    assert chat.kept(other, 1).stat().st_nlink == 1
    assert list(chat.hub.hub.folders.incoming.glob("*")) == []


async def test_a_chat_that_is_deleted_while_its_file_is_read_leaves_nothing(
    chat: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing, may_go_on = threading.Event(), threading.Event()
    share = artifact_files.ArtifactFiles.share

    def slowly(self: artifact_files.ArtifactFiles, *given: Any) -> None:
        sharing.set()
        may_go_on.wait(30)
        share(self, *given)

    monkeypatch.setattr(artifact_files.ArtifactFiles, "share", slowly)
    await chat.publish("a.bin", b"heron")
    await chat.publish("b.bin", b"heron", is_read=False)
    assert await asyncio.to_thread(sharing.wait, 30)
    hub = chat.hub.hub
    deleting = asyncio.create_task(hub.chats.delete(chat.chat.id, force=True))
    await chat.hub.until_true(lambda: not hub.folders.chat(chat.chat.id).exists())
    may_go_on.set()
    await asyncio.wait_for(deleting, 30)
    assert chat.chat.id not in hub.store.chats and len(hub.store.artifacts) == 0
    assert list(hub.folders.incoming.glob("*")) == []


async def test_a_hub_that_ends_waits_for_no_digest(chat: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "PIECE", 1)
    reading = threading.Event()
    sha256 = hashlib.sha256

    class Slow:
        def __init__(self) -> None:
            self.read = 0

        def update(self, piece: bytes) -> None:
            self.read += len(piece)
            reading.set()

        def hexdigest(self) -> str:
            return sha256(b"%d" % self.read).hexdigest()

    monkeypatch.setattr(digests.hashlib, "sha256", Slow)
    one = await chat.publish("a.bin", bytes(2**24), is_read=False)
    assert await asyncio.to_thread(reading.wait, 30)
    await chat.hub.hub.artifacts.close()
    assert chat.hub.hub.store.artifacts[one.id].sha256 is None


async def test_a_chat_is_deleted_with_what_it_has_published_however_fast_it_goes_on(chat: Publisher) -> None:
    folder = chat.hub.hub.folders.incoming.parent
    ended = asyncio.Event()

    async def go_on() -> None:
        content = 0
        while not ended.is_set():
            # Of the same bytes there are links to be made as well, once they are read.
            content = 1 - content
            with suppress(Conflict, NotFound):
                await chat.publish("a.bin", bytes([content]), is_read=False)

    for _ in range(10):
        ended.clear()
        going_on = [asyncio.create_task(go_on()) for _ in range(4)]
        await chat.hub.until(lambda: any(one.version > 10 for one in chat.hub.hub.store.artifacts))
        try:
            await chat.hub.hub.chats.delete(chat.chat.id, force=True)
        finally:
            ended.set()
            await asyncio.gather(*going_on)
        assert {path.name for path in folder.iterdir()} <= {"incoming", "unfinished"}
        chat.chat = await chat.hub.start(chat.hub.hub.store.projects[chat.chat.project])


async def test_a_large_file_that_a_person_edited_in_place_is_put_beside_the_new_version(
    chat: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_files, "READ_THROUGH", 0)
    first = await chat.publish("a.bin", b"heron")
    await chat.publish("a.bin", b"egret")
    assert [path.name for path in chat.shown(first).parent.iterdir()] == ["a.bin"]
    with chat.shown(first).open("r+b") as file:
        file.write(b"Egret")
    await chat.publish("a.bin", b"stork")
    assert {path.name: path.read_bytes() for path in chat.shown(first).parent.iterdir()} == {
        "a.bin": b"stork",
        "a (edited).bin": b"Egret",
    }


async def test_the_same_bytes_are_kept_once_also_after_one_who_has_them_was_deleted(chat: Publisher) -> None:
    first, second = await chat.publish("a.txt", b"same"), await chat.publish("b.txt", b"same")
    await chat.hub.hub.artifacts.delete(second.id)
    third = await chat.publish("c.txt", b"same")
    assert chat.kept(third, 1).stat().st_ino == chat.kept(first, 1).stat().st_ino


@pytest.mark.parametrize("spoiled", [b"her", None], ids=["cut off", "gone"])
async def test_bytes_that_were_lost_are_kept_anew(chat: Publisher, spoiled: bytes | None) -> None:
    first = await chat.publish("a.txt", b"heron")
    if spoiled is None:
        chat.kept(first, 1).unlink()
    else:
        chat.kept(first, 1).write_bytes(spoiled)
    again = await chat.publish("a.txt", b"heron")
    assert chat.kept(again, 2).read_bytes() == b"heron"


async def test_nothing_waits_for_the_folder_that_lab_shows(chat: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    # It may be on a file system of another machine's, which does not answer for a while.
    root = os.fspath(chat.hub.hub.settings.root)
    on_the_loop: list[object] = []

    def watched(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(path: Any, *args: Any, **options: Any) -> Any:
            if threading.current_thread() is threading.main_thread() and str(path).startswith(root):
                on_the_loop.append(path)
            return look(path, *args, **options)

        return looked

    for name in ("stat", "lstat", "open"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    for content in (b"one", b"two"):
        artifact = await chat.publish("a.txt", content)
    await chat.hub.hub.artifacts.delete(artifact.id)
    assert on_the_loop == []


async def test_a_deleted_artifact_takes_its_versions_and_the_file_that_is_shown_along_and_nothing_else(
    chat: Publisher,
) -> None:
    await chat.publish("a.txt", b"heron")
    gone = await chat.publish("a.txt", b"stork")
    same = await chat.publish("b.txt", b"heron")
    await chat.hub.hub.artifacts.delete(gone.id)
    assert not chat.shown(gone).exists() and not chat.hub.hub.folders.artifact(gone.id).exists()
    assert chat.kept(same, 1).read_bytes() == chat.shown(same).read_bytes() == b"heron"
    with pytest.raises(NotFound):
        await chat.hub.hub.artifacts.delete(gone.id)
    await chat.reopen()
    assert list(chat.hub.hub.store.artifacts) == [same]
    assert chat.hub.hub.store.versions.of(gone.id) == ()
    # Published once more, it begins anew.
    assert (await chat.publish("a.txt", b"heron")).version == 1


async def test_a_file_that_a_person_has_changed_stays_when_its_artifact_is_deleted(chat: Publisher) -> None:
    artifact = await chat.publish("a.txt", b"heron")
    chat.shown(artifact).write_text("a person's own")
    await chat.hub.hub.artifacts.delete(artifact.id)
    assert chat.shown(artifact).read_text() == "a person's own"
    assert len(chat.hub.hub.store.artifacts) == 0


async def test_a_link_in_the_place_of_a_deleted_artifact_is_not_followed(chat: Publisher, tmp_path: Path) -> None:
    artifact = await chat.publish("a.txt", b"heron")
    (tmp_path / "precious").write_bytes(b"heron")
    chat.shown(artifact).unlink()
    chat.shown(artifact).symlink_to(tmp_path / "precious")
    await chat.hub.hub.artifacts.delete(artifact.id)
    assert (tmp_path / "precious").read_bytes() == b"heron"


@pytest.mark.parametrize("how_far", ["noted", "without its files", "forgotten"])
async def test_a_deletion_that_was_cut_off_is_finished_by_the_next_hub(chat: Publisher, how_far: str) -> None:
    artifact, stays = await chat.publish("a.txt", b"heron"), await chat.publish("b.txt", b"stork")
    files = chat.hub.hub.artifacts._files
    files.begin_deletion(artifact.id)
    if how_far != "noted":
        files.delete(artifact)
    if how_far == "forgotten":
        await chat.hub.hub.store.forget_artifact(artifact.id)
    await chat.reopen()
    assert list(chat.hub.hub.store.artifacts) == [stays]
    assert not chat.shown(artifact).exists() and not chat.hub.hub.folders.artifact(artifact.id).exists()
    assert list(chat.hub.hub.folders.unfinished_artifacts.glob("*")) == []


async def test_versions_that_an_older_hub_kept_without_a_record_have_one(chat: Publisher) -> None:
    for content in (b"one", b"two!", b"three"):
        artifact = await chat.publish("a.txt", content)
    chat.kept(artifact, 2).unlink()

    def as_of_before(data: Path) -> None:
        with closing(sqlite3.connect(data / "hub.db", isolation_level=None)) as database:
            database.execute("DROP TABLE version")
            database.execute("UPDATE artifact SET body = json_remove(body, '$.turn', '$.prompt')")
            database.execute("PRAGMA user_version = 4")

    await chat.reopen(as_of_before)
    versions = chat.hub.hub.store.versions.of(artifact.id)
    known = [(one.version, one.size, one.sha256, one.turn) for one in versions]
    assert known == [(n, len(text), _sha256(text), None) for n, text in ((1, b"one"), (3, b"three"))]
    assert chat.kept(artifact, 1).read_bytes() == b"one"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_chat_publishes_a_bounded_number_of_versions(chat: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MOST_VERSIONS", 3)
    for name in ("a.txt", "b.txt", "a.txt"):
        artifact = await chat.publish(name, b"content")
    with pytest.raises(Conflict, match="published 3 versions"):
        await chat.publish("b.txt", b"content")
    assert len(list(chat.hub.hub.store.artifacts)) == 2
    await chat.hub.hub.artifacts.delete(artifact.id)
    assert (await chat.publish("b.txt", b"content")).version == 2


async def test_what_is_put_in_the_place_of_a_published_file_is_not_looked_through(chat: Publisher) -> None:
    """As a chat may that has the folder as a mount: what a link leads to is none of its business, and a pipe waits."""
    artifact = await chat.publish("key.txt", b"the same")
    shown = chat.shown(artifact)
    (elsewhere := chat.hub.hub.settings.root / "elsewhere").write_bytes(b"the same")
    shown.unlink()
    shown.symlink_to(elsewhere)
    await chat.publish("key.txt", b"two")
    assert shown.read_bytes() == b"two" and shown.with_name("key (edited).txt").is_symlink()
    shown.unlink()
    os.mkfifo(shown)
    async with asyncio.timeout(10):
        await chat.publish("key.txt", b"three")
    assert shown.read_bytes() == b"three" and shown.with_name("key (edited) 2.txt").is_fifo()
    shown.unlink()
    shown.mkdir()
    await chat.publish("key.txt", b"four")
    assert shown.read_bytes() == b"four" and shown.with_name("key (edited) 3.txt").is_dir()
    shown.parent.rename(away := shown.parent.with_name("away"))
    shown.parent.symlink_to(away)
    await chat.hub.hub.artifacts.delete(artifact.id)
    assert (away / "key.txt").read_bytes() == b"four"


def test_a_part_of_a_path_is_one_line_without_separators_and_nothing_hidden() -> None:
    assert file_name(".a/b\\c:d\u2028e\u202ef") == "_.a-b-c-d-e-f"


def test_a_free_name_is_found_among_any_number_that_are_taken() -> None:
    names: list[str] = []
    asked = 0

    def is_taken(name: str) -> bool:
        nonlocal asked
        asked += 1
        return name in taken

    taken: set[str] = set()
    for _ in range(3000):
        names.append(free_name("a.tar", is_taken))
        taken.add(names[-1])
    assert names == ["a.tar", *(f"a {number}.tar" for number in range(2, 3001))]
    assert asked < 30 * len(names)
    taken -= {"a 7.tar", "a 70.tar", "a 700.tar"}
    assert free_name("a.tar", is_taken) not in taken
