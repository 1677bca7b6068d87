"""Every terminal of the hub, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from agent_hub.errors import NotFound
from agent_hub.terminals.palette import Palette
from agent_hub.terminals.terminal import Terminal


class Terminals(Mapping[str, Terminal]):
    """The terminals, by the chat's id, in the order they were created."""

    def __init__(self) -> None:
        self._terminals: dict[str, Terminal] = {}
        self._palette = Palette()

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
        return Terminal(name, on_end, palette=self._palette)

    def adopt(self, terminal: Terminal) -> None:
        """Let a terminal of :meth:`make` be found by its name."""
        self._terminals[terminal.name] = terminal

    def find(self, name: str) -> Terminal:
        """The terminal of that name. Raises :class:`~agent_hub.errors.NotFound`."""
        terminal = self._terminals.get(name)
        if terminal is None:
            raise NotFound(f"There is no terminal called {name!r}.", "Its chat may have been deleted.")
        return terminal

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
