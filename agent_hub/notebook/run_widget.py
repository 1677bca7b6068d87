"""The tables of runs that a kernel has."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from agent_hub.errors import AgentHubError
from agent_hub.notebook.page_widget import PATIENCE, PageWidget, pieces
from agent_hub.notebook.run_card import RunCard

if TYPE_CHECKING:
    from agent_hub.notebook.runs import Runs

MOST_TABLES = 20
"""Live in one kernel; the one that was made longest ago rests then."""


class RunWidget(PageWidget):
    """The table of a run in a page."""

    card: RunCard

    _esm = pieces("page.js", "run.js")
    _css = pieces("card.css", "run.css")

    def __init__(self, runs: Runs) -> None:
        self.server = runs._transport.server
        super().__init__(RunCard(runs), {"run": runs.id})

    def close(self) -> None:
        """Be gone from all pages, as by ``Widget.close_all()``; displayed again, the run has another table."""
        self.card.rest("This table is closed: display the run again.")
        super().close()


Key = tuple[str, str, str]

_tables: dict[Key, RunWidget] = {}
_keeping = threading.Lock()


def table_of(runs: Runs) -> RunWidget:
    """The kernel's table of a run, which is live from now on.

    It has the metrics of those that have ended, unless that takes longer than
    :data:`~agent_hub.notebook.page_widget.PATIENCE`: then they follow.
    """
    server = runs._transport.server
    key = (server.url, server.socket, runs.id)
    with _keeping:
        widget = _tables.get(key)
        if widget is not None and widget.server != server:
            # With another token, which the server may refuse by now.
            widget.close()
        if widget is None or widget.comm is None:
            _tables.pop(key, None)
            widget = _tables[key] = RunWidget(runs)
        oldest = _tables.pop(next(iter(_tables))) if len(_tables) > MOST_TABLES else None
    if oldest is not None:
        oldest.card.rest(f"More than {MOST_TABLES} runs are shown: this one is no longer live. Display it again.")
    try:
        widget.card.look()
    except AgentHubError as error:
        widget.card.away(error.message)
    widget.card.follow()
    widget.card.passed.wait(PATIENCE)
    return widget
