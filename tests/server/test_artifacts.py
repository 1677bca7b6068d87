"""Artifacts over REST."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from agent_hub.hub.received import Received
from agent_hub.models import Artifact, Chat, Project, now
from agent_hub.server.zipped import Member, zipped
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.server.conftest import Run
from tests.server.test_rest import Api, api, refusal  # noqa: F401 (a fixture)


@pytest.fixture
def a_chat(hub: RunningHub, run: Run[Any], a_repository: Repository) -> Chat:
    async def started() -> Chat:
        project: Project = await hub.ready(a_repository)
        return await hub.start(project, name="Loss / curves")

    chat: Chat = run(started())
    return chat


@dataclass
class Publishing:
    hub: RunningHub
    chat: Chat
    api: Api

    async def __call__(self, name: str, content: bytes = b"content") -> Artifact:
        received = self.hub.hub.artifacts.incoming()
        received.write_bytes(content)
        whole = Received(received, hashlib.sha256(content).hexdigest())
        return await self.hub.hub.artifacts.publish(self.chat.id, name, whole)

    async def get(self, path: str, **headers: str) -> HTTPResponse:
        return await self.api("get", path, headers=headers)

    async def json(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.code == 200, answer.body
        return json.loads(answer.body)


@pytest.fixture
def publish(hub: RunningHub, a_chat: Chat, api: Api) -> Publishing:  # noqa: F811
    return Publishing(hub, a_chat, api)


def test_every_version_can_be_asked_for(run: Run[None], publish: Publishing) -> None:
    async def story() -> None:
        await publish("a.txt", b"one")
        artifact = await publish("a.txt", b"two!")
        at = f"api/artifacts/{artifact.id}"
        assert [(one["version"], one["size"]) for one in await publish.json(f"{at}/versions")] == [(1, 3), (2, 4)]
        for version, content in (("", b"two!"), ("?version=1", b"one"), ("?version=2", b"two!")):
            answer = await publish.get(f"{at}/content{version}")
            assert (answer.body, answer.headers["Content-Length"]) == (content, str(len(content)))
        assert refusal(await publish.get(f"{at}/content?version=3"), 404)["code"] == "not_found"
        assert refusal(await publish.get(f"{at}/content?version=x"), 400)["code"] == "invalid_input"
        history = await publish.json(f"api/chats/{publish.chat.id}/artifacts/versions")
        assert [(one["artifact"], one["version"]) for one in history] == [(artifact.id, 1), (artifact.id, 2)]

    run(story())


@pytest.mark.parametrize(
    ("asked", "content", "told"),
    [
        ("bytes=0-2", b"012", "bytes 0-2/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
        # What is no single part that there is: all of it, as the standard has it for what a server does not know.
        ("bytes=10-", b"0123456789", None),
        ("bytes=3-1", b"0123456789", None),
        ("bytes=0-1,4-5", b"0123456789", None),
        ("bytes=-", b"0123456789", None),
        ("lines=0-2", b"0123456789", None),
    ],
)
def test_a_part_can_be_asked_for(
    run: Run[None], publish: Publishing, asked: str, content: bytes, told: str | None
) -> None:
    async def story() -> None:
        artifact = await publish("a.txt", b"0123456789")
        answer = await publish.get(f"api/artifacts/{artifact.id}/content", Range=asked)
        assert (answer.code, answer.body) == (206 if told else 200, content)
        assert answer.headers.get("Content-Range") == told

    run(story())


def test_what_can_be_played_is_named_and_all_else_is_only_bytes(run: Run[None], publish: Publishing) -> None:
    async def story() -> None:
        kinds = {}
        for name in ("a.mp4", "a.wav", "a.svg", "a.html", "a.xhtml", "a.pdf", "a.js"):
            artifact = await publish(name)
            answer = await publish.get(f"api/artifacts/{artifact.id}/content")
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            kinds[name] = answer.headers["Content-Type"]
        assert kinds.pop("a.mp4") == "video/mp4" and kinds.pop("a.wav").startswith("audio/")
        assert set(kinds.values()) == {"application/octet-stream"}

    run(story())


def test_all_of_a_chat_comes_as_one_archive_with_names_that_any_system_keeps_apart(
    run: Run[None], publish: Publishing
) -> None:
    async def story() -> None:
        refusal(await publish.get(f"api/chats/{publish.chat.id}/artifacts/zip"), 404)
        large = bytes(3 * 2**20)
        published = {"loss.png": b"1", "Loss.PNG": b"2", "a:b\\c": b"3", "e\u0301.txt": b"4", "\u00e9.txt": b"5"}
        for name, content in {**published, "large.bin": large}.items():
            await publish(name, b"older")
            await publish(name, content)
        answer = await publish.get(f"api/chats/{publish.chat.id}/artifacts/zip")
        assert (answer.code, answer.headers["Content-Type"]) == (200, "application/zip")
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Loss%20%2F%20curves.zip"
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            assert archive.testzip() is None
            found = {name: archive.read(name) for name in archive.namelist()}
        assert found.pop("large.bin") == large
        assert found == {
            "loss.png": b"1", "Loss 2.PNG": b"2", "a-b-c": b"3", "e\u0301.txt": b"4", "\u00e9 2.txt": b"5"
        }  # fmt: skip

    run(story())


def test_what_is_deleted_while_an_archive_is_made_is_left_out_of_it(tmp_path: Path) -> None:
    members = [Member(name, tmp_path / name, now()) for name in ("a", "b", "c")]
    for member in members:
        member.path.write_text(member.name)
    pieces = zipped(members)
    sent = [next(pieces)]
    members[1].path.unlink()
    sent += pieces
    with zipfile.ZipFile(io.BytesIO(b"".join(sent))) as archive:
        assert archive.testzip() is None and archive.namelist() == ["a", "c"]


def test_an_archive_that_cannot_be_finished_is_no_answer(run: Run[None], publish: Publishing) -> None:
    async def story() -> None:
        await publish("large.bin", bytes(2**20))
        broken = await publish("broken.bin")
        path = publish.hub.hub.artifacts.content(broken.id)
        path.unlink()
        # It is a file as long as nobody reads it.
        path.symlink_to("/proc/self/mem")
        with pytest.raises(HTTPClientError) as cut:
            await publish.get(f"api/chats/{publish.chat.id}/artifacts/zip")
        assert cut.value.code == 599

    run(story())


def test_what_is_deleted_is_gone_for_everybody(run: Run[None], publish: Publishing) -> None:
    async def story() -> None:
        artifact = await publish("a.txt")
        assert (await publish.api("delete", f"api/artifacts/{artifact.id}")).code == 204
        assert await publish.json(f"api/chats/{publish.chat.id}/artifacts") == []
        for path in ("", "/versions", "/content"):
            refusal(await publish.get(f"api/artifacts/{artifact.id}{path}"), 404)
        refusal(await publish.api("delete", f"api/artifacts/{artifact.id}"), 404)

    run(story())


def test_however_many_are_published_all_of_them_are_listed(run: Run[None], publish: Publishing) -> None:
    async def story() -> None:
        names = [f"{number}.txt" for number in range(250)]
        await asyncio.gather(*map(publish, names))
        listed = await publish.json(f"api/chats/{publish.chat.id}/artifacts")
        assert sorted(one["name"] for one in listed) == sorted(names)
        assert await publish.json("api/artifacts") == listed

    run(story())
