"""A chat's workspace, as a person looks into it: its files, and commands in its container."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from agent_hub.models.base import NAME_LENGTH, PROMPT_BYTES, ErrorBody, Model


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


class ChangedFile(Model):
    """A file that a chat has changed, against the commit that it started from."""

    path: str
    old_path: str = Field(default="", description="of a renamed file, what it was called")
    kind: Literal["add", "delete", "update", "rename"]
    binary: bool = False
    added: int = Field(default=0, description="lines")
    removed: int = Field(default=0, description="lines")
    patch: str = Field(default="", description="as Git writes it; empty for a binary file")
    cut: bool = Field(default=False, description="the patch is too long: it only begins here, or is left out")


class ChatDiff(Model):
    """What a chat has changed: committed or not, and new files that Git does not ignore."""

    base: str = Field(description="the commit that it started from; empty where there was none")
    head: str = Field(description="the commit that is checked out; empty before the first")
    uncommitted: bool = Field(description="some of it is not committed")
    files: tuple[ChangedFile, ...]
    more: int = Field(default=0, description="files that are changed as well, past the most that are listed")
    left_out: tuple[str, ...] = Field(default=(), description="too large to look at, or a repository within this one")


def _committable(message: str) -> str:
    # Git would write it down, and refuse to fetch it ever after.
    if "\0" in message:
        raise ValueError("it cannot contain a NUL character")
    return message


CommitMessage = Annotated[str, Field(max_length=100_000), AfterValidator(_committable)]
"""What a commit says."""


class NewCommit(Model):
    """Body of ``POST api/chats/{id}/commit``."""

    message: CommitMessage = Field(min_length=1)


class WorkCommit(Model):
    """A commit of all that was not committed in a chat."""

    commit: str
    branch: str = Field(default="", description="what is checked out; empty for a commit on no branch")
    left_out: tuple[str, ...] = Field(default=(), description="too large, or a repository within this one")
    hint: str = Field(default="", description="how commits come to carry the person's name; empty where they do")


class NewBranch(Model):
    """Body of ``POST api/chats/{id}/branch``."""

    name: str = Field(default="", max_length=NAME_LENGTH, description="empty: made of the chat's name")
    message: CommitMessage = Field(default="", description="for what is not committed; empty: the chat's name")


class WorkBranch(Model):
    """A branch with all that a chat has changed."""

    name: str
    commit: str
    repository: str = Field(description="the Git repository on the server's machine that holds it")
    ref: str = Field(description="its ref there")
    fetch: str = Field(default="", description="how to fetch it; empty where it is in the project's own repository")
    left_out: tuple[str, ...] = Field(default=(), description="too large, or a repository within this one")


class NewApplication(Model):
    """Body of ``POST api/chats/{id}/apply``."""

    to: str = Field(min_length=1, description="a folder of the server's machine, in a checkout")


class WorkApplied(Model):
    """A chat's changes, in a checkout, not committed there."""

    to: str = Field(description="the checkout")
    files: tuple[str, ...] = Field(description="what was changed")
    unchanged: tuple[str, ...] = Field(default=(), description="what was as the chat has it already")
    left_out: tuple[str, ...] = Field(default=(), description="too large, or a repository within this one")
