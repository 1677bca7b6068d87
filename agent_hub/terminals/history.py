"""What a terminal remembers: the lines that have left its screen, and the screen."""

from __future__ import annotations

import codecs
import re
import time

from agent_hub.terminals.journal import Checkpoint, Journal
from agent_hub.terminals.screen import Screen
from agent_hub.terminals.scrollback import Scrollback, weight
from agent_hub.terminals.search import KeptLines, plain
from agent_hub.terminals.widths import ODD, width

HISTORY_BYTES = 1 << 20
"""Most bytes of lines in memory, and most bytes that a new viewer is sent."""

DEFAULT_SIZE = (24, 80)

_RESET = b"\x1bc"
_LAZY_BYTES = 4096
_LEAST_WAITING, _MOST_WAITING = 64 * 1024, 1 << 20
_LEAST_SLICE, _MOST_SLICE = 4096, 128 * 1024
_WAITING_SECONDS = 0.025
_SLICE_SECONDS = 0.003
_TURN_SECONDS = 0.006
_SHARE = 0.1
_BURST_SECONDS = 0.05
_CHECKPOINT_BYTES = 64 * 1024
_CHECKPOINT_SECONDS = 0.5
_RESTORE_SECONDS = 0.1
_FRAME_BYTES = 2048
_LONGEST_SEQUENCE = 4096
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x18\x1a\x1b]*|[ -/]*)")
_CUT_CHARACTER = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*+m")
_MOVED = re.compile(rb"\x1b(?!\[[0-9;:]*+m)")
_LASTING = re.compile(
    rb"\x1b(?:\[(?:[0-9;:]*+[IJQRU-WY\[-_g-ln-~]|[0-9;:]*+[ -/]++[@-~]|[<-?][ -?]*+[@-~])"
    rb"|[\]PX^_][^\x07\x1b]*+(?:\x07|\x1b\\)|[ -/]++[0-~]|[0-OQ-WYZ`-~])"
)


