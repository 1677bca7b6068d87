"""The parameters of a control sequence."""

from __future__ import annotations

from functools import lru_cache

from agent_hub.terminals.styles import number

_MOST_PARAMETERS = 32


@lru_cache(maxsize=4096)
def numbers(parameters: str) -> tuple[int, ...]:
    """The values of a control sequence's parameters, at least one; without what follows a colon."""
    parts = parameters.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS]
    return tuple(number(part.partition(":")[0]) for part in parts)


def count(parameters: str) -> int:
    """The first parameter where it is a count: at least 1."""
    return numbers(parameters)[0] or 1
