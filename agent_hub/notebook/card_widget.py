"""The cards of a kernel as widgets, by `anywidget`.

The standard widgets would do it with some twenty models for each card, and replace the whole text of a fold with each
word that is added to it: unfolded output would fold again, and what is selected or scrolled to would be lost.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from agent_hub.notebook.card import Card
from agent_hub.notebook.live import live

if TYPE_CHECKING:
    from agent_hub.models import Chat
    from agent_hub.notebook.transport import Transport

MOST_CARDS = 100
"""Live in one kernel; the one that was displayed longest ago rests then."""

PATIENCE = 2.0
"""Seconds that a cell waits for the conversation which it shows: it may be run without a page, and saved then."""

CHAT_MIME_TYPE = "application/vnd.agent-hub.chat+json"
"""Makes Lab, where it has the hub's extension, show the HTML where no kernel has the widget (``chatoutput.ts``)."""

_FOLDER = Path(__file__).parent


class CardWidget(anywidget.AnyWidget):
    """A card in a page: all its views show the same."""

    _esm = (_FOLDER / "card.js").read_text(encoding="utf-8")
    _css = (_FOLDER / "card.css").read_text(encoding="utf-8")

    state = traitlets.Dict().tag(sync=True, to_json=lambda value, widget: widget.card.everything())
    """What a page asks for that comes new: made when it is asked for, and told in pieces after that."""

    def __init__(self, transport: Transport, card: Card) -> None:
        self.card = card
        self.server = transport.server
        self._live = live(transport)
        self._display = f"agent-hub-{card.chat_id}"
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

        # The outputs of all cells that show it have that id, and are updated together.
        display(self.bundle(), raw=True, display_id=self._display)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Be gone from all pages, as by ``Widget.close_all()``; displayed again, the chat has another card."""
        if self.comm is not None:
            self._live.forget(self.card)
        super().close()

    def rest(self) -> None:
        """Be live no longer; the next time the chat is displayed, another card is."""
        self._live.forget(self.card)
        self.card.rest(f"More than {MOST_CARDS} chats are shown: this one is no longer live. Display it again.")

    def bundle(self) -> dict[str, Any]:
        """What a notebook shows, and keeps."""
        view = {"version_major": 2, "version_minor": 1, "model_id": self.model_id}
        return {
            "text/plain": self.card.text(),
            "text/html": self.card.html(),
            CHAT_MIME_TYPE: {"chat": self.card.chat_id},
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


def _asked(widget: CardWidget, content: Mapping[str, Any], buffers: object) -> None:
    if isinstance(content, dict):
        widget.card.asked(content)


Key = tuple[str, str, str]

_cards: dict[Key, CardWidget] = {}
_keeping = threading.Lock()
_making: dict[Key, threading.Lock] = {}


def card_of(transport: Transport, chat: Chat) -> CardWidget:
    """The kernel's card of a chat, which is live from now on.

    It knows all of the conversation, unless that takes the server longer than :data:`PATIENCE`: then the rest follows.
    """
    server = transport.server
    key = (server.url, server.socket, chat.id)
    # No chat waits for another one's server.
    with _making.setdefault(key, threading.Lock()):
        with _keeping:
            widget = _cards.pop(key, None)
        if widget is not None and widget.server != server:
            # With another token, which the server may refuse by now. All outputs of the chat show its newest card.
            widget.close()
        if widget is None or widget.comm is None:
            widget = _new(transport, chat)
        else:
            widget.card.load_soon()
        with _keeping:
            _cards[key] = widget
            oldest = _cards.pop(next(iter(_cards))) if len(_cards) > MOST_CARDS else None
    if oldest is not None:
        oldest.rest()
    return widget


def _new(transport: Transport, chat: Chat) -> CardWidget:
    card = Card(transport, chat)
    connection = live(transport)
    # Before it is asked for: no change is lost in between.
    connection.watch(card)
    try:
        with suppress(TimeoutError):
            card.load_soon().result(PATIENCE)
        return CardWidget(transport, card)
    except BaseException:
        connection.forget(card)
        raise
