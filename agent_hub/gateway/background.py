"""Finds that an answer is asked for in the background, where nobody could count it, while the request passes by."""

from __future__ import annotations

import re

_KEY = b"".join(b"(?:%c|(?i:\\\\u%04x))" % (letter, letter) for letter in b"background")
"""Each letter may be written as an escape, which is the same JSON."""

_ASKED = re.compile(b'"' + _KEY + b'":true')

_LONGEST = len(r'"":true') + len("background") * len(r"\u0000")

_BETWEEN = b" \t\n\r\0"
"""What may be between the words, any number of times; between the letters as well where each takes several bytes."""


class BackgroundSearch:
    """Looks for ``"background": true`` in a request's JSON, however it is cut.

    A request may have 512 MiB, and is never held whole: so it is searched, not parsed, and the words are found at
    whatever depth. Text that quotes them is told apart, since its own quotes are escaped.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bool:
        """Whether it is asked for in what has come so far: not yet the end of the body, so no whole request."""
        seen = self._held + data.translate(None, _BETWEEN)
        self._held = seen[1 - _LONGEST :]
        return _ASKED.search(seen) is not None
