"""What a screen reports, skips, and withstands; what it draws is compared with xterm.js in test_screen_xterm.py."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest

from agent_hub.terminals.screen import Screen
from tests.terminals.xterm import state


class Scrolled(list[bytes]):
    """The lines that left a screen."""


@pytest.fixture
def scrolled() -> Scrolled:
    return Scrolled()


@pytest.fixture
def screen(scrolled: Scrolled) -> Screen:
    return Screen(4, 20, scrolled.append)


def test_each_line_that_leaves_at_the_top_is_reported_once(screen: Screen, scrolled: Scrolled) -> None:
    for number in range(10):
        screen.feed(b"line %d\r\n" % number)
    assert scrolled == [b"line %d" % number for number in range(7)]
    assert screen.lines() == ["line 7", "line 8", "line 9", ""]


def test_a_wrapped_line_is_reported_as_one(screen: Screen, scrolled: Scrolled) -> None:
    screen.feed(b"0123456789" * 5 + b"\r\nb\r\n")
    assert scrolled == [] and screen.beginning == b"0123456789" * 2
    screen.feed(b"c\r\nd\r\n")
    assert scrolled == [b"0123456789" * 5] and screen.beginning == b""


def test_a_reported_line_has_the_colours_it_takes_to_show_it_alone(screen: Screen, scrolled: Scrolled) -> None:
    screen.feed(b"a\x1b[31mred\r\nstill\x1b[m\x1b[44m\x1b[K\r\n\x1b[mplain\tx" + b"\r\n" * 5)
    assert scrolled[:3] == [
        b"a\x1b[0;31mred\x1b[m",
        b"\x1b[0;31mstill\x1b[0;44m" + b" " * 15 + b"\x1b[m",
        b"plain   x",
    ]


def test_what_scrolls_in_a_part_of_the_screen_or_on_the_alternate_one_is_not_reported(
    screen: Screen, scrolled: Scrolled
) -> None:
    screen.feed(b"\x1b[2;3r" + b"a\r\n" * 9 + b"\x1b[r\x1b[?1049h" + b"b\r\n" * 9 + b"\x1b[?1049l")
    assert scrolled == []
    screen.feed(b"\x1b[1;3r\x1b[3;1H" + b"c\r\n" * 3)
    assert len(scrolled) == 3


def _lines(kind: str) -> bytes:
    choose = random.Random(kind)
    words = ["word", "漢字", "e\u0301", " ", "😀"]
    words += {"long": ["x" * 90], "tabs": ["\t"], "colours": ["\x1b[31m", "\x1b[m", "\x1b[1;44m", "\x1b[38;5;9m"]}[kind]
    lines = ("".join(choose.choices(words, k=choose.randint(0, 6))) for _ in range(1000))
    return b"first\x1b[2;3H" + "\r\n".join(lines).encode() + b"\r\nlast"


@pytest.mark.parametrize("kind", ["long", "tabs", "colours"])
@pytest.mark.parametrize("before", [b"", b"\r\n" * 9, b"\x1b[?1049h", b"\x1b[32m0123456789012345", b"\x1b[2;3r"])
def test_a_flood_of_lines_ends_as_if_each_was_drawn(kind: str, before: bytes) -> None:
    flood = _lines(kind)
    reported: tuple[list[bytes], list[bytes]] = ([], [])
    at_once, drawn = (Screen(10, 60, lines.append) for lines in reported)
    at_once.feed(before + flood)
    drawn.feed(before)
    for start in range(0, len(flood), 1000):
        drawn.feed(flood[start : start + 1000])
    assert state(at_once) == state(drawn)
    assert list(map(_shown, reported[0])) == list(map(_shown, reported[1]))


def _shown(line: bytes) -> str:
    """What a reported line shows."""
    screen = Screen(12, 60)
    screen.feed(line)
    return "\n".join(screen.lines())


def test_a_screen_is_not_exact_after_output_that_was_skipped_until_it_is_cleared(screen: Screen) -> None:
    screen.feed(b"before")
    assert screen.exact
    screen.skip(b"\x1b[3;3Hunseen\x1b[31m\x1b[?2004h\x1b]2;a title\x07\x1b[?1049h more")
    assert not screen.exact and screen.full_screen and screen.title == "a title"
    assert b"\x1b[?2004h" in screen.repaint()
    screen.feed(b"\x1b[2J")
    assert not screen.exact
    screen.feed(b"\x1b[H")
    assert screen.exact
    screen.feed(b"\x1b[?1049l")
    assert not screen.exact
    screen.feed(b"\x1b[H\x1b[J")
    assert screen.exact


def test_a_sequence_cut_where_skipping_begins_is_whole(screen: Screen) -> None:
    screen.feed(b"\x1b[?20")
    screen.skip("04h\x1b]2;é".encode()[:-1])
    screen.feed("é".encode()[-1:] + b"\x07")
    assert b"\x1b[?2004h" in screen.repaint() and screen.title == "é"


def test_a_copy_goes_its_own_way(screen: Screen, scrolled: Scrolled) -> None:
    screen.feed(b"\x1b[31mred\x1b[?1049h\x1b[?2004halt\x1b[")
    before = state(screen)
    copy = screen.copy()
    assert state(copy) == before
    copy.feed(b"1mbold" + b"\r\n" * 9 + b"\x1b[?1049l\x1b[?2004l\x1b[3g\x1b[>1u\x1b(0" + b"\r\n" * 9)
    assert state(screen) == before and scrolled == []


@pytest.mark.parametrize(
    ("left_on", "undone"),
    [
        (b"\x1b[?1049h\x1b[>5u\x1b[?25l", b"\x1b[<1u\x1b[?1049l\x1b[?25h"),
        (b"\x1b[31m\x1b[?2004;1006;1002h\x1b=", b"\x1b[?2004l\x1b[?66l\x1b[?1002l\x1b[?1006l\x1b[m"),
        (b"\x1b[2;3r\x1b(0\x1b[4h\x1b[5 q", b"\x1b[0 q\x1b[4l\x1b7\x1b[r\x1b8\x0f\x1b(B\x1b)B\x1b*B\x1b+B"),
        (b"plain", b""),
    ],
)
def test_what_a_killed_program_left_on_can_be_undone(screen: Screen, left_on: bytes, undone: bytes) -> None:
    screen.feed(left_on)
    assert screen.undo() == undone
    screen.feed(undone)
    assert screen.undo() in (b"", b"\x1b[0 q")


def test_the_keyboard_protocol_of_both_screens_is_repainted(screen: Screen) -> None:
    screen.feed(b"\x1b[=3u\x1b[>1u\x1b[>5u\x1b[<u\x1b[=8;2u\x1b[?1049h\x1b[>7u\x1b[>4;2m")
    repaint = screen.repaint()
    main, alternate = repaint.split(b"\x1b[?1047h")
    assert b"\x1b[=3u\x1b[>9u" in main and b"\x1b[>7u" in alternate and b"\x1b[>4;2m" in alternate


def test_synchronized_output_is_off_after_a_repaint(screen: Screen) -> None:
    screen.feed(b"\x1b[?2026hx")
    assert b"2026" not in screen.repaint()


def test_changed_colours_are_repainted(screen: Screen) -> None:
    screen.feed(b"\x1b]4;1;rgb:ff/00/00;2;?\x07\x1b]11;#123456\x07\x1b]10;?\x07\x1b]12;#fff\x07\x1b]112\x07")
    assert screen.repaint().startswith(b"\x1b]4;1;rgb:ff/00/00\x1b\\\x1b]11;#123456\x1b\\\x1b[")


def test_any_bytes_are_taken() -> None:
    choose = random.Random(7)
    alphabet = b"\x07\x08\t\r\n\x9b\xc2\xe6\xbc\xa2\xcc\x81"
    alphabet += b"\x1b\x1b\x1b[[[]P_^X?><=!0123456789;;:: \"'$#()@ABCDHIJKLMPSTXZbcdfghlmnpqrstu"
    screen = Screen(5, 7)
    for _ in range(3000):
        piece = choose.randbytes(50) if choose.random() < 0.3 else bytes(choose.choices(alphabet, k=50))
        how = choose.random()
        if how < 0.02:
            screen.resize(choose.randint(0, 30), choose.randint(0, 30))
        elif how < 0.05:
            screen.skip(piece)
        else:
            screen.feed(piece)
        assert len(screen.lines()) == screen.rows
    again = Screen(screen.rows, screen.columns)
    again.feed(screen.repaint())
    assert again.lines() == screen.lines()


@pytest.mark.parametrize(
    "unit",
    [
        b"\x1b]2;" + b"t" * 5000,
        b"\x1bP" + b"d" * 5000,
        b"\x1b[" + b"1;" * 5000,
        b"\x1b[" + b"9" * 5000 + b"b",
        "\u0301".encode() * 3000,
        b"\x1b[?" + b";".join(b"%d" % mode for mode in range(3000, 4000)) + b"h",
        b"\x1b[>1u" * 1000 + b"\x1b]4;7;#123;8;#456\x07" * 100,
        b"x" * 5000,
        b"\x1b[99999999999L\x1b[99999999999S\x1b[99999999999M\x1b[99999999999I\x1b[99999999999@x\x1b[99999999999b",
    ],
    ids=["title", "device", "parameters", "number", "marks", "modes", "keyboards", "text", "counts"],
)
def test_memory_is_bounded_whatever_comes(unit: bytes) -> None:
    screen = Screen(24, 80, lambda line: None)
    screen.feed(unit * 10)
    tracemalloc.start()
    screen.feed(unit * 2)
    for _ in range(40):
        screen.feed(unit)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 500_000


def test_more_colours_than_can_be_told_apart_are_forgotten_as_they_scroll_off() -> None:
    screen = Screen(4, 20)
    for red in range(0, 256, 3):
        colours = (f"\x1b[38;2;{red};{green};{blue}mx" for green in range(0, 256, 8) for blue in range(0, 256, 8))
        screen.feed("".join(colours).encode())
    assert len(screen._emulator.table.styles) <= 1 << 16
    assert b"38:2::255:248:248m" in screen.repaint()


def test_a_large_screen_is_cheap_until_it_is_written_to() -> None:
    tracemalloc.start()
    screen = Screen(1000, 1000)
    screen.feed(b"x")
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 1_000_000
    assert screen.lines()[0] == "x"


def test_fewer_rows_scroll_off_what_is_above_the_cursor(screen: Screen, scrolled: Scrolled) -> None:
    screen.feed(b"a\r\nb\r\nc\r\nd")
    screen.resize(2, 20)
    assert screen.lines() == ["c", "d"] and scrolled == [b"a", b"b"]


def test_more_rows_bring_back_what_scrolled_off_and_it_is_not_reported_twice(
    screen: Screen, scrolled: Scrolled
) -> None:
    screen.feed(b"a\r\nb\r\n\x1b[31mc\x1b[m\r\nd\r\ne\r\n")
    screen.resize(6, 20)
    assert screen.lines() == ["a", "b", "c", "d", "e", ""] and scrolled == [b"a", b"b"]
    screen.feed(b"\x1b[2;1Hchanged\x1b[6;1H" + b"\r\n" * 6)
    assert scrolled == [b"a", b"b", b"changed", b"\x1b[0;31mc\x1b[m", b"d", b"e", b""]


def test_a_wrapped_line_that_came_back_in_part_is_reported_whole(screen: Screen, scrolled: Scrolled) -> None:
    screen.feed(b"0123456789" * 10)
    assert screen.beginning == b"0123456789" * 2
    screen.resize(5, 20)
    assert screen.beginning == b"" and screen.lines() == ["0123456789" * 2] * 5
    screen.feed(b"\r\n" * 5)
    assert scrolled == [b"0123456789" * 10]


@pytest.mark.parametrize("seed", range(15))
def test_each_line_is_reported_once_however_often_the_size_changes(seed: int) -> None:
    choose = random.Random(seed)
    scrolled: list[bytes] = []
    screen = Screen(6, 20, scrolled.append)
    lines: list[bytes] = []
    for _ in range(4):
        for _ in range(choose.randint(0, 9)):
            text = choose.choice(("short", "0123456789" * 4, "漢字" * 15, ""))
            lines.append(f"<{len(lines)}>{text}".encode())
            screen.feed(lines[-1] + b"\r\n")
        screen.resize(choose.randint(2, 12), choose.randint(5, 50))
    screen.feed(b"\x1b[99H" + b"\r\n" * 20)
    assert [line for line in scrolled if line.strip()] == lines


def test_a_line_that_is_too_wide_for_a_while_loses_nothing() -> None:
    screen = Screen(6, 20)
    screen.feed(b"0123456789ABCDEFGHI\r\n\x1b[31mred\x1b[m\r\n$ ")
    screen.resize(6, 10)
    assert screen.lines()[:4] == ["0123456789", "ABCDEFGHI", "red", "$"]
    screen.resize(6, 20)
    assert screen.lines()[:3] == ["0123456789ABCDEFGHI", "red", "$"]


def test_erasing_what_is_not_protected_takes_no_longer_with_many_styles(screen: Screen) -> None:
    for red in range(100):
        screen.feed(b"".join(b"\x1b[38;2;%d;%d;0mx" % (red, green) for green in range(256)))
    began = time.process_time()
    screen.feed(b"\x1b[?J\x1b[?K" * 1000)
    assert time.process_time() - began < 2.5
