"""The combinations of a run: what a person may write for them, and the prompt that each makes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from string import Formatter
from typing import Any

from agent_hub.errors import InvalidInput
from agent_hub.notebook.arguments import plain

Grid = Mapping[str, Any] | Iterable[Mapping[str, Any]]
"""``{"lr": [0.1, 0.01], "seed": range(3)}`` for every combination, or a list of dicts, or a DataFrame: a row each."""

_BRACES = "Braces that are no name are written twice: {{ and }}."


def tasks(template: str, grid: Grid) -> list[dict[str, Any]]:
    """A run's prompts with their parameters, as the API takes them.

    Raises
    ------
    InvalidInput
        The prompt names what the grid lacks, or a list of the grid is not in the prompt, so that each chat would be
        started again and again with the same prompt.
    """
    names = _names(template)
    rows = combinations(grid)
    for number, row in enumerate(rows):
        if missing := [name for name in names if name not in row]:
            where = "" if isinstance(grid, Mapping) else f" in row {number}"
            raise _wrong(f"The prompt names {{{missing[0]}}}, which the grid lacks{where}.", _has(row))
    unused = [str(name) for name in grid if name not in names] if isinstance(grid, Mapping) else []
    if unused:
        raise _wrong(
            f"The grid has {unused[0]!r}, which the prompt does not name.",
            f"Write {{{unused[0]}}} where it belongs in the prompt, or leave it out of the grid.",
        )
    return [{"prompt": _fill(template, row), "parameters": _parameters(row)} for row in rows]


def combinations(grid: Grid) -> list[dict[str, Any]]:
    """Every combination, as values by name; raises :class:`~agent_hub.errors.InvalidInput`."""
    found = _product(grid) if isinstance(grid, Mapping) else [dict(row) for row in _rows(grid)]
    if not found:
        raise _wrong("The grid is empty.", 'Write {"name": [value, …]}, a list of dicts, or a DataFrame.')
    for row in found:
        if wrong := [name for name in row if not isinstance(name, str)]:
            raise _wrong(f"{wrong[0]!r} is no name of a parameter.", "Name columns and keys by text.")
    return found


def _product(grid: Mapping[str, Any]) -> list[dict[str, Any]]:
    choices: dict[str, list[Any]] = {}
    for name, values in grid.items():
        # Text is one value, not its letters; so is whatever cannot be gone through.
        single = isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable)
        choices[name] = [values] if single else list(values)
        if not choices[name]:
            raise _wrong(f"The grid has no value for {name!r}.", "Give it at least one, or leave it out.")
    # Counted before they are made: six lists of twenty are more than a memory holds.
    _check_size(math.prod(map(len, choices.values())))
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())] if choices else []


def _check_size(count: int) -> None:
    from agent_hub.models.runs import MOST_TASKS

    if count > MOST_TASKS:
        raise _wrong(f"The grid has {count:,} combinations, and {MOST_TASKS:,} are the most.", "Leave some out.")


def _rows(grid: Any) -> Sequence[Mapping[str, Any]]:
    # By what they can do: importing pandas and polars to ask would take a second.
    if hasattr(grid, "to_dicts"):
        rows = grid.to_dicts()
    elif hasattr(grid, "to_pylist"):
        rows = grid.to_pylist()
    elif hasattr(grid, "to_dict") and hasattr(grid, "columns"):
        rows = grid.to_dict("records")
    else:
        rows = list(grid) if isinstance(grid, Iterable) and not isinstance(grid, str | bytes) else [grid]
    _check_size(len(rows))
    for row in rows:
        if not isinstance(row, Mapping):
            raise _wrong(
                f"{row!r} is no row of a grid.", 'Write {"name": [value, …]}, a list of dicts, or a DataFrame.'
            )
        if set(row) != set(rows[0]):
            differing = sorted(map(str, set(row) ^ set(rows[0])))
            raise _wrong(f"Not every row of the grid has {differing[0]!r}.", "Give every row the same names.")
    return list(rows)


def _names(template: str) -> list[str]:
    """What a template names, as ``str.format`` reads it."""
    names: list[str] = []
    todo = [template]
    while todo:
        try:
            fields = list(Formatter().parse(todo.pop()))
        except ValueError as error:
            raise _wrong(f"The prompt cannot be filled in: {error}.", _BRACES) from None
        for _, field, spec, _ in fields:
            if field is None:
                continue
            name = field.replace("[", ".", 1).split(".", 1)[0]
            if not name.isidentifier():
                raise _wrong(f"The prompt has {{{field}}}, which is no name.", f"Write {{lr}}. {_BRACES}")
            names.append(name)
            todo.append(spec or "")
    return list(dict.fromkeys(names))


def _fill(template: str, row: Mapping[str, Any]) -> str:
    try:
        return template.format_map(row)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise _wrong(f"The prompt cannot be filled in with {dict(row)!r}: {error}.", _BRACES) from error


def _parameters(row: Mapping[str, Any]) -> dict[str, str | int | float | bool | None]:
    return {name: _parameter(value) for name, value in row.items()}


def _parameter(value: Any) -> str | int | float | bool | None:
    """A value as the hub keeps it: what JSON has as it is, all else as it stands in the prompt."""
    value = plain(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _has(row: Mapping[str, Any]) -> str:
    return f"It has {', '.join(map(repr, row))}. {_BRACES}"


def _wrong(message: str, hint: str) -> InvalidInput:
    return InvalidInput(message, hint, field="grid")
