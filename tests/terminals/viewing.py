"""A viewer's own terminal: what a person has in front of them after a replay."""

from __future__ import annotations

import json

from agent_hub.terminals.history import History
from agent_hub.terminals.screen import Screen
from agent_hub.terminals.search import plain


class Seen:
    """What `text` shows on a terminal of that size."""

    def __init__(self, text: str | bytes, rows: int = 24, columns: int = 80) -> None:
        self.above: list[str] = []
        self.terminal = Screen(rows, columns, on_scroll=lambda line: self.above.append(plain(line)))
        self.show(text)

    def show(self, text: str | bytes) -> None:
        self.terminal.feed(text.encode() if isinstance(text, str) else text)

    @property
    def lines(self) -> list[str]:
        """Everything, from what has scrolled away to the last line that is not blank."""
        lines = self.above + self.terminal.lines()
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def state(self) -> bytes:
        return self.terminal.repaint()


def history_of(*pieces: bytes, rows: int = 24, columns: int = 80) -> History:
    history = History(size=(rows, columns))
    for piece in pieces:
        history.append(piece)
    return history


def sent(text: str) -> int:
    """Bytes of text on their way to a browser."""
    return len(json.dumps(["stdout", text], ensure_ascii=False).encode())


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"line %d\r\n" % number for number in range(first, last))


FULL_SCREEN = (
    b"$ edit\r\n\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[>7u\x1b[2;20r\x1b[5 q\x1b[?25l"
    b"\x1b[H\x1b[2J\x1b[1;1H\x1b[7mTITLE\x1b[m\x1b[5;10H\x1b[38;5;208mbody \xf0\x9f\x98\x80\x1b[m\x1b[10;3Hcursor"
)
