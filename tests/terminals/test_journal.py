"""What a terminal has shown is there again after its server was killed."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import re
import resource
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_hub.terminals import journal as journal_module
from agent_hub.terminals.history import History
from agent_hub.terminals.journal import Journal
from agent_hub.terminals.registry import Terminals
from tests.terminals.programs import LIMIT_SECONDS, Watcher
from tests.terminals.viewing import FULL_SCREEN, Seen, numbered

RICH = "é漢😀\r\n\x1b[31mred\x1b[m \x1b[5;5Hthere\x1b]0;title\x07\x1b[?2004h\r\n".encode() * 3 + numbered(0, 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "chats" / "0123abcd" / "terminal"


@pytest.fixture
def history(folder: Path) -> Callable[[], History]:
    """Begins anew, as a server does that finds what another left."""
    return lambda: History(journal=Journal(folder))


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """What a full-screen program writes."""
    path = tmp_path / "drawing"
    path.write_bytes(FULL_SCREEN)
    return path


async def killed(folder: Path, story: str) -> None:
    """Run `story` on a terminal of another server, and kill that server where it says READY."""
    program = f"""
import asyncio
from pathlib import Path
from agent_hub.terminals.registry import Terminals
from tests.terminals.programs import Pty, Watcher

async def main():
    terminal = Terminals(lambda name: Path({str(folder)!r})).get_or_create("chat")
    watcher = Watcher(terminal)
    {story}
    print("READY", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    async with asyncio.timeout(LIMIT_SECONDS):
        line = await server.stdout.readline()
        server.send_signal(signal.SIGKILL)
        await server.wait()
    assert line == b"READY\n"


async def test_after_a_kill_a_shell_shows_what_it_showed_before(folder):
    await killed(
        folder,
        """
    terminal.resize(watcher.viewer, 30, 100)
    terminal.connect(await Pty.start("bash", "--norc", "--noprofile"))
    await watcher.until("$ ")
    await terminal.write("for i in $(seq 100); do echo number $i; done\\r")
    await watcher.until(lambda watcher: watcher.text.partition("number 100\\r\\n")[2].endswith("$ "))
""",
    )
    terminal = Terminals(lambda name: folder).get_or_create("chat")
    lines = Seen(Watcher(terminal).text, 30, 100).lines
    assert lines[-101:] == [f"number {number}" for number in range(1, 101)] + ["$"]
    assert terminal.history.size == (30, 100)
    await terminal.close()


async def test_after_a_kill_a_full_screen_program_is_shown_before_it_draws_again(folder, drawing):
    await killed(
        folder,
        f"""
    terminal.connect(await Pty.start("bash", "-c", "cat {drawing}; sleep 60"))
    await watcher.until("cursor")
""",
    )
    terminal = Terminals(lambda name: folder).get_or_create("chat")
    seen = Seen(Watcher(terminal).text)
    assert seen.terminal.full_screen
    assert seen.state == Seen(FULL_SCREEN).state
    await terminal.close()


def test_wherever_the_server_was_killed_what_came_next_goes_on(folder, history):
    for cut in range(1, 300):
        history().append(RICH[:cut])
        after = history()
        after.append(RICH[cut:])
        assert Seen(after.replay()).state == Seen(RICH).state, RICH[max(0, cut - 20) : cut]
        shutil.rmtree(folder)


@pytest.mark.parametrize("shown", [False, True])
def test_what_comes_after_a_restart_comes_after_what_was_before(history, shown):
    history().append(numbered(0, 100))
    after = history()
    if shown:
        after.replay()
    after.append(numbered(100, 200))
    again = history()
    again.append(numbered(200, 300))
    assert Seen(again.replay()).lines == [f"line {number}" for number in range(300)]
    assert Seen(history().replay()).lines == [f"line {number}" for number in range(300)]


def test_a_history_is_read_only_when_somebody_asks(history):
    history().append(numbered(0, 100))
    after = history()
    after.append(b"more")
    assert len(after) == 0
    assert Seen(after.replay()).lines[-1] == "more"


def test_lines_that_have_long_scrolled_away_are_kept_over_many_checkpoints(history, monkeypatch):
    monkeypatch.setattr("agent_hub.terminals.history._CHECKPOINT_SECONDS", 0)
    before = history()
    for number in range(100):
        before.append(numbered(100 * number, 100 * number + 100))
        if number % 10 == 0:
            before = history()
    assert Seen(history().replay()).lines == [f"line {number}" for number in range(10_000)]


def test_lines_of_a_flood_are_kept_over_a_kill(history, monkeypatch):
    monkeypatch.setattr("agent_hub.terminals.history._CHECKPOINT_SECONDS", 60)
    # How much is drawn again depends on the machine otherwise: what it is not quick enough for is left out.
    monkeypatch.setattr("agent_hub.terminals.history._RESTORE_SECONDS", 60)
    before = history()
    before.append(b"first\r\n")
    for number in range(120):
        before.append(numbered(1000 * number, 1000 * number + 1000))
    assert Seen(history().replay()).lines[-60_000:] == [f"line {number}" for number in range(60_000, 120_000)]


def test_a_size_is_kept(history):
    before = history()
    before.append(b"first\r\n")
    before.resize(50, 150)
    before.append(b"\x1b[50;145Hcorner")
    assert history().size == (50, 150)
    assert Seen(history().replay(), 50, 150).terminal.lines()[49].endswith("corner")


def test_lines_that_a_larger_screen_brought_back_are_kept_once(history):
    before = history()
    before.append(numbered(0, 100))
    before.resize(60, 80)
    before.append(numbered(100, 110))
    assert Seen(history().replay(), 60, 80).lines == [f"line {number}" for number in range(110)]


def test_the_beginning_of_a_long_line_is_kept(history):
    before = history()
    before.append("".join(f"{number:09d} " for number in range(300)).encode())
    before.close()
    shown = "\n".join(Seen(history().replay()).lines)
    assert [int(word) for word in re.findall(r"\d{9}", shown)] == list(range(300))


# -- bounds


@pytest.mark.parametrize("viewed", [False, True])
def test_a_journal_stays_within_its_bound(folder, viewed):
    limit = 2 << 20
    history = History(journal=Journal(folder, limit))
    chance = random.Random(3)
    for number in range(400):
        if not viewed and number % 40 == 0:
            history = History(journal=Journal(folder, limit))
        history.append(chance.choice([numbered(0, 5000), chance.randbytes(50_000), b"x" * 50_000, FULL_SCREEN * 100]))
        if number % 50 == 0:
            history.resize(chance.randrange(2, 100), chance.randrange(2, 300))
        assert sum(file.stat().st_size for file in folder.iterdir()) <= limit
    assert History(journal=Journal(folder, limit)).replay()


def test_a_journal_is_for_the_hub_alone(folder, history):
    before = history()
    before.append(numbered(0, 1000))
    before.replay()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {file.name for file in files} == {"screen.1", "lines.1"}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_a_terminal_without_output_leaves_nothing(folder, history):
    silent = history()
    silent.resize(50, 150)
    assert silent.replay() == ""
    assert not silent.repaint
    silent.close()
    assert not folder.exists()


# -- what goes wrong


@pytest.mark.parametrize("kind", ["screen", "lines"])
def test_a_cut_off_journal_is_read_as_far_as_it_goes(folder, history, kind):
    before = history()
    before.append(numbered(0, 1000))
    before.close()
    after = history()
    after.append(numbered(1000, 1100))
    whole = shutil.copytree(folder, folder.with_name("whole"))
    for left in (1, 100, 0.5, 0.01, 0):
        shutil.rmtree(folder)
        shutil.copytree(whole, folder)
        cut = max(folder.glob(f"{kind}.*"))
        size = cut.stat().st_size
        os.truncate(cut, size - left if left >= 1 else int(size * left))
        seen = Seen(history().replay())
        if kind == "screen":
            assert seen.lines[:900] == [f"line {number}" for number in range(900)]
        else:
            assert seen.lines[-100:] == [f"line {number}" for number in range(1000, 1100)]


def test_a_spoiled_journal_costs_what_is_spoiled_alone(folder, history):
    chance = random.Random(5)
    for seed in range(60):
        before = history()
        before.append(RICH * 20)
        before.close()
        history().append(b"more")
        for file in folder.iterdir():
            content = bytearray(file.read_bytes())
            for _ in range(seed):
                content[chance.randrange(len(content))] = chance.randrange(256)
            file.write_bytes(content)
        after = history()
        after.append(b"\r\n\x1bcafter\r\n")
        assert "after" in Seen(after.replay()).lines
        assert history().replay()
        shutil.rmtree(folder)


def test_a_full_disk_costs_the_journal_and_not_the_terminal(history, monkeypatch, caplog):
    full = history()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with caplog.at_level(logging.WARNING):
            for number in range(50):
                full.append(numbered(100 * number, 100 * number + 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert Seen(full.replay()).lines == [f"line {number}" for number in range(5000)]
    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        "The terminal of 0123abcd goes on without its journal"
    ]
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0)
    full.append(b"room again")
    assert Seen(history().replay()).lines[-1] == "room again"


def test_a_journal_that_is_taken_away_is_not_missed(folder, history, caplog):
    before = history()
    before.append(numbered(0, 1000))
    shutil.rmtree(folder)
    with caplog.at_level(logging.WARNING):
        for number in range(100):
            before.append(numbered(1000 + 1000 * number, 2000 + 1000 * number))
    assert Seen(before.replay()).lines[-1] == "line 100999"
    assert len(caplog.records) == 1
    assert not folder.exists()


async def test_a_deleted_terminal_leaves_no_journal_to_come_back(folder):
    terminals = Terminals(lambda name: folder)
    terminal = terminals.get_or_create("chat")
    terminal.note("a word")
    assert folder.exists()
    async with asyncio.timeout(LIMIT_SECONDS):
        await terminals.remove("chat")
    shutil.rmtree(folder)
    terminal.note("another word")
    assert not folder.exists()


async def test_what_a_program_left_on_is_taken_back_before_the_next(folder, drawing):
    await killed(
        folder,
        f"""
    terminal.connect(await Pty.start("bash", "-c", "cat {drawing}; sleep 60"))
    await watcher.until("cursor")
""",
    )
    terminal = Terminals(lambda name: folder).get_or_create("chat")
    terminal.note("The agent has ended.")
    seen = Seen(Watcher(terminal).text)
    assert not seen.terminal.full_screen
    assert seen.lines[-1] == "The agent has ended."
    await terminal.close()
