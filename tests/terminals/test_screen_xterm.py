"""The screen agrees with xterm.js, and its repaint brings another xterm.js to the same state."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_hub.terminals.screen import Screen
from tests.terminals.xterm import HEADLESS, Step, Xterm, state

ROWS, COLUMNS = 6, 20

RECORDING = Path(__file__).with_name("recordings") / "codex.gz"
"""What Codex 0.169.0 wrote to a terminal of 40 rows and 120 columns: three prompts, a command, and its end."""

STREAMS = {
    "text": b"hello world",
    "lines": b"".join(b"line %d\r\n" % number for number in range(20)),
    "wrapping": b"0123456789" * 7 + b"\r\nend",
    "pending wrap": b"0123456789" * 2,
    "pending wrap, then a return": b"0123456789" * 2 + b"\rX",
    "pending wrap, then a line feed": b"0123456789" * 2 + b"\nX",
    "pending wrap, then a backspace": b"0123456789" * 2 + b"\bX",
    "pending wrap, then erased": b"0123456789" * 2 + b"\x1b[KX",
    "pending wrap of an erased line": b"0123456789" * 2 + b"\x1b[2K",
    "pending wrap of a wide character": b"a" * 18 + "漢".encode(),
    "no wraparound": b"\x1b[?7l" + b"0123456789" * 3 + b"X",
    "no wraparound, on": b"\x1b[?7l" + b"0123456789" * 3 + b"\x1b[?7hXY",
    "line feed alone": b"ab\ncd\vef\fgh",
    "newline mode": b"\x1b[20hab\ncd\x1b[20lef\ngh",
    "tabs": b"a\tb\tc\td\te",
    "own tabs": b"\x1b[3g\x1b[5G\x1bH\x1b[11G\x1bH\r\tx\ty\tz\x1b[5G\x1b[g",
    "tabs back and forth": b"\x1b[2Ia\x1b[Zb\x1b[10Zc\x1b[10Id",
    "backspace": b"abc\b\bX",
    "reverse wraparound": b"\x1b[?45h" + b"0123456789" * 2 + b"ab\b\b\b\bX",
    "cursor": b"\x1b[3;4Ha\x1b[Ab\x1b[2Bc\x1b[Dd\x1b[5Ce\x1b[Ef\x1b[2Fg\x1b[7Gh\x1b[4di\x1b[2`j\x1b[2ak\x1b[el",
    "cursor far away": b"\x1b[999;999Ha\x1b[999A\x1b[999Db\x1b[99999999999999999999B",
    "colours": b"\x1b[31ma\x1b[42mb\x1b[91mc\x1b[102md\x1b[39me\x1b[49mf\x1b[m",
    "256 colours": b"\x1b[38;5;200ma\x1b[48;5;17mb\x1b[38:5:3mc\x1b[58;5;9;4md",
    "true colour": b"\x1b[38;2;1;2;3ma\x1b[48;2;4;5;6mb\x1b[38:2::7:8:9mc\x1b[38:2:7:8:9md\x1b[58:2::1:2:3;4:3me",
    "half a colour": b"\x1b[38ma\x1b[38;5mb\x1b[38;2;1mc\x1b[38;2;1;2md\x1b[38;7;1me\x1b[38;5;1;1mf",
    "attributes": b"\x1b[1ma\x1b[2mb\x1b[3mc\x1b[4md\x1b[5me\x1b[7mf\x1b[8mg\x1b[9mh\x1b[53mi\x1b[22mj\x1b[23mk"
    b"\x1b[24ml\x1b[25mm\x1b[27mn\x1b[28mo\x1b[29mp\x1b[55mq\x1b[0mr",
    "underlines": b"\x1b[4ma\x1b[21mb\x1b[4:3mc\x1b[4:4md\x1b[4:5me\x1b[4:0mf\x1b[4:9mg\x1b[4:2mh\x1b[59mi\x1b[24mj",
    "erase with a background": b"abcdef\x1b[44m\x1b[3G\x1b[K\r\n\x1b[2Kx\r\n\x1b[1;31mabc\x1b[2D\x1b[1K\x1b[J",
    "erase cells": b"abcdefgh\x1b[3G\x1b[2X\x1b[41m\x1b[X\x1b[7G\x1b[99X",
    "erase above": b"aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[1J",
    "erase below": b"aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[J",
    "erase all": b"aaa\r\nbbb\r\nccc\x1b[45m\x1b[2J",
    "erase a wrapped line": b"0123456789" * 5 + b"\x1b[2;1H\x1b[K\x1b[3;5H\x1b[1K",
    "selective erasure": b'ab\x1b[1"qcd\x1b[0"qef\x1b[2G\x1b[?K\r\n\x1b[1"qx\x1b[2"qy\x1b[?2J\x1b[?1K',
    "insert and delete cells": b"abcdefghij\x1b[3G\x1b[2@\x1b[42m\x1b[8G\x1b[@\x1b[P\x1b[m\x1b[2P\x1b[99G\x1b[9@",
    "insert mode": b"abcdef\x1b[3G\x1b[4hXY\x1b[4lZ\x1b[4h" + b"0123456789" * 3,
    "insert and delete lines": b"a\r\nb\r\nc\r\nd\x1b[2H\x1b[2L\x1b[44mx\x1b[L\x1b[4H\x1b[M\x1b[99M",
    "scroll region": b"\x1b[2;4r" + b"a\r\nb\r\nc\r\nd\r\ne\r\n" + b"\x1b[6;1Hz\n\n\x1b[4;1Hy\x1bD\x1bM\x1bE",
    "scroll region at the top": b"\x1b[1;3r" + b"".join(b"%d\r\n" % number for number in range(9)) + b"\x1b[6Hx",
    "odd scroll regions": b"\x1b[5;2rA\x1b[0;99rB\x1b[3;3rC\x1b[2rD\x1b[;3rE",
    "reverse index": b"a\r\nb\x1b[41m\x1b[H\x1bM\x1bMc",
    "scroll": b"a\r\nb\r\nc\r\nd\x1b[2S\x1b[43m\x1b[T\x1b[2;4r\x1b[S\x1b[9T",
    "scroll sideways": b"abcdef\r\nghijkl\x1b[2 @\x1b[1;3r\x1b[ A\x1b[3G\x1b[2'}\x1b['~",
    "origin mode": b"\x1b[2;5r\x1b[?6ha\x1b[9;9Hb\x1b[Hc\x1b[2;3H\x1b[Ad\x1b[?6le",
    "cursor saved": b"\x1b[31;1m\x1b[3;3H\x1b(0\x1b7\x1b(B\x1b[m\x1b[H\x1b8q\x1b[s\x1b[H\x1b[ux",
    "cursor saved, then scrolled": b"\x1b[3;3H\x1b7" + b"\r\n" * 5 + b"\x1b8x",
    "nothing saved": b"\x1b[31m\x1b[3;3H\x1b8x",
    "alignment": b"\x1b[31;42m\x1b#8x",
    "repeated": b"ab\x1b[3bc\x1b[m\x1b[3bd\x1b[99b",
    "repeated wide": "漢\x1b[2be\u0301\x1b[2b".encode(),
    "line drawing": b"\x1b(0lqk\x1b(Bx\x1b)0\x0eaqb\x0faqb\x1b*0\x1bnq\x1boq\x1b~q",
    "national": b"\x1b(A#\x1b(K[]\x1b(=#\x1b(5{\x1b(4@\x1b%@#\x1b(Z[",
    "charset left on": b"\x1b)0\x0eq",
    "wide": "a漢字b漢字漢字漢字漢字漢字".encode(),
    "wide overwritten": "漢字漢字\x1b[2Gx\x1b[5Gy\x1b[8Gz".encode(),
    "wide erased": "漢字漢字漢\x1b[2G\x1b[X\x1b[5G\x1b[2X\x1b[10G\x1b[K".encode(),
    "wide moved": "漢字漢字\x1b[2G\x1b[@\x1b[5G\x1b[P\x1b[4hx".encode(),
    "wide at the edge": ("a" * 19 + "漢" + "b" * 17 + "漢" + "\x1b[?7l" + "c" * 19 + "漢").encode(),
    "wide inserted at the edge": ("\x1b[4h" + "漢" * 9 + "a\x1b[Hx").encode(),
    "combining": "e\u0301a\u0308\u0301漢\u3099 \u0301x".encode(),
    "combining alone": "\u0301a\x1b[31m\u0302\u0303b\r\n\u0304".encode(),
    "combining at the edge": ("a" * 20 + "\u0301b").encode(),
    "combining overwritten": "e\u0301o\u0301\x1b[1Gx\x1b[3G\u0301".encode(),
    "combining moved": "e\u0301o\u0301\x1b[1G\x1b[@\x1b[1G\x1b[2P".encode(),
    "emoji": "😀👩‍👩‍👧🏽x❤️".encode(),
    "not UTF-8": b"a\xff\xfeb\xc3(c\xe2\x82d\xf0\x9fe",
    "byte order mark": b"\xef\xbb\xbfabc\xef\xbb\xbf",
    "alternate screen": b"main\x1b[31m\x1b[?1049halt\x1b[2;2Hmore",
    "alternate screen left": b"main\x1b[?1049h\x1b[2;4r\x1b[Halt\x1b[?1049lback",
    "alternate screen by 47": b"main\x1b[44m\x1b[?47halt\x1b[?47l back\x1b[?1047hagain",
    "alternate screen twice": b"m\x1b[?1049ha\x1b[?1049hb\x1b[?1049l\x1b[?1049lc",
    "alternate screen scrolls": b"m\x1b[?1049h" + b"".join(b"%d\r\n" % number for number in range(9)),
    "cursor saved on both": b"\x1b[2;2H\x1b7\x1b[?47h\x1b[3;3H\x1b[35m\x1b7\x1b[H\x1b8x\x1b[?1048h\x1b[?1048l",
    "region of the main screen": b"\x1b[2;3r\x1b[?1049h\x1b[4;5r\x1b[?1049l\x1b[?47h",
    "modes": b"\x1b[?1;25;1002;1004;1006;2004h\x1b=\x1b[?25l\x1b[4 q",
    "modes reset": b"\x1b[?1;1000;1003;2004h\x1b[?1003;1l\x1b[?1016h\x1b[?1006l\x1b[?9h\x1b>",
    "blinking": b"\x1b[?12h",
    "cursor looks": b"\x1b[5 q\x1b[?12l",
    "soft reset": b"\x1b[31m\x1b[2;4r\x1b[?6;25;1h\x1b[4h\x1b(0ab\x1b[?25l\x1b7\x1b[!px",
    "reset": b"\x1b[31mabc\x1b[2;4r\x1b[?1049;2004;25l\x1b[?1000h\x1b[3 q\x1b[20h\x1bcx",
    "title": b"\x1b]0;a title\x07\x1b]2;another \xc3\xa9\x1b\\x",
    "link": b"a\x1b]8;;http://e.org/\x1b\\link\x1b[31mred\x1b]8;;\x1b\\b\x1b]8;id=1;http://f.org/\x07c\x1b[0md",
    "strings": "a\x1bPq#0;1é\x1b\\b\x1b_Gf=1\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e\x1b_é\x1b\\f".encode(),
    "eight-bit": "a\x84b\x85c\x88d\x9b31me\x9d2;t\x9cf\x90qx\x9cg\x9fx\x9ch\x8di".encode(),
    "controls in sequences": b"\x1b[1\n2Ha\x1b[3\x7f1mb\x1b[3\x18c\x1b[4\x1b[31md\x1b]2;x\ny\x07e\x1b(\n0q",
    "malformed": b"\x1b[1?Ha\x1b[1;2$zb\x1b[?1;?2hc\x1b[=1;2Hd\x1b[1 2He\x1b[<5Hf\x1b[;;;Hg\x1b[:3Hh",
    "unknown": b"\x1b#9i\x1b[38;;;mj\x1b[5vk\x1b]777;x\x07l\x1b]m\x07\x1b]1;icon\x07n\x1b%%%8o",
    "many parameters": b"\x1b[" + b"1;" * 40 + b"31ma\x1b[" + b"0" * 300 + b"3;4Hb",
    "kitty keyboard": b"a\x1b[>5ub\x1b[=3;2uc\x1b[<ud\x1b[?ue",
    "unfinished": b"abc\x1b[3",
    "two screens of wrapped lines": b"0123456789" * 40,
    "wrapped onto what was erased": b"0123456789" * 6 + b"\x1b[1;15H\x1b[K\x1b[2;1H\x1b[X",
}


@pytest.fixture(scope="module")
def xterm() -> Iterator[Xterm]:
    if not HEADLESS.parents[1].is_dir():
        pytest.skip("the front end's packages are not installed: bin/setup --test")
    xterm = Xterm()
    yield xterm
    xterm.close()


def _without_what_needs_the_past(seen: dict[str, Any]) -> dict[str, Any]:
    """The first row's text may go on from one that scrolled off, which a repaint does not have."""
    for screen in (seen["main"], seen["alternate"] or [[None]]):
        screen[0][0] = None
    return seen


