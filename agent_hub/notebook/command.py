"""A command in a chat's container, as a notebook runs it."""

from __future__ import annotations

import shlex
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from agent_hub.errors import AgentHubError, CommandFailed, HubUnavailable
from agent_hub.notebook.plain import visible

if TYPE_CHECKING:
    from agent_hub.models import CommandEvent
    from agent_hub.notebook.transport import Transport

SILENCE_SECONDS = 30.0
"""Without a sign of life for longer, the server is taken to be gone; it gives one every ten seconds."""

KEPT_CHARACTERS = 8 * 2**20
"""Most of the output that a result keeps, counted from its end."""

SHOWN_CHARACTERS = 500_000
"""Most of it that is shown while the command runs: a notebook saves what a cell has shown."""

TAIL_LINES = 20


class CommandResult:
    """How a command ended.

    Parameters
    ----------
    command
        As the container's shell took it.
    output
        What it wrote to both its outputs; of very much, the end.
    seconds
        How long it ran.
    """

    def __init__(self, command: str, exit_code: int, output: str, seconds: float) -> None:
        self.command = command
        self.exit_code = exit_code
        self.output = output
        self.seconds = seconds

    @property
    def ok(self) -> bool:
        """Whether it exited with zero."""
        return self.exit_code == 0

    def check(self) -> CommandResult:
        """Itself. Raises :class:`~agent_hub.errors.CommandFailed` where the exit code is not zero."""
        if not self.ok:
            error = CommandFailed(
                f"The command {shorten(self.command)!r} exited with {self.exit_code}.",
                "Its output says why.",
                exit_code=self.exit_code,
            )
            _add_tail(error, self.output)
            raise error
        return self

    def __repr__(self) -> str:
        return f"CommandResult({shorten(self.command)!r}, exit code {self.exit_code}, {self.seconds:.1f} s)"


class Output:
    """What a command writes: shown, handed on, and the end of it kept."""

    def __init__(self, show: bool, on_output: Callable[[str], object] | None) -> None:
        self._on_output = on_output
        self._room = SHOWN_CHARACTERS if show else 0
        self._show = show
        self._pieces: deque[str] = deque()
        self._size = 0

    def take(self, text: str) -> None:
        """The next piece."""
        self._pieces.append(text)
        self._size += len(text)
        while self._size - len(self._pieces[0]) > KEPT_CHARACTERS:
            self._size -= len(self._pieces.popleft())
        if self._show:
            self._print(text)
        if self._on_output is not None:
            self._on_output(text)

    def _print(self, text: str) -> None:
        shown = text[: self._room]
        self._room -= len(shown)
        if len(shown) < len(text):
            self._show = False
            shown += "\n… more output, which is not shown: the result has the end of it\n"
        sys.stdout.write(shown)
        sys.stdout.flush()

    @property
    def text(self) -> str:
        """What is kept."""
        return "".join(self._pieces)[-KEPT_CHARACTERS:]


def run(
    transport: Transport,
    path: str,
    command: str | Sequence[str],
    timeout: float | None,
    show: bool,
    on_output: Callable[[str], object] | None,
) -> CommandResult:
    """Run a command in the chat at `path`; see :meth:`~agent_hub.notebook.chat.Chat.run`."""
    text = command if isinstance(command, str) else shlex.join(str(word) for word in command)
    output = Output(show, on_output)
    body = {"command": text} | ({} if timeout is None else {"timeout": timeout})
    try:
        # Closed at once where this is interrupted, which ends the command.
        with closing(transport.lines(f"{path}/run", body, SILENCE_SECONDS)) as lines:
            for line in lines:
                event = _parsed(line)
                if event is None:
                    continue
                if event.error is not None:
                    raise AgentHubError.from_dict(event.error.model_dump())
                if event.exit_code is not None:
                    return CommandResult(text, event.exit_code, output.text, event.seconds or 0.0)
                output.take(event.output or "")
        raise HubUnavailable(
            "The server ended while the command ran, and the command with it.", "Start the server, and run it again."
        )
    except AgentHubError as error:
        _add_tail(error, output.text)
        raise


def _parsed(line: bytes) -> CommandEvent | None:
    from agent_hub.models import CommandEvent

    return CommandEvent.model_validate_json(line, extra="ignore") if line else None


def _add_tail(error: AgentHubError, output: str) -> None:
    if lines := output.splitlines()[-TAIL_LINES:]:
        error.add_note("\n".join(["The end of its output:", *map(visible, lines)]))


def shorten(command: str) -> str:
    """A command in one short line."""
    first = command.strip().partition("\n")[0]
    return first if first == command.strip() and len(first) <= 60 else f"{first[:59]}…"
