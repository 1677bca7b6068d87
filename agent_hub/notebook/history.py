"""What a chat has published, prompt by prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import overload

from agent_hub.notebook import display
from agent_hub.notebook.versions import V, VersionRecord, Versions, asked


class TurnArtifacts(Versions[V]):
    """What one turn has published."""

    @property
    def turn(self) -> int | None:
        """The turn's number, as in ``chat.turns``; ``None`` for what was published in no turn that is known."""
        return self[0].turn

    @property
    def prompt(self) -> str:
        """The turn's prompt, its beginning."""
        return self[0].prompt

    def __repr__(self) -> str:
        from agent_hub.models import plain_line

        return "\n".join([plain_line(asked(self.turn, self.prompt)), *(f"  {one!r}" for one in self)])

    def _repr_html_(self) -> str:
        return f"{_heading(self)}{_files(self)}"


class History(Sequence[TurnArtifacts[V]]):
    """Every version of all that a chat has published, by the turns that published them, the oldest first."""

    def __init__(self, versions: Iterable[V]) -> None:
        # A turn goes on while the next begins, where the agent has left commands running.
        in_order = sorted(versions, key=_order)
        self._turns = [TurnArtifacts(list(group)) for _, group in groupby(in_order, key=lambda one: one.turn)]

    @overload
    def __getitem__(self, index: int) -> TurnArtifacts[V]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TurnArtifacts[V]]: ...
    def __getitem__(self, index: int | slice) -> TurnArtifacts[V] | Sequence[TurnArtifacts[V]]:
        return self._turns[index]

    def __len__(self) -> int:
        return len(self._turns)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._turns)) or "<nothing was published>"

    def _repr_html_(self) -> str:
        if not self._turns:
            return f"<div>{display.quiet('Nothing was published yet.')}</div>"
        return "".join(turn._repr_html_() for turn in self._turns)


def _order(version: VersionRecord) -> tuple[int, float]:
    return version.turn or 0, version.published_at.timestamp()


def _heading(turn: TurnArtifacts[V]) -> str:
    words = display.cell(asked(turn.turn, turn.prompt))
    return f'<div {display.AS_IT_IS} style="margin-top: 8px;"><strong>{words}</strong></div>'


def _files(turn: TurnArtifacts[V]) -> str:
    rows = [(one.name, one.number, one.media_type, display.size(one.size), one.published_at) for one in turn]
    return display.table(("Artifact", "Version", "Type", "Size", "Published"), rows, "")
