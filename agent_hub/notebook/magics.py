"""``%%agent``: a cell is a prompt. ``%load_ext agent_hub`` brings it."""

from __future__ import annotations

import re
import shlex
import time
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import Any, NoReturn

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from agent_hub.errors import AgentHubError, InvalidInput, NotFound
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.interpolation import interpolate
from agent_hub.notebook.live import CHARACTERS_PER_SECOND, SHARE
from agent_hub.notebook.mapping import NoSuchName
from agent_hub.notebook.output import Output, in_a_kernel
from agent_hub.notebook.turn import Turn
from agent_hub.notebook.turn_record import TURN_TIMEOUT

FRAME_SECONDS = 0.1
"""Between two states of an answer that is shown as it comes, at least."""

FRAME_ITEMS = 10
"""Most steps of a turn that are shown while it goes on; once it has ended, all are."""

INTERRUPT_SECONDS = 10.0
"""That an agent gets to end its turn, once it is asked to."""

_LINE = re.compile(r"%{1,2}agent\s")
_MATCHER = "agent_hub"

FOR_A_NEW_CHAT = ("project", "agent", "model", "gpus", "name")


class _Options(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"%agent: {message}.", "%agent --help lists the options.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise _Helped


class _Helped(Exception):
    """The options have been listed, and that was all."""


def _options() -> ArgumentParser:
    options = _Options(
        prog="%%agent",
        description="The cell is the prompt; {name} in it is a variable of the notebook. The last chat goes on.",
        epilog="%agent alone lists the chats. _chat and _turn are the last ones.",
        allow_abbrev=False,
    )
    options.add_argument("--new", action="store_true", help="begin a new chat")
    options.add_argument("--chat", metavar="NAME", help="go on with this chat, by name or id")
    options.add_argument("--project", metavar="NAME", help="of a new chat; not needed where there is one alone")
    options.add_argument("--agent", metavar="NAME", help="of a new chat")
    options.add_argument("--model", metavar="NAME", help="of a new chat")
    options.add_argument("--gpus", metavar="N", type=int, help="of a new chat")
    options.add_argument("--name", metavar="NAME", help="of a new chat")
    return options


@magics_class
class AgentMagics(Magics):
    """``%%agent`` and ``%agent``."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._variables = shell.user_ns
        self._hub: Hub | None = None
        self._chat: Chat | None = None

    @line_cell_magic
    def agent(self, line: str, cell: str | None = None) -> None:
        """Give an agent the cell as its prompt, and show what it does; as a line, list the chats."""
        try:
            self._run(line, cell)
        except _Helped:
            return
        except (AgentHubError, NoSuchName, TimeoutError, KeyboardInterrupt) as error:
            line = f"{type(error).__name__}: {error}".rstrip(": ")
            # IPython asks an error how it wants to be shown; that it is one still ends "Run All".
            error._render_traceback_ = lambda: [line]  # type: ignore[union-attr, method-assign]
            raise

    def _run(self, line: str, cell: str | None) -> None:
        options = _parsed(line)
        if cell is None:
            if options.chat is not None:
                self._chat = self.hub.chats[options.chat]
                self._push(_chat=self._chat)
            display(self.hub.chats if options.chat is None else self._chat)  # type: ignore[no-untyped-call]
            return
        if not cell.strip():
            raise InvalidInput("The cell has no prompt.", "Write it below %%agent.")
        prompt, inputs = interpolate(cell.strip(), self._variables)
        chat = self._continued(options)
        if chat is None:
            settings = {name: getattr(options, name) for name in FOR_A_NEW_CHAT if name != "project"}
            chat = self.hub.new_chat(self._project(options.project), prompt, inputs=inputs, **settings)
            self._chat = chat
            self._push(_chat=chat)
            # A chat that cannot be started says so here, and not as one without turns.
            turn = chat.wait_ready().turns[0]
        else:
            turn = chat.send(prompt, inputs=inputs)
        self._push(_chat=chat, _turn=turn)
        _show(chat, turn)

    @property
    def hub(self) -> Hub:
        """The notebook's own, where it has one by that name."""
        own = self._variables.get("hub")
        if isinstance(own, Hub):
            return own
        if self._hub is None:
            self._hub = Hub()
        return self._hub

    def _continued(self, options: Namespace) -> Chat | None:
        """The chat that goes on; ``None`` for a new one."""
        if options.chat is not None:
            if options.new:
                raise InvalidInput("%agent: --new and --chat exclude each other.", "Leave one of them out.")
            self._chat = self.hub.chats[options.chat]
        if options.new or self._chat is None:
            return None
        try:
            status = self._chat.status
        except NotFound:
            if options.chat is not None:
                raise
            return None
        given = [name for name in FOR_A_NEW_CHAT if getattr(options, name) is not None]
        if given:
            raise InvalidInput(
                f"%agent: --{given[0]} is for a new chat, and {self._chat.name!r} goes on.",
                "Add --new, or leave it out.",
            )
        if status in ("exited", "failed"):
            self._chat.start()
        return self._chat.wait_ready()

    def _project(self, name: str | None) -> str:
        if name is not None:
            return name
        projects = list(self.hub.projects.values())
        if len(projects) == 1:
            return projects[0].id
        names = ", ".join(repr(project.name) for project in projects[:8])
        raise InvalidInput(
            "%agent: which project?",
            f"Add --project with one of {names}." if names else "hub.add_project(url) adds one.",
        )

    def _push(self, **variables: Any) -> None:
        self._variables.update(variables)

    # -- completion

    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """What may follow on a line of the magic, and none of what follows in Python."""
        before, found = context.text_until_cursor, list[SimpleCompletion]()
        # IPython takes a word to begin after its last hyphen.
        begun = before.split(" ")[-1]
        if _LINE.match(before) and (context.cursor_line == 0 or not before.startswith("%%")):
            words = before.split()
            kind, texts = self._following(words[-1] if before.endswith(" ") else words[-2])
            found = [
                SimpleCompletion(text, type=kind) for text in texts if text.lstrip("'").startswith(begun.lstrip("'"))
            ]
        return {"completions": found, "ordered": True, "suppress": True, "matched_fragment": begun}

    def _following(self, word: str) -> tuple[str, list[str]]:
        """What may follow a word of the line, and what that is."""
        with suppress(AgentHubError):
            match word:
                case "--project":
                    return "project", _quoted(self.hub.projects)
                case "--chat":
                    return "chat", _quoted(self.hub.chats)
                case "--agent":
                    return "agent", _quoted(self.hub.status.agents)
        if word in ("--model", "--gpus", "--name", "--project", "--chat", "--agent"):
            return "", []
        return "option", [option for option in _options()._option_string_actions if option.startswith("--")]


def load(shell: InteractiveShell) -> None:
    """Bring the magics to a shell."""
    magics = AgentMagics(shell)
    shell.register_magics(magics)

    # Not the hook "complete_command": what Python's own completion proposes would come before what that does.
    @context_matcher(identifier=_MATCHER)  # type: ignore[untyped-decorator]
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        return magics.complete(context)

    others = [one for one in shell.Completer.custom_matchers if getattr(one, "matcher_identifier", "") != _MATCHER]
    shell.Completer.custom_matchers = [*others, matcher]


def _parsed(line: str) -> Namespace:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidInput(f"%agent: {str(error).lower()}.", "Close the quotes.") from None
    return _options().parse_args(words)


def _show(chat: Chat, turn: Turn) -> None:
    """Show a turn as it goes on; an interrupt of the cell is one of the agent."""
    output = Output() if in_a_kernel() else None
    try:
        _follow(turn, output)
    except KeyboardInterrupt:
        turn.interrupt()
        with suppress(TimeoutError):
            _follow(turn, output, INTERRUPT_SECONDS)
        raise KeyboardInterrupt("The agent was asked to stop; the chat goes on with the next prompt.") from None
    turn.wait()


def _follow(turn: Turn, output: Output | None, timeout: float = TURN_TIMEOUT) -> None:
    if output is None:
        for piece in turn.stream_text(timeout):
            print(piece, end="", flush=True)
        print()
        return
    due = 0.0
    try:
        output.show(turn._bundle())
        for _ in turn.stream(timeout):
            began = time.monotonic()
            if began >= due:
                frame = turn._bundle(last=FRAME_ITEMS)
                output.show(frame)
                ended = time.monotonic()
                due = ended + pause(ended - began, sum(map(len, frame.values())))
    finally:
        output.show(turn._bundle())


def pause(took: float, characters: int) -> float:
    """Seconds until the next frame, after one that took so long and is so large."""
    return max(FRAME_SECONDS, took / SHARE, characters / CHARACTERS_PER_SECOND)


def _quoted(names: Any) -> list[str]:
    return [shlex.quote(name) for name in names]