def _check(xterm: Xterm, rows: int, columns: int, *steps: Step) -> Screen:
    screen = Screen(rows, columns)
    for step in steps:
        if isinstance(step, bytes):
            screen.feed(step)
        else:
            screen.resize(*step)
    expected = xterm.run(rows, columns, *steps)["state"]
    assert state(screen) == expected
    dirty = b"\x1b[31mleft\x1b[?1049h\x1b[?1003;25;7l\x1b[4hover\x1b[2;3r\x1b[?6h\x1b(0\x1bc"
    repainted = xterm.run(screen.rows, screen.columns, dirty + screen.repaint())["state"]
    assert _without_what_needs_the_past(repainted) == _without_what_needs_the_past(expected)
    again = Screen(screen.rows, screen.columns)
    again.feed(screen.repaint())
    assert _without_what_needs_the_past(state(again)) == _without_what_needs_the_past(state(screen))
    return screen


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_leaves_the_screen_as_it_leaves_xterm(xterm: Xterm, stream: bytes) -> None:
    _check(xterm, ROWS, COLUMNS, stream)


TEXTS = (
    "a", "bc", "word ", "0123456789", "x" * 23, " " * 5, "é", "漢", "漢字", "e\u0301", "\u0301", "😀", "─│┌", "ａ",
    "\r\n", "\r\n", "\r", "\n", "\b", "\t", "\v", "\x0e", "\x0f", "\x00", "\x7f", "\x84", "\x85", "\x88",
)  # fmt: skip
ESCAPES = "7 8 D E H M = > (0 (B )0 )B *A n o | } ~ %G #8 c \\".split()
FINALS = [*"@@ABCDEFGHHHIJJKKKLMPPSTXXZ`abdefghlrrsu", " @", " A", "'}", "'~", "?J", "?K", '"q', " q", "!p"]
MODES = (
    1,
    6,
    6,
    7,
    7,
    9,
    12,
    25,
    45,
    45,
    47,
    66,
    1000,
    1002,
    1003,
    1004,
    1006,
    1016,
    1047,
    1048,
    1049,
    1049,
    2004,
    2026,
)
GRAPHICS = [*map(str, range(10)), *"21 22 23 24 25 27 28 29 31 37 39 41 47 49 53 55 59 90 97 101 107".split()]
GRAPHICS += "38;5;9 48;5;200 58;5;3 38;2;1;2;3 48;2;9;8;7 4:3 4:0 38:2::5:6:7 48:5:77 0;1;31 7;44".split()
STRINGS = "]0;title\x07 ]2;t\x1b\\ ]8;;http://e.org\x07 ]8;;\x07 Pq1\x1b\\ _apc\x1b\\ ]52;c;x\x07".split()


