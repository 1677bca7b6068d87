"""The size that a program is given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from agent_hub.engines.base import Stream
from agent_hub.terminals.size import Sizer

LARGE, SMALL = (46, 58), (26, 58)
SECONDS = 30


class Program:
    """Draws at each size that it is given, but at those that it does not look at in time."""

    def __init__(self, unnoticed: Iterable[tuple[int, int]] = ()) -> None:
        self.given: list[tuple[int, int]] = []
        self.drawn: list[tuple[int, int]] = []
        self._unnoticed = set(unnoticed)
        self.sizer = Sizer(LARGE, lambda rows, columns: None)

    async def resize(self, rows: int, columns: int) -> None:
        size = (rows, columns)
        self.given.append(size)
        if size not in self._unnoticed and (not self.drawn or self.drawn[-1] != size):
            self.drawn.append(size)
            self.sizer.drawn()

    async def has(self, size: tuple[int, int], times: int) -> None:
        async with asyncio.timeout(SECONDS):
            while self.given.count(size) < times:
                await asyncio.sleep(0)


def connect(program: Program) -> None:
    program.sizer.connect(cast(Stream, cast(Any, program)))


async def test_a_program_that_did_not_notice_a_size_in_between_draws_again() -> None:
    program = Program(unnoticed=[SMALL])
    connect(program)
    await program.has(LARGE, 1)
    program.sizer.resize(*SMALL)
    await program.has(SMALL, 1)
    program.sizer.resize(*LARGE)
    await program.has(LARGE, 3)
    assert program.drawn == [LARGE, (46, 57), LARGE]
    # And then it is left alone.
    await asyncio.sleep(0)
    assert program.given == [LARGE, SMALL, LARGE, (46, 57), LARGE]


async def test_a_program_that_noticed_none_of_several_sizes_in_between_draws_again() -> None:
    larger = (52, 58)
    program = Program(unnoticed=[SMALL, larger])
    connect(program)
    await program.has(LARGE, 1)
    for size in (SMALL, larger):
        program.sizer.resize(*size)
        await program.has(size, 1)
    program.sizer.resize(*LARGE)
    await program.has(LARGE, 3)
    assert program.drawn == [LARGE, (46, 57), LARGE]


async def test_a_program_draws_again_where_its_size_was_another_for_less_than_it_takes_to_give_it() -> None:
    program = Program()
    connect(program)
    await program.has(LARGE, 1)
    await asyncio.sleep(0)
    program.sizer.resize(*SMALL)
    program.sizer.resize(*LARGE)
    await program.has(LARGE, 2)
    assert program.given == [LARGE, (46, 57), LARGE]


async def test_a_program_that_has_a_new_size_is_given_it_once() -> None:
    program = Program()
    connect(program)
    await program.has(LARGE, 1)
    program.sizer.resize(*SMALL)
    await program.has(SMALL, 1)
    program.sizer.resize(30, 58)
    await program.has((30, 58), 1)
    await asyncio.sleep(0)
    assert program.given == [LARGE, SMALL, (30, 58)]
