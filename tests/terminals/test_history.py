from __future__ import annotations

import random
import time

import pyte
import pytest

from agent_hub.terminals.history import History
from agent_hub.terminals.modes import Modes

RESET = "\x1bc"


def history_of(*pieces: bytes, limit: int = 1 << 20) -> History:
    history = History(limit)
    for piece in pieces:
        history.append(piece)
    return history


def test_an_empty_history_replays_nothing():
    assert History().replay() == ""
    assert not History().repaint


def test_a_short_history_replays_as_it_was():
    history = history_of(b"one\r\n", b"\x1b[31mtwo")
    assert history.replay() == RESET + "one\r\n\x1b[31mtwo"
    assert not history.repaint


@pytest.mark.parametrize("size", [1, 7, 1000, 65536, 3 << 20])
def test_a_history_never_grows_over_its_limit(size):
    history = History(limit=1 << 20)
    for _ in range(max(1, min(5000, (4 << 20) // size))):
        history.append(b"x" * size)
        assert len(history) <= 1 << 20


def test_appending_is_cheap():
    history = History()
    started = time.perf_counter()
    for _ in range(20_000):
        history.append(b"\x1b[32mx\x1b[m")
    assert (time.perf_counter() - started) / 20_000 < 50e-6


def test_a_truncated_history_starts_with_a_line():
    history = history_of(*(b"line %05d\r\n" % number for number in range(1000)), limit=1000)
    first, *_ = history.replay().removeprefix(RESET).splitlines()
    assert len(first) == len("line 00000")
    assert history.repaint


def test_a_truncated_history_without_lines_starts_with_a_sequence():
    history = history_of(*(b"\x1b[%d;1Hrow" % (number % 50 + 1) for number in range(1000)), limit=500)
    assert history.replay().startswith(RESET + "\x1b[")


def test_a_truncated_history_starts_with_a_whole_character():
    history = history_of("é".encode() * 1000, limit=501)
    assert set(history.replay()) <= {"é", "\x1b", "c"}


def test_a_history_that_ends_within_a_character_leaves_it_to_what_comes():
    assert history_of("a😀".encode()[:-1]).replay() == RESET + "a"


MODES = [
    b"\x1b[?1049h",
    b"\x1b[?2004h",
    b"\x1b[?1000h",
    b"\x1b[?1002h",
    b"\x1b[?1006h",
    b"\x1b[?25l",
    b"\x1b[?1h",
    b"\x1b=",
    b"\x1b[>7u",
    b"\x1b[2;20r",
    b"\x1b[5 q",
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_mode_switched_on_before_the_cut_is_in_force_in_the_replay(mode, cut):
    replay = history_of(mode[:cut], mode[cut:], b"line\r\n" * 1000, limit=600).replay()
    assert replay.startswith(RESET + mode.decode())


def test_a_mode_switched_off_before_the_cut_is_not_in_the_replay():
    off = b"\x1b[?1049l\x1b[?2004l\x1b[?1000;1006l\x1b[?25h\x1b[?1l\x1b>\x1b[<u\x1b[r\x1b[0 q\x1b[0m"
    replay = history_of(b"\x1b[1;31m", *MODES, off, b"line\r\n" * 1000, limit=600).replay()
    assert replay.startswith(RESET + "line") or "\x1b[?1002h" in replay
    for mode in (b"\x1b[?1049h", b"\x1b[?2004h", b"\x1b[?25l", b"\x1b[?1h", b"\x1b=", b"\x1b[>7u", b"\x1b[1;31m"):
        assert mode.decode() not in replay


def test_a_full_screen_program_needs_a_repaint_while_it_is_there():
    assert history_of(b"\x1b[?1049hscreen").repaint
    assert not history_of(b"\x1b[?1049hscreen\x1b[?1049l$ ").repaint


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
    assert history_of(b"before", query, b"after").replay() == RESET + "beforeafter"


KEPT = [
    b"\x1b[31m",
    b"\x1b[2J",
    b"\x1b[10;20H",
    b"\x1b[?2026h",
    b"\x1b[>4;2m",
    b"\x1b[22;0t",
    b"\x1b[2 q",
    b"\x1b]0;what? a title\x07",
    b"\x1b]8;;https://example.org/?q=1\x1b\\",
    b"\x1b]11;#102030\x07",
    b"\x1b[3S",
    b"\x1b[u",
]


@pytest.mark.parametrize("sequence", KEPT)
def test_a_replay_keeps_what_is_no_question(sequence):
    assert history_of(b"before", sequence, b"after").replay() == RESET + f"before{sequence.decode()}after"


def test_a_report_that_is_switched_on_is_asked_for_once():
    replay = history_of(b"\x1b[?1004h\x1b[?1004l\x1b[?2004;1004h", b"screen").replay()
    assert replay == RESET + "\x1b[?1004h\x1b[?2004hscreen"
    assert "1004" not in history_of(b"\x1b[?1004hscreen\x1b[?1004l").replay()


def test_a_sequence_cut_by_the_replay_goes_on_with_what_comes():
    assert history_of(b"\x1b[?1004htext\x1b[3").replay().endswith("text\x1b[3")


def test_modes_are_the_same_however_the_output_is_cut():
    output = b"".join(MODES) + b"\x1b[1;31mtext\x1b[?1049l\x1b[4m"
    whole = Modes()
    whole.feed(output)
    for seed in range(50):
        chance = random.Random(seed)
        cuts = sorted(chance.sample(range(len(output)), 12))
        pieces = Modes()
        for start, end in zip([0, *cuts], [*cuts, len(output)], strict=True):
            pieces.feed(output[start:end])
        assert pieces.sequence() == whole.sequence()


def test_random_bytes_never_break_a_history():
    chance = random.Random(7)
    history = History(limit=4096)
    for _ in range(2000):
        noise = chance.choice(
            [b"\x1b", b"\x1b[", b"\x1b[?", b"\x1bP", b"\x1b]", b"\xc2\x9b", b"9" * 40, chance.randbytes(30)]
        )
        history.append(noise + bytes(chance.choices(b"0123456789;?hlumcnq \x1b\\\n", k=5)))
        assert len(history) <= 4096
    assert history.replay()


def test_undoing_leaves_nothing_in_force():
    modes = Modes()
    modes.feed(b"\x1b[31m" + b"".join(MODES))
    modes.feed(modes.undo())
    assert modes.sequence() == b""


def test_a_replay_paints_the_screen_that_was_there():
    output = b"".join(b"\x1b[3%dmline %d\x1b[m\r\n" % (number % 8, number) for number in range(5000))
    truncated = history_of(*(output[start : start + 777] for start in range(0, len(output), 777)), limit=8000)

    def painted(text: str) -> list[str]:
        screen = pyte.Screen(80, 24)
        pyte.Stream(screen).feed(text)
        return screen.display

    assert painted(truncated.replay()) == painted(output.decode())
