"""A real terminal: a window of tmux with a shell in it, which is typed into and looked at."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

LIMIT = 300.0
"""Seconds that anything may take to be shown."""

PROMPT = "outer> "


class Tmux:
    """One window, on a server of its own.

    Parameters
    ----------
    folder
        Where the server's socket is, and where the shell starts.
    environment
        Of the shell.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], rows: int = 30, columns: int = 100) -> None:
        self._socket = f"agent-hub-test-{secrets.token_hex(4)}"
        self._folder = folder
        self._environment = environment
        self._size = (rows, columns)

    def __enter__(self) -> Tmux:
        rows, columns = self._size
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-y", str(rows), "-x", str(columns), "-c", str(self._folder)),
            *("env", f"PS1={PROMPT}", *(f"{name}={value}" for name, value in self._environment.items())),
            *("bash", "--norc", "--noprofile"),
        )
        self.until(lambda shown: shown.startswith(PROMPT.strip()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server")

    def type(self, text: str) -> None:
        """Type a line, and Enter."""
        self._tmux("send-keys", "-l", "--", text)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys, as tmux calls them: ``C-c``."""
        self._tmux("send-keys", *keys)

    def resize(self, rows: int, columns: int) -> None:
        """Make the window another size."""
        self._tmux("resize-window", "-y", str(rows), "-x", str(columns))

    @property
    def shown(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p")

    def until(self, condition: Callable[[str], bool], limit: float = LIMIT) -> str:
        """What is on the screen, once it is as it should be."""
        deadline = time.monotonic() + limit
        while not condition(shown := self.shown):
            if time.monotonic() > deadline:
                raise AssertionError(f"The terminal never showed it:\n{shown}")
            time.sleep(0.05)
        return shown

    def shows(self, text: str, limit: float = LIMIT) -> str:
        """What is on the screen, once a text is."""
        return self.until(lambda shown: text in shown, limit)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments], check=True, capture_output=True, text=True, timeout=30
        )
        return done.stdout
