"""A server that is killed, and the next one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.line import until
from tests.bench.server import Server

WAIT_SECONDS = 60
LOOK_SECONDS = 0.01


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """From the start of the new process until every chat runs and its terminal answers.

    Beside it: the start of a server without the hub, until it answers.
    """
    chats = stage.hub.running(bench.scale.chats)
    times, bare = [], []
    for number in range(bench.scale.few_runs):
        bare.append(_start_bare(stage.server.folder.parent / f"bare{number}"))
        stage.server.kill()
        times.append(_start_again(stage, chats, 40000 + number))
    what = f"restart with {len(chats)} running chats: process start to all terminals answering, p50"
    yield Figure(what, MILLISECONDS, times, bare, bar=Bar(most=3000))


def _start_bare(folder: Path) -> float:
    server = Server(folder, extension=False)
    started = time.perf_counter()
    with server:
        return (time.perf_counter() - started) * 1000


def _start_again(stage: Stage, chats: list[str], number: int) -> float:
    started = time.perf_counter()
    stage.server.start()
    _wait_until_running(stage, set(chats))
    lines = [stage.server.watch(chat) for chat in chats]
    for line in lines:
        # What is typed is not yet what is awaited.
        line.write(f"printf '<%s>' $(({number}))\r")
    for line in lines:
        until(line, lambda seen: f"<{number}>" in seen)
    milliseconds = (time.perf_counter() - started) * 1000
    for line in lines:
        line.close()
    return milliseconds


def _wait_until_running(stage: Stage, chats: set[str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while chats - {chat["id"] for chat in stage.server.request("GET", "api/chats") if chat["status"] == "running"}:
        if time.monotonic() > deadline:
            raise RuntimeError("Not all chats run again.")
        time.sleep(LOOK_SECONDS)
