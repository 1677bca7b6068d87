"""Many chats of one prompt, each with values of its own: how they fare, and what has come of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, Conflict, NotFound
from agent_hub.notebook.mapping import ByName
from agent_hub.notebook.output import in_a_kernel
from agent_hub.notebook.polling import poll
from agent_hub.notebook.record import bundle
from agent_hub.notebook.results import METRICS, frame
from agent_hub.notebook.run_state import is_done, to_stop

if TYPE_CHECKING:
    import pandas

    from agent_hub import models
    from agent_hub.notebook.artifacts import Artifacts
    from agent_hub.notebook.chat import Chat
    from agent_hub.notebook.diff import Diff
    from agent_hub.notebook.run_widget import RunWidget
    from agent_hub.notebook.transport import Transport

RUN_TIMEOUT = 7 * 24 * 3600.0
"""Seconds; a sweep may take days."""


class Runs:
    """The chats that :meth:`Hub.map` has started: one for each combination of a grid.

    The hub begins them, a few at a time, whether this kernel runs or not: ``hub.runs[name]`` finds them again. A chat
    that has done its part is stopped, and its files and its conversation are kept.
    """

    def __init__(self, transport: Transport, data: models.Run) -> None:
        self._transport = transport
        self._data = data
        self._seen: list[models.Chat] = []

    @property
    def id(self) -> str:
        """The hub's name for it, which never changes."""
        return self._data.id

    @property
    def name(self) -> str:
        """What ``hub.runs`` knows it by."""
        return self._data.name

    @property
    def chats(self) -> Sequence[Chat]:
        """The chats, in the order of the grid; ``chat.parameters`` says what each was given."""
        return [self._chat(data) for data in self._look()]

    @property
    def artifacts(self) -> Sequence[Artifacts]:
        """What each has published, in the order of :attr:`chats`."""
        return [chat.artifacts for chat in self.chats]

    @property
    def diffs(self) -> Sequence[Diff | None]:
        """What each has changed, in the order of :attr:`chats`; ``None`` for one that has never begun."""
        return [chat.diff() if has_begun(chat._data) else None for chat in self.chats]

    @property
    def done(self) -> bool:
        """Whether each of them has ended, however."""
        return all_done(self._look())

    def wait(self, timeout: float | None = RUN_TIMEOUT, *, progress: bool = True) -> Runs:
        """Wait until each has ended, however, and return this. Ctrl-C ends the waiting and nothing else.

        Parameters
        ----------
        timeout
            Seconds; None waits without a limit.
        progress
            Show in the notebook how they fare meanwhile.

        Raises
        ------
        TimeoutError
            Some have not ended in time; they go on.
        """
        table = self._show() if progress and in_a_kernel() else None
        for seen in self._looks(timeout):
            if all_done(seen):
                break
        if table is not None:
            # How all have ended is there before the next cell runs: the notebook may be saved then.
            with suppress(AgentHubError):
                table.card.look()
                table.card.read_metrics()
        return self

    def as_completed(self, timeout: float | None = None) -> Iterator[Chat]:
        """The chats as they end, whichever ends first, until all have. Ctrl-C ends the waiting and nothing else.

        Parameters
        ----------
        timeout
            Seconds for all of them; None waits without a limit.

        Raises
        ------
        TimeoutError
            Some have not ended in time; they go on.
        """
        told: set[str] = set()
        for seen in self._looks(timeout):
            yield from map(self._chat, newly_done(seen, told))
            # Not by how many were told: one that has been told may be deleted by now.
            if all_done(seen):
                break

    def __iter__(self) -> Iterator[Chat]:
        """The chats as they are now, in the order of the grid; :meth:`as_completed` waits for each."""
        return iter(self.chats)

    def __len__(self) -> int:
        return len(self._look())

    def __getitem__(self, index: int) -> Chat:
        """The chat of that place in the grid, from 0."""
        return self._chat(self._look()[index])

    def results(self, metrics: str = METRICS) -> pandas.DataFrame:
        """What has come of each so far: a row each, with its parameters, how it ended, and the metrics it has left.

        A chat that failed is a row like any other, which says why in its column ``error``.

        Parameters
        ----------
        metrics
            A JSON object that the agents were asked to publish as an artifact of that name, or to write to
            ``results/`` under that name; each of its values is a column.

        Raises
        ------
        MissingPackage
            pandas is not installed.
        """
        return frame(self.chats, metrics)

    def stop(self) -> Runs:
        """Stop all that work, and those that wait for their turn."""
        from agent_hub.notebook.chat import Chat

        for data in to_stop(self._look()):
            with suppress(Conflict, NotFound):  # It has ended meanwhile, or is deleted.
                Chat(self._transport, data).stop()
        return self

    def delete(self, *, force: bool = False) -> None:
        """Delete all of its chats for good; see :meth:`Chat.delete`."""
        for chat in reversed(self.chats):
            chat.delete(force=force)

    # -- how it is shown

    def _ipython_display_(self) -> None:
        if not in_a_kernel():
            raise NotImplementedError
        self._show()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from agent_hub.notebook import run_display

        try:
            self._look()
        except AgentHubError as error:
            return bundle(repr(self), run_display.html(self._data, self._seen), error.message)
        return self._bundle()

    def _repr_html_(self) -> str:
        return str(self._repr_mimebundle_()["text/html"])

    def _show(self) -> RunWidget:
        """Display the live table, as it is now."""
        from agent_hub.notebook.run_widget import table_of

        table = table_of(self)
        table.show()
        return table

    def _bundle(self) -> dict[str, str]:
        from agent_hub.notebook import run_display

        return bundle(run_display.text(self._data, self._seen), run_display.html(self._data, self._seen))

    def __repr__(self) -> str:
        from agent_hub.notebook import run_display

        return run_display.line(self._data, self._seen)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Runs):
            return NotImplemented
        return (self.id, self._transport.url) == (other.id, other._transport.url)

    def __hash__(self) -> int:
        return hash(self.id)

    # -- within

    def _look(self) -> list[models.Chat]:
        from agent_hub.models import Chat as Data

        self._seen = self._transport.read_all(f"{self._path}/chats", Data)
        return self._seen

    def _looks(self, timeout: float | None) -> Iterator[list[models.Chat]]:
        try:
            yield from poll(self._look, timeout, *self._late)
        except KeyboardInterrupt:
            print(f"The chats of {self.name!r} go on. To find them again: hub.runs[{self.name!r}]")
            raise

    @property
    def _late(self) -> tuple[str, str]:
        """For the error of a wait: what did not happen, and what to do."""
        return f"{self.name!r} has not ended", f"It goes on: hub.runs[{self.name!r}].wait() waits."

    @property
    def _path(self) -> str:
        return f"runs/{self.id}"

    def _chat(self, data: models.Chat) -> Chat:
        from agent_hub.notebook.chat import Chat

        return Chat(self._transport, data)


class AllRuns(ByName[Runs]):
    """The hub's runs."""

    noun = "run"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _fetch(self) -> list[Runs]:
        from agent_hub.models import Run as Data

        return [Runs(self._transport, data) for data in self._transport.read_all("runs", Data)]

    def _html(self, found: list[Runs]) -> str:
        from agent_hub.notebook import run_display

        return run_display.table(runs._data for runs in found)


def all_done(chats: Sequence[models.Chat]) -> bool:
    """Whether each of these has ended, however."""
    return all(map(is_done, chats))


def newly_done(chats: Sequence[models.Chat], told: set[str]) -> Sequence[models.Chat]:
    """Those that have ended and were not told of; they are then."""
    new = [data for data in chats if is_done(data) and data.id not in told]
    told.update(data.id for data in new)
    return new


def has_begun(data: models.Chat) -> bool:
    """Whether there is a workspace to look at."""
    return data.started_at is not None
