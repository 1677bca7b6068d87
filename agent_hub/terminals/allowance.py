"""How much time of the server's a program's output may take."""

from __future__ import annotations

import time

_SHARE = 0.1
_BYTE_SECONDS = 0.25e-6
_MOST_SECONDS = 0.25


class Allowance:
    """Grows with the time and with what is written, and pays for showing it.

    Output costs some 0.03 µs a byte. A program may write what costs a hundred times as much, and nothing else in the
    server goes on meanwhile: it is allowed a tenth of the time for that.
    """

    def __init__(self) -> None:
        self._left = _MOST_SECONDS
        self._spent_at = time.monotonic()

    def spend(self, size: int, seconds: float) -> float:
        """Pay for output of `size` bytes that cost so many seconds; for how many no more should be read."""
        now = time.monotonic()
        earned = size * _BYTE_SECONDS + (now - self._spent_at) * _SHARE
        self._left = min(_MOST_SECONDS, self._left + earned) - seconds
        self._spent_at = now
        return max(0.0, -self._left / _SHARE)
