"""A server that is killed, and the next one."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.line import until

WAIT_SECONDS = 60
LOOK_SECONDS = 0.01


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """From the start of the new process until every chat runs and its terminal answers."""
    count = bench.scale.chats
    chats = stage.hub.running(count)
    times, served = [], []
    for number in range(bench.scale.few_runs):
        stage.server.kill()
        started = time.perf_counter()
        stage.server.start()
        served.append((time.perf_counter() - started) * 1000)
        _wait_until_running(stage, set(chats))
        lines = [stage.server.watch(chat) for chat in chats]
        for line in lines:
            line.write(f"printf '<%s>' $((40000+{number}))\r")
        for line in lines:
            until(line, lambda seen, answer=f"<{40000 + number}>": answer in seen)  # type: ignore[misc]
        times.append((time.perf_counter() - started) * 1000)
        for line in lines:
            line.close()
    name = f"restart with {count} running chats"
    yield Figure(f"{name}: process start to all terminals answering, p50", MILLISECONDS, times, bar=Bar(most=3000))
    yield Figure(f"{name}: process start to its first answer, p50", MILLISECONDS, served)


def _wait_until_running(stage: Stage, chats: set[str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while chats - {chat["id"] for chat in stage.server.request("GET", "api/chats") if chat["status"] == "running"}:
        if time.monotonic() > deadline:
            raise RuntimeError("Not all chats run again.")
        time.sleep(LOOK_SECONDS)
