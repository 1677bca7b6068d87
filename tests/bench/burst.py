"""Ten chats at once on four spares, and what other requests see of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

from agent_hub.hub.starts import SLOTS
from tests.bench.bench import Bench, Stage
from tests.bench.chats import HubChat, RawChat
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.server import Server

ASK_SECONDS = 0.02
READY_SECONDS = 120


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """Raw Docker starts as many, as many at once as the hub's queue lets through; more would delay the first."""
    count = bench.scale.burst
    raw_first, raw_all, first, last = [], [], [], []
    others: list[float] = []
    for _ in range(bench.scale.bursts):
        stage.project.wait_for_spares(bench.scale.spares)
        for _ in range(count):
            stage.raw.prepare()
        times = _at_once(count, SLOTS, stage.raw.chat)
        raw_first.append(times[0])
        raw_all.append(times[-1])
        with _other_requests(stage.server, others) as stop:
            times = _at_once(count, count, stage.hub.chat, stop)
        first.append(times[0])
        last.append(times[-1])
    name = f"{count} at once, {bench.scale.spares} spares"
    yield Figure(f"{name}: first prompt, p50", MILLISECONDS, first, raw_first, bar=Bar(most=30))
    yield Figure(f"{name}: all prompts, p50", MILLISECONDS, last, raw_all, bar=Bar(ratio_most=1.15))
    yield Figure("other requests during that, p99", MILLISECONDS, others, rank=99, bar=Bar(most=50))


def _at_once(
    count: int,
    workers: int,
    chat: Callable[[], AbstractContextManager[HubChat | RawChat]],
    on_ready: Callable[[], None] = lambda: None,
) -> list[float]:
    """Milliseconds from the first request to each prompt, in order. The chats go once all have theirs."""
    begin, ready, done = threading.Event(), threading.Semaphore(0), threading.Event()
    began = 0.0

    def start() -> float:
        begin.wait(READY_SECONDS)
        with chat():
            milliseconds = (time.perf_counter() - began) * 1000
            room.release()
            ready.release()
            done.wait(READY_SECONDS)
        return milliseconds

    # A worker keeps its chat until all are there, so the room to start is counted apart from the threads.
    room = threading.Semaphore(workers)

    def start_in_turn() -> float:
        room.acquire()
        return start()

    with ThreadPoolExecutor(count) as pool:
        started = [pool.submit(start_in_turn) for _ in range(count)]
        began = time.perf_counter()
        begin.set()
        for _ in started:
            ready.acquire(timeout=READY_SECONDS)
        on_ready()
        done.set()
        return sorted(one.result() for one in started)


@contextmanager
def _other_requests(server: Server, milliseconds: list[float]) -> Iterator[Callable[[], None]]:
    """Ask for the list of chats, again and again on a connection of its own, until told that it is enough."""
    enough = threading.Event()

    def ask() -> None:
        connection = server.connect()
        connection.request("GET", "/agent-hub/api/chats")
        while not enough.wait(ASK_SECONDS):
            asked = time.perf_counter()
            connection.request("GET", "/agent-hub/api/chats")
            milliseconds.append((time.perf_counter() - asked) * 1000)
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield enough.set
    finally:
        enough.set()
        asking.join()
