from __future__ import annotations

import asyncio
import hashlib
import time
import tracemalloc

import pytest

from agent_hub.terminals.history import HISTORY_BYTES
from agent_hub.terminals.registry import Terminals
from agent_hub.terminals.terminal import Terminal
from agent_hub.terminals.viewer import QUEUE_CHARACTERS
from tests.terminals.programs import LIMIT_SECONDS, Watcher
from tests.terminals.viewing import Seen

RAW = "stty raw -echo; printf READY; "


async def test_a_viewer_sees_what_the_program_answers(terminal, programs):
    terminal.connect(await programs())
    watcher = Watcher(terminal)
    await terminal.write("echo $((6*7))\r")
    await watcher.until("42\r\n")


async def test_a_viewer_that_comes_before_the_program_gets_its_first_byte(terminal, programs):
    watcher = Watcher(terminal)
    assert watcher.shown == []
    terminal.connect(await programs("printf", "FIRST"))
    await watcher.until("FIRST")
    assert watcher.text == "FIRST"


async def test_what_is_typed_before_the_program_is_there_waits_for_it(terminal, programs):
    watcher = Watcher(terminal)
    await terminal.write("echo typed $((40+2))\r")
    terminal.connect(await programs())
    await watcher.until("typed 42\r\n")


async def test_two_viewers_see_the_same(terminal, programs):
    first = Watcher(terminal)
    terminal.connect(await programs())
    await first.until("$ ")
    second = Watcher(terminal)
    await terminal.write("echo $((6*7))\r")
    await first.until("42\r\n")
    await second.until("42\r\n")
    assert Seen(second.text).state == Seen(first.text).state


async def test_a_question_is_put_to_one_viewer(terminal, programs):
    first, second = Watcher(terminal), Watcher(terminal)
    terminal.connect(await programs("printf", r"before\033[6nafter"))
    await first.until("before\x1b[6nafter")
    await second.until("beforeafter")


async def test_a_later_viewer_gets_the_past_and_then_the_present_once_each(terminal, programs):
    first = Watcher(terminal)
    terminal.connect(await programs("cat"))
    await terminal.write("one\r")
    await first.until(lambda watcher: watcher.text.count("one") == 2)
    second = Watcher(terminal)
    await terminal.write("two\r")
    await second.until(lambda watcher: watcher.text.count("two") == 2)
    assert Seen(second.text).lines == ["one", "one", "two", "two"]


async def test_a_character_cut_by_a_read_arrives_whole(terminal, programs):
    watcher = Watcher(terminal)
    terminal.connect(await programs("bash", "-c", RAW + r"printf '\xf0\x9f'; read -n1; printf '\x98\x80'; read -n1"))
    await watcher.until("READY")
    late = Watcher(terminal)
    await terminal.write("x")
    await watcher.until("😀")
    await late.until("😀")
    assert "�" not in watcher.text + late.text


async def test_a_paste_of_four_megabytes_arrives_whole(terminal, programs, tmp_path):
    watcher = Watcher(terminal)
    received = tmp_path / "received"
    text = "".join(f"{number:015d}\n" for number in range(4 * 65536))
    terminal.connect(await programs("bash", "-c", RAW + f"head -c {len(text)} > {received}; printf DONE; read"))
    await watcher.until("READY")
    async with asyncio.timeout(LIMIT_SECONDS):
        await terminal.write(text)
    await watcher.until("DONE")
    assert received.read_text() == text


async def test_a_paste_is_not_mixed_with_what_another_viewer_types(terminal, programs, tmp_path):
    watcher = Watcher(terminal)
    received = tmp_path / "received"
    terminal.connect(await programs("bash", "-c", RAW + f"head -c 200001 > {received}; printf DONE; read"))
    await watcher.until("READY")
    async with asyncio.timeout(LIMIT_SECONDS):
        await asyncio.gather(terminal.write("a" * 200_000), terminal.write("b"))
    await watcher.until("DONE")
    assert received.read_text() == "a" * 200_000 + "b"


async def test_a_slow_viewer_slows_no_one_and_costs_little_memory(terminal, programs):
    quick, slow = Watcher(terminal), Watcher(terminal)
    slow.paused = asyncio.get_running_loop().create_future()
    megabytes = 64
    tracemalloc.start()
    program = await programs("bash", "-c", f"yes 0123456789abcde | head -c {megabytes}M; echo; echo THE END; read")
    terminal.connect(program)
    quick.shown = _Tail()
    longest = 0

    def ended(watcher: Watcher) -> bool:
        nonlocal longest
        longest = max(longest, slow.viewer.queued)
        return "THE END" in watcher.text

    await quick.until(ended)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert longest <= QUEUE_CHARACTERS
    assert program.pauses == 0
    assert len(terminal.history) <= 2 * HISTORY_BYTES
    assert peak < 16 * 2**20
    slow.shown.clear()
    slow.paused.set_result(None)
    slow.paused = None
    await slow.until("THE END")
    assert slow.text == terminal.history.replay()


