"""Terminals, and what is found in them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from agent_hub.models.base import Model


class TerminalInfo(Model):
    """A terminal as terminado's REST API lists it."""

    name: str
    last_activity: datetime


Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]


class TerminalColours(Model):
    """Body of ``PUT api/colours``: those of the text, and of what is behind it."""

    foreground: Colour
    background: Colour


class TerminalMatch(Model):
    """A line of a terminal that holds what was searched for."""

    line: int = Field(description="its number, counted from 1 at the oldest line that is kept")
    text: str = Field(description="the line's text; of a very long line, the part around the first match")
    spans: tuple[tuple[int, int], ...] = Field(
        description="where each match starts and ends in the text, in UTF-16 units as JavaScript counts them"
    )


class TerminalMatches(Model):
    """What a search of a terminal found, newest first."""

    query: str
    lines: int = Field(description="lines that are kept, the screen's included")
    complete: bool = Field(description="false where older lines match as well, more than were asked for")
    matches: tuple[TerminalMatch, ...]
