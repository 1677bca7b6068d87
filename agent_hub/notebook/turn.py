"""One turn of a chat in a notebook: a prompt, and what the agent did about it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from agent_hub.errors import AgentHubError, Conflict, TurnInterrupted
from agent_hub.notebook import turn_display
from agent_hub.notebook.following import News, Said, follow
from agent_hub.notebook.record import bundle

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.transport import Transport

TURN_TIMEOUT = 24 * 3600.0
"""Seconds; agents work for hours."""


class Turn:
    """A prompt, and all that the agent did about it. Made by :meth:`Chat.send`.

    What it holds is what was last seen of it; whatever can change asks the hub, unless it has ended.
    """

    def __init__(self, transport: Transport, data: models.Turn) -> None:
        self._transport = transport
        self._data = data

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
        """How it is now: queued, running, waiting (for an approval), completed, failed or interrupted."""
        return self.refresh()._data.status.value

    @property
    def text(self) -> str:
        """What the agent has said so far, as Markdown, without what it did."""
        return self.refresh()._data.text

    @property
    def events(self) -> Sequence[models.Item]:
        """What has happened so far, in order: messages, reasoning, commands, changes of files, calls of tools."""
        return self.refresh()._data.items

    @property
    def usage(self) -> models.Usage | None:
        """The tokens that it has taken; None before the model has answered."""
        return self.refresh()._data.usage

    @property
    def seconds(self) -> float | None:
        """How long it has been worked on; None before that."""
        return self.refresh()._data.seconds

    @property
    def approvals(self) -> Sequence[models.Approval]:
        """What the agent asks, and nobody has answered: see :meth:`approve`."""
        return self.refresh()._data.approvals

    @property
    def error(self) -> AgentHubError | None:
        """Why it failed, or was interrupted."""
        body = self.refresh()._data.error
        return None if body is None else AgentHubError.from_dict(body.model_dump())

    def refresh(self) -> Turn:
        """Look again."""
        if not self._data.status.ended or not self._data.items:
            self._data = self._transport.read(self._path, type(self._data))
        return self

    def wait(self, timeout: float | None = TURN_TIMEOUT, *, check: bool = True) -> Turn:
        """Wait until it has ended, and return it.

        Parameters
        ----------
        timeout
            Seconds; None waits without a limit.
        check
            Raise where it did not end well; False leaves that to :attr:`status` and :attr:`error`.

        Raises
        ------
        TurnFailed, ContainerLost, AgentUnavailable
            It failed, for that reason.
        TurnInterrupted
            Somebody ended it, or stopped the chat.
        TimeoutError
            It has not ended in time; it goes on.
        """
        for _ in self.stream(timeout):
            continue
        if check:
            self._raise_failure()
        return self

    def stream(self, timeout: float | None = TURN_TIMEOUT) -> Generator[models.TurnEvent]:
        """What happens, as it happens, from the beginning to the end of the turn.

        Each is a ``TurnChanged``, an ``ItemChanged`` or a ``TextAdded``. A restart of the server in between loses and
        repeats nothing.

        Raises
        ------
        TimeoutError
            It has not ended in time; it goes on.
        """
        news = News.from_the_beginning(self._data)
        for event in follow(self._transport, self._path, news, timeout, f"Turn {self.number} has not ended"):
            self._data = news.transcript.turn
            yield event
        self._data = news.transcript.turn

    def stream_text(self, timeout: float | None = TURN_TIMEOUT) -> Iterator[str]:
        """What the agent says, piece by piece."""
        said = Said()
        for event in self.stream(timeout):
            if piece := said.of(event):
                yield piece

    def interrupt(self) -> Turn:
        """End it; one that waits is never said. :meth:`wait` waits for its end."""
        self._transport.send("POST", f"{self._path}/interrupt", type(self._data))
        return self

    def approve(self, *, for_session: bool = False) -> Turn:
        """Let the agent do all that it asks for now.

        Parameters
        ----------
        for_session
            And the same things later, without asking.

        Raises
        ------
        Conflict
            It asks for nothing.
        """
        return self._answer("accept_for_session" if for_session else "accept")

    def decline(self) -> Turn:
        """Let the agent do nothing of what it asks for now; it goes on without. Raises as :meth:`approve`."""
        return self._answer("decline")

    def _answer(self, decision: Literal["accept", "accept_for_session", "decline"]) -> Turn:
        from agent_hub.notebook.transport import part

        for approval in asked(self.refresh()._data):
            self._transport.post(f"{self._chat_path}/approvals/{part(approval.id)}", {"decision": decision})
        return self

    def _raise_failure(self) -> None:
        if error := failure(self._data):
            raise error

    @property
    def _chat_path(self) -> str:
        from agent_hub.notebook.transport import part

        return f"chats/{part(self._data.chat)}"

    @property
    def _path(self) -> str:
        return f"{self._chat_path}/turns/{self.number}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Turn):
            return NotImplemented
        return (self._data.chat, self.number, self._transport.url) == (
            other._data.chat,
            other.number,
            other._transport.url,
        )

    def __hash__(self) -> int:
        return hash((self._data.chat, self.number))

    def __repr__(self) -> str:
        return turn_display.line(self._data)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        note = ""
        try:
            self.refresh()
        except AgentHubError as error:
            note = f"as last seen: {error.message}"
        return self._bundle(note)

    def _bundle(self, note: str = "") -> dict[str, str]:
        """It as it was last seen."""
        shown = bundle(repr(self), turn_display.html(self._data), note)
        return shown | {"text/markdown": self._data.text} if self._data.text else shown


def asked(data: models.Turn) -> Sequence[models.Approval]:
    """What a turn asks for. Raises :class:`~agent_hub.errors.Conflict` where that is nothing."""
    if not data.approvals:
        raise Conflict(
            f"Turn {data.number} asks for nothing: it is {data.status.value}.", "chat.turns shows which one is waiting."
        )
    return data.approvals


def failure(turn: models.Turn) -> AgentHubError | None:
    """Why a turn did not end well."""
    if turn.status.value == "completed":
        return None
    if turn.error is None:
        return TurnInterrupted(f"Turn {turn.number} was interrupted.", "chat.send(…) says it again.")
    return AgentHubError.from_dict(turn.error.model_dump())


class Turns(Sequence[Turn]):
    """A chat's turns, as they were when it was asked for them, oldest first."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = tuple(turns)

    @overload
    def __getitem__(self, index: int) -> Turn: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Turn]: ...

    def __getitem__(self, index: int | slice) -> Turn | Sequence[Turn]:
        if isinstance(index, slice):
            return Turns(self._turns[index])
        try:
            return self._turns[index]
        except IndexError:
            raise IndexError(f"The chat has {len(self._turns)} turns, counted from 0.") from None

    def __len__(self) -> int:
        return len(self._turns)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._turns)) or "<no turns>"

    def _repr_html_(self) -> str:
        return turn_display.table(turn._data for turn in self._turns)
