"""The figures as a reader sees them: a table for a terminal, and the page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import HEADINGS, Figure

PAGE = Path(__file__).with_name("page.md")


def table(figures: Sequence[Figure]) -> list[str]:
    """Rows for a terminal."""
    rows = [HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def write(path: Path, machine: Sequence[str], figures: Sequence[Figure]) -> None:
    """Write the page."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(figure.cells for figure in figures)]
    missed = [f"- {figure.what}: {'; '.join(figure.missed)}." for figure in figures if figure.missed]
    page = PAGE.read_text().format(
        machine="\n".join(f"- {line}" for line in machine),
        table="\n".join(f"| {' | '.join(row)} |" for row in rows),
        missed="\n".join(missed) or "None.",
    )
    path.write_text(page)
