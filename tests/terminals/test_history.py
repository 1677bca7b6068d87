from __future__ import annotations

import random
import time
from threading import Event

import pytest

from agent_hub.terminals import history as history_module
from agent_hub.terminals.history import HISTORY_BYTES, History
from tests.terminals.viewing import FULL_SCREEN, Seen, history_of, numbered, sent

RESET = "\x1bc"


def test_an_empty_history_replays_nothing():
    assert History().replay() == ""
    assert not History().repaint


def test_a_replay_shows_what_was_there_and_begins_with_a_reset():
    history = history_of(b"one\r\n", b"\x1b[31mtwo")
    assert history.replay().startswith(RESET)
    seen = Seen(history.replay())
    assert seen.lines == ["one", "two"]
    assert seen.state == Seen(b"one\r\n\x1b[31mtwo").state
    assert not history.repaint


@pytest.mark.parametrize("count", [0, 1, 5, 22, 23, 24, 25, 46, 47, 48, 300])
def test_every_line_is_shown_once_whatever_has_scrolled_away(count):
    lines = numbered(0, count)
    assert Seen(history_of(lines + b"$ ").replay()).lines == Seen(lines + b"$ ").lines


@pytest.mark.parametrize("line", ["x" * 200, "漢字" * 50, "é" * 79, "\t\t\tx", "", "x" * 80])
def test_every_line_is_shown_once_however_long(line):
    output = (f"first\r\n{line}\r\n" + "rest\r\n" * 24).encode()
    assert [text.rstrip() for text in Seen(history_of(output).replay()).lines] == [
        text.rstrip() for text in Seen(output).lines
    ]


def test_a_full_screen_program_is_repainted_without_being_asked():
    history = history_of(numbered(0, 100), FULL_SCREEN)
    assert not history.repaint
    seen = Seen(history.replay())
    assert seen.terminal.full_screen
    assert seen.state == Seen(numbered(0, 100) + FULL_SCREEN).state


def test_what_was_there_before_a_full_screen_program_is_there_after_it():
    seen = Seen(history_of(numbered(0, 100), FULL_SCREEN).replay())
    seen.show(b"\x1b[?1049l$ ")
    assert seen.lines == [f"line {number}" for number in range(100)] + ["$ edit", "$"]


def test_a_resized_screen_is_replayed_at_its_new_size():
    history = history_of(numbered(0, 100))
    history.resize(40, 120)
    history.append(b"\x1b[40;115Hright")
    seen = Seen(history.replay(), 40, 120)
    assert seen.terminal.lines()[39].endswith("right")
    assert seen.lines[0] == "line 0"
    assert history.size == (40, 120)


@pytest.mark.parametrize("rows", [25, 50, 90, 200])
def test_lines_that_a_larger_screen_brought_back_are_shown_once(rows):
    lines = numbered(0, 50) + b"\r\n\r\n" + b"long " * 40 + b"\r\n" + numbered(50, 100)
    history = history_of(lines)
    history.resize(rows, 80)
    whole = Seen(lines).lines
    assert Seen(history.replay(), rows, 80).lines == whole
    assert [match.line for match in history.lines().find("line 9", 100, Event()).matches] == [
        number for number in range(len(whole), 0, -1) if "line 9" in whole[number - 1]
    ]
    history.append(numbered(100, 300))
    assert Seen(history.replay(), rows, 80).lines == Seen(lines + numbered(100, 300)).lines


RICH = (
    "$ ls\r\n\x1b[34mdirectory\x1b[m  é漢😀\r\n\x1b]0;title\x07\x1b[?2004h\x1b[1;31mbold\x1b[m\x1b[3;4H\x1b(0lqk\x1b(B"
    "\x1bP1$r0m\x1b\\\x1b[?1049h\x1b[2J\x1b[5;5Hfull\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07\x1b[?1049l$ "
).encode()


def test_live_output_goes_on_where_a_replay_ends_wherever_that_is():
    whole = Seen(RICH)
    for cut in range(1, len(RICH)):
        history = history_of(RICH[:cut])
        seen = Seen(history.replay())
        # A character that was cut arrives whole with what comes, as the terminal's decoder holds its beginning.
        start = cut - len(RICH[:cut]) + len(RICH[:cut].decode("utf-8", "ignore").encode())
        seen.show(RICH[start:])
        assert seen.state == whole.state, RICH[max(0, cut - 20) : cut]
        history.append(RICH[cut:])
        assert Seen(history.replay()).state == whole.state


