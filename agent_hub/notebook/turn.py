"""One turn of a chat in a notebook: a prompt, and what the agent did about it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from agent_hub.errors import AgentHubError
from agent_hub.notebook import turn_display
from agent_hub.notebook.following import News, Said, follow
from agent_hub.notebook.record import bundle
from agent_hub.notebook.turn_record import TURN_TIMEOUT, Decision, TurnRecord

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.transport import Transport  # noqa: F401 (named in a quoted base class)


class Turn(TurnRecord["Transport"]):
    """A prompt, and all that the agent did about it. Made by :meth:`Chat.send`.

    What it holds is what was last seen of it; whatever can change asks the hub, unless it has ended.
    """

    def _latest(self) -> models.Turn:
        return self.refresh()._data

    def refresh(self) -> Turn:
        """Look again."""
        if not self._is_whole:
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

    def approve(self, *approvals: models.Approval, for_session: bool = False) -> Turn:
        """Let the agent do what it asks for.

        Parameters
        ----------
        *approvals
            Some of :attr:`approvals`; all that were last seen in this object, where none are named. What the agent has
            asked for since then, and nobody has read, is never answered.
        for_session
            And the same things later, without asking.

        Raises
        ------
        Conflict
            Nothing has been seen that it asks for.
        NotFound
            Nobody waits for the answer any more.
        """
        return self._answer(approvals, "accept_for_session" if for_session else "accept")

    def decline(self, *approvals: models.Approval) -> Turn:
        """Let the agent do nothing of what it asks for; it goes on without. As for :meth:`approve`."""
        return self._answer(approvals, "decline")

    def _answer(self, approvals: Sequence[models.Approval], decision: Decision) -> Turn:
        for path in self._answered(approvals):
            self._transport.post(path, {"decision": decision})
        return self

    def __repr__(self) -> str:
        return turn_display.line(self._data)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        note = ""
        try:
            self.refresh()
        except AgentHubError as error:
            note = f"as last seen: {error.message}"
        return self._bundle(note)

    def _bundle(self, note: str = "", last: int | None = None) -> dict[str, str]:
        """It as it was last seen; `last` leaves all but so many of its steps out, for what is soon shown anew."""
        shown = bundle(repr(self), turn_display.html(self._data, last), note)
        return shown | {"text/markdown": self._data.text} if self._data.text and last is None else shown


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
