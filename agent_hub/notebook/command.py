"""A command in a chat's container, as a notebook runs it."""

from __future__ import annotations

import shlex
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, closing, contextmanager
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, CommandFailed, HubUnavailable
from agent_hub.notebook.plain import visible

if TYPE_CHECKING:
    from agent_hub.models import CommandEvent
    from agent_hub.notebook.async_transport import AsyncTransport
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


class Running:
    """A command that runs, as its answer tells of it: what a thread and an event loop have in common.

    Parameters
    ----------
    command, timeout, show, on_output
        See :meth:`~agent_hub.notebook.chat.Chat.run`.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        timeout: float | None,
        show: bool,
        on_output: Callable[[str], object] | None,
    ) -> None:
        self._text = command if isinstance(command, str) else shlex.join(str(word) for word in command)
        self._timeout = timeout
        self._output = Output(show, on_output)

    @property
    def body(self) -> dict[str, Any]:
        """What the hub is asked for."""
        return {"command": self._text} | ({} if self._timeout is None else {"timeout": self._timeout})

    def take(self, line: bytes) -> CommandResult | None:
        """The next line of the answer; what came of the command, once it has ended."""
        event = _parsed(line)
        if event is None:
            return None
        if event.error is not None:
            raise AgentHubError.from_dict(event.error.model_dump())
        if event.exit_code is not None:
            return CommandResult(self._text, event.exit_code, self._output.text, event.seconds or 0.0)
        self._output.take(event.output or "")
        return None

    @property
    def lost(self) -> HubUnavailable:
        """What to raise where the answer ends before the command."""
        return HubUnavailable(
            "The server ended while the command ran, and the command with it.", "Start the server, and run it again."
        )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """An error in this context ends with the end of what the command has written."""
        try:
            yield
        except AgentHubError as error:
            _add_tail(error, self._output.text)
            raise


def run(transport: Transport, path: str, running: Running) -> CommandResult:
    """Run a command in the chat at `path`."""
    # Closed at once where this is interrupted, which ends the command.
    with running.explained(), closing(transport.lines(path, running.body, SILENCE_SECONDS)) as lines:
        for line in lines:
            if (result := running.take(line)) is not None:
                return result
        raise running.lost


async def run_async(transport: AsyncTransport, path: str, running: Running) -> CommandResult:
    """As :func:`run`, on an event loop."""
    with running.explained():
        async with aclosing(transport.lines(path, running.body, SILENCE_SECONDS)) as lines:
            async for line in lines:
                if (result := running.take(line)) is not None:
                    return result
        raise running.lost


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
