"""What was measured, and the bar it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MILLISECONDS = "ms"
MEGABYTES = "MB/s"
MEBIBYTES = "MiB"
PERCENT = "% of a core"


@dataclass(frozen=True)
class Bar:
    """What a figure must keep within; all that is given must hold. Ratios are of the hub to what it is beside."""

    most: float | None = None
    ratio_most: float | None = None
    ratio_least: float | None = None

    def words(self, unit: str) -> str:
        """The bar as a reader sees it."""
        parts = []
        if self.ratio_most is not None:
            parts.append(f"≤ {self.ratio_most:g} ×")
        if self.ratio_least is not None:
            parts.append(f"≥ {self.ratio_least:g} ×")
        if self.most is not None:
            parts.append(f"≤ {shown(self.most, unit)}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Figure:
    """One measurement.

    Parameters
    ----------
    what
        What was measured, in the words of the table.
    unit
        Of every value: times are milliseconds.
    hub, beside
        What each run gave with the hub, and with what it is compared to.
    rank
        The percentile that the bar is on.
    claims
        What else must be so, and whether it was.
    """

    what: str
    unit: str
    hub: Sequence[float]
    beside: Sequence[float] = ()
    rank: int = 50
    bar: Bar = Bar()
    claims: Mapping[str, bool] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return percentile(self.hub, self.rank)

    @property
    def ratio(self) -> float | None:
        """The hub's value over the other's, where there is one."""
        beside = percentile(self.beside, self.rank) if self.beside else 0.0
        return self.value / beside if beside else None

    @property
    def missed(self) -> list[str]:
        """What of the bar does not hold, and by how much; empty where all does."""
        bar, ratio, found = self.bar, self.ratio, []
        if bar.most is not None and self.value > bar.most:
            found.append(f"{shown(self.value, self.unit)}, not ≤ {shown(bar.most, self.unit)}")
        if bar.ratio_most is not None and ratio is not None and ratio > bar.ratio_most:
            found.append(f"{ratio:.2f} ×, not ≤ {bar.ratio_most:g} ×")
        if bar.ratio_least is not None and ratio is not None and ratio < bar.ratio_least:
            found.append(f"{ratio:.2f} ×, not ≥ {bar.ratio_least:g} ×")
        return found + [f"not so: {claim}" for claim, held in self.claims.items() if not held]

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure's row: what, beside, hub, the hub's worst, ratio, bar, verdict."""
        held = [claim for claim, so in self.claims.items() if so]
        return (
            self.what,
            shown(percentile(self.beside, self.rank), self.unit) if self.beside else "–",
            shown(self.value, self.unit),
            f"{shown(min(self.hub), self.unit)} to {shown(max(self.hub), self.unit)} ({len(self.hub)})",
            f"{self.ratio:.2f}" if self.ratio is not None else "–",
            self.bar.words(self.unit),
            "MISSED" if self.missed else ", ".join(["met", *held]),
        )


HEADINGS = ("what", "beside", "hub", "hub, all runs", "ratio", "bar", "verdict")


def percentile(values: Sequence[float], rank: int) -> float:
    """The `rank`-th percentile."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[rank - 1]


def shown(value: float, unit: str) -> str:
    """A value in as many digits as it deserves."""
    if unit == MILLISECONDS and value >= 1000:
        return f"{value / 1000:.2f} s"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}"
