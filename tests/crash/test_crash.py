"""A server that is killed at any moment loses nothing, resurrects nothing and leaves nothing behind.

``AGENT_HUB_CRASHES`` says how often it is killed, ``AGENT_HUB_CRASH_SEED`` repeats a run's choices.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import time
from typing import Any

import pytest
from docker.models.containers import Container

from agent_hub.engines.docker import DockerEngine
from tests.conftest import Repository
from tests.crash.conftest import OpenServer
from tests.crash.expected import Expected, Life, sha256
from tests.crash.server import Server
from tests.crash.workload import Person

CRASHES = int(os.environ.get("AGENT_HUB_CRASHES", "100"))
SEED = int(os.environ.get("AGENT_HUB_CRASH_SEED") or secrets.randbits(32))
PEOPLE = 4
SETTLE_SECONDS = 180.0


class Inspector:
    """Compares what a server holds with what people were told."""

    def __init__(self, server: Server, people: list[Person]) -> None:
        self._server = server
        self._people = people

    @property
    def _chats(self) -> list[Expected]:
        return [chat for person in self._people for chat in person.chats.values()]

    async def look(self) -> None:
        """Everything that must hold as soon as a server answers again."""
        # Containers and folders first: what is stored after them is stored before anything of it is made.
        found = set(await self._server.containers())
        folders = {path.name for path in (self._server.data / "chats").glob("*")}
        bytes_of = {path.name for path in (self._server.data / "artifacts").glob("*")} - {"incoming", "unfinished"}
        shown = {chat["id"]: chat for chat in await self._server.get("api/chats")}
        self._adopt(shown)
        for chat in self._chats:
            chat.narrow(shown.get(chat.id))
        known = self._server.ids("chat") | self._server.ids("spare")
        # What goes meanwhile is gone from the store last of all.
        orphans = (found - known) & set(await self._server.containers())
        assert not orphans, f"containers without a chat or spare: {orphans}"
        stray = {name for name in folders - known if (self._server.data / "chats" / name).exists()}
        assert not stray, f"folders without a chat or spare: {stray}"
        stray = bytes_of - self._server.ids("artifact")
        stray = {name for name in stray if (self._server.data / "artifacts" / name).exists()}
        assert not stray, f"bytes of no artifact: {stray}"
        for chat in self._chats:
            if chat.life is Life.there and chat.kept:
                kept = self._server.data / "chats" / chat.id / "workspace" / "kept.txt"
                assert kept.read_text() == chat.kept, f"the workspace of {chat.id} is not what it was"
        await self._look_at_artifacts()

    async def settle(self) -> None:
        """Wait until nothing is under way, and look at everything, containers included."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            shown = {chat["id"]: chat for chat in await self._server.get("api/chats")}
            busy = [chat for chat in shown.values() if chat["status"] not in ("running", "exited", "failed")]
            if not busy:
                break
            assert time.monotonic() < deadline, f"still under way: {busy}\n{self._server.tail()}"
            await asyncio.sleep(0.05)
        await self.look()
        for chat in self._chats:
            if chat.life is Life.there:
                chat.settle(shown[chat.id])
        running = {id for id, state in (await self._server.containers()).items() if state == "running"}
        said = {id for id, chat in shown.items() if chat["status"] == "running"}
        assert said == running & set(shown), f"said to run {said}, and do {running}"

    def _adopt(self, shown: dict[str, dict[str, Any]]) -> None:
        """Chats that nobody was told of are somebody's unanswered requests, one each."""
        known = {chat.id for chat in self._chats}
        for person in self._people:
            for asked in [asked for asked in person.asked if not asked.key]:
                found = [id for id, chat in shown.items() if id not in known and chat["name"] == asked.name]
                assert len(found) <= 1, f"one request made the chats {found}"
                for id in found:
                    person.chats[id] = Expected(id, {asked.name}, {True})
                person.asked.remove(asked)
        asked_again = {asked.name for person in self._people for asked in person.asked}
        known = {chat.id for chat in self._chats}
        nobodys = [chat for id, chat in shown.items() if id not in known and chat["name"] not in asked_again]
        assert not nobodys, f"nobody asked for {nobodys}"

    async def _look_at_artifacts(self) -> None:
        gone = {chat.id for chat in self._chats if chat.life is Life.gone}
        left = gone.intersection(self._server.rows("SELECT json_extract(body, '$.chat') FROM artifact"))
        assert not left, f"artifacts of the deleted chats {left}"
        for chat in self._chats:
            if chat.life is not Life.there:
                continue
            shown = {
                artifact["name"]: artifact for artifact in await self._server.get(f"api/chats/{chat.id}/artifacts")
            }
            assert shown.keys() <= chat.published.keys(), f"nobody published {shown.keys()}"
            for name, publication in chat.published.items():
                artifact = shown.get(name)
                if artifact is None:
                    assert not publication.acknowledged, f"{name!r} of {chat.id} is lost"
                    continue
                assert publication.allows(artifact["version"], artifact["sha256"]), (artifact, publication)
                kept = self._server.data / "artifacts" / artifact["id"]
                for version, digest in (publication.acknowledged | {artifact["version"]: artifact["sha256"]}).items():
                    assert sha256((kept / str(version)).read_bytes()) == digest, f"version {version} of {name!r}"
                file = self._server.root / artifact["path"]
                assert sha256(file.read_bytes()) == artifact["sha256"], f"{file} is not the newest version"
                publication.acknowledged[artifact["version"]] = artifact["sha256"]
                publication.unanswered.clear()
        if (folder := self._server.root / "agent-hub").exists():
            odd = [str(path) for path in folder.rglob("*") if "(edited)" in path.name or path.name.startswith(".")]
            assert not odd, f"left beside what was published: {odd}"


