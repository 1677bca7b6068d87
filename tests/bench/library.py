"""What a notebook's first cell waits for: the library's import, and the hub that it finds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from agent_hub.notebook.client import Hub
from tests.bench.bench import Bench, Stage
from tests.bench.figures import MILLISECONDS, Bar, Figure


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """Beside an interpreter that imports nothing, by turns."""
    empty, importing, connecting = [], [], []
    for _ in range(bench.scale.runs):
        empty.append(_milliseconds("pass"))
        importing.append(_milliseconds("from agent_hub import AsyncHub, Hub"))
        started = time.perf_counter()
        Hub(stage.server.url, stage.server.token)
        connecting.append((time.perf_counter() - started) * 1000)
    over = [milliseconds - before for milliseconds, before in zip(importing, empty, strict=True)]
    yield Figure("from agent_hub import Hub, over an empty interpreter, p50", MILLISECONDS, over, bar=Bar(most=150))
    yield Figure("Hub(url, token), p50", MILLISECONDS, connecting, bar=Bar(most=100))


def _milliseconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - started) * 1000
