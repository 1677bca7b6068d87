"""The seam of a conversation: what an agent that runs tells of its turns, and what it can be told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from agent_hub.models import Approval, Item, TurnStatus, Usage

Decision = Literal["accept", "accept_for_session", "decline"]


@dataclass(frozen=True)
class Told:
    """A turn as the agent itself remembers it: what of it happened while nobody listened."""

    id: str
    mark: str = ""
    prompt: str = ""
    status: TurnStatus = TurnStatus.running
    problem: str = ""
    items: Sequence[Item] = field(default=())


class Listener:
    """Whoever is told what happens in a conversation, by the agent's own ids of turns; this one does nothing."""

    def thread_began(self, thread: str) -> None:
        """The conversation is another one from now on."""

    def turn_began(self, turn: str) -> None:
        """The agent works on a turn."""

    def prompted(self, turn: str, mark: str, prompt: str) -> None:
        """What a turn is about; `mark` is what :meth:`Conversation.say` was given, or another client's."""

    def item(self, turn: str, item: Item) -> None:
        """An item began, or ended."""

    def text(self, turn: str, item: str, text: str) -> None:
        """An item has more text."""

    def usage(self, turn: str, usage: Usage) -> None:
        """What the turn has taken so far."""

    def asked(self, turn: str, approval: Approval) -> None:
        """The agent waits for an approval."""

    def answered(self, approval: str) -> None:
        """Somebody has answered it, here or in the terminal."""

    def turn_ended(self, turn: str, status: TurnStatus, problem: str) -> None:
        """The agent is done with a turn."""

    def lost(self) -> None:
        """Nothing more is heard: the agent has ended, or the connection to it."""


class Conversation(ABC):
    """A connection to the conversation that a running agent is in.

    Whatever the agent tells goes to its :class:`Listener`, in order, on the event loop. Every method raises
    :class:`~agent_hub.errors.AgentUnavailable` where the agent does not answer.
    """

    @property
    @abstractmethod
    def thread(self) -> str:
        """The agent's id of the conversation."""

    @property
    @abstractmethod
    def heard(self) -> bool:
        """Whether the connection to it is there."""

    @abstractmethod
    async def recall(self) -> Sequence[Told]:
        """What the agent remembers of the newest turns, oldest first."""

    @abstractmethod
    async def say(self, mark: str, prompt: str) -> None:
        """Begin a turn; the agent tells of it under `mark`."""

    @abstractmethod
    async def interrupt(self, turn: str) -> None:
        """End a turn, by the agent's own id of it; no error where it is not worked on."""

    @abstractmethod
    async def answer(self, approval: str, decision: Decision) -> None:
        """Answer what the agent has asked."""

    @abstractmethod
    async def close(self) -> None:
        """Hang up; the agent goes on."""
