"""What the live cards of a kernel have in common as widgets, by `anywidget`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import anywidget
import traitlets

PATIENCE = 2.0
"""Seconds that a cell waits for what it shows: it may be run without a page, and saved then."""

LIVE_MIME_TYPE = "application/vnd.agent-hub.chat+json"
"""Makes Lab, where it has the hub's extension, show the HTML where no kernel has the widget (``chatoutput.ts``)."""

_FOLDER = Path(__file__).parent


def pieces(*names: str) -> str:
    """Files of this folder as one text, which is what anywidget takes."""
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


class LiveCard(Protocol):
    """What a page shows. It tells from any thread."""

    tell: Callable[[dict[str, Any]], None]
    settled: Callable[[], None]

    def still(self) -> AbstractContextManager[object]: ...

    def everything(self) -> dict[str, Any]: ...

    def asked(self, content: Mapping[str, Any]) -> None: ...

    def text(self) -> str: ...

    def html(self) -> str: ...


class PageWidget(anywidget.AnyWidget):
    """A card in a page: all its views show the same.

    Parameters
    ----------
    card
        What is shown.
    about
        Of what the card is, for who reads a saved notebook.
    """

    state = traitlets.Dict().tag(sync=True, to_json=lambda value, widget: widget.card.everything())
    """What a page asks for that comes new: made when it is asked for, and told in pieces after that."""

    def __init__(self, card: LiveCard, about: Mapping[str, str]) -> None:
        self.card = card
        self._about = dict(about)
        self._display = "-".join(("agent-hub", *self._about.values()))
        self._settling = threading.Lock()
        # What a page is told goes on from the state that it is opened with.
        with card.still():
            super().__init__()
            card.tell = self._tell
            card.settled = self._settle
        self._answer_anywhere()
        self.on_msg(_asked)

    def show(self) -> None:
        """Display it as the output of the cell that runs."""
        from IPython.display import display

        # The outputs of all cells that show it have that id, and are updated together: none of them by an older one.
        with self._settling:
            display(self.bundle(), raw=True, display_id=self._display)  # type: ignore[no-untyped-call]

    def bundle(self) -> dict[str, Any]:
        """What a notebook shows, and keeps."""
        view = {"version_major": 2, "version_minor": 1, "model_id": self.model_id}
        return {
            "text/plain": self.card.text(),
            "text/html": self.card.html(),
            LIVE_MIME_TYPE: self._about,
            "application/vnd.jupyter.widget-view+json": view,
        }

    def _tell(self, message: dict[str, Any]) -> None:
        self.send(message)
        self._answer_anywhere()

    def _answer_anywhere(self) -> None:
        # Lab sends what a person does here to a thread of the kernel that is free while a cell runs. ipykernel 7.4
        # takes it to the one that last sent something, unless it knows of none: to the cell's, which may wait for the
        # very turn that is to be interrupted.
        # And one that was closed while it was told something has none.
        if self.comm is not None:
            self.comm.__dict__.pop("_reply_subshell_id", None)

    def _settle(self) -> None:
        from IPython.display import update_display

        # From any thread: the last of them is the newest.
        with self._settling:
            if self.comm is not None:
                self.send_state("state")
                self._answer_anywhere()
                update_display(self.bundle(), display_id=self._display, raw=True)  # type: ignore[no-untyped-call]


def _asked(widget: PageWidget, content: Mapping[str, Any], buffers: object) -> None:
    if isinstance(content, dict):
        widget.card.asked(content)
