"""Chats that nobody uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MEBIBYTES, PERCENT, Bar, Figure
from tests.bench.server import Server

SETTLE_SECONDS = 3.0


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """With a panel that listens, beside a Jupyter server without the hub."""
    count = bench.scale.chats
    stage.hub.running(count)
    servers = stage.server, Server(stage.server.folder.parent / "bare", extension=False)
    with servers[1], closing(stage.server.listen()):
        # What has just started is not idle.
        time.sleep(min(SETTLE_SECONDS, bench.scale.idle_seconds))
        before = [server.processor_seconds for server in servers]
        started = time.perf_counter()
        time.sleep(bench.scale.idle_seconds)
        seconds = time.perf_counter() - started
        hub, bare = [
            (server.processor_seconds - used) / seconds * 100 for server, used in zip(servers, before, strict=True)
        ]
        memory = servers[0].memory - servers[1].memory
    name = f"{count} idle chats"
    yield Figure(f"{name}: processor, beside a bare server", PERCENT, [hub], [bare], bar=Bar(most=0.5))
    yield Figure(f"{name}: memory over a bare server", MEBIBYTES, [memory], bar=Bar(most=60))
