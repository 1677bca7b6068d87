"""What was published stays as it was, version by version, until a person deletes it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import Conflict, NotFound
from agent_hub.hub import artifacts
from agent_hub.hub.artifact_files import file_name, free_name
from agent_hub.models import Artifact, Chat, TurnStatus, TurnSummary
from tests.conftest import Repository
from tests.hub.running import RunningHub


async def open_hub(folder: Path) -> RunningHub:
    return await RunningHub.open(folder, ProcessEngine(folder / "data" / "processes"), "any")


@dataclass
class Publisher:
    """A chat of a hub, and what it publishes."""

    hub: RunningHub
    chat: Chat

    async def publish(self, name: str, content: bytes) -> Artifact:
        received = self.hub.hub.artifacts.incoming()
        received.write_bytes(content)
        return await self.hub.hub.artifacts.publish(self.chat.id, name, received, _sha256(content))

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
