"""What commands answer, on standard output: for a person in columns, for a program as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from pydantic import BaseModel

from agent_hub.cli.shown import is_plain

F = TypeVar("F", bound=Callable[..., Any])

AS_JSON = (click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document."),)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value


def answer(value: Any, *, in_one_line: bool = False) -> None:
    """Print a value as JSON."""
    # Letters as they are, and by its number what a terminal would act on: JSON itself asks that of a part of it alone.
    text = json.dumps(plain(value), indent=None if in_one_line else 2, ensure_ascii=False)
    click.echo("".join(letter if is_plain(letter) else json.dumps(letter)[1:-1] for letter in text))


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
    """Print rows in columns under their titles; the last column may be as wide as it likes."""
    if not rows:
        click.echo(empty, err=True)
        return
    shown = [[one_line(cell) for cell in row] for row in [titles, *rows]]
    widths = [max(len(row[column]) for row in shown) for column in range(len(titles) - 1)]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]).rstrip())


def one_line(text: str) -> str:
    """What agents and repositories say, without what would move a cursor or turn the text."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def age(moment: datetime) -> str:
    """How long ago, in a few letters."""
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "now"