class _Tail(list):
    """The newest pieces alone, so that the test measures the terminal and not itself."""

    def append(self, text: str) -> None:
        super().append(text[-64:])
        del self[:-4]


async def test_a_viewer_that_is_quick_enough_misses_nothing_of_a_flood(terminal, programs, monkeypatch):
    # It is, also where this process has to wait for the processor.
    monkeypatch.setattr("agent_hub.terminals.terminal.PATIENCE_SECONDS", LIMIT_SECONDS)
    watcher = Unhurried(terminal, seconds=0.005)
    program = await programs("bash", "-c", RAW + "read -n1; seq 1 3000000; printf 'THE END'; read")
    terminal.connect(program)
    await watcher.until("READY")
    watcher.shown.clear()
    await terminal.write("x")
    await watcher.until(lambda watcher: "THE END" in "".join(watcher.shown[-2:]))
    expected = "".join(f"{number}\n" for number in range(1, 3_000_001)) + "THE END"
    assert hashlib.sha256(watcher.text.encode()).digest() == hashlib.sha256(expected.encode()).digest()
    assert program.pauses > 0


async def test_a_viewer_that_does_not_read_holds_the_program_for_a_moment_and_once(terminal, programs):
    watcher = Watcher(terminal)
    watcher.paused = asyncio.get_running_loop().create_future()
    program = await programs("bash", "-c", "yes 0123456789abcde | head -c 16M")
    terminal.connect(program)
    async with asyncio.timeout(LIMIT_SECONDS):
        await program.process.wait()
    assert program.pauses == 1


async def test_a_viewer_that_was_moved_on_holds_nothing_until_it_has_seen_all(terminal, programs, monkeypatch):
    monkeypatch.setattr("agent_hub.terminals.terminal.PATIENCE_SECONDS", 0.005)
    watcher = Unhurried(terminal, seconds=0.3)
    program = await programs("bash", "-c", "yes 0123456789abcde | head -c 32M; printf 'THE END'; read")
    terminal.connect(program)
    await watcher.until(lambda watcher: "THE END" in "".join(watcher.shown[-2:]))
    assert program.pauses == 1


async def test_a_viewer_that_leaves_lets_the_program_go_on(terminal, programs, monkeypatch):
    monkeypatch.setattr("agent_hub.terminals.terminal.PATIENCE_SECONDS", LIMIT_SECONDS)
    watcher = Watcher(terminal)
    watcher.paused = asyncio.get_running_loop().create_future()
    program = await programs("bash", "-c", "yes 0123456789abcde | head -c 16M")
    terminal.connect(program)
    async with asyncio.timeout(LIMIT_SECONDS / 2):
        while not program.paused:
            await asyncio.sleep(0)
        terminal.leave(watcher.viewer)
        await program.process.wait()


class Unhurried(Watcher):
    """A screen that takes its time for each piece."""

    def __init__(self, terminal: Terminal, seconds: float) -> None:
        self._seconds = seconds
        super().__init__(terminal)

    def send(self, text: str) -> asyncio.Future[None] | None:
        super().send(text)
        loop = asyncio.get_running_loop()
        taken = loop.create_future()
        loop.call_later(self._seconds, taken.set_result, None)
        return taken


async def test_a_slow_viewer_that_keeps_up_in_the_end_misses_nothing(terminal, programs):
    watcher = Watcher(terminal)
    watcher.paused = asyncio.get_running_loop().create_future()
    terminal.connect(await programs("bash", "-c", "printf 1; read; printf 2; read; printf 3; read"))
    other = Watcher(terminal)
    await other.until("1")
    await terminal.write("\r")
    await other.until("2")
    await terminal.write("\r")
    await other.until("3")
    watcher.paused, released = None, watcher.paused
    released.set_result(None)
    await watcher.until("3")
    assert watcher.text == other.text


async def test_a_viewer_whose_connection_broke_is_left_behind(terminal, programs):
    broken, other = Watcher(terminal), Watcher(terminal)
    broken.paused = asyncio.get_running_loop().create_future()
    terminal.connect(await programs())
    await other.until("$ ")
    broken.paused.set_exception(ConnectionError("gone"))
    await terminal.write("echo $((6*7))\r")
    await other.until("42\r\n")
    assert "42" not in broken.text


# -- sizes


