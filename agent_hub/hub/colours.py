"""The colours that terminals are shown in, kept for programs that ask before anybody watches."""

from __future__ import annotations

from collections.abc import Callable

from agent_hub.hub.store import Store
from agent_hub.models import TerminalColours
from agent_hub.terminals.palette import Palette

_KEY = "terminal_colours"


class Colours:
    """The colours of the screen that was told of last, over restarts.

    Parameters
    ----------
    on_change
        Called once other ones are told.
    """

    def __init__(self, store: Store, on_change: Callable[[], None]) -> None:
        known = store.recall(_KEY)
        self._kept = None if known is None else TerminalColours.model_validate_json(known)
        self.palette = Palette(self._kept)
        self._store = store
        self._on_change = on_change

    async def tell(self, colours: TerminalColours) -> None:
        """Take the colours of a person's screen.

        Raises
        ------
        StorageFull
            They are used all the same, as long as this hub runs.
        """
        if colours != self.palette.colours:
            self.palette.colours = colours
            self._on_change()
        if colours != self._kept:
            await self._store.note(_KEY, colours.model_dump_json())
            self._kept = colours
