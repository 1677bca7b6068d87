"""Which chat starts next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from agent_hub.hub.queue import CROWD, NEAR, StartQueue


@dataclass
class Line:
    """A queue with two slots, the chats that have their turn, and the places that were told."""

    begun: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    ends: dict[str, asyncio.Event] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.queue = StartQueue(2, self.places.__setitem__)

    async def ask(self, *chats: str) -> None:
        """Ask for a turn for chats, whose project is their first letter."""
        for chat in chats:
            self.ends[chat] = asyncio.Event()
            self.tasks[chat] = asyncio.create_task(self._start(chat))
            await asyncio.sleep(0)

    async def end(self, chat: str) -> None:
        """The chat has started."""
        self.ends[chat].set()
        await asyncio.wait([self.tasks[chat]])
        await asyncio.sleep(0)

    async def _start(self, chat: str) -> None:
        async with self.queue.turn(chat[0], chat):
            self.begun.append(chat)
            await self.ends[chat].wait()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    async with AsyncExitStack():
        yield made
    for task in made.tasks.values():
        task.cancel()
    await asyncio.wait(made.tasks.values())


async def test_as_many_start_at_once_as_there_are_slots(line: Line) -> None:
    await line.ask("a1", "a2", "a3", "a4")
    assert line.begun == ["a1", "a2"]
    assert line.places == {"a3": 1, "a4": 2}
    await line.end("a2")
    assert line.begun == ["a1", "a2", "a3"]
    assert line.places["a4"] == 1


async def test_a_burst_in_one_project_does_not_delay_the_first_chat_of_another(line: Line) -> None:
    await line.ask(*(f"a{number}" for number in range(50)))
    await line.ask("b1", "b2")
    assert line.begun == ["a0", "a1", "b1"]


async def test_projects_take_turns(line: Line) -> None:
    await line.ask("a1", "a2", "a3", "a4", "b1", "b2", "b3")
    assert line.begun == ["a1", "a2", "b1"]
    await line.end("a1")
    assert line.begun[3:] == []
    await line.end("a2")
    # Two of three have ended: the project that starts nothing is next, then the other.
    assert line.begun[3:] == ["a3"]
    await line.end("b1")
    assert line.begun[3:] == ["a3", "b2"]


async def test_even_first_chats_of_many_projects_are_bounded(line: Line) -> None:
    await line.ask(*(f"{chr(ord('a') + number)}1" for number in range(20)))
    assert len(line.begun) == 2 * CROWD


async def test_a_start_that_is_given_up_leaves_the_queue_and_the_others_move_up(line: Line) -> None:
    await line.ask("a1", "a2", "a3", "a4")
    line.tasks["a3"].cancel()
    await asyncio.wait([line.tasks["a3"]])
    assert line.places["a4"] == 1
    await line.end("a1")
    assert line.begun == ["a1", "a2", "a4"]


async def test_a_start_that_fails_makes_room_for_the_next(line: Line) -> None:
    await line.ask("a1", "a2", "a3")
    line.tasks["a1"].cancel()
    await asyncio.wait([line.tasks["a1"]])
    await asyncio.sleep(0)
    assert line.begun == ["a1", "a2", "a3"]


async def test_a_long_queue_costs_few_words_for_each_start(line: Line) -> None:
    await line.ask(*(f"a{number}" for number in range(502)))
    assert line.places["a501"] == 500
    told = dict(line.places)
    line.places.clear()
    await line.end("a0")
    assert [line.places[f"a{number}"] for number in range(3, 3 + NEAR)] == list(range(1, NEAR + 1))
    assert len(line.places) < 2 * NEAR + 500 // NEAR < len(told)


async def test_the_queue_is_idle_once_nothing_starts_and_nothing_waits(line: Line) -> None:
    await line.ask("a1", "a2", "a3")
    assert line.queue.busy
    for chat in ("a1", "a2", "a3"):
        await line.end(chat)
    async with asyncio.timeout(1):
        await line.queue.idle()
    assert not line.queue.busy
