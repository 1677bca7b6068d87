"""The real xterm.js, and what a `Screen` and it have to agree on."""

from __future__ import annotations

import codecs
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from agent_hub.terminals.buffer import Buffer
from agent_hub.terminals.charsets import Charset
from agent_hub.terminals.lines import EMPTY, TAIL, Line
from agent_hub.terminals.screen import Screen
from agent_hub.terminals.styles import Style
from agent_hub.terminals.switches import BLINK, CURSOR, KEYPAD, ORIGIN, REVERSE_WRAPAROUND, WRAPAROUND

HEADLESS = Path(__file__).parents[2] / "labextension" / "node_modules" / "@xterm" / "headless"
DRIVER = Path(__file__).with_name("xterm.cjs")

Step = bytes | tuple[int, int]
"""A piece of output, or a new size: rows and columns."""

_EXTENDED = 1 << 28
_MICE = {0: "NONE", 9: "X10", 1000: "VT200", 1002: "DRAG", 1003: "ANY"}
_ENCODINGS = {0: "DEFAULT", 1006: "SGR", 1016: "SGR_PIXELS"}
_LOOKS = ("block", "block", "underline", "underline", "bar", "bar")


class Xterm:
    """Runs xterm.js without a window in Node."""

    def __init__(self) -> None:
        node = shutil.which("node")
        assert node, "Node is not here: sudo apt-get install nodejs"
        assert HEADLESS.is_dir(), "xterm.js is not here: bin/setup --test"
        self._process = subprocess.Popen([node, DRIVER, HEADLESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self) -> None:
        self._process.communicate()

    def run(self, rows: int, columns: int, *steps: Step) -> dict[str, Any]:
        """The state that output leaves xterm.js in, and the lines that scrolled off."""
        # The hub decodes what it sends to a browser, and what is no UTF-8 arrives there replaced.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        decoded = [decoder.decode(step) if isinstance(step, bytes) else step for step in steps]
        question = json.dumps({"rows": rows, "columns": columns, "steps": decoded})
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(question.encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert isinstance(answer, dict)
        return answer


def state(screen: Screen) -> dict[str, Any]:
    """A screen's state, in the words of xterm.cjs."""
    emulator = screen._emulator
    switches = emulator.switches
    style = switches.cursor_style
    return {
        "main": _rows(screen, emulator.main),
        "alternate": _rows(screen, emulator.alternate) if screen.full_screen else None,
        "cursor": [emulator.buffer.x, emulator.buffer.y],
        "saved": [_saved(emulator.main), _saved(emulator.alternate) if screen.full_screen else None],
        "region": [emulator.buffer.top, emulator.buffer.bottom],
        "main_region": [emulator.main.top, emulator.main.bottom],
        "tabs": sorted(stop for stop in emulator.buffer.tabs if stop < screen.columns),
        "pen": _style(emulator.style),
        "charset": _charset(emulator.charset),
        "level": emulator.level,
        "modes": {
            "applicationCursorKeys": switches.on(1),
            "applicationKeypad": switches.on(KEYPAD),
            "bracketedPasteMode": switches.on(2004),
            "origin": switches.on(ORIGIN),
            "reverseWraparound": switches.on(REVERSE_WRAPAROUND),
            "sendFocus": switches.on(1004),
            "wraparound": switches.on(WRAPAROUND),
            "insertMode": switches.insert,
        },
        "mouse": [_MICE[switches.mouse], _ENCODINGS[switches.mouse_encoding]],
        "hidden": not switches.on(CURSOR),
        "look": [
            _LOOKS[style - 1] if style else "block",
            style % 2 == 1 if style else switches.on(BLINK),
            switches.newline,
        ],
        "title": screen.title,
    }


def _rows(screen: Screen, buffer: Buffer) -> list[Any]:
    return [_row(screen, line) for line in buffer.lines]


def _row(screen: Screen, line: Line) -> list[Any]:
    runs: list[list[str]] = []
    marks = line.marks or {}
    for column in range(screen.columns):
        drawn = _style(screen._emulator.table.styles[line.styles[column : column + 1] or "\0"])
        cell = line.text[column : column + 1]
        text = " " if cell in ("", EMPTY) else "" if cell == TAIL else cell + marks.get(column, "")
        if runs and runs[-1][1] == drawn:
            runs[-1][0] += text
        else:
            runs.append([text, drawn])
    return [line.wrapped, *runs]


def _saved(buffer: Buffer) -> list[Any]:
    pen = Style(buffer.saved_style.foreground & ~_EXTENDED, buffer.saved_style.background & ~_EXTENDED)
    y = min(max(buffer.saved_y, 0), buffer.rows - 1)
    return [min(buffer.saved_x, buffer.columns - 1), y, _style(pen), _charset(buffer.saved_charset)]


def _style(style: Style) -> str:
    extended = style.background & _EXTENDED
    underline = style.foreground & _EXTENDED and (style.underline if extended else 1)
    color = style.underline_color if underline and extended else 0
    link = style.shown_link.partition(";")[2]
    foreground = style.foreground if underline else style.foreground & ~_EXTENDED
    return f"{foreground} {style.background & ~_EXTENDED} {underline} {color} {link}"


def _charset(charset: Charset | None) -> str:
    return "".join(chr(replaced) + by for replaced, by in (charset or {}).items())
