"""What went by the gateway in the last minutes: how much, how well, and how fast."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping

from agent_hub.models import GatewayRoute

MINUTES = 15
"""How far back it is told."""

DELAYS = 500
"""Newest delays of a host that a median is made of."""

HOSTS = 32
"""Most hosts that are remembered: those of the connections, and of some that were there before."""


class Traffic:
    """Requests to the hosts of the connections. Nothing of what was asked is kept, and no more for more requests.

    Parameters
    ----------
    clock
        Seconds, by a clock that nobody sets.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    def note(self, host: str, ok: bool, seconds: float | None = None, problem: str = "") -> None:
        """Take note of a request.

        Parameters
        ----------
        host
            Whom it went to; of a connection, never what a chat names.
        ok
            Whether the host did its part. A request that it refuses because of what was asked is answered well.
        seconds
            Until the first byte of the answer; ``None`` where there was none.
        problem
            What was wrong, for a person; without a word of what the host said, which may quote a secret.
        """
        known = self._hosts.pop(host, None) or _Host()
        self._hosts[host] = known
        if len(self._hosts) > HOSTS:
            del self._hosts[next(iter(self._hosts))]
        known.note(self._clock(), ok, seconds, problem)

    def break_off(self, host: str, problem: str) -> None:
        """Take note that an answer, whose request was taken note of when it began, did not come to its end."""
        if (known := self._hosts.get(host)) is not None:
            known.note(self._clock(), False, None, problem, requests=0)

    def recover(self, host: str) -> None:
        """Take note that a host which had trouble has answered the hub itself well."""
        if (known := self._hosts.get(host)) is not None:
            known.problem = ""

    def routes(self, hosts: Mapping[str, bool]) -> tuple[GatewayRoute, ...]:
        """How it goes with each of `hosts`, which say whether they are connected, and with others that were asked."""
        asked = [host for host, known in self._hosts.items() if host not in hosts and known.requests(self._clock())]
        return tuple(self._route(host, hosts.get(host, False)) for host in (*hosts, *asked))

    def _route(self, host: str, connected: bool) -> GatewayRoute:
        known, now = self._hosts.get(host) or _Host(), self._clock()
        requests = known.requests(now)
        if not connected:
            # What a host did for an account that is gone is nobody's trouble any more.
            state = "not_connected"
        elif requests:
            state = "trouble" if known.problem else "ok"
        else:
            state = "idle"
        return GatewayRoute(
            host=host,
            state=state,
            requests=requests,
            errors=known.errors(now),
            median_ms=known.median_ms(now),
            problem=known.problem if state == "trouble" else "",
        )


class _Host:
    """What is known of one host: counts by the minute, and the newest delays."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, int, int]] = deque(maxlen=MINUTES + 1)
        self._delays: deque[tuple[float, float]] = deque(maxlen=DELAYS)
        self.problem = ""

    def note(self, at: float, ok: bool, seconds: float | None, problem: str, requests: int = 1) -> None:
        minute = int(at // 60)
        same = bool(self._minutes) and self._minutes[-1][0] == minute
        _, before, errors = self._minutes.pop() if same else (minute, 0, 0)
        self._minutes.append((minute, before + requests, errors + (not ok)))
        if seconds is not None:
            self._delays.append((at, max(0.0, seconds)))
        # As of the newest request: a host that answers again is well again.
        self.problem = "" if ok else problem or "it does not answer"

    def requests(self, now: float) -> int:
        return sum(requests for minute, requests, _ in self._minutes if minute > now // 60 - MINUTES)

    def errors(self, now: float) -> int:
        return sum(errors for minute, _, errors in self._minutes if minute > now // 60 - MINUTES)

    def median_ms(self, now: float) -> float | None:
        recent = [seconds for at, seconds in self._delays if at // 60 > now // 60 - MINUTES]
        return round(statistics.median(recent) * 1000, 1) if recent else None
