"""What a container may ask the hub for, and what it may not."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import PortInUse
from agent_hub.gateway import callers
from agent_hub.gateway.artifacts import ArtifactsHandler
from agent_hub.gateway.incoming import IncomingFile
from agent_hub.gateway.listener import CONNECTIONS_OF_ONE, LARGEST_BODY, Gateway
from agent_hub.models import Chat, NewChat
from tests.gateway.container import Container
from tests.hub.running import RunningHub


def incoming(hub: RunningHub) -> list[Path]:
    """What is left of files that did not become artifacts."""
    return list((hub.hub.folders.root / "artifacts" / "incoming").glob("*"))


def shown(hub: RunningHub) -> list[Path]:
    """The files that Lab shows."""
    return sorted(path for path in hub.hub.settings.root.rglob("*") if path.is_file())


async def test_a_published_file_is_a_real_file_under_the_servers_root(
    hub: RunningHub, a_chat: Chat, container: Container
) -> None:
    content = os.urandom(3 * 2**20)
    artifact = await container.published("plot.png", content)
    assert (artifact["chat"], artifact["name"], artifact["version"]) == (a_chat.id, "plot.png", 1)
    assert (artifact["size"], artifact["media_type"]) == (len(content), "image/png")
    assert artifact["sha256"] == hashlib.sha256(content).hexdigest()
    assert (hub.hub.settings.root / artifact["path"]).read_bytes() == content
    assert hub.hub.artifacts.content(artifact["id"]).read_bytes() == content
    assert incoming(hub) == []


async def test_an_empty_file_can_be_published(hub: RunningHub, container: Container) -> None:
    artifact = await container.published("empty.txt", b"")
    assert (hub.hub.settings.root / artifact["path"]).read_bytes() == b""


async def test_without_its_token_nobody_publishes(hub: RunningHub, container: Container) -> None:
    for token in ("", "guess", container.token[:-1], container.token + "x"):
        answer = await replace(container, token=token).publish("file.txt")
        assert (answer.code, json.loads(answer.body)["code"]) == (403, "not_allowed")
    assert len(hub.hub.store.artifacts) == 0 and shown(hub) == [] and incoming(hub) == []


async def test_a_stopped_chats_token_is_worth_nothing_and_a_new_one_comes_with_its_start(
    hub: RunningHub, a_chat: Chat, container: Container
) -> None:
    await hub.hub.chats.stop(a_chat.id)
    assert (await container.publish("file.txt")).code == 403
    await hub.hub.chats.start(a_chat.id)
    await hub.settled(a_chat.id)
    assert (await container.publish("file.txt")).code == 403
    await Container.of(hub, a_chat).published("file.txt")


async def test_of_a_chats_token_the_hub_keeps_the_hash_alone(
    hub: RunningHub, a_chat: Chat, container: Container
) -> None:
    def holding(text: str) -> set[str]:
        found = set()
        # Spares come and go meanwhile.
        for folder, _, names in os.walk(root):
            for path in [Path(folder, name) for name in names]:
                with suppress(FileNotFoundError):
                    if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes():
                        found.add(str(path.relative_to(root)))
        return found

    root = hub.hub.folders.root
    token = hub.hub.folders.run(a_chat.id) / "token"
    # What its container reads is the one place, for its user alone.
    assert holding(container.token) == {str(token.relative_to(root))}
    assert token.stat().st_mode & 0o077 == 0 and len(container.token) >= 40
    kept = hashlib.sha256(container.token.encode()).hexdigest()
    assert {path.partition("-")[0] for path in holding(kept)} == {"hub.db"}


async def test_an_ended_chats_token_is_worth_nothing(hub: RunningHub, a_chat: Chat, container: Container) -> None:
    await hub.type(a_chat.id, "exit\r")
    await hub.until(lambda: hub.hub.store.chats[a_chat.id].status == "exited")
    assert (await container.publish("file.txt")).code == 403


async def test_a_deleted_chats_token_is_worth_nothing_and_its_versions_are_gone(
    hub: RunningHub, a_chat: Chat, container: Container
) -> None:
    artifact = await container.published("file.txt")
    await hub.hub.chats.delete(a_chat.id, force=True)
    assert (await container.publish("file.txt")).code == 403
    assert len(hub.hub.store.artifacts) == 0
    assert not hub.hub.folders.artifact(artifact["id"]).exists()
    assert (hub.hub.settings.root / artifact["path"]).read_bytes() == b"content"


async def test_a_token_publishes_for_its_own_chat_alone(hub: RunningHub, a_chat: Chat, container: Container) -> None:
    other = await hub.hub.new_chats.add(NewChat(project=a_chat.project, name="first"))
    await hub.settled(other.id)
    first = await container.published("file.txt", b"one")
    answer = await container.send(f"?name=file.txt&chat={other.id}", b"two")
    assert json.loads(answer.body)["chat"] == a_chat.id
    theirs = await Container.of(hub, other).published("file.txt", b"theirs")
    assert (theirs["chat"], theirs["version"]) == (other.id, 1)
    assert theirs["path"] != first["path"]
    assert (hub.hub.settings.root / first["path"]).read_bytes() == b"two"


NAMES = [
    "two words.txt",
    " leading.txt",
    'it\'s "quoted".txt',
    "💫 ünï.txt",
    "-rf",
    "a&b=c?d#e%41.txt",
    ".hidden",
    "a:b",
]
NAMES += [".hidden", "a:b", "x" * 200, "CON", "tail. ", "no suffix", "x." + "y" * 198]


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_may_have_any_printable_name(hub: RunningHub, container: Container, name: str) -> None:
    artifact = await container.published(name)
    assert artifact["name"] == name
    path = hub.hub.settings.root / artifact["path"]
    assert path.read_bytes() == b"content"
    assert not any(part.startswith(".") for part in Path(artifact["path"]).parts)
    assert (await container.published(name, b"again"))["version"] == 2
    assert path.read_bytes() == b"again"
    assert len(shown(hub)) == 1


NO_NAMES = ["", " ", ".", "..", "a/b", "../../escape", "/etc/passwd", "a\nb", "a\x00b", "a\x7fb", "x" * 300, "💫" * 60]
# What ends a line where it is written into a notebook, and what reads as another kind of file.
NO_NAMES += ["a\u2028b", "a\u2029b", "loss\u202efdp.exe", "loss\u2067.exe"]


@pytest.mark.parametrize("name", NO_NAMES)
async def test_a_name_that_no_file_can_have_is_refused(hub: RunningHub, container: Container, name: str) -> None:
    answer = await container.publish(name)
    body = json.loads(answer.body)
    assert (answer.code, body["code"], body["details"]["field"]) == (400, "invalid_input", "name")
    assert body["hint"]
    assert len(hub.hub.store.artifacts) == 0 and shown(hub) == [] and incoming(hub) == []


async def test_a_name_is_refused_before_a_byte_of_the_file_is_sent(container: Container) -> None:
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /artifacts?name=a%2Fb HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {container.token}\r\n"
    writer.write(f"{head}Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n".encode())
    async with asyncio.timeout(20):
        answer = await reader.readline()
    writer.close()
    assert answer == b"HTTP/1.1 400 Bad Request\r\n"


async def test_a_name_that_is_no_text_is_refused(hub: RunningHub, container: Container) -> None:
    answer = await container.send("?name=%ff%fe", b"content")
    assert answer.code == 400 and json.loads(answer.body)["message"]
    assert (await container.send("", b"content")).code == 400
    assert len(hub.hub.store.artifacts) == 0 and incoming(hub) == []


async def test_files_of_one_name_published_at_once_are_versions_of_it(hub: RunningHub, container: Container) -> None:
    made = await asyncio.gather(*(container.published("file.txt", f"{n}".encode()) for n in range(8)))
    assert sorted(artifact["version"] for artifact in made) == list(range(1, 9))
    assert len({artifact["id"] for artifact in made}) == len(shown(hub)) == 1


async def test_a_file_that_a_person_edited_is_put_beside_the_new_version(hub: RunningHub, container: Container) -> None:
    first = await container.published("report.md", b"one")
    path = hub.hub.settings.root / first["path"]
    path.write_text("a person's own")
    assert hub.hub.artifacts.content(first["id"]).read_bytes() == b"one"
    await container.published("report.md", b"two")
    assert path.read_bytes() == b"two"
    assert path.with_name("report (edited).md").read_text() == "a person's own"


async def test_a_file_that_a_person_deleted_comes_back_with_the_next_version(
    hub: RunningHub, container: Container
) -> None:
    path = hub.hub.settings.root / (await container.published("report.md", b"one"))["path"]
    path.unlink()
    await container.published("report.md", b"two")
    assert path.read_bytes() == b"two"


async def test_a_link_in_the_place_of_a_published_file_is_not_written_through(
    hub: RunningHub, container: Container, tmp_path: Path
) -> None:
    path = hub.hub.settings.root / (await container.published("report.md", b"one"))["path"]
    (tmp_path / "precious").write_text("precious")
    path.unlink()
    path.symlink_to(tmp_path / "precious")
    await container.published("report.md", b"two")
    assert (tmp_path / "precious").read_text() == "precious"
    assert path.read_bytes() == b"two"


async def test_a_connection_cut_in_the_middle_leaves_nothing(hub: RunningHub, container: Container) -> None:
    parts = urlsplit(container.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /artifacts?name=file.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {container.token}\r\n"
    writer.write(f"{head}Content-Length: 10000000\r\n\r\n".encode() + b"x" * 3_000_000)
    await writer.drain()
    await _eventually(lambda: incoming(hub) != [])
    writer.close()
    await _eventually(lambda: incoming(hub) == [])
    assert len(hub.hub.store.artifacts) == 0 and shown(hub) == []


async def test_who_goes_as_all_was_sent_publishes_nothing_and_makes_no_noise(
    hub: RunningHub, container: Container, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    parts = urlsplit(container.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    gone, finished = asyncio.Event(), asyncio.Event()
    close, discard, finish = IncomingFile.close, IncomingFile.discard, ArtifactsHandler.on_finish

    async def closed(file: IncomingFile) -> str:
        digest = await close(file)
        writer.close()
        await gone.wait()
        return digest

    def discarded(file: IncomingFile) -> None:
        discard(file)
        gone.set()

    def ended(handler: ArtifactsHandler) -> None:
        finish(handler)
        finished.set()

    monkeypatch.setattr(IncomingFile, "close", closed)
    monkeypatch.setattr(IncomingFile, "discard", discarded)
    monkeypatch.setattr(ArtifactsHandler, "on_finish", ended)
    head = f"POST /artifacts?name=file.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {container.token}\r\n"
    writer.write(f"{head}Content-Length: 7\r\n\r\ncontent".encode())
    async with asyncio.timeout(20):
        await finished.wait()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert len(hub.hub.store.artifacts) == 0 and shown(hub) == [] and incoming(hub) == []


async def _eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_chat_lists_its_own_artifacts_and_all_of_them(
    hub: RunningHub, a_chat: Chat, container: Container
) -> None:
    assert (await container.send("", None, "GET")).body == b""
    for number in range(210):
        await container.published(f"n {number}.txt", b"%d" % number)
    await container.published("n 0.txt", b"again")
    other = await hub.start(hub.hub.store.projects[a_chat.project], name="second")
    await Container.of(hub, other).published("theirs.txt")
    rows = [line.split("\t") for line in (await container.send("", None, "GET")).body.decode().splitlines()]
    assert [row[0] for row in rows] == [f"n {number}.txt" for number in range(210)]
    assert rows[0][1:3] == ["2", "5"] and rows[209][1:3] == ["1", "3"]
    assert all(datetime.fromisoformat(row[3]).tzinfo is not None for row in rows)


async def test_a_letter_in_two_forms_is_one_name(hub: RunningHub, container: Container) -> None:
    for version, form in enumerate(("NFC", "NFD"), 1):
        artifact = await container.published(unicodedata.normalize(form, "Ergebnis für Zoë.txt"), b"%d" % version)
        assert (artifact["name"], artifact["version"]) == (
            unicodedata.normalize("NFC", "Ergebnis für Zoë.txt"),
            version,
        )
    assert [path.read_bytes() for path in shown(hub)] == [b"2"]


async def test_what_is_published_does_not_change_with_what_it_was_made_from(
    hub: RunningHub, a_chat: Chat, container: Container
) -> None:
    made = hub.hub.folders.workspace(a_chat.id) / "log.txt"
    made.write_bytes(b"all of it")
    await hub.type(a_chat.id, "hub_artifact publish log.txt\r")
    artifact = await hub.until(lambda: next(iter(hub.hub.store.artifacts), None))
    os.truncate(made, 3)
    shown_there = hub.hub.settings.root / artifact.path
    assert shown_there.read_bytes() == hub.hub.artifacts.content(artifact.id).read_bytes() == b"all of it"
    # Neither what the agent does to its own, nor what a person does to the one that is shown.
    os.truncate(shown_there, 0)
    assert hub.hub.artifacts.content(artifact.id).read_bytes() == b"all of it"


async def test_many_files_of_one_chat_come_in_turn_and_others_need_not_wait(
    hub: RunningHub, a_chat: Chat, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "FILES_BURST", 1)
    monkeypatch.setattr(callers, "PER_SECOND", 1)
    monkeypatch.setattr(callers, "PATIENCE_SECONDS", 5)
    answers = await asyncio.gather(*(container.publish(f"{number}.txt") for number in range(24)))
    codes = sorted(answer.code for answer in answers)
    # One at once, five in the seconds after it; no more wait.
    assert codes[:5] == [201] * 5 and codes[-1] == 429
    other = await hub.start(hub.hub.store.projects[a_chat.project], name="second")
    await Container.of(hub, other).published("theirs.txt")
    (refused, *_) = (json.loads(answer.body) for answer in answers if answer.code == 429)
    assert refused["details"]["retry_after"] == 1 and incoming(hub) == []


async def test_only_files_are_taken_here_and_the_jupyter_api_is_not(hub: RunningHub, container: Container) -> None:
    for method in ("PUT", "DELETE", "HEAD"):
        assert (await container.send("?name=file.txt", None if method != "PUT" else b"", method)).code >= 400
    parts = urlsplit(container.url)
    root = replace(container, url=f"{parts.scheme}://{parts.netloc}")
    for path in (
        "/",
        "/api",
        "/api/status",
        "/lab",
        "/agent-hub/api/status",
        "/artifacts/",
        "//etc/passwd",
        "/files/x",
    ):
        assert (await root.send(path, None, "GET")).code == 404


# -- the listener


@pytest.fixture
async def a_small_gateway(hub: RunningHub) -> Any:
    """A gateway that takes a kilobyte."""
    gateway = Gateway(hub.hub, max_artifact=1024)
    await gateway.open()
    yield gateway
    await gateway.close()


async def test_a_file_that_is_too_large_is_refused(
    hub: RunningHub, container: Container, a_small_gateway: Gateway
) -> None:
    small = replace(container, url=f"{a_small_gateway.url}/artifacts")
    await small.published("fits.txt", b"x" * 1024)
    answer = await small.publish("large.txt", b"x" * 1025)
    body = json.loads(answer.body)
    assert (answer.code, body["code"]) == (413, "too_large")
    assert [artifact.name for artifact in hub.hub.store.artifacts] == ["fits.txt"] and incoming(hub) == []


async def test_a_file_without_a_length_is_too_large_all_the_same(
    hub: RunningHub, container: Container, a_small_gateway: Gateway
) -> None:
    parts = urlsplit(a_small_gateway.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /artifacts?name=file.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {container.token}\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 3)
    writer.write(b"0\r\n\r\n")
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert b"201" not in answer.split(b"\r\n")[0]
    assert len(hub.hub.store.artifacts) == 0
    await _eventually(lambda: incoming(hub) == [])


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LARGE = {
    "by its length": b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1),
    "in one chunk": CHUNKED + b"%x\r\n" % (LARGEST_BODY + 1),
    "in two chunks": CHUNKED + b"%x\r\n%s\r\n1\r\n" % (LARGEST_BODY, b"x" * LARGEST_BODY),
}


@pytest.mark.parametrize("path", ["/github-token", "/nowhere", "/"])
@pytest.mark.parametrize("how", TOO_LARGE)
async def test_a_large_body_is_refused_as_soon_as_it_is_known_to_be_one(
    hub: RunningHub, container: Container, path: str, how: str
) -> None:
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    # All that is sent is read, so that nothing resets the connection before the refusal has come.
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode() + TOO_LARGE[how])
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/github-token", "/nowhere", "/"])
async def test_who_sends_a_body_without_end_is_hung_up_on(hub: RunningHub, container: Container, path: str) -> None:
    parts = urlsplit(container.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode() + CHUNKED)
    sent = 0
    async with asyncio.timeout(20):
        with pytest.raises(ConnectionError):
            while sent < 2**24:
                writer.write(b"10000\r\n" + b"x" * 2**16 + b"\r\n")
                await writer.drain()
                sent += 2**16
        # What is on its way as the hub hangs up resets the connection, which may take the refusal along.
        answer = b""
        with suppress(ConnectionError):
            answer = await reader.read()
    writer.close()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    await container.published("after.txt")


async def test_a_container_has_a_bounded_number_of_connections_and_the_hub_goes_on(
    hub: RunningHub, container: Container
) -> None:
    address = urlsplit(container.url)
    connections = []
    try:
        async with asyncio.timeout(30):
            for _ in range(CONNECTIONS_OF_ONE + 20):
                connections.append(await asyncio.open_connection(address.hostname, address.port))
            for reader, _ in connections[CONNECTIONS_OF_ONE:]:
                assert await reader.read() == b""
            for reader, writer in connections[:CONNECTIONS_OF_ONE]:
                assert not reader.at_eof()
                writer.write_eof()
                await reader.read()
    finally:
        for _, writer in connections:
            writer.close()
    await container.published("after.txt")


async def test_a_port_that_is_taken_is_named_with_the_remedy(hub: RunningHub) -> None:
    taken = urlsplit(hub.gateway.url).port
    assert taken
    with pytest.raises(PortInUse) as refused:
        await Gateway(hub.hub, port=taken).open()
    assert str(taken) in refused.value.message
    assert "--AgentHub.gateway_port" in refused.value.hint


async def test_the_next_hub_listens_where_the_last_one_did(hub: RunningHub) -> None:
    url = hub.gateway.url
    await hub.gateway.close()
    again = Gateway(hub.hub)
    assert await again.open() == url
    await again.close()


async def test_what_containers_are_told_can_be_chosen(hub: RunningHub) -> None:
    behind = Gateway(hub.hub, base_url="https://hub.example/gate/")
    assert await behind.open() == "https://hub.example/gate"
    await behind.close()


async def test_what_was_being_received_when_the_hub_was_killed_is_dropped_at_its_next_start(tmp_path: Path) -> None:
    cut_off = tmp_path / "data/artifacts/incoming/0123456789abcdef"
    cut_off.parent.mkdir(parents=True)
    cut_off.write_bytes(b"half of a fi")
    hub = await RunningHub.open(tmp_path, ProcessEngine(tmp_path / "data/processes"), "any")
    try:
        assert incoming(hub) == []
    finally:
        await hub.close()
