"""Runs: one prompt with many values in it, each a chat of its own, some of them at work at once."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator

from agent_hub.models.base import PROMPT_BYTES, Model, Name, checked_prompt
from agent_hub.models.settings import ChatSettings

MOST_TASKS = 10_000
"""Chats of one run."""

MOST_PARAMETERS = 100

Parameter = str | int | float | bool | None
"""A value in a prompt, as JSON has it."""

Parameters = Annotated[dict[Annotated[str, Field(max_length=200)], Parameter], Field(max_length=MOST_PARAMETERS)]
"""What a prompt was filled in with, by name."""


class InRun(Model):
    """A chat's place in a run."""

    id: str = Field(description="the run's")
    name: Name = Field(description="the run's")
    number: int = Field(description="of this chat in the run, from 1")
    size: int = Field(description="chats that the run was begun with")
    concurrency: int = Field(description="most chats of the run that work at once")
    parameters: Parameters = Field(default_factory=dict)
    done: bool = Field(default=False, description="its prompt has ended, however: another chat has its turn")


class Run(Model):
    """A run, as its chats tell of it: it is there as long as one of them is."""

    id: str
    name: Name
    project: str
    size: int = Field(description="chats that it was begun with")
    chats: int = Field(description="that are there still")
    done: int = Field(description="of those, whose prompt has ended, however")
    concurrency: int
    created_at: datetime


class Task(Model):
    """One prompt of a run."""

    prompt: str = Field(min_length=1)
    parameters: Parameters = Field(default_factory=dict)

    @field_validator("prompt")
    @classmethod
    def _prompt_fits(cls, prompt: str) -> str:
        return checked_prompt(prompt)

    @field_validator("parameters")
    @classmethod
    def _parameters_fit(cls, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
        if any(isinstance(value, float) and not math.isfinite(value) for value in parameters.values()):
            raise ValueError("JSON has no number for infinity or NaN; write it as text")
        if (length := len(json.dumps(parameters))) > PROMPT_BYTES:
            raise ValueError(f"they are {length} bytes long, and {PROMPT_BYTES} are the most; put the rest into a file")
        return parameters


class NewRun(ChatSettings):
    """Body of ``POST api/runs``. What is ``None`` is the project's; mounts and env are added to the project's."""

    tasks: tuple[Task, ...] = Field(min_length=1, max_length=MOST_TASKS)
    concurrency: int = Field(default=4, ge=1, le=MOST_TASKS)
