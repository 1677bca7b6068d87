from __future__ import annotations

import asyncio

from agent_hub.terminals.registry import Terminals
from tests.terminals.programs import LIMIT_SECONDS, Watcher
from tests.terminals.viewing import Seen


async def test_a_new_terminal_has_the_size_that_was_last_asked_for(programs):
    terminals = Terminals()
    assert terminals.get_or_create("first").size == (24, 80)
    watcher = Watcher(terminals["first"])
    terminals["first"].resize(watcher.viewer, 50, 150)
    terminals["first"].resize(watcher.viewer, 0, 0)
    assert terminals.last_size == (50, 150)
    program = await programs("bash", "-c", "while ! [ \"$(stty size)\" = '50 150' ]; do read -t 0.05; done; echo SIZED")
    second = terminals.get_or_create("second")
    second.connect(program)
    await Watcher(second).until("SIZED")
    assert second.history.size == (50, 150)
    await terminals.close()


async def test_a_terminal_that_was_made_before_its_chat_is_found_once_it_is_adopted(programs):
    terminals = Terminals()
    terminal = terminals.make("chat")
    assert "chat" not in terminals
    terminal.connect(await programs("printf", "FIRST"))
    await Watcher(terminal).until("FIRST")
    terminals.adopt(terminal)
    assert terminals.find("chat") is terminal
    await terminals.close()


async def test_closing_keeps_what_the_terminals_showed(tmp_path, programs):
    def folder(name):
        return tmp_path / name

    terminals = Terminals(folder)
    terminal = terminals.get_or_create("chat")
    watcher = Watcher(terminal)
    terminal.connect(await programs())
    await terminal.write("echo $((6*7))\r")
    await watcher.until("42\r\n")
    async with asyncio.timeout(LIMIT_SECONDS):
        await terminals.close()
    again = Terminals(folder).get_or_create("chat")
    assert "42" in Seen(Watcher(again).text).lines
    await again.close()
