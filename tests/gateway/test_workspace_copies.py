"""Files of a workspace that are published by their paths."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.hub import workspace_copies
from agent_hub.models import Chat, Mount, NewChat
from tests.conftest import Repository
from tests.gateway.container import Container
from tests.hub.running import RunningHub

SIZE = 2**21
CONTENT = bytes(range(256)) * (SIZE // 256)
SENT = b"s" * SIZE
SECONDS = 30


async def publish(container: Container, path: str, length: int = SIZE, sent: bytes = SENT) -> tuple[int, bytes]:
    """The status and the answer, as of ``hub_artifact``; what it is asked for is sent."""
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        async with asyncio.timeout(SECONDS):
            writer.write(head(container, path, length))
            status, body = await answer(reader)
            if status == 100:
                writer.write(sent)
                status, body = await answer(reader)
            return status, body
    finally:
        writer.close()


def head(container: Container, path: str, length: int = SIZE, inode: str = "") -> bytes:
    query = f"name=model.bin&path={quote(os.fsencode(path), safe='')}&inode={inode or inode_of(container, path)}"
    lines = (
        f"POST /artifacts?{query} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {container.token}",
        "Expect: 100-continue",
        f"Content-Length: {length}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def inode_of(container: Container, path: str) -> int:
    """What ``stat`` says of the file, or of what a link leads to."""
    with suppress(OSError, ValueError):
        return (container.workspace / path).stat().st_ino
    return 1


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    status = int(lines[0].split()[1])
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    return status, await reader.readexactly(int(fields.get("Content-Length", 0)))


@pytest.fixture
def workspace(hub: RunningHub, a_chat: Chat) -> Path:
    folder = hub.hub.folders.workspace(a_chat.id)
    (folder / "out").mkdir()
    (folder / "out" / "model.bin").write_bytes(CONTENT)
    return folder


def left(hub: RunningHub) -> list[Path]:
    """What is left of files that did not become artifacts."""
    return list(hub.hub.folders.incoming.glob("*"))


async def test_a_file_of_the_workspace_is_published_without_being_sent(
    hub: RunningHub, container: Container, workspace: Path
) -> None:
    status, body = await publish(container, "out/model.bin")
    made = json.loads(body)
    assert (status, made["name"], made["version"], made["size"]) == (303, "model.bin", 1, SIZE)
    (workspace / "out" / "model.bin").write_bytes(b"changed")
    assert (hub.hub.settings.root / made["path"]).read_bytes() == CONTENT
    assert hub.hub.artifacts.content(made["id"]).read_bytes() == CONTENT
    assert left(hub) == []
    digest = hashlib.sha256(CONTENT).hexdigest()
    await hub.until(lambda: hub.hub.store.artifacts[made["id"]].sha256 == digest)
    assert [version.sha256 for version in hub.hub.store.versions.of(made["id"])] == [digest]


@pytest.mark.parametrize("path", ["./out/model.bin", "out//model.bin", "out/./model.bin"])
async def test_what_leads_nowhere_in_a_path_keeps_no_file_from_being_taken(
    hub: RunningHub, container: Container, workspace: Path, path: str
) -> None:
    assert (await publish(container, path))[0] == 303


async def test_a_folder_that_passes_its_group_on_does_so_to_large_files_as_well(
    hub: RunningHub, container: Container, workspace: Path
) -> None:
    small = json.loads((await container.publish("small.txt")).body)
    folder = (hub.hub.settings.root / small["path"]).parent
    os.chown(folder, -1, 100)
    folder.chmod(0o2775)
    large = json.loads((await publish(container, "out/model.bin"))[1])
    shown = hub.hub.settings.root / large["path"]
    assert (shown.parent, shown.stat().st_gid, shown.read_bytes()) == (folder, 100, CONTENT)
    await hub.until_true(lambda: left(hub) == [])


async def test_a_folder_on_the_way_may_have_a_name_that_is_no_text(
    hub: RunningHub, container: Container, workspace: Path
) -> None:
    path = os.fsdecode(b"out \xff\n/model.bin")
    (workspace / "out").rename((workspace / path).parent)
    assert (await publish(container, path))[0] == 303
    assert (await publish(container, path + "x"))[0] == 201


async def test_what_a_person_does_to_the_file_that_is_shown_does_not_reach_the_version(
    hub: RunningHub, container: Container, workspace: Path
) -> None:
    made = json.loads((await publish(container, "out/model.bin"))[1])
    shown = hub.hub.settings.root / made["path"]
    shown.write_bytes(b"mine")
    assert hub.hub.artifacts.content(made["id"]).read_bytes() == CONTENT
    assert json.loads((await publish(container, "out/model.bin"))[1])["version"] == 2
    assert {path.name: path.read_bytes() for path in shown.parent.iterdir()} == {
        "model.bin": CONTENT,
        "model (edited).bin": b"mine",
    }


async def test_hub_artifact_itself_leaves_the_copy_to_the_hub(
    hub: RunningHub, a_chat: Chat, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    copy = workspace_copies.copy
    monkeypatch.setattr(workspace_copies, "copy", lambda *given: taken.append(given[2]) or copy(*given))
    said = await hub.run(a_chat.id, "cd out && hub_artifact publish model.bin")
    assert said.strip() == "Published model.bin (2 MB) · version 1" and taken == [SIZE]


def a_link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def a_link_above(file: Path) -> None:
    file.parent.rename(file.parent.with_name("elsewhere"))
    file.parent.symlink_to(file.parent.with_name("elsewhere"))


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def of_another_length(file: Path) -> None:
    file.write_bytes(CONTENT + b"x")


@pytest.mark.parametrize("put", [a_link, a_link_above, a_pipe, a_folder, Path.unlink, of_another_length])
async def test_what_is_no_file_of_the_workspace_s_own_has_to_be_sent(
    hub: RunningHub, container: Container, workspace: Path, put: Callable[[Path], None]
) -> None:
    put(workspace / "out" / "model.bin")
    status, body = await publish(container, "out/model.bin")
    assert (status, left(hub)) == (201, [])
    assert (hub.hub.settings.root / json.loads(body)["path"]).read_bytes() == SENT


@pytest.mark.parametrize(
    "path",
    ["../token", "out/../out/model.bin", "/etc/passwd", "out/model.bin\0", "", ".", "x" * 5000],
)
async def test_no_path_leads_out_of_the_workspace(
    hub: RunningHub, container: Container, workspace: Path, path: str
) -> None:
    shutil.copy(workspace / "out" / "model.bin", workspace.parent / "token")
    status, body = await publish(container, path)
    assert (status, left(hub)) == (201, [])
    assert (hub.hub.settings.root / json.loads(body)["path"]).read_bytes() == SENT


@pytest.mark.parametrize("inode", ["1", "x", "%31", "-1", "9" * 30])
async def test_where_the_chat_sees_another_file_of_the_same_length_it_sends_that(
    hub: RunningHub, container: Container, workspace: Path, inode: str
) -> None:
    # A mount's target may be a link in the image, or in the workspace, to a folder of it.
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        async with asyncio.timeout(SECONDS):
            writer.write(head(container, "out/model.bin", inode=inode))
            assert (await answer(reader))[0] == 100
            writer.write(SENT)
            status, body = await answer(reader)
    finally:
        writer.close()
    assert status == 201
    assert (hub.hub.settings.root / json.loads(body)["path"]).read_bytes() == SENT


@pytest.mark.parametrize(("target", "status"), [("/workspace/out", 201), ("/workspace/ou", 303), ("/data", 303)])
async def test_what_a_mount_covers_is_taken_as_its_chat_sees_it(
    hub: RunningHub, a_chat: Chat, container: Container, workspace: Path, target: str, status: int
) -> None:
    mount = Mount(source=str(workspace.parent), target=target)
    await hub.hub.store.chats.change(a_chat.id, mounts=(mount,))
    assert (await publish(container, "out/model.bin"))[0] == status


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a folder elsewhere")
async def test_what_a_person_has_mounted_in_a_workspace_is_none_of_it(
    hub: RunningHub, container: Container, workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "theirs").mkdir()
    shutil.copy(workspace / "out" / "model.bin", tmp_path / "theirs" / "secret.bin")
    (workspace / "seen").mkdir()
    subprocess.run(["mount", "--bind", str(tmp_path / "theirs"), str(workspace / "seen")], check=True, timeout=10)
    try:
        # Its chat guesses which file it is, and how long.
        status, body = await publish(container, "seen/secret.bin")
    finally:
        subprocess.run(["umount", str(workspace / "seen")], check=True, timeout=10)
    assert status == 201
    assert (hub.hub.settings.root / json.loads(body)["path"]).read_bytes() == SENT


async def test_a_small_file_is_sent_since_that_ends_no_connection(
    hub: RunningHub, container: Container, workspace: Path
) -> None:
    (workspace / "small").write_bytes(b"small")
    assert (await publish(container, "small", 5, b"small"))[0] == 201


async def test_a_token_reads_its_own_workspace_alone(
    hub: RunningHub, a_chat: Chat, container: Container, workspace: Path
) -> None:
    other = await hub.hub.new_chats.add(NewChat(project=a_chat.project, name="other"))
    await hub.settled(other.id)
    assert (await publish(Container.of(hub, other), "out/model.bin"))[0] == 201
    assert (await publish(Container.of(hub, other), f"../../{a_chat.id}/workspace/out/model.bin"))[0] == 201


async def test_no_chat_waits_for_all_that_another_publishes(
    hub: RunningHub, a_chat: Chat, container: Container, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await hub.hub.new_chats.add(NewChat(project=a_chat.project, name="other"))
    await hub.settled(other.id)
    (hub.hub.folders.workspace(other.id) / "model.bin").write_bytes(b"o" * (SIZE + 1))
    copying, may_go_on = threading.Event(), threading.Event()
    copy = workspace_copies.copy

    def slowly(source: int, targets: list[int], size: int, is_wanted: Callable[[], bool]) -> bool:
        if size == SIZE:
            copying.set()
            may_go_on.wait(SECONDS)
        return copy(source, targets, size, is_wanted)

    monkeypatch.setattr(workspace_copies, "copy", slowly)
    many = [asyncio.create_task(publish(container, "out/model.bin")) for _ in range(5)]
    try:
        assert await asyncio.to_thread(copying.wait, SECONDS)
        status, _ = await publish(Container.of(hub, other), "model.bin", SIZE + 1)
        assert status == 303 and not any(one.done() for one in many)
    finally:
        may_go_on.set()
    assert [status for status, _ in await asyncio.gather(*many)] == [303] * 5


async def test_a_copy_that_takes_too_long_is_given_up_for_one_that_can_be_watched(
    hub: RunningHub, container: Container, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_copies, "PATIENCE_SECONDS", 0.0)
    assert ((await publish(container, "out/model.bin"))[0], left(hub)) == (201, [])


async def test_a_file_that_becomes_shorter_while_it_is_copied_has_to_be_sent(
    hub: RunningHub, container: Container, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = workspace_copies.copy

    def meanwhile(source: int, targets: list[int], size: int, is_wanted: Callable[[], bool]) -> bool:
        os.truncate(workspace / "out" / "model.bin", SIZE // 2)
        return copy(source, targets, size, is_wanted)

    monkeypatch.setattr(workspace_copies, "copy", meanwhile)
    status, body = await publish(container, "out/model.bin")
    assert (status, left(hub)) == (201, [])
    assert (hub.hub.settings.root / json.loads(body)["path"]).read_bytes() == SENT


async def test_who_goes_while_it_is_copied_publishes_nothing(
    hub: RunningHub, container: Container, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying, may_go_on = threading.Event(), threading.Event()
    copy = workspace_copies.copy

    def slowly(*given: object) -> bool:
        copying.set()
        may_go_on.wait(SECONDS)
        return copy(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(workspace_copies, "copy", slowly)
    parts = urlsplit(container.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head(container, "out/model.bin"))
    assert await asyncio.to_thread(copying.wait, SECONDS)
    writer.transport.abort()
    # The loop hears of it before the copy ends.
    await publish(container, "no such file", 5, b"other")
    may_go_on.set()
    await hub.until_true(lambda: left(hub) == [])
    assert [artifact.size for artifact in hub.hub.store.artifacts] == [5]


async def test_who_sends_without_being_told_to_go_on_is_answered_all_the_same(
    hub: RunningHub, container: Container, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = threading.Event()
    copy = workspace_copies.copy

    def meanwhile(*given: object) -> bool:
        done = copy(*given)  # type: ignore[arg-type]
        assert sending.wait(SECONDS)
        return done

    monkeypatch.setattr(workspace_copies, "copy", meanwhile)
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        async with asyncio.timeout(SECONDS):
            writer.write(head(container, "out/model.bin") + SENT[: SIZE // 2])
            sending.set()
            assert (await answer(reader))[0] == 100
            writer.write(SENT[SIZE // 2 :])
            status, body = await answer(reader)
    finally:
        writer.close()
    made = json.loads(body)
    assert (status, made["version"], left(hub)) == (201, 1, [])
    assert (hub.hub.settings.root / made["path"]).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "field", ["Content-Length: ", f"Content-Length: {SIZE}\r\nTransfer-Encoding: chunked"], ids=["empty", "two"]
)
async def test_what_has_no_one_length_is_not_copied(
    hub: RunningHub, container: Container, workspace: Path, field: str
) -> None:
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        async with asyncio.timeout(SECONDS):
            writer.write(head(container, "out/model.bin").replace(f"Content-Length: {SIZE}".encode(), field.encode()))
            found, _ = await answer(reader)
            if found == 100:
                found, _ = await answer(reader)
    finally:
        writer.close()
    assert (found, len(hub.hub.store.artifacts)) == (400, 0)


async def test_a_full_disk_is_told_and_leaves_nothing(
    hub: RunningHub, container: Container, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = workspace_copies.copy

    def to_a_full_disk(source: int, targets: list[int], *given: object) -> bool:
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            return copy(source, [targets[0], full], *given)  # type: ignore[arg-type]
        finally:
            os.close(full)

    monkeypatch.setattr(workspace_copies, "copy", to_a_full_disk)
    status, body = await publish(container, "out/model.bin")
    assert (status, json.loads(body)["code"], left(hub)) == (507, "storage_full", [])
    assert len(hub.hub.store.artifacts) == 0


async def test_where_the_kernel_is_another_the_chat_sends_what_it_sees(
    tmp_path: Path, a_small_codex: Path, a_repository: Repository
) -> None:
    engine = ProcessEngine(tmp_path / "data" / "processes")
    engine.shares_kernel = False
    hub = await RunningHub.open(tmp_path, engine, "any")
    try:
        chat = await hub.start(await hub.ready(a_repository), name="first")
        (hub.hub.folders.workspace(chat.id) / "model.bin").write_bytes(CONTENT)
        assert (await publish(Container.of(hub, chat), "model.bin"))[0] == 201
    finally:
        await hub.clear()
        await hub.close()
