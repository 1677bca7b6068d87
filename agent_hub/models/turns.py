"""A conversation with an agent: its turns, what happens in them, and what a person can say to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from agent_hub.models.base import ErrorBody, Model, checked_prompt, now


class TurnStatus(StrEnum):
    queued = "queued"
    running = "running"
    waiting = "waiting"
    completed = "completed"
    failed = "failed"
    interrupted = "interrupted"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in the turn."""
        return self in (TurnStatus.completed, TurnStatus.failed, TurnStatus.interrupted)


class ItemStatus(StrEnum):
    running = "running"
    completed = "completed"
    failed = "failed"
    declined = "declined"


class Message(Model):
    """Something the agent says to the person, as Markdown."""

    type: Literal["message"] = "message"
    id: str
    status: ItemStatus = ItemStatus.running
    text: str = ""


class Reasoning(Model):
    """What the agent says of its thoughts, in summary, as Markdown."""

    type: Literal["reasoning"] = "reasoning"
    id: str
    status: ItemStatus = ItemStatus.running
    text: str = ""


class Command(Model):
    """A command that the agent runs in the workspace."""

    type: Literal["command"] = "command"
    id: str
    status: ItemStatus = ItemStatus.running
    command: str
    directory: str = ""
    text: str = Field(default="", description="what it has printed")
    exit_code: int | None = None
    seconds: float | None = Field(default=None, description="how long it ran")


class FileChange(Model):
    """One file of a change."""

    path: str
    kind: Literal["add", "delete", "update"]
    moved_to: str = ""
    diff: str = Field(default="", description="in the unified format, without a header; of a new file, its text")


class FileChanges(Model):
    """Files that the agent changes in one go."""

    type: Literal["files"] = "files"
    id: str
    status: ItemStatus = ItemStatus.running
    changes: tuple[FileChange, ...] = ()
    text: str = ""


class ToolCall(Model):
    """Anything else that the agent does: a call of an MCP server's tool, a search on the web, a plan."""

    type: Literal["tool"] = "tool"
    id: str
    status: ItemStatus = ItemStatus.running
    title: str
    text: str = ""


Item = Annotated[Message | Reasoning | Command | FileChanges | ToolCall, Field(discriminator="type")]
"""One thing that happens in a turn."""


class Approval(Model):
    """The agent asks whether it may go on with an item."""

    id: str
    item: str = Field(default="", description="the id of the item that it is about")
    kind: Literal["command", "files"]
    command: str = ""
    directory: str = ""
    reason: str = ""


class Usage(Model):
    """Tokens that a turn has taken."""

    input: int = 0
    cached_input: int = Field(default=0, description="of the input, what the model had seen before")
    output: int = 0
    reasoning: int = Field(default=0, description="of the output, what was thought and not said")
    total: int = 0
    context_window: int = Field(default=0, description="most tokens that the model sees at once; 0: unknown")

    def __add__(self, other: Usage) -> Usage:
        """What both have taken."""
        return self.model_copy(update={name: getattr(self, name) + getattr(other, name) for name in COUNTS})

    def __sub__(self, other: Usage) -> Usage:
        """What this has taken beyond the other."""
        return self.model_copy(update={name: max(0, getattr(self, name) - getattr(other, name)) for name in COUNTS})


COUNTS = ("input", "cached_input", "output", "reasoning", "total")
"""What a usage adds up."""


class Turn(Model):
    """A prompt, and all that the agent did about it."""

    chat: str
    number: int = Field(description="counts from 1 within the chat")
    prompt: str = ""
    source: Literal["hub", "terminal"] = Field(
        default="hub", description="where the prompt was given: to the hub, or in the chat's terminal"
    )
    key: str = Field(default="", description="the request's own, by which it is known when it comes again")
    agent_turn: str = Field(default="", description="the agent's own id of it")
    status: TurnStatus = TurnStatus.queued
    items: tuple[Item, ...] = Field(default=(), description="in the order in which they began")
    approvals: tuple[Approval, ...] = Field(default=(), description="what the agent asks and nobody has answered")
    usage: Usage | None = None
    error: ErrorBody | None = None
    left_out: int = Field(default=0, description="characters that were too many to keep")
    created_at: datetime = Field(default_factory=now)
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def text(self) -> str:
        """All that the agent said, without what it did."""
        return "\n\n".join(item.text for item in self.items if isinstance(item, Message) and item.text)

    @property
    def seconds(self) -> float | None:
        """How long it has been worked on; ``None`` before that."""
        if self.started_at is None:
            return None
        return ((self.ended_at or now()) - self.started_at).total_seconds()


# -- what happens to a turn


class TurnChanged(Model):
    """A turn is new, or something but its items has changed: all of it but them."""

    type: Literal["turn"] = "turn"
    turn: Turn


class ItemChanged(Model):
    """An item began, or ended: all of it, in place of what there was of that id."""

    type: Literal["item"] = "item"
    number: int
    item: Item


class TextAdded(Model):
    """More text of an item."""

    type: Literal["text"] = "text"
    number: int
    item: str
    text: str


TurnEvent = Annotated[TurnChanged | ItemChanged | TextAdded, Field(discriminator="type")]
"""What follows one on the other; :class:`~agent_hub.models.transcript.Transcript` puts a turn together of them."""


class ConversationEvent(Model):
    """A chat's turns, and the changes that follow, as one socket tells them: first all of them, then what happens.

    The turns that have ended come without their items, which ``GET api/chats/{id}/turns/{number}`` has.
    """

    type: Literal["conversation"] = "conversation"
    chat: str
    turns: tuple[Turn, ...]


class FollowedEvent(Model):
    """Something happened in a turn of a chat that is followed."""

    type: Literal["followed"] = "followed"
    chat: str
    event: TurnEvent


# -- what a request carries


class NewTurn(Model):
    """Body of ``POST api/chats/{id}/turns``."""

    prompt: str = Field(min_length=1)

    @field_validator("prompt")
    @classmethod
    def _prompt_fits(cls, prompt: str) -> str:
        return checked_prompt(prompt)


class Answer(Model):
    """Body of ``POST api/chats/{id}/approvals/{approval}``."""

    decision: Literal["accept", "accept_for_session", "decline"]
