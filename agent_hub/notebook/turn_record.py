"""What is known of one turn of a chat, whether a thread or an event loop asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from agent_hub.errors import AgentHubError, Conflict, TurnInterrupted

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.async_transport import AsyncTransport
    from agent_hub.notebook.transport import Transport

TURN_TIMEOUT = 24 * 3600.0
"""Seconds; agents work for hours."""

Decision = Literal["accept", "accept_for_session", "decline"]

C = TypeVar("C", "Transport", "AsyncTransport")


class TurnRecord(Generic[C]):
    """Base of the synchronous and the asynchronous turn."""

    def __init__(self, transport: C, data: models.Turn) -> None:
        self._transport: C = transport
        self._data = data

    def _latest(self) -> models.Turn:
        """What the properties tell of: what was last seen, but where asking for one may wait for the hub."""
        return self._data

    @property
    def number(self) -> int:
        """Which of the chat's turns it is, from 1."""
        return self._data.number

    @property
    def prompt(self) -> str:
        """What the agent was asked for."""
        return self._data.prompt

    @property
    def source(self) -> str:
        """Where the prompt was given: ``"hub"``, or ``"terminal"`` where a person typed it there."""
        return self._data.source

    @property
    def status(self) -> str:
        """How it is: queued, running, waiting (for an approval), completed, failed or interrupted."""
        return self._latest().status.value

    @property
    def text(self) -> str:
        """What the agent has said so far, as Markdown, without what it did."""
        return self._latest().text

    @property
    def events(self) -> Sequence[models.Item]:
        """What has happened so far, in order: messages, reasoning, commands, changes of files, calls of tools."""
        return self._latest().items

    @property
    def usage(self) -> models.Usage | None:
        """The tokens that it has taken; None before the model has answered."""
        return self._latest().usage

    @property
    def seconds(self) -> float | None:
        """How long it has been worked on; None before that."""
        return self._latest().seconds

    @property
    def approvals(self) -> Sequence[models.Approval]:
        """What the agent asks, and nobody has answered: see :meth:`approve`."""
        return self._latest().approvals

    @property
    def error(self) -> AgentHubError | None:
        """Why it failed, or was interrupted."""
        body = self._latest().error
        return None if body is None else AgentHubError.from_dict(body.model_dump())

    def _raise_failure(self) -> None:
        if self._data.status.value == "completed":
            return
        if self._data.error is None:
            raise TurnInterrupted(f"Turn {self.number} was interrupted.", "chat.send(…) says it again.")
        raise AgentHubError.from_dict(self._data.error.model_dump())

    def _answered(self, approvals: Sequence[models.Approval]) -> list[str]:
        """Where to send an answer to each of these, or to those that were last seen here."""
        from agent_hub.notebook.transport import part

        # Without another look: what it asks for since then nobody has read.
        asked = approvals or self._data.approvals
        if not asked:
            raise Conflict(
                f"Turn {self.number} asks for nothing: it was {self._data.status.value} when it was last seen.",
                "turn.approvals looks again, and chat.turns shows which one is waiting.",
            )
        return [f"{self._chat_path}/approvals/{part(approval.id)}" for approval in asked]

    @property
    def _is_whole(self) -> bool:
        """Whether all is known of it that there will ever be."""
        return self._data.status.ended and bool(self._data.items)

    @property
    def _chat_path(self) -> str:
        from agent_hub.notebook.transport import part

        return f"chats/{part(self._data.chat)}"

    @property
    def _path(self) -> str:
        return f"{self._chat_path}/turns/{self.number}"

    @property
    def _where(self) -> tuple[str, str, int]:
        return self._transport.url, self._data.chat, self.number

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TurnRecord):
            return NotImplemented
        return type(self) is type(other) and self._where == other._where

    def __hash__(self) -> int:
        return hash(self._where)