class History:
    """A terminal's past and present.

    Output is drawn on a screen of the program's size; what leaves that screen at its top is kept as lines. Drawing
    waits until there is enough to be worth it or somebody asks, and takes no more than a tenth of the time. Of a
    program that prints faster than that, the oldest of what waits is skipped; see :attr:`repaint`.

    With a journal, all of it is still there after the server was killed. It is read when somebody first asks; until
    then output is only added to it.

    Parameters
    ----------
    limit
        Most bytes of lines in memory.
    journal
        Where everything is kept on disk.
    size
        Rows and columns, where no journal says otherwise.
    """

    def __init__(
        self, limit: int = HISTORY_BYTES, journal: Journal | None = None, size: tuple[int, int] = DEFAULT_SIZE
    ) -> None:
        self._limit = limit
        self._journal = journal
        self._size = size
        self._screen: Screen | None = None
        self._lines = Scrollback(limit)
        self._scrolled = bytearray()
        self._waiting = bytearray()
        self._skipped = 0
        self._speed = 4e6
        self._allowance = _BURST_SECONDS
        self._tired = False
        self._worked = self._checked = time.perf_counter()

    def __len__(self) -> int:
        """Bytes in memory."""
        return len(self._lines) + len(self._waiting)

    # -- what comes

    def append(self, data: bytes) -> None:
        """Take output, in pieces cut anywhere."""
        journal = self._journal
        written = journal is None or journal.append(data)
        if self._screen is None:
            if journal is not None and written and journal.holds_output:
                return
            self._restore()
        self._waiting += data
        if len(self._waiting) >= _LAZY_BYTES:
            self._work()
        if journal is not None and (not written or journal.output_bytes > _CHECKPOINT_BYTES):
            self._checkpoint(now=not written)

    def resize(self, rows: int, columns: int) -> None:
        """The program's terminal has another size from now on."""
        if (rows, columns) == self.size:
            return
        if self._empty:
            self._size = (rows, columns)
            return
        screen = self._settled()
        self._size = (rows, columns)
        screen.resize(rows, columns)
        self._flush()
        self._checkpoint(now=True)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the screen."""
        if self._screen is None and self._journal is not None:
            return self._journal.size() or self._size
        return self._size

    def close(self) -> None:
        """Write what there is to the journal, and write no more."""
        journal = self._journal
        if journal is not None:
            if self._screen is not None:
                self._settled()
                self._checkpoint(now=True)
            journal.close()
            self._journal = None

    # -- drawing

    def _settled(self) -> Screen:
        """The screen with all that has come."""
        if self._screen is None:
            self._restore()
        while self._draw():
            pass
        self._flush()
        assert self._screen is not None
        return self._screen

    def _work(self) -> None:
        """Draw what waits, as far as there is time for it; what is too much is not drawn at all.

        The share of the time is spent in one go: of a flood, long pieces are kept rather than many short ones.
        """
        now = time.perf_counter()
        self._allowance = min(_BURST_SECONDS, self._allowance + (now - self._worked) * _SHARE)
        self._worked = now
        if self._tired and self._allowance == _BURST_SECONDS:
            self._tired = False
        turn = now + _TURN_SECONDS
        while not self._tired and now < turn and self._draw():
            now, before = time.perf_counter(), now
            self._allowance -= now - before
            self._tired = self._allowance <= 0
        self._worked = now
        self._flush()
        most = int(min(max(self._speed * _WAITING_SECONDS, _LEAST_WAITING), _MOST_WAITING))
        if len(self._waiting) > most:
            self._skip(len(self._waiting) - most)

    def _draw(self) -> bool:
        """Draw some of what waits; what is cut off at the end waits for its other part."""
        assert self._screen is not None
        if self._skipped and self._waiting:
            self._tell()
        size = int(min(max(self._speed * _SLICE_SECONDS, _LEAST_SLICE), _MOST_SLICE))
        data = bytes(self._waiting[:size])
        count = _whole(data) or (len(data) if len(data) == size else 0)
        before = time.perf_counter()
        self._screen.feed(data[:count])
        if count > _LEAST_SLICE // 2:
            self._speed = 0.8 * self._speed + 0.2 * count / (time.perf_counter() - before)
        del self._waiting[:count]
        return count > 0

    def _skip(self, count: int) -> None:
        """Leave the oldest of what waits undrawn, and note what it changes for what comes after it."""
        assert self._screen is not None
        begun = self._waiting.find(b"\n", 0, _LONGEST_SEQUENCE) + 1
        self._screen.feed(bytes(self._waiting[:begun]))
        del self._waiting[:begun]
        count = self._waiting.find(b"\n", count, count + _LONGEST_SEQUENCE) + 1 or count
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        if _MOVED.search(data) or not data.endswith(b"\n"):
            self._screen.skip(b"".join(_last_reset_alone(_LASTING.findall(data))))
        elif colour := _COLOUR.match(data, max(0, data.rfind(b"\x1b"))):
            # Lines that are left out are missed by nothing that comes later, but for the colour they end in.
            self._screen.feed(colour.group())
        if not self._screen.full_screen:
            self._skipped += count

    def _tell(self) -> None:
        """Say what is left out, where it would be."""
        assert self._screen is not None
        note = b"\x1b[2m[%d bytes that came too fast are not here]\x1b[m" % self._skipped
        self._skipped = 0
        if self._screen.exact:
            self._screen.feed(note + b"\r\n")
        else:
            self._flush()
            self._take_line(note)

    def _take_line(self, line: bytes) -> None:
        self._scrolled += line
        self._scrolled += b"\n"

    def _flush(self) -> None:
        """Keep the lines that have left the screen."""
        if not self._scrolled:
            return
        lines = bytes(self._scrolled)
        self._scrolled.clear()
        self._lines.add(lines)
        if self._journal is not None:
            self._journal.add_lines(lines)

    # -- the journal

    def _checkpoint(self, *, now: bool = False) -> None:
        assert self._screen is not None
        moment = time.perf_counter()
        if self._journal is not None and (now or moment - self._checked > _CHECKPOINT_SECONDS):
            self._checked = moment
            checkpoint = Checkpoint(*self._size, self._screen.repaint(), self._screen.beginning)
            self._journal.checkpoint(checkpoint, bytes(self._waiting), len(self._returned()))

    def _restore(self) -> None:
        """Show what an earlier server left; a screen of nothing where there was none."""
        kept = self._journal.load(self._limit) if self._journal is not None else None
        checkpoint = kept.checkpoint if kept is not None else None
        if checkpoint is not None:
            self._size = (checkpoint.rows, checkpoint.columns)
        self._screen = Screen(*self._size, on_scroll=self._take_line)
        if kept is None:
            return
        self._lines.add(kept.lines)
        if checkpoint is None:
            self._checkpoint(now=True)
            return
        if checkpoint.beginning:
            self._take_line(checkpoint.beginning)
        self._screen.feed(checkpoint.painted)
        self._waiting += kept.output
        started = time.thread_time()
        while time.thread_time() - started < _RESTORE_SECONDS and self._draw():
            pass
        self._flush()
        if len(self._waiting) > _LEAST_WAITING:
            self._skip(len(self._waiting) - _LEAST_WAITING)
        self._settled()

    # -- who comes later

    @property
    def repaint(self) -> bool:
        """Whether a replay alone cannot bring the screen back: the program has to draw it again."""
        return not self._empty and not self._settled().exact

    def cursor(self) -> tuple[int, int]:
        """The cursor's row and column, from 1, as a program is told of it."""
        return self._settled().cursor

    def undo(self) -> bytes:
        """What brings a terminal back to how a shell expects it, for a program that was killed."""
        return b"" if self._empty else self._settled().undo()

    def replay(self) -> str:
        """The past and the present as a terminal of this size may show them later; empty where there is none.

        It begins with a reset, asks nothing of the terminal, and ends where live output goes on. It takes at most 1 MiB
        on its way.
        """
        if self._empty:
            return ""
        screen = self._settled()
        painted = screen.repaint() + self._waiting
        lines = self._lines.newest(HISTORY_BYTES - weight(painted) - _FRAME_BYTES).removesuffix(self._returned())
        if screen.beginning:
            lines += screen.beginning + b"\n"
        shown, _ = codecs.utf_8_decode(_RESET + self._above(lines) + painted, "replace", False)
        return shown

    def _above(self, lines: bytes) -> bytes:
        """Lines as a viewer gets them into what is above its screen, which is blank in the end."""
        if not lines:
            return b""
        rows, columns = self._size
        taken = lines.count(b"\n")
        if taken < rows:
            taken = sum(max(1, -(-_columns(line) // columns)) for line in plain(lines).split("\n")[:-1])
        push = b"\x1b[m\x1b[%d;1H" % rows + b"\n" * min(taken, rows - 1) + b"\x1b[H\x1b[J"
        return lines.replace(b"\n", b"\r\n") + push

    def _returned(self) -> bytes:
        """The newest lines that the screen shows again, since it got more rows."""
        assert self._screen is not None
        texts, _ = self._screen.returned
        lines = self._lines.last(len(texts)) if texts else b""
        same = [line.rstrip() for line in plain(lines).split("\n")[:-1]] == [text.rstrip() for text in texts]
        return lines if same else b""

    def lines(self) -> KeptLines:
        """Every line there is, to be searched in a thread."""
        if self._empty:
            return KeptLines([], [])
        screen = self._settled()
        rows = screen.lines()
        if not screen.full_screen:
            returned = screen.returned[1] if self._returned() else 0
            rows = rows[returned:] if returned else [plain(screen.beginning) + rows[0], *rows[1:]]
        return KeptLines((self._journal.line_files() if self._journal is not None else []) or [self._lines], rows)

    @property
    def _empty(self) -> bool:
        return self._screen is None and not (self._journal is not None and self._journal.exists)


def _columns(text: str) -> int:
    return len(text) if ODD.search(text) is None else sum(map(width, text))


def _last_reset_alone(sequences: list[bytes]) -> list[bytes]:
    """Without the resets that another one follows: each takes longer than anything else of its length."""
    if sequences.count(_RESET) < 2:
        return sequences
    last = len(sequences) - 1 - sequences[::-1].index(_RESET)
    return [sequence for sequence in sequences[:last] if sequence != _RESET] + sequences[last:]


def _whole(data: bytes) -> int:
    """How much of output ends where a sequence and a character do."""
    start = data.rfind(b"\x1b", max(0, len(data) - _LONGEST_SEQUENCE))
    if start >= 0 and _UNFINISHED.fullmatch(data, start):
        return start
    cut = _CUT_CHARACTER.search(data, max(0, len(data) - 3))
    return cut.start() if cut else len(data)
