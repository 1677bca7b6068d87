"""What every model stands on: frozen values, names of things, and errors as they are sent and stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

NAME_LENGTH = 200
"""Longest name of a project or a chat, in characters; a longer one is refused, never cut silently."""

PROMPT_BYTES = 120_000
"""Longest prompt, in bytes; a longer one belongs into a file."""


def checked_prompt(prompt: str) -> str:
    """A prompt that an agent can be given. Raises :class:`ValueError`."""
    if "\0" in prompt:
        raise ValueError("it cannot contain a NUL character")
    if (length := len(prompt.encode(errors="replace"))) > PROMPT_BYTES:
        raise ValueError(f"it is {length} bytes long, and {PROMPT_BYTES} are the most; put the rest into a file")
    return prompt


def now() -> datetime:
    """The present moment, timezone-aware."""
    return datetime.now(UTC)


def plain_line(text: str) -> str:
    """What others say, as one line: without what ends a line, moves a cursor or turns text."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


class Model(BaseModel):
    """Base of everything stored or sent: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    volatile: ClassVar[frozenset[str]] = frozenset()
    """Fields that say how things are at this moment: announced, and never stored."""


def _printable(value: Any) -> Any:
    if isinstance(value, str) and any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError("must not contain control characters")
    return value


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH),
    BeforeValidator(_printable),
]
"""What a person calls a project or a chat: any printable text; it is never used as a path or an identity."""


class ErrorBody(Model):
    """The JSON of every error answer, and the stored cause of a failed build or chat."""

    code: str
    message: str
    hint: str = ""
    details: dict[str, Any] = Field(default_factory=dict)
