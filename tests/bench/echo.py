"""A key's way to the program and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.line import Line, echo, make_echo

BLOCK = 100


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """With one terminal open."""
    with stage.raw.chat() as raw, stage.hub.chat() as hub:
        yield _compare("echo of a key, 1 terminal, p50", bench.scale.echoes, raw.line, hub.line, 2.2)


def measure_among_many(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """With many terminals open, of as many chats, and many panels that listen."""
    terminals, sockets = bench.scale.terminals, bench.scale.sockets
    with ExitStack() as stack:
        chats = stage.hub.running(terminals)
        lines = [stack.enter_context(closing(stage.server.watch(chat))) for chat in chats]
        for _ in range(sockets):
            stack.enter_context(closing(stage.server.listen()))
        raw = stack.enter_context(stage.raw.chat())
        name = f"echo of a key, {terminals} terminals and {sockets} event sockets, p50"
        yield _compare(name, bench.scale.echoes, raw.line, lines[-1], 3)


def _compare(name: str, count: int, raw: Line, hub: Line, most: float) -> Figure:
    raw_times: list[float] = []
    hub_times: list[float] = []
    for line in (raw, hub):
        make_echo(line)
    while len(raw_times) < count:
        raw_times += echo(raw, BLOCK)
        hub_times += echo(hub, BLOCK)
    return Figure(name, MILLISECONDS, hub_times, raw_times, bar=Bar(ratio_most=most))
