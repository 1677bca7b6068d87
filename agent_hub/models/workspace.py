"""A chat's workspace, as a person looks into it: its files, and commands in its container."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, field_validator

from agent_hub.models.base import PROMPT_BYTES, ErrorBody, Model


class WorkspaceEntry(Model):
    """A file or folder of a workspace. Links are named, and never followed."""

    name: str
    path: str = Field(description="within the workspace, with / between parts; empty for the workspace itself")
    type: Literal["file", "folder", "link", "other"]
    size: int
    modified: datetime


class NewCommand(Model):
    """Body of ``POST api/chats/{id}/run``."""

    command: str = Field(min_length=1, description="for the container's shell: bash where it has one, else sh")
    timeout: float | None = Field(default=None, gt=0, description="seconds, after which the command is ended")

    @field_validator("command")
    @classmethod
    def _command_fits_an_argument(cls, command: str) -> str:
        if "\0" in command:
            raise ValueError("it cannot contain a NUL character")
        if (length := len(command.encode(errors="replace"))) > PROMPT_BYTES:
            raise ValueError(f"it is {length} bytes long, and {PROMPT_BYTES} are the most; put the rest into a file")
        return command


class CommandEvent(Model):
    """A line of what ``POST api/chats/{id}/run`` answers: a piece of output, or, as the last, how the command ended."""

    output: str | None = None
    exit_code: int | None = None
    seconds: float | None = Field(default=None, description="how long it ran")
    error: ErrorBody | None = Field(default=None, description="why there is no exit code")