QUERIES = [
    b"\x1b[6n",
    b"\x1b[5n",
    b"\x1b[?6n",
    b"\x1b[?996n",
    b"\x1b[c",
    b"\x1b[0c",
    b"\x1b[>c",
    b"\x1b[>0c",
    b"\x1b[=c",
    b"\x1b[?u",
    b"\x1b[?2026$p",
    b"\x1b[4$p",
    b"\x1b[>q",
    b"\x1b[>0q",
    b"\x1b[14t",
    b"\x1b[16t",
    b"\x1b[18t",
    b"\x1b[?1;1;0S",
    b"\x1b[?4m",
    b"\x1b[x",
    b"\x1bZ",
    b"\x05",
    b"\x1b]10;?\x1b\\",
    b"\x1b]11;?\x07",
    b"\x1b]4;1;?\x07",
    b"\x1b]4;1;?;2;?\x1b\\",
    b"\x1b]12;?\x07",
    b"\x1b]52;c;?\x07",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e\x1b\\",
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    "\x9b6n".encode(),
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_replay_asks_nothing(query):
    assert history_of(b"before", query, b"after").replay() == history_of(b"beforeafter").replay()


def test_a_report_that_is_switched_on_is_asked_for_once():
    assert history_of(b"\x1b[?1004h\x1b[?1004l\x1b[?2004;1004h", b"screen").replay().count("1004h") == 1
    assert "1004h" not in history_of(b"\x1b[?1004hscreen\x1b[?1004l").replay()


def test_undoing_leaves_nothing_in_force():
    history = history_of(FULL_SCREEN)
    history.append(history.undo())
    replay = history.replay()
    assert not Seen(replay).terminal.full_screen
    for mode in ("?1h", "?1000h", "?1006h", "?2004h", "?25l", "\x1b=", "2;20r", ">7u"):
        assert mode not in replay


def test_random_bytes_never_break_a_history():
    chance = random.Random(7)
    history = History()
    noises = [b"\x1b", b"\x1b[", b"\x1b[?", b"\x1bP", b"\x1b]", b"\xc2\x9b", b"9" * 40]
    for number in range(2000):
        noise = chance.choice([*noises, chance.randbytes(30)])
        history.append(noise + bytes(chance.choices(b"0123456789;?hlumcnq \x1b\\\n", k=5)))
        if number % 100 == 0:
            history.resize(chance.randrange(1, 60), chance.randrange(1, 200))
            assert history.replay()


# -- floods


@pytest.mark.parametrize("piece", [b"x", b"\x1b[5;5Hx", b"x\r\n", b"\x1b]0;", b"\xff"])
def test_a_history_never_grows_over_its_limit(piece):
    history = History()
    for _ in range(64):
        history.append(piece * (65536 // len(piece)))
        assert len(history) <= 2 * HISTORY_BYTES


def log_lines(first: int, count: int = 800) -> bytes:
    return b"".join(
        b"%09d \x1b[32mINFO\x1b[m a line of a log, as long as they are on the whole\r\n" % number
        for number in range(first, first + count)
    )


def test_100_MB_behind_it_and_a_viewer_is_sent_less_than_1_MiB(monkeypatch):
    # As much may wait to be drawn as on a quick machine.
    monkeypatch.setattr(history_module, "_WAITING_SECONDS", 10)
    history = History()
    first = 0
    for _ in range(1750):
        history.append(log_lines(0))
    for _ in range(20):
        history.append(log_lines(first))
        first += 800
    replay = history.replay()
    assert sent(replay) <= HISTORY_BYTES
    assert not history.repaint
    # What came too fast is left out where it is oldest.
    numbers = [int(line.split()[0]) for line in Seen(replay).lines[-5000:]]
    assert numbers == list(range(first - 5000, first))


@pytest.mark.parametrize("size", [(24, 80), (60, 200)])
def test_a_screen_full_of_links_is_sent_in_less_than_1_MiB(size, monkeypatch):
    # All of it is drawn, also where another process has the processor meanwhile.
    monkeypatch.setattr(history_module, "_TURN_SECONDS", 60)
    monkeypatch.setattr(history_module, "_BURST_SECONDS", 60)
    history = History(size=size)
    for row in range(size[0]):
        history.append(b"".join(b"\x1b]8;;http://%d/%s\x07x" % (row * 200 + at, b"a" * 2000) for at in range(size[1])))
        assert not history.repaint
    assert "http://0/" in history.replay()
    assert sent(history.replay()) <= HISTORY_BYTES


def test_a_flood_costs_little():
    flood = log_lines(0)
    started = time.process_time()
    for _ in range(500):
        flood.decode().encode()
    decoded = time.process_time()
    history = History()
    for _ in range(500):
        history.append(flood)
    assert time.process_time() - decoded < 50 * (decoded - started) + 2


def test_a_flood_of_resets_costs_little():
    history = History()
    began = time.process_time()
    for _ in range(20):
        history.append(RESET.encode() * 32 * 1024)
    assert time.process_time() - began < 25


def test_what_is_switched_on_after_the_last_reset_of_a_flood_is_on():
    history = History()
    flood = b"\x1b[?1000h" + b"\x1bc\x1b[?2004l" * 100_000 + b"\x1b[?2004h\x1b[?1h" + b"x" * 4096
    history.append(flood)
    history.append(b"y" * 100_000)
    replay = history.replay()
    assert "\x1b[?2004h" in replay and "\x1b[?1h" in replay
    assert "\x1b[?1000h" not in replay


def test_a_history_says_what_it_has_left_out(monkeypatch):
    monkeypatch.setattr(history_module, "_BURST_SECONDS", 0)
    monkeypatch.setattr(history_module, "_SHARE", 0)
    history = History()
    for number in range(20):
        history.append(log_lines(800 * number))
    lines = Seen(history.replay()).lines
    told = [index for index, line in enumerate(lines) if "bytes that came too fast are not here" in line]
    numbers = [int(line.split()[0]) for line in lines[told[-1] + 1 :]]
    assert numbers == list(range(16000 - len(numbers), 16000))


def test_a_program_that_draws_too_fast_is_asked_to_draw_again():
    history = History()
    chance = random.Random(1)
    drawing = b"".join(b"\x1b[%d;%dHx" % (chance.randrange(1, 24), chance.randrange(1, 80)) for _ in range(6000))
    history.append(b"\x1b[?1049h\x1b[?2004h")
    while not history.repaint:
        for _ in range(20):
            history.append(drawing)
    assert Seen(history.replay()).terminal.full_screen
    assert "2004h" in history.replay()
