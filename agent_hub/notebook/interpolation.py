"""The prompt of a cell with the kernel's variables in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent_hub.errors import InvalidInput
from agent_hub.notebook.arguments import plain

SHORT = 2000
"""Characters that a value may take in a prompt; a longer one is a file."""

# {{name}} is no variable, nor is anything in braces that is no name: prompts have code in them. So what may follow a
# name is what str.format knows for numbers, text and dates, and not all that it would hand on.
_SPEC = r"(?:[^{}]?[<>=^])?[-+]?z?\#?0?\d*[_,]?(?:\.\d+)?[bcdeEfFgGnosxX%]?|%[^{}]*"
_NAMES = re.compile(rf"\{{\{{|\}}\}}|\{{(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)(?P<how>(?:![rsa])?(?::(?:{_SPEC}))?)\}}")

_TEXTS = (str, int, float, complex, bool, type(None), list, tuple, dict, set, frozenset)


def interpolate(cell: str, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The prompt, and those values that its agent gets as files instead.

    Raises
    ------
    InvalidInput
        There is no such variable.
    """
    inputs: dict[str, Any] = {}

    def replace(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0][0]
        value = _value(name, variables)
        text = _formatted(name, value, match["how"]) if match["how"] else _text(value)
        if text is None:
            inputs[name] = value
        return name if text is None else text

    return _NAMES.sub(replace, cell), inputs


def _value(name: str, variables: Mapping[str, Any]) -> Any:
    first, *attributes = name.split(".")
    try:
        value = variables[first]
        for attribute in attributes:
            value = getattr(value, attribute)
    except (KeyError, AttributeError):
        raise InvalidInput(
            f"There is no variable {name!r} in this notebook.",
            f"Define it first; for the braces themselves, write {{{{{name}}}}}.",
            field="prompt",
        ) from None
    return value


def _formatted(name: str, value: Any, how: str) -> str:
    """A value as it is asked for, as ``hub.map`` fills a prompt in."""
    try:
        return f"{{0{how}}}".format(value)
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"{name!r} cannot be written as {{{name}{how}}}: {error}.",
            f"For the braces themselves, write {{{{{name}{how}}}}}.",
            field="prompt",
        ) from error


def _text(value: Any) -> str | None:
    """A small value as text; ``None`` for what goes into a file."""
    value = plain(value)
    if not isinstance(value, _TEXTS):
        return None
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHORT else None
