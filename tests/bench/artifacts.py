"""What a chat publishes: many small files, and a large one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MEBIBYTES, MEGABYTES, MILLISECONDS, Bar, Figure
from tests.bench.server import Server

LOOK_SECONDS = 0.01

MAKE_SMALL = "mkdir small; for n in $(seq {count}); do echo line $n >small/$n.txt; done"
ONE_CALL = "hub_artifact publish small >/dev/null"
EACH = 'for n in $(seq {count}); do hub_artifact publish "small/$n.txt" >/dev/null || exit; done'
MAKE_LARGE = "head -c {size} /dev/urandom >large"
COPY = "cp large copy"
USE_MEMORY = "dd if=/dev/zero of=filler bs=4M count=$((4 * {size} / 4194304 + 1)) 2>/dev/null; rm -f copy filler; sync"
"""Memory that nothing has used yet is given out more slowly, by a virtual machine many times: who takes what was just
given back would have it easier."""

PUBLISH = "hub_artifact publish large >/dev/null"


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """By the command that an agent runs, in the container of a chat."""
    yield from _small(bench, stage)
    yield from _large(bench, stage)


def _small(bench: Bench, stage: Stage) -> Iterator[Figure]:
    count, few = bench.scale.published, max(1, bench.scale.published // 10)
    together, each = [], []
    # An ext4 without a journal steps over each inode that was freed in the last minutes when it looks for a new one:
    # nothing is deleted before all is measured.
    with ExitStack() as chats:
        for _ in range(bench.scale.few_runs):
            chat = chats.enter_context(stage.hub.chat())
            _run(stage.server, chat.id, MAKE_SMALL.format(count=count))
            each.append(_run(stage.server, chat.id, EACH.format(count=few)) / few)
            together.append(_run(stage.server, chat.id, ONE_CALL) / count)
            found = len(stage.server.request("GET", f"api/chats/{chat.id}/artifacts"))
    yield Figure(
        f"{count} small files published in one call, beside a call for each: per file",
        MILLISECONDS, together, each, bar=Bar(ratio_most=0.2), claims={"all files there": found == count},
    )  # fmt: skip


def _large(bench: Bench, stage: Stage) -> Iterator[Figure]:
    size = bench.scale.published_bytes
    copied, published, memory = [], [], []
    with stage.hub.chat() as chat:
        _run(stage.server, chat.id, MAKE_LARGE.format(size=size))
        for _ in range(bench.scale.runs):
            _run(stage.server, chat.id, USE_MEMORY.format(size=size))
            copied.append(size / 1000 / _run(stage.server, chat.id, COPY))
            _run(stage.server, chat.id, USE_MEMORY.format(size=size))
            with _highest(stage.server, memory):
                published.append(size / 1000 / _run(stage.server, chat.id, PUBLISH))
            # A version with the bytes of the one before is no new file; what is measured is one that is.
            _run(stage.server, chat.id, "echo >>large; sync")
    name = f"a file of {size / 1e6:.0f} MB"
    yield Figure(f"{name} published, beside a copy", MEGABYTES, published, copied, bar=Bar(ratio_least=0.8))
    yield Figure(f"server memory over its own while {name} is published", MEBIBYTES, memory, bar=Bar(most=32))


def _run(server: Server, chat: str, script: str) -> float:
    """Milliseconds that a script takes in a chat's workspace, by the container's own clock."""
    timed = f"begin=$(date +%s%N); {{ {script}; }} || exit; echo $((($(date +%s%N) - begin) / 1000))"
    connection = server.connect()
    answer = connection.fetch("POST", f"/agent-hub/api/chats/{chat}/run", {"command": timed})
    connection.close()
    events = [json.loads(line) for line in answer.splitlines()]
    output = "".join(event.get("output") or "" for event in events)
    if events[-1]["exit_code"] != 0:
        raise RuntimeError(f"{script}: {output}")
    return int(output) / 1000


@contextmanager
def _highest(server: Server, memory: list[float]) -> Iterator[None]:
    """Add the most that a server's memory grows by meanwhile."""
    before, seen, done = server.memory, [0.0], threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            seen.append(server.memory - before)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        done.set()
        looking.join()
        memory.append(max(seen))