async def test_a_program_has_a_size_with_nobody_watching(terminal, programs):
    program = await programs(
        "bash", "-c", "while read -t 0.05; [ \"$(stty size)\" = '0 0' ]; do :; done; stty size; read"
    )
    terminal.connect(program)
    await Watcher(terminal).until("24 80")


async def test_the_smallest_viewer_sets_the_size(terminal, programs):
    terminal.connect(await programs())
    wide, tall, unknown = Watcher(terminal), Watcher(terminal), Watcher(terminal)
    terminal.resize(wide.viewer, 30, 200)
    terminal.resize(tall.viewer, 60, 100)
    terminal.resize(unknown.viewer, 0, 0)
    assert terminal.size == (30, 100)
    await terminal.write("stty size\r")
    await wide.until("30 100\r\n")
    terminal.leave(wide.viewer)
    assert terminal.size == (60, 100)


async def test_a_viewer_that_is_folded_away_presses_nobody_together(terminal):
    open_, folded = Watcher(terminal), Watcher(terminal)
    terminal.resize(open_.viewer, 40, 120)
    for rows, columns in ((1, 2), (0, 120), (24, 0), (1, 80)):
        terminal.resize(folded.viewer, rows, columns)
        assert terminal.size == (40, 120)
    terminal.leave(open_.viewer)
    assert terminal.size == (40, 120)
    terminal.resize(folded.viewer, 20, 60)
    assert terminal.size == (20, 60)


async def test_a_viewer_is_shown_the_screen_as_it_is_unfolded(terminal, programs):
    late = Watcher(terminal)
    terminal.connect(await programs("bash", "-c", "seq 100; printf READY; read"))
    await late.until("READY")
    terminal.resize(late.viewer, *terminal.size)
    for _ in range(2):
        terminal.resize(late.viewer, 0, 0)
        before = len(late.text)
        terminal.resize(late.viewer, *terminal.size)
        unfolded = late.text[before:]
        assert unfolded.startswith("\x1bc")
        assert Seen(unfolded, *terminal.size).lines[-1] == "READY"


async def test_the_size_is_kept_for_the_next_start(terminal, programs):
    watcher = Watcher(terminal)
    terminal.resize(watcher.viewer, 50, 150)
    terminal.leave(watcher.viewer)
    watcher = Watcher(terminal)
    program = await programs("bash", "-c", "printf READY; read; stty size; read")
    terminal.connect(program)
    await watcher.until("READY")
    async with asyncio.timeout(LIMIT_SECONDS):
        while (50, 150) not in program.sizes:
            await asyncio.sleep(0)
    await terminal.write("\r")
    await watcher.until("50 150")


async def test_a_size_that_the_program_cannot_take_yet_is_given_later(terminal, programs):
    program = await programs()
    refused = asyncio.Event()
    resize = program.resize

    async def refuse(rows: int, columns: int) -> None:
        program.resize = resize
        refused.set()
        raise OSError("not running")

    program.resize = refuse
    terminal.connect(program)
    async with asyncio.timeout(LIMIT_SECONDS):
        await refused.wait()
    watcher = Watcher(terminal)
    await terminal.write("while [ \"$(stty size)\" != '24 80' ]; do read -t 0.05; done; echo SIZED $((6*7))\r")
    await watcher.until("SIZED 42")


async def test_a_new_viewer_sees_a_full_screen_program_that_is_not_asked_to_paint(terminal, programs):
    first = Watcher(terminal)
    paint = r"""paint() { printf 'PAINTED %s.' "$(stty size)"; }; trap paint WINCH; printf '\033[?1049hREADY'; """
    # dash: bash forgets a signal that comes while it handles the one before.
    program = await programs("dash", "-c", paint + "while :; do sleep 0.05; done")
    terminal.connect(program)
    await first.until("READY")
    terminal.resize(first.viewer, 30, 100)
    await first.until("PAINTED 30 100")
    sizes = list(program.sizes)
    second = Watcher(terminal)
    terminal.resize(second.viewer, 30, 100)
    seen = Seen(second.text, 30, 100)
    assert seen.terminal.full_screen
    assert "PAINTED 30 100" in seen.terminal.lines()[0]
    assert program.sizes == sizes


@pytest.mark.parametrize("rows, columns", [(50, 150), (12, 40)])
async def test_a_viewer_of_another_size_is_shown_every_line(terminal, programs, rows, columns):
    first = Watcher(terminal)
    terminal.connect(await programs("bash", "-c", "seq 100; printf READY; read"))
    await first.until("READY")
    terminal.leave(first.viewer)
    late = Watcher(terminal)
    terminal.resize(late.viewer, rows, columns)
    newest = "\x1bc" + late.text.rpartition("\x1bc")[2]
    assert Seen(newest, rows, columns).lines == [str(number) for number in range(1, 101)] + ["READY"]


