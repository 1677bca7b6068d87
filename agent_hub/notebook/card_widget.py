"""The cards of chats that a kernel has.

The standard widgets would do it with some twenty models for each card, and replace the whole text of a fold with each
word that is added to it: unfolded output would fold again, and what is selected or scrolled to would be lost.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from agent_hub.notebook.card import Card
from agent_hub.notebook.live import live
from agent_hub.notebook.page_widget import PATIENCE, PageWidget, pieces

if TYPE_CHECKING:
    from agent_hub.models import Chat
    from agent_hub.notebook.transport import Transport

MOST_CARDS = 100
"""Live in one kernel; the one that was displayed longest ago rests then."""


class CardWidget(PageWidget):
    """The card of a chat in a page."""

    card: Card

    _esm = pieces("page.js", "card.js")
    _css = pieces("card.css")

    def __init__(self, transport: Transport, card: Card) -> None:
        self.server = transport.server
        self._live = live(transport)
        super().__init__(card, {"chat": card.chat_id})

    def close(self) -> None:
        """Be gone from all pages, as by ``Widget.close_all()``; displayed again, the chat has another card."""
        if self.comm is not None:
            self._live.forget(self.card)
        super().close()

    def rest(self) -> None:
        """Be live no longer; the next time the chat is displayed, another card is."""
        self._live.forget(self.card)
        self.card.rest(f"More than {MOST_CARDS} chats are shown: this one is no longer live. Display it again.")


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
