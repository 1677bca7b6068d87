"""The list of very many chats."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

from agent_hub.hub.store import Store
from agent_hub.models import Chat, ChatStatus, EnvVar, Mount, Project, now
from tests.bench.bench import Bench
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.server import Server

PATH = "/agent-hub/api/chats"


def measure(bench: Bench) -> Iterator[Figure]:
    """Chats that have ended, put into a store before its server starts."""
    count = bench.scale.listed
    server = Server(bench.folder / "listing")
    asyncio.run(fill(server.data, count))
    with server:
        connection = server.connect()
        times = []
        for _ in range(bench.scale.lists):
            started = time.perf_counter()
            answer = connection.fetch("GET", PATH)
            times.append((time.perf_counter() - started) * 1000)
        connection.close()
    claims = {"all of them": len(json.loads(answer)) == count}
    yield Figure(f"list {count} chats, p99", MILLISECONDS, times, rank=99, bar=Bar(most=20), claims=claims)


async def fill(data: Path, count: int) -> None:
    """Put chats that have ended into the store of a server that has not started."""
    store = Store(data)
    await store.projects.put(Project(id="b" * 12, name="Listed", url="/nowhere/listed"))
    for number in range(count):
        chat = Chat(
            id=f"{number:012x}",
            project="b" * 12,
            name=f"Look into the failing test number {number}",
            agent="codex",
            prompt="The test fails now and then. Find out why, mend it, and show that it holds.\n" * 3,
            status=ChatStatus.exited,
            exit_code=0,
            mounts=(Mount(source="/data", target="/data"),),
            env=(EnvVar(name="COLOUR", value="green"), EnvVar(name="OPENAI_API_KEY", value="key", secret=True)),
            image="agent-hub/snapshot:0123456789abcdef",
            commit="0" * 40,
            container=f"{number:064x}",
            thread=f"thread-{number}",
            workspace=str(data / "chats" / f"{number:012x}" / "workspace"),
            started_at=now(),
            ended_at=now(),
        )
        await store.chats.put(chat)
    store.close()