async def test_a_program_that_drew_before_it_was_connected_is_asked_to_draw_again(terminal, programs):
    paint = r"""paint() { printf 'PAINTED %s.' "$(stty size)"; }; trap paint WINCH; printf '\033[?1049hREADY'; """
    program = await programs("dash", "-c", paint + "while :; do sleep 0.05; done")
    terminal.connect(program, painted=True)
    watcher = Watcher(terminal)
    await watcher.until("READY")
    terminal.resize(watcher.viewer, 24, 80)
    await watcher.until("PAINTED 24 80")
    async with asyncio.timeout(LIMIT_SECONDS):
        while program.sizes[-2:] != [(24, 79), (24, 80)]:
            await asyncio.sleep(0.01)


async def test_a_shell_is_left_alone_when_a_viewer_joins(terminal, programs):
    first = Watcher(terminal)
    program = await programs()
    terminal.connect(program)
    await first.until("$ ")
    terminal.resize(first.viewer, 24, 80)
    await terminal.write("echo $((6*7))\r")
    await first.until("42\r\n")
    assert program.sizes == [(24, 80)]


# -- beginnings and ends


async def test_the_end_of_a_program_is_told_and_its_screen_restored(programs):
    ended = asyncio.Event()
    terminal = Terminal("chat", ended.set)
    watcher = Watcher(terminal)
    terminal.connect(await programs("printf", r"\033[?1049h\033[?2004h\033[?25lBYE"))
    async with asyncio.timeout(LIMIT_SECONDS):
        await ended.wait()
    assert not terminal.connected
    assert watcher.text.endswith("BYE\x1b[?1049l\x1b[?2004l\x1b[?25h")
    terminal.note("[Agent exited (0).]")
    assert "[Agent exited (0).]" in watcher.text
    assert "[Agent exited (0).]" in Watcher(terminal).text
    await terminal.close()


async def test_a_restarted_program_goes_on_in_the_same_terminal(terminal, programs):
    watcher = Watcher(terminal)
    first = await programs()
    terminal.connect(first)
    await watcher.until("$ ")
    await terminal.write("echo BEFORE$((6*7)); exit\r")
    await watcher.until("BEFORE42")
    terminal.connect(await programs())
    await terminal.write("echo AFTER$((6*7))\r")
    await watcher.until("AFTER42")
    late = Watcher(terminal)
    assert late.text.index("BEFORE42") < late.text.index("AFTER42")


async def test_what_is_typed_to_an_ended_program_is_dropped(programs):
    ended = asyncio.Event()
    terminal = Terminal("chat", ended.set)
    terminal.connect(await programs("true"))
    async with asyncio.timeout(LIMIT_SECONDS):
        await ended.wait()
        await terminal.write("rm everything\r")
    watcher = Watcher(terminal)
    terminal.connect(await programs())
    await terminal.write("echo $((6*7))\r")
    await watcher.until("42\r\n")
    assert "everything" not in watcher.text
    await terminal.close()


COSTLY = r"""cost=$(printf '\\033[99S%.0s' {1..500}); printf READY; while :; do printf "$cost"'\033[6n'; done"""


async def test_a_program_whose_output_costs_the_server_a_lot_is_read_less(terminal, programs):
    terminal.connect(await programs("bash", "-c", "stty raw -echo; " + COSTLY))
    began, used = time.monotonic(), time.thread_time()
    # A share of the time can only be told over some of it.
    await asyncio.sleep(4)
    assert time.thread_time() - used < 0.5 * (time.monotonic() - began)
    watcher = Watcher(terminal)
    count = len(watcher.shown)
    async with asyncio.timeout(LIMIT_SECONDS):
        while len(watcher.shown) == count:
            await asyncio.sleep(0.05)


async def test_a_closed_terminal_tells_its_viewers_and_leaves_the_program(programs):
    terminal = Terminal("chat")
    program = await programs("sleep", "60")
    watcher = Watcher(terminal)
    terminal.connect(program)
    async with asyncio.timeout(LIMIT_SECONDS):
        await terminal.close()
    assert watcher.ended
    assert program.process.returncode is None


async def test_terminals_that_end_with_their_server_do_not_send_their_viewers_away(programs):
    terminals = Terminals()
    terminal = terminals.get_or_create("chat")
    program = await programs("sleep", "60")
    watcher = Watcher(terminal)
    terminal.connect(program)
    async with asyncio.timeout(LIMIT_SECONDS):
        await terminals.close()
    assert not watcher.ended
    assert len(terminals) == 0
    assert program.process.returncode is None
