"""Values as parsers give them, of files that nobody vouches for: each is what it should be, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def string(value: Any) -> str:
    """A text, or a number as one; empty where it is neither."""
    # A TOML version without quotes is a number.
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def strings(value: Any) -> list[str]:
    """Of a list, the texts in it."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