def _piece(choose: random.Random) -> str:
    kind = choose.random()
    if kind < 0.4:
        return choose.choice(TEXTS)
    if kind < 0.5:
        return f"\x1b[{choose.choice(GRAPHICS)}m"
    if kind < 0.58:
        return f"\x1b[?{choose.choice(MODES)}{choose.choice('hl')}"
    if kind < 0.62:
        return f"\x1b[{choose.choice(('4', '20'))}{choose.choice('hl')}"
    if kind < 0.69:
        return f"\x1b{choose.choice(ESCAPES)}"
    if kind < 0.71:
        return f"\x1b{choose.choice(STRINGS)}"
    numbers = (str(choose.choice((0, 1, 1, 2, 2, 3, 4, 5, 7, 19, 20, 21, 99))) for _ in range(choose.randint(0, 2)))
    parameters = ";".join(numbers)
    final = choose.choice(FINALS)
    return f"\x1b[{final[0]}{parameters}{final[1]}" if final[0] == "?" else f"\x1b[{parameters}{final}"


@pytest.mark.parametrize("seed", range(120))
def test_any_stream_leaves_the_screen_as_it_leaves_xterm(xterm: Xterm, seed: int) -> None:
    choose = random.Random(seed)
    pieces = [_piece(choose).encode() for _ in range(choose.choice((5, 20, 60)))]
    try:
        _check(xterm, ROWS, COLUMNS, b"".join(pieces))
    except AssertionError:
        _check(xterm, ROWS, COLUMNS, b"".join(_fewest(xterm, pieces)))


