"""What an agent plants in the folders that the hub writes to and reads from as the person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent_hub.agents import agent
from agent_hub.engines.process import ProcessEngine
from tests.conftest import Repository
from tests.gateway.container import Container
from tests.hub.running import RunningHub


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("the person's\n")
    return path


@pytest.fixture
def day(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "sessions" / "2026" / "01" / "02"
    folder.mkdir(parents=True)
    return folder


def conversation(thread: object) -> str:
    return json.dumps({"type": "session_meta", "payload": {"id": thread}}) + "\n{}\n"


async def test_a_link_beside_an_artifact_is_not_followed(
    tmp_path: Path, secret: Path, a_small_codex: Path, a_repository: Repository
):
    hub = await RunningHub.open(tmp_path, ProcessEngine(tmp_path / "data" / "processes"), "any")
    try:
        container = Container.of(hub, await hub.start(await hub.ready(a_repository)))
        first = await container.published("a.txt", b"old")
        shown = hub.hub.settings.root / first["path"]
        (shown.parent / f".{first['id']}.publishing").symlink_to(secret)

        await container.published("a.txt", b"new")

        assert secret.read_text() == "the person's\n"
        assert shown.read_text() == "new" and not shown.is_symlink()
    finally:
        await hub.clear()
        await hub.close()


async def test_a_link_in_the_place_of_an_artifact_s_folder_is_not_followed(
    tmp_path: Path, a_small_codex: Path, a_repository: Repository
):
    hub = await RunningHub.open(tmp_path, ProcessEngine(tmp_path / "data" / "processes"), "any")
    try:
        container = Container.of(hub, await hub.start(await hub.ready(a_repository)))
        first = await container.published("a.txt", b"old")
        folder = (hub.hub.settings.root / first["path"]).parent
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        os.rename(folder, tmp_path / "aside")
        folder.symlink_to(elsewhere)

        assert (await container.publish("authorized_keys", b"the agent's")).code != 201
        assert (await container.publish("a.txt", b"new")).code != 201

        assert list(elsewhere.iterdir()) == []
        assert [artifact.version for artifact in hub.hub.store.artifacts] == [1]
    finally:
        await hub.clear()
        await hub.close()


def test_a_pipe_among_conversations_holds_nothing_up(day: Path):
    os.mkfifo(day / "rollout-a.jsonl")
    (day / "rollout-b.jsonl").write_text(conversation("t1"))
    # In a process of its own: a thread that a pipe holds cannot be ended.
    read = (
        "import sys; from pathlib import Path; from agent_hub.agents import agent;"
        "print(agent('codex').thread(Path(sys.argv[1])))"
    )
    home = str(day.parents[3])
    done = subprocess.run([sys.executable, "-c", read, home], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.strip() == "t1"


@pytest.mark.parametrize("thread", ["x\nssh-rsa AAAA", "a\0b", "-c", "a" * 100_000, 7])
def test_a_conversation_s_id_is_nothing_but_an_id(day: Path, thread: object):
    (day / "rollout-a.jsonl").write_text(conversation(thread))
    assert agent("codex").thread(day.parents[3]) == ""


def test_a_conversation_nested_too_deep_is_passed_over(day: Path):
    (day / "rollout-a.jsonl").write_text("[" * 200_000)
    assert agent("codex").thread(day.parents[3]) == ""


def test_a_linked_conversation_is_not_read(day: Path, secret: Path):
    secret.write_text(conversation("elsewhere"))
    (day / "rollout-a.jsonl").symlink_to(secret)
    assert agent("codex").thread(day.parents[3]) == ""


@pytest.mark.parametrize("level", range(4))
def test_a_linked_folder_of_conversations_is_not_read(day: Path, tmp_path: Path, level: int):
    """The folder of the day, the month, the year, or of all of them."""
    (day / "rollout-a.jsonl").write_text(conversation("elsewhere"))
    linked = [day, *day.parents][level]
    elsewhere = linked.rename(tmp_path / "elsewhere")
    linked.symlink_to(elsewhere)
    assert agent("codex").thread(tmp_path / "home") == ""


def test_conversations_without_number_are_read_to_a_bound(day: Path):
    """The newest first, so that a person's last one is found all the same."""
    for number in range(40):
        planted = day / f"rollout-{number}.jsonl"
        planted.write_text(json.dumps({"type": "session_meta", "payload": {"filler": "x" * 2**20}}) + "\n{}\n")
        os.utime(planted, (number, number))
    home = day.parents[3]
    start = Path("/proc/self/io").read_text()
    assert agent("codex").thread(home) == ""
    assert _read_since(start) < 20 * 2**20
    (day / "rollout-mine.jsonl").write_text(conversation("mine"))
    start = Path("/proc/self/io").read_text()
    assert agent("codex").thread(home) == "mine"
    assert _read_since(start) < 2**20


def _read_since(start: str) -> int:
    def read(text: str) -> int:
        return int(text.splitlines()[0].removeprefix("rchar: "))

    return read(Path("/proc/self/io").read_text()) - read(start)
