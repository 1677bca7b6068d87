"""A terminal's state, changed by what a program writes as xterm.js changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent_hub.terminals import controls
from agent_hub.terminals.buffer import Buffer
from agent_hub.terminals.charsets import CHARSETS, Charset
from agent_hub.terminals.lines import EMPTY, TAIL, Line
from agent_hub.terminals.styles import DEFAULT, PLAIN, Style, StyleTable
from agent_hub.terminals.switches import ORIGIN, REVERSE_WRAPAROUND, WRAPAROUND, Keyboard, Switches
from agent_hub.terminals.widths import ODD, RUNS

SCROLLBACK = 1000
"""Lines that JupyterLab's terminals keep above the screen, unless set otherwise."""


class Emulator:
    """Carries out text and control functions (see `Functions` in parser.py) on two screens.

    Parameters
    ----------
    on_scroll
        Takes each line that leaves the main screen at its top, and whether it goes on in the line below.
    on_return
        Takes each line that left, and came back as the screen's size changed; and those before it that it goes on.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        on_scroll: Callable[[Line, bool], None],
        on_return: Callable[[Line, list[Line]], None],
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.table = StyleTable(self._all_lines)
        self.switches = Switches()
        self.title = ""
        self.colors: dict[str, str] = {}
        self.cursor_unseen = False
        self._on_scroll = on_scroll
        self._on_return = on_return
        self._clear()

    def _clear(self) -> None:
        self.main = Buffer(self.rows, self.columns, SCROLLBACK, self._on_scroll, self._on_return)
        self.alternate = Buffer(self.rows, self.columns)
        self.buffer = self.main
        self.charsets: list[str] = ["B"] * 4
        self.level = 0
        self.charset: Charset | None = None
        self.joined = 0
        self.cursor_unseen = False
        self.read_switches()
        self.style = PLAIN
        self.pen = self.eraser = DEFAULT

    def copy(self, on_scroll: Callable[[Line, bool], None], on_return: Callable[[Line, list[Line]], None]) -> Emulator:
        """A second one that goes its own way."""
        twin = Emulator.__new__(Emulator)
        twin.__dict__.update(self.__dict__)
        twin._on_scroll, twin._on_return = on_scroll, on_return
        twin.main, twin.alternate = self.main.copy(on_scroll, on_return), self.alternate.copy()
        twin.buffer = twin.alternate if self.full_screen else twin.main
        twin.switches, twin.charsets, twin.colors = self.switches.copy(), list(self.charsets), dict(self.colors)
        twin.table = self.table.copy(twin._all_lines)
        return twin

    @property
    def full_screen(self) -> bool:
        """Whether the program draws on the alternate screen."""
        return self.buffer is self.alternate

    @property
    def keyboard(self) -> Keyboard:
        """The keyboard protocol's flags on the screen that is shown."""
        return self.switches.alternate_keyboard if self.full_screen else self.switches.keyboard

    def _all_lines(self) -> Iterator[Line]:
        yield from self.main.known_lines
        yield from self.alternate.known_lines

    # -- text

    def print(self, text: str) -> None:
        """Write text at the cursor."""
        if self.charset is not None:
            text = text.translate(self.charset)
        if not text.isascii() and ODD.search(text) is not None:
            self._print_odd(text)
            return
        self.joined = 1
        buffer = self.buffer
        x = buffer.x
        end = x + len(text)
        if end > self.columns or self.insert:
            self._print_slowly(text)
            return
        line = buffer.lines[buffer.y]
        if TAIL in line.text:
            line.mend(x, end, self.pen)
        line.write(x, text, self.pen)
        buffer.x = end

    def _print_odd(self, text: str) -> None:
        for run in RUNS.finditer(text):
            if run.lastindex == 3:
                self.joined = 1
                self._print_slowly(run[0])
            elif run.lastindex == 2:
                self.joined = 2
                self._print_wide(run[0])
            else:
                self._print_marks(run[0])

    def _print_slowly(self, text: str) -> None:
        buffer, columns = self.buffer, self.columns
        while text:
            room = columns - buffer.x
            if room <= 0 and self.wraparound:
                self._wrap()
                continue
            if len(text) > room and not self.wraparound:
                if room <= 0:
                    buffer.x, room = columns - 1, 1
                text = text[: room - 1] + text[-1]
            self._put(text[:room])
            text = text[room:]

    def _print_wide(self, text: str) -> None:
        buffer, columns = self.buffer, self.columns
        while text:
            room = (columns - buffer.x) // 2
            if room > 0:
                self._put("".join(character + TAIL for character in text[:room]))
                text = text[room:]
            elif self.wraparound:
                if buffer.x < columns:
                    buffer.lines[buffer.y].write(buffer.x, EMPTY * (columns - buffer.x), self.pen)
                self._wrap()
            else:
                buffer.x = columns - 1
                return

    def _put(self, cells: str) -> None:
        buffer = self.buffer
        line = buffer.lines[buffer.y]
        x = buffer.x
        if self.insert:
            line.insert(x, len(cells), self.pen, self.columns)
        line.mend(x, x + len(cells), self.pen)
        line.write(x, cells, self.pen)
        buffer.x = x + len(cells)

    def _wrap(self) -> None:
        buffer = self.buffer
        buffer.x = 0
        if buffer.feed_line(self.eraser, wrapped=True):
            buffer.lines[buffer.y].wrapped = True

    def _print_marks(self, marks: str) -> None:
        buffer = self.buffer
        if not self.joined or not buffer.x:
            for mark in marks[: self.columns - buffer.x]:
                line = buffer.lines[buffer.y]
                line.mend(buffer.x, buffer.x + 1, self.pen)
                line.write(buffer.x, mark, self.pen)
                buffer.x += 1
            return
        line = buffer.lines[buffer.y]
        x = buffer.x - 1
        line.mark(x - 1 if x and line.text[x : x + 1] == TAIL else x, marks)

    # -- functions

    def execute(self, control: str) -> None:
        """Carry out a control character, or a line's end."""
        self.joined = 0
        buffer = self.buffer
        if control == "\r\n":
            buffer.x = 0
            if buffer.feed_line(self.eraser):
                buffer.lines[buffer.y].wrapped = False
        elif control == "\r":
            buffer.x = 0
        elif control == "\n" or control == "\v" or control == "\f":
            self._line_feed()
        elif control == "\b":
            self._backspace()
        elif control == "\t":
            buffer.tab()
        elif control in _SHIFTS:
            self.shift(_SHIFTS[control])
        elif control in _EIGHT_BIT:
            self.escape(_EIGHT_BIT[control])

    def control(self, function: str, parameters: str) -> None:
        """Carry out a control sequence."""
        if function == "m":
            self.joined = 0
            self.style, self.pen, self.eraser = self.table.changes.get(self.pen + parameters) or self.table.change(
                self.style, self.pen, parameters
            )
            return
        carry_out = controls.CONTROLS.get(function)
        if carry_out is not None:
            carry_out(self, parameters)
        self.joined = 0

    def escape(self, function: str) -> None:
        """Carry out an escape sequence."""
        self.joined = 0
        carry_out = controls.ESCAPES.get(function)
        if carry_out is not None:
            carry_out(self)
        elif len(function) == 2 and function[0] in _DESIGNATED and function[1] in CHARSETS:
            self.designate(_DESIGNATED[function[0]], function[1])

    def command(self, payload: str) -> None:
        """Carry out an operating system command."""
        self.joined = 0
        number, _, argument = payload.partition(";")
        carry_out = controls.COMMANDS.get(number.lstrip("0") or number[:1])
        if carry_out is not None:
            carry_out(self, argument)

    def _line_feed(self) -> None:
        buffer = self.buffer
        if self.switches.newline:
            buffer.x = 0
        if buffer.feed_line(self.eraser):
            buffer.lines[buffer.y].wrapped = False
        if buffer.x >= self.columns:
            buffer.x -= 1

    def _backspace(self) -> None:
        buffer = self.buffer
        if not self.switches.on(REVERSE_WRAPAROUND):
            buffer.restrict(self.origin)
            buffer.x = max(0, buffer.x - 1)
            return
        buffer.restrict(self.origin, self.columns)
        if buffer.x > 0:
            buffer.x -= 1
        elif buffer.top < buffer.y <= buffer.bottom and buffer.lines[buffer.y].wrapped:
            buffer.lines[buffer.y].wrapped = False
            buffer.y -= 1
            buffer.x = self.columns - 1
            if buffer.lines[buffer.y].text[buffer.x : buffer.x + 1] in ("", EMPTY):
                buffer.x -= 1
        buffer.restrict(self.origin)

    # -- state

    def draw_in(self, style: Style) -> None:
        """Draw in another style from now on."""
        self.style = style
        self.pen, self.eraser = self.table.characters(style)

    def read_switches(self) -> None:
        """Take over the modes that text depends on."""
        self.insert = self.switches.insert
        self.origin = self.switches.on(ORIGIN)
        self.wraparound = self.switches.on(WRAPAROUND)

    def shift(self, level: int) -> None:
        """Use another one of the character sets that were designated."""
        self.level = level
        self.charset = CHARSETS[self.charsets[level]]

    def designate(self, level: int, charset: str) -> None:
        """Put a character set in one of four places."""
        self.charsets[level] = charset
        if level == self.level:
            self.charset = CHARSETS[charset]

    def move_to(self, x: int, y: int) -> None:
        """Move the cursor, within the scroll region in origin mode."""
        buffer = self.buffer
        buffer.x = x
        buffer.y = y + buffer.top if self.origin else y
        buffer.restrict(self.origin)

    def save_cursor(self) -> None:
        """DECSC."""
        buffer = self.buffer
        buffer.saved_x, buffer.saved_y = buffer.x, buffer.y
        buffer.saved_style, buffer.saved_charset = self.style, self.charset

    def restore_cursor(self) -> None:
        """DECRC."""
        buffer = self.buffer
        buffer.x, buffer.y = buffer.saved_x, max(buffer.saved_y, 0)
        self.draw_in(self.style.restored(buffer.saved_style))
        self.charset = buffer.saved_charset
        buffer.restrict(self.origin)

    def show_alternate(self) -> None:
        """Draw on the alternate screen, which is empty."""
        if not self.full_screen:
            self.alternate.clear(self.eraser)
            self.alternate.unseen = False
            self._switch(self.alternate)

    def show_main(self) -> None:
        """Draw on the main screen again."""
        if self.full_screen:
            self._switch(self.main)
            self.alternate.clear()

    def _switch(self, buffer: Buffer) -> None:
        buffer.x, buffer.y = self.buffer.x, self.buffer.y
        self.buffer = buffer

    def soft_reset(self) -> None:
        """DECSTR."""
        self.switches.soft_reset()
        self.read_switches()
        self._reset_charsets()
        buffer = self.buffer
        buffer.top, buffer.bottom = 0, self.rows - 1
        self.draw_in(PLAIN)
        buffer.saved_x = buffer.saved_y = 0
        buffer.saved_style, buffer.saved_charset = PLAIN, None

    def reset(self) -> None:
        """RIS."""
        self.switches.reset()
        self._clear()

    def undo(self) -> str:
        """What brings a terminal in this state back to how a shell expects it."""
        parts = [self.switches.alternate_keyboard.undo() + "\x1b[?1049l"] if self.full_screen else []
        parts += [self.switches.undo(), self.switches.keyboard.undo()]
        if (self.main.top, self.main.bottom) != (0, self.rows - 1):
            parts.append("\x1b7\x1b[r\x1b8")
        if self.charset is not None or self.charsets != ["B"] * 4:
            parts.append("\x0f\x1b(B\x1b)B\x1b*B\x1b+B")
        if self.style.link:
            parts.append("\x1b]8;;\x1b\\")
        if self.style != PLAIN:
            parts.append("\x1b[m")
        return "".join(parts)

    def _reset_charsets(self) -> None:
        self.charsets = ["B"] * 4
        self.level = 0
        self.charset = None

    def resize(self, rows: int, columns: int) -> None:
        """Take another size: see `Screen.resize`."""
        self.rows, self.columns = rows, columns
        self.main.resize(rows, columns)
        self.alternate.resize(rows, columns)


_SHIFTS = {"\x0e": 1, "\x0f": 0}
_EIGHT_BIT = {"\x84": "D", "\x85": "E", "\x88": "H"}
_DESIGNATED = {"(": 0, ")": 1, "*": 2, "+": 3, "-": 1, ".": 2}