@pytest.mark.timeout(4800)
async def test_a_server_killed_at_any_moment_loses_nothing_and_leaves_nothing_behind(
    open_server: OpenServer, a_strangers_container: Container, a_repository: Repository
) -> None:
    server, chance = await open_server(spares=2), random.Random(SEED)
    print(f"AGENT_HUB_CRASH_SEED={SEED}", flush=True)
    await server.start()
    await server.ready()
    project = await server.project(a_repository)
    engine = DockerEngine()
    bridge, _ = await engine.gateway_address()
    await engine.close()
    people = [Person(server, project, bridge, random.Random(f"{SEED} {number}")) for number in range(PEOPLE)]
    inspector = Inspector(server, people)
    await server.kill()
    for crash in range(CRASHES):
        await server.start()
        moment = chance.choices(["start", "rest", "claim", "work"], [15, 15, 25, 45])[0]
        if moment == "start":
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            await server.kill()
            continue
        await server.ready()
        await inspector.look()
        if crash % 10 == 9:
            await inspector.settle()
        if moment == "rest":
            # Spares are made.
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            await server.kill()
            continue
        if moment == "claim":
            await server.spare(project)
        for person in people:
            await person.repeat()
        working = [asyncio.create_task(person.work()) for person in people]
        longest = 0.3 if moment == "claim" else 1.0
        await asyncio.wait(working, timeout=chance.uniform(0.01, longest), return_when=asyncio.FIRST_EXCEPTION)
        await server.kill()
        await asyncio.gather(*working)
    await server.start()
    await server.ready()
    await inspector.settle()
    started = a_strangers_container.attrs["State"]["StartedAt"]
    a_strangers_container.reload()
    assert (a_strangers_container.status, a_strangers_container.attrs["State"]["StartedAt"]) == ("running", started)
    answer = await server.http.delete(f"api/projects/{project}", params={"force": "true"})
    assert answer.status_code == 204, answer.text
    assert await server.containers() == {}
    assert list((server.data / "chats").iterdir()) == []
    assert server.ids("chat") | server.ids("spare") | server.ids("artifact") == set()
