"""The tables of runs that a kernel has."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from agent_hub.notebook.page_widget import PageWidget, pieces
from agent_hub.notebook.run_card import RunCard

if TYPE_CHECKING:
    from agent_hub.notebook.runs import Runs


MOST_TABLES = 20
"""Live in one kernel; the one that was made longest ago rests then."""


class RunWidget(PageWidget):
    """The table of a run in a page."""

    _esm = pieces("page.js", "run.js")
    _css = pieces("card.css", "run.css")

    def __init__(self, runs: Runs) -> None:
        self.card = RunCard(runs)
        self.server = runs._transport.server
        super().__init__(self.card, {"run": runs.id})

    def close(self) -> None:
        """Be gone from all pages, as by ``Widget.close_all()``; displayed again, the run has another table."""
        self.card.rest("This table is closed: display the run again.")
        super().close()


Key = tuple[str, str, str]

_tables: dict[Key, RunWidget] = {}
_keeping = threading.Lock()


def table_of(runs: Runs) -> RunWidget:
    """The kernel's table of a run."""
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
    return widget
