"""What there is in place of a name that there is not."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

MOST = 8
"""Names that are listed."""


def instead_of(name: str, names: Sequence[str]) -> str:
    """A hint for an error: the name that may have been meant, else those that there are; empty where there is none."""
    close = get_close_matches(name, names, n=1)
    if close or not names:
        return f"Did you mean {close[0]!r}?" if close else ""
    more = f", and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"There are {', '.join(map(repr, names[:MOST]))}{more}."