@pytest.mark.parametrize("seed", range(40))
def test_rows_come_and_go_as_in_xterm(xterm: Xterm, seed: int) -> None:
    choose = random.Random(seed)
    steps: list[Step] = []
    for _ in range(3):
        lines = "".join(f"{choose.choice(TEXTS)}\r\n" for _ in range(choose.randint(0, 12)))
        steps += [
            f"\x1b[3;3H\x1b7\x1b[6H{lines}\x1b[{choose.randint(1, 9)};5H".encode(),
            (choose.randint(1, 12), COLUMNS),
        ]
    _check(xterm, ROWS, COLUMNS, *steps)


@pytest.mark.parametrize("seed", range(50))
def test_lines_are_wrapped_anew_as_in_xterm(xterm: Xterm, seed: int) -> None:
    choose = random.Random(seed)
    words = ["word ", "0123456789" * 3, "漢字" * 7, "e\u0301", "\x1b[31mred\x1b[m", "short", "a" * 20]
    screen = Screen(ROWS, COLUMNS)
    steps: list[Step] = []
    for _ in range(2):
        lines = "".join(choose.choice(words) * choose.randint(0, 2) + "\r\n" for _ in range(choose.randint(0, 9)))
        size = (choose.choice((ROWS, ROWS, 9)), choose.randint(5, 40))
        steps += [f"{lines}$ ".encode(), size]
        screen.feed(f"{lines}$ ".encode())
        screen.resize(*size)
    seen, expected = state(screen), xterm.run(ROWS, COLUMNS, *steps)["state"]
    assert _without_what_needs_the_past(seen)["main"] == _without_what_needs_the_past(expected)["main"]
    assert seen["cursor"] == expected["cursor"]


