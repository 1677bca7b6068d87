from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from agent_hub.models import TerminalColours
from agent_hub.terminals.palette import Palette
from agent_hub.terminals.registry import Terminals
from tests.terminals.programs import LIMIT_SECONDS, Watcher

ASK = r"""stty raw -echo; printf '\033]11;?\033\\'; IFS= read -r -d '\' answer; printf 'GOT%q.' "$answer" """
LIGHT = TerminalColours(foreground="#010203", background="#FFFEFD")


async def test_a_program_that_nobody_watches_is_told_the_colour_of_the_last_screen(programs):
    terminals = Terminals()
    ended = asyncio.Event()
    alone = terminals.get_or_create("alone", ended.set)
    terminals.palette.colours = LIGHT
    alone.connect(await programs("bash", "-c", ASK))
    await asyncio.wait_for(ended.wait(), LIMIT_SECONDS)
    assert "rgb:ffff/fefe/fdfd" in Watcher(alone).text
    await terminals.close()


async def test_a_program_that_is_watched_is_told_the_colour_by_who_watches(programs):
    terminals = Terminals(palette=Palette(LIGHT))
    watched = terminals.get_or_create("watched")
    watcher = Watcher(watched)
    watched.connect(await programs("bash", "-c", ASK))
    await watcher.until("\x1b]11;?")
    await watched.write("\x1b]11;rgb:0/0/0\x1b\\")
    await watcher.until("GOT")
    assert "rgb:0/0/0" in watcher.text and "fefe" not in watcher.text
    await terminals.close()


def test_what_is_asked_is_answered_as_it_is_asked():
    palette = Palette(LIGHT)
    assert palette.answer(b"\x1b]11;?\x07 and \x1b]10;?\x1b\\") == (
        b"\x1b]11;rgb:ffff/fefe/fdfd\x07\x1b]10;rgb:0101/0202/0303\x1b\\"
    )
    assert palette.answer(b"\x1b]12;?\x07\x1b]11;rgb:0/0/0\x07\x1b]110\x07") == b""


def test_what_no_screen_has_told_is_not_made_up():
    assert Palette().answer(b"\x1b]11;?\x07\x1b]10;?\x1b\\") == b""


@pytest.mark.parametrize("colour", ["", "#fff", "red", "#ffffff\n", "#ffffff;\x07", "\x1b]11;?\x07", "#fffff\u0661"])
def test_what_is_no_colour_is_refused(colour):
    with pytest.raises(ValidationError):
        TerminalColours(foreground="#000000", background=colour)
