"""Questions that a program asks its terminal, which a terminal that only shows the past must not answer."""

from __future__ import annotations

import re

_END = rb"(?:\x07|\x1b\\)"
_CONTROL_QUERIES = (
    rb"[>=]?[0-9;]*c",  # device attributes
    rb"\??[0-9;]*n",  # status, cursor position
    rb"\?[0-9;]*[umS]",  # kitty keyboard, modified keys, graphics
    rb"\??[0-9;]*\$p",  # a mode's state
    rb">[0-9;]*q",  # the terminal's name and version
    rb"(?:1[1-9]|2[01])(?:;[0-9;]*)?t",  # window size, position and title
    rb"[01]?x",  # terminal parameters
    rb"[0-9]*\$w",  # cursor and tab stops
)
# A string is looked through once and taken whole: it may be as long as a program likes, and never end.
_STRING_QUERIES = (
    rb"\](?:[45]|1[0-9]|21|5[02]|6[01]);[^\x07\x1b?]*+\?[^\x07\x1b]*+",  # colours, font, clipboard
    rb"P[0-9;]*[$+]q[^\x1b]*+",  # settings and capabilities
    rb"_G(?:(?!a=q)[^\x1b])*+a=q[^\x1b]*+",  # images
)
_QUERY = re.compile(
    rb"\x1b(?:\[(?:" + rb"|".join(_CONTROL_QUERIES) + rb")|(?:" + rb"|".join(_STRING_QUERIES) + rb")" + _END + rb"|Z)"
)


def unasked(text: str) -> str:
    """Live output for a viewer beside another one: a question is answered once, by that one."""
    return _QUERY.sub(b"", text.encode()).decode() if "\x1b" in text else text
