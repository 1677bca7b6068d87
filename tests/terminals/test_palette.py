from __future__ import annotations

import asyncio

from agent_hub.terminals.palette import Palette
from agent_hub.terminals.registry import Terminals
from tests.terminals.programs import LIMIT_SECONDS, Watcher

ASK = r"""stty raw -echo; printf '\033]11;?\033\\'; IFS= read -r -d '\' answer; printf 'GOT%q.' "$answer" """
LIGHT = "\x1b]11;rgb:ffff/fefe/fdfd\x1b\\"


async def test_a_program_that_nobody_watches_is_told_the_colour_of_the_last_screen(programs):
    terminals = Terminals()
    watched = terminals.get_or_create("watched")
    watcher = Watcher(watched)
    watched.connect(await programs("bash", "-c", ASK))
    await watcher.until("\x1b]11;?")
    await watched.write(LIGHT)
    await watcher.until("GOT")

    ended = asyncio.Event()
    alone = terminals.get_or_create("alone", ended.set)
    alone.connect(await programs("bash", "-c", ASK))
    await asyncio.wait_for(ended.wait(), LIMIT_SECONDS)
    late = Watcher(alone)
    assert "rgb:ffff/fefe/fdfd" in late.text
    await terminals.close()


def test_what_no_screen_has_told_is_not_made_up():
    palette = Palette()
    palette.learn(b"\x1b]10;rgb:0/0/0\x07 and then \x1b]11;no colour\x07")
    assert palette.answer(b"\x1b]11;?\x07") == b""
    assert palette.answer(b"\x1b]11;?\x07\x1b]10;?\x1b\\") == b"\x1b]10;rgb:0/0/0\x07"
