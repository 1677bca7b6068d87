"""What a chat can be asked for with, by itself or as one of a run."""

from __future__ import annotations

import shlex
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from agent_hub.models.base import NAME_LENGTH, Name
from agent_hub.models.containers import Env, Mount, Resources, Tokens

ARGUMENT_LENGTH = 30_000
"""Longest argument, in characters: four bytes each are what Linux takes for one."""


def _words(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"{command[:80]!r} is no command: {error}") from None
    if not words:
        raise ValueError("a command has a word at least")
    return command


AskBefore = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=NAME_LENGTH), AfterValidator(_words)], ...],
    Field(
        max_length=50,
        description="commands, by their first words, that the agent asks about before it runs them, and with any also "
        "what it takes for dangerous itself. A habit of the agent's, not a wall: the container is that",
    ),
]


def _no_nul(argument: str) -> str:
    if "\0" in argument:
        raise ValueError("an argument cannot contain a NUL character")
    return argument


Arguments = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=ARGUMENT_LENGTH), AfterValidator(_no_nul)], ...],
    Field(
        max_length=100,
        description="for the agent's own program, as it starts for the first time: it goes on without them",
    ),
]


class ChatSettings(Resources):
    """What is ``None`` is the project's; mounts and env are added to the project's."""

    project: str = Field(description="id or name")
    name: Name | None = None
    agent: str | None = None
    model: str | None = None
    mounts: tuple[Mount, ...] = ()
    env: Env = ()
    ask_before: AskBefore = ()
    token_budget: Tokens | None = Field(default=None, description="most tokens that each chat may take")
