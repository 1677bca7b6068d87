"""More of everything than anybody should ask for."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from pathlib import Path

from agent_hub.engines.process import ProcessEngine
from agent_hub.hub.events import to_json
from agent_hub.hub.store import Store
from agent_hub.models import Chat, ChatStatus, EnvVar, NewChat, Project
from tests.conftest import Repository
from tests.hub.running import RunningHub

MANY = 10_000
TERMINALS = 50


def chat(number: int) -> Chat:
    return Chat(
        id=f"{number:x}",
        project="a",
        name=f"chat {number}",
        agent="shell",
        prompt="x" * 300,
        env=tuple(EnvVar(name=name, value="sesame", secret=True) for name in ("KEY", "TOKEN")),
        status=ChatStatus.exited,
    )


async def a_hub_with(folder: Path, chats: int) -> tuple[RunningHub, float]:
    """A hub that finds that many chats at its start, and the seconds that took."""
    store = Store(folder / "data")
    await store.projects.put(Project(id="a", name="widgets", url="/srv/widgets", agent="shell"))
    await store.transact(lambda: store.write(*(store.chats.insertion(chat(number)) for number in range(chats))))
    store.close()
    start = time.monotonic()
    hub = await RunningHub.open(folder, ProcessEngine(folder / "data" / "processes"), "any")
    return hub, time.monotonic() - start


async def test_ten_thousand_chats_are_opened_listed_and_added_to(tmp_path: Path, a_small_codex: Path) -> None:
    """A new chat costs the same as among ten; what shows all of them takes a time in proportion, and no longer."""
    added, snapshots, opened = {}, {}, {}
    for count in (10, MANY):
        hub, opened[count] = await a_hub_with(tmp_path / str(count), count)
        try:
            listener = hub.hub.events.subscribe()
            start = time.monotonic()
            snapshot = await anext(listener)
            await to_json(snapshot)
            snapshots[count] = time.monotonic() - start
            times = []
            for number in range(30):
                start = time.monotonic()
                await hub.hub.store.add_chat(chat(count + number))
                # Its project's build is told of meanwhile.
                while (await anext(listener)).id != f"{count + number:x}":  # type: ignore[union-attr]
                    pass
                times.append(time.monotonic() - start)
            added[count] = statistics.median(times)
            listener.close()
            assert len(hub.hub.store.chats) == count + 30
        finally:
            await hub.close()
    figures = {
        name: {count: f"{1000 * took:.1f} ms" for count, took in kind.items()}
        for name, kind in {"opened": opened, "snapshot": snapshots, "one added": added}.items()
    }
    print(figures)
    assert added[MANY] < 3 * added[10] + 0.002, figures
    assert snapshots[MANY] < 20, figures
    assert opened[MANY] < 75, figures


async def test_a_snapshot_of_ten_thousand_chats_does_not_hold_up_the_event_loop(
    tmp_path: Path, a_small_codex: Path
) -> None:
    """Nobody waits for as long as it takes to make one: a key that somebody else types meanwhile is echoed."""
    hub, _ = await a_hub_with(tmp_path, MANY)
    try:
        took, held = [], []
        # Some, because others use this machine as well.
        for _ in range(5):
            with _LoopWatch() as watch:
                start = time.monotonic()
                listener = hub.hub.events.subscribe()
                await to_json(await anext(listener))
                took.append(time.monotonic() - start)
                listener.close()
            held.append(watch.longest)
    finally:
        await hub.close()
    print({"took": took, "held": held})
    assert statistics.median(held) < statistics.median(took) / 4, (took, held)


class _LoopWatch:
    """The longest time that the event loop did not come round."""

    def __enter__(self) -> _LoopWatch:
        self.longest = 0.0
        self._last = time.monotonic()
        self._round()
        return self

    def _round(self) -> None:
        now = time.monotonic()
        self.longest = max(self.longest, now - self._last)
        self._last = now
        self._next = asyncio.get_running_loop().call_later(0.001, self._round)

    def __exit__(self, *error: object) -> None:
        self._next.cancel()
        self.longest = max(self.longest, time.monotonic() - self._last)


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_an_agent_that_prints_without_end_costs_the_others_nothing(
    a_process_hub: RunningHub, a_repository: Repository
) -> None:
    project = await a_process_hub.ready(a_repository)
    new = NewChat(project=project.id, agent="shell")
    chats = [one.id for one in await asyncio.gather(*(a_process_hub.hub.new_chats.add(new) for _ in range(TERMINALS)))]
    for id in chats:
        await a_process_hub.settled(id)
    loud, *others = chats
    await a_process_hub.type(loud, "yes printing without end\r")
    await a_process_hub.shows(loud, "printing without end\r\nprinting")
    memory = _memory()
    for id in others:
        start = time.monotonic()
        await a_process_hub.says(id, "an''swer", "answer")
        assert time.monotonic() - start < 30
    assert _memory() - memory < 64 * 2**20
    await a_process_hub.hub.chats.stop(loud)
