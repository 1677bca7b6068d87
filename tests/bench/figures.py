"""Times, and what they come to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ROW = "{:<26}{:>6}{:>14}{:>14}{:>9}   {}"


@dataclass(frozen=True)
class Bar:
    """A ratio of hub to raw that must not be passed."""

    most: float

    def verdict(self, ratio: float) -> str:
        return f"≤ {self.most:g}: {'met' if ratio <= self.most else 'MISSED'}"


@dataclass(frozen=True)
class Comparison:
    """One measurement done both ways. Times in seconds; the bar is on the medians."""

    name: str
    raw: Sequence[float]
    hub: Sequence[float]
    tail: int
    bar: Bar

    @property
    def met(self) -> bool:
        return self._ratio(50) <= self.bar.most

    def _ratio(self, rank: int) -> float:
        return percentile(self.hub, rank) / percentile(self.raw, rank)

    def rows(self) -> list[str]:
        """The table's rows."""
        return [
            ROW.format(
                self.name if rank == 50 else f"  {len(self.raw)} + {len(self.hub)} runs",
                f"p{rank}",
                milliseconds(percentile(self.raw, rank)),
                milliseconds(percentile(self.hub, rank)),
                f"{self._ratio(rank):.2f}",
                self.bar.verdict(self._ratio(rank)) if rank == 50 else "",
            ).rstrip()
            for rank in (50, self.tail)
        ]


def percentile(times: Sequence[float], rank: int) -> float:
    """The `rank`-th percentile."""
    if len(times) < 2:
        return times[0]
    return statistics.quantiles(times, n=100, method="inclusive")[rank - 1]


def milliseconds(time: float) -> str:
    return f"{time * 1000:.2f} ms" if time < 0.1 else f"{time * 1000:.0f} ms"