def _fewest(xterm: Xterm, pieces: list[bytes]) -> list[bytes]:
    """The pieces that are needed for the check to fail."""
    for index in range(len(pieces) - 1, -1, -1):
        fewer = pieces[:index] + pieces[index + 1 :]
        try:
            _check(xterm, ROWS, COLUMNS, b"".join(fewer))
        except AssertionError:
            pieces = fewer
    return pieces


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
def test_output_goes_on_after_a_repaint_as_if_there_had_been_none(xterm: Xterm, stream: bytes) -> None:
    whole = xterm.run(ROWS, COLUMNS, stream)["state"]
    cut = random.Random(2)
    for at in {cut.randrange(len(stream)) for _ in range(3)}:
        screen = Screen(ROWS, COLUMNS)
        text = stream.decode(errors="replace")
        screen.feed(text[:at].encode())
        repainted = xterm.run(ROWS, COLUMNS, screen.repaint(), text[at:].encode())["state"]
        assert _without_what_needs_the_past(repainted) == _without_what_needs_the_past(whole), (at, text[:at])


@pytest.mark.parametrize("part", range(1, 7))
def test_a_codex_session_leaves_the_screen_as_it_leaves_xterm(xterm: Xterm, part: int) -> None:
    session = gzip.decompress(RECORDING.read_bytes())
    screen = _check(xterm, 40, 120, session[: len(session) * part // 6])
    assert screen.full_screen is (part < 6)


def test_where_output_is_cut_makes_no_difference() -> None:
    cut = random.Random(1)
    for name, stream in STREAMS.items():
        whole, pieces, bytewise = (Screen(ROWS, COLUMNS) for _ in range(3))
        whole.feed(stream)
        at = 0
        while at < len(stream):
            size = cut.randint(1, 9)
            pieces.feed(stream[at : at + size])
            at += size
        for byte in stream:
            bytewise.feed(bytes([byte]))
        assert state(pieces) == state(whole), name
        assert state(bytewise) == state(whole), name
