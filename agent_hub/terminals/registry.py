"""Every terminal of the hub, by name."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from agent_hub.errors import NotFound
from agent_hub.models import TerminalMatches
from agent_hub.terminals.history import DEFAULT_SIZE, History
from agent_hub.terminals.journal import Journal
from agent_hub.terminals.palette import Palette
from agent_hub.terminals.terminal import Terminal

_SEARCHES = 2


class Terminals(Mapping[str, Terminal]):
    """The terminals, by the chat's id, in the order they were created.

    Parameters
    ----------
    folder
        Where a terminal's journal is kept, by its name; without it none is kept.
    palette
        The colours of people's screens.
    """

    def __init__(self, folder: Callable[[str], Path] | None = None, palette: Palette | None = None) -> None:
        self._folder = folder
        self._terminals: dict[str, Terminal] = {}
        self.palette = palette or Palette()
        self._searching = asyncio.Semaphore(_SEARCHES)
        self.last_size = DEFAULT_SIZE
        """Rows and columns that a viewer asked for most recently; a new terminal begins with them."""

    def __getitem__(self, name: str) -> Terminal:
        return self._terminals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terminals)

    def __len__(self) -> int:
        return len(self._terminals)

    def get_or_create(self, name: str, on_end: Callable[[], None] | None = None) -> Terminal:
        """The terminal of that name, created where there is none; `on_end` as in `Terminal`."""
        terminal = self._terminals.get(name)
        if terminal is None:
            terminal = self._terminals[name] = self.make(name, on_end)
        return terminal

    def make(self, name: str, on_end: Callable[[], None] | None = None) -> Terminal:
        """A terminal that nobody finds yet, for a program that runs before anyone has asked for it."""
        journal = Journal(self._folder(name)) if self._folder is not None else None
        history = History(journal=journal, size=self.last_size)
        return Terminal(name, on_end, history, self.palette, self.last_size, self._sized)

    def _sized(self, size: tuple[int, int]) -> None:
        self.last_size = size

    def adopt(self, terminal: Terminal) -> None:
        """Let a terminal of :meth:`make` be found by its name."""
        self._terminals[terminal.name] = terminal

    def find(self, name: str) -> Terminal:
        """The terminal of that name. Raises :class:`~agent_hub.errors.NotFound`."""
        terminal = self._terminals.get(name)
        if terminal is None:
            raise NotFound(f"There is no terminal called {name!r}.", "Its chat may have been deleted.")
        return terminal

    async def search(self, name: str, query: str, limit: int) -> TerminalMatches:
        """The newest lines of a terminal that hold `query`; cancelling it ends the search.

        Raises
        ------
        NotFound
            There is no such terminal.
        """
        terminal = self.find(name)
        cancelled = threading.Event()
        async with self._searching:
            lines = terminal.history.lines()
            try:
                return await asyncio.to_thread(lines.find, query, limit, cancelled)
            finally:
                cancelled.set()

    async def text(self, name: str) -> str:
        """Every line that is kept of what a terminal has shown. Raises :class:`~agent_hub.errors.NotFound`."""
        async with self._searching:
            return await asyncio.to_thread(self.find(name).history.lines().text)

    async def remove(self, name: str) -> None:
        """End a terminal for good; no error where there is none."""
        terminal = self._terminals.pop(name, None)
        if terminal is not None:
            await terminal.close()

    async def close(self) -> None:
        """Let go of them all, as the server ends. The programs go on, and viewers come back with the next server."""
        while self._terminals:
            _, terminal = self._terminals.popitem()
            await terminal.close(gone=False)
