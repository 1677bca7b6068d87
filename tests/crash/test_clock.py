"""The machine's clock is set a year forward, and a year back, while chats run."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.bench.viewer import WebSocket
from tests.conftest import Repository
from tests.crash.conftest import OpenServer
from tests.crash.server import Server

YEAR = 365
BURST = 4
"""More chats than start side by side."""

LIMIT = 60.0


class Clock:
    """The clock of processes that run with libfaketime: the machine's, some days off. No other clock is changed."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, days: int) -> None:
        """Set it."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{days:+}d\n")
        new.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("only libfaketime (Debian: faketime) gives a process a clock that can be set")
    return Clock(found[0], tmp_path)


async def is_off_by(server: Server, days: int) -> bool:
    """Whether that is what the server's own clock says."""
    answer = await server.http.get("api/status")
    off = parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)
    return abs(off - timedelta(days=days)) < timedelta(hours=1)


async def looks_go_on(server: Server) -> None:
    """Wait for two more looks at the engine, which a timer makes."""
    async with asyncio.timeout(LIMIT):
        seen = {(await server.get("api/status"))["engine"]["checked_at"]}
        while len(seen) < 3:
            await asyncio.sleep(0.2)
            seen.add((await server.get("api/status"))["engine"]["checked_at"])


async def tells_of(events: WebSocket, chat: str, name: str) -> None:
    """Wait until a change tells of a chat's name."""

    def listen() -> None:
        while True:
            event = json.loads(events.message())
            if event.get("id") == chat and event["value"]["name"] == name:
                return

    await asyncio.to_thread(listen)


async def test_a_clock_that_is_set_by_a_year_changes_nothing(
    clock: Clock, open_server: OpenServer, a_repository: Repository
) -> None:
    server = await open_server(spares=0, environment=clock.environment)
    await server.start()
    await server.ready()
    project = await server.project(a_repository)
    deleted, chat = [await server.chat(project) for _ in range(2)]
    (server.data / "chats" / deleted / "workspace" / "unsaved.txt").write_text("unsaved")
    assert (await server.http.delete(f"api/chats/{deleted}", params={"force": "true"})).status_code == 204
    await server.says(chat, "kept=in-memory; echo se''t", "set")
    again: dict[str, Any] = {"json": {"project": project, "name": "Asked twice"}, "headers": {"Idempotency-Key": "k"}}
    chats = [chat, (await server.http.post("api/chats", **again)).json()["id"]]
    assert await is_off_by(server, 0)

    async def nothing_has_changed() -> None:
        assert [kept["id"] for kept in await server.get("api/deleted")] == [deleted]
        assert (await server.http.post("api/chats", **again)).json()["id"] == chats[1]
        shown = [(one["id"], one["status"]) for one in await server.get("api/chats")]
        assert shown == [(id, "running") for id in chats]
        await server.says(chat, "echo it is $kept.", "it is in-memory.")

    for days in (YEAR, -YEAR):
        with closing(server.events()) as events:
            chats += [(await server.post("api/chats", {"project": project}))["id"] for _ in range(BURST)]
            clock.set(days)
            assert await is_off_by(server, days)
            for id in chats:
                await server.until(f"api/chats/{id}", "running")
            await server.http.patch(f"api/chats/{chat}", json={"name": f"Renamed {days}"})
            await tells_of(events, chat, f"Renamed {days}")
        await nothing_has_changed()
        await looks_go_on(server)
        await server.kill()
        await server.start()
        await server.ready()
        assert await is_off_by(server, days)
        await nothing_has_changed()
        for id in chats[2:]:
            assert (await server.http.delete(f"api/chats/{id}")).status_code == 204
        del chats[2:]
    clock.set(0)
    assert await is_off_by(server, 0)
    restored = await server.post(f"api/deleted/{deleted}/restore")
    await server.until(f"api/chats/{restored['id']}", "running")
    assert (Path(restored["workspace"]) / "unsaved.txt").read_text() == "unsaved"
    assert "Traceback" not in server.log.read_text(), server.tail()
