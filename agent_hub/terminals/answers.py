"""What a program is told that asks its terminal while nobody watches.

A screen answers for itself. Without one, a program that waits for the answer stands still: Codex asks where the cursor
is after each change of size, and draws nothing for two seconds where nobody says.
"""

from __future__ import annotations

from collections.abc import Callable

from agent_hub.terminals.palette import Palette

_WHERE = b"\x1b[6n"
_HOW = b"\x1b[5n"
_WELL = b"\x1b[0n"


def answers(output: bytes, palette: Palette, cursor: Callable[[], tuple[int, int]]) -> bytes:
    """The answers to the questions in what a program wrote, as far as they are known.

    Parameters
    ----------
    palette
        The colours of people's screens.
    cursor
        Gives the row and the column of the cursor after that output, from 1.
    """
    if b"\x1b" not in output:
        return b""
    told = palette.answer(output)
    told += _WELL * output.count(_HOW)
    if asked := output.count(_WHERE):
        row, column = cursor()
        told += b"\x1b[%d;%dR" % (row, column) * asked
    return told
