from __future__ import annotations

import asyncio

import pytest

from agent_hub.terminals.registry import Terminals
from agent_hub.terminals.screen import Screen
from tests.terminals.programs import LIMIT_SECONDS, Watcher

ASK = r"""stty raw -echo; printf 'one\r\ntwo\033[6n'; IFS= read -r -d R answer; printf 'GOT%q.' "$answer" """


async def test_a_program_that_nobody_watches_is_told_where_its_cursor_is(programs):
    terminals = Terminals()
    ended = asyncio.Event()
    alone = terminals.get_or_create("alone", ended.set)
    alone.connect(await programs("bash", "-c", ASK))
    await asyncio.wait_for(ended.wait(), LIMIT_SECONDS)
    assert r"GOT$'\E[2;4'." in Watcher(alone).text
    await terminals.close()


async def test_a_program_that_is_watched_is_answered_by_who_watches(programs):
    terminals = Terminals()
    watched = terminals.get_or_create("watched")
    watcher = Watcher(watched)
    watched.connect(await programs("bash", "-c", ASK))
    await watcher.until("two")
    await watched.write("\x1b[7;7R")
    await watcher.until(r"GOT$'\E[7;7'.")
    await terminals.close()


@pytest.mark.parametrize(
    ("output", "cursor"),
    [
        (b"", (1, 1)),
        (b"\x1b[3;5H", (3, 5)),
        (b"x" * 10, (1, 10)),
        (b"\x1b[2;4r\x1b[?6h\x1b[2;1H", (2, 1)),
    ],
)
def test_the_cursor_is_where_a_terminal_says_it_is(output, cursor):
    screen = Screen(5, 10)
    screen.feed(output)
    assert screen.cursor == cursor
