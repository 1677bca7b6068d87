"""A chat in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, Conflict, NotFound
from agent_hub.notebook import arguments, display, turn_display
from agent_hub.notebook.encoding import Encoded
from agent_hub.notebook.inputs import Inputs, encoded, place, told
from agent_hub.notebook.mapping import ByName
from agent_hub.notebook.output import in_a_kernel
from agent_hub.notebook.polling import poll
from agent_hub.notebook.project import Project
from agent_hub.notebook.record import bundle
from agent_hub.notebook.saved import ChatResults
from agent_hub.notebook.turn import Turn, Turns

if TYPE_CHECKING:
    from types import TracebackType

    from agent_hub import models
    from agent_hub.notebook.transport import Transport

READY_TIMEOUT = 3600.0
"""Seconds; long, as a chat of a project that is being built waits for its snapshot."""

STOP_TIMEOUT = 60.0
WAIT_TIMEOUT = 24 * 3600.0


class Chat(ChatResults):
    """One workspace, one container, one agent. Made by :meth:`Hub.new_chat`."""

    _collection = "chats"

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self._data.name

    @property
    def agent(self) -> str:
        """The agent that works in it."""
        return self._data.agent

    @property
    def status(self) -> str:
        """How it is now: queued, starting, running, stopping, exited, failed, unknown or deleting."""
        return self.refresh()._data.status.value

    @property
    def exit_code(self) -> int | None:
        """The agent's exit code, once it has ended and the engine knows it."""
        return self.refresh()._data.exit_code

    @property
    def reason(self) -> str:
        """Why it waits, or how it ended, in a few words."""
        return self.refresh()._data.reason

    @property
    def tokens(self) -> int:
        """Tokens that a model has counted for it, by way of the hub's gateway."""
        return self.refresh()._data.tokens

    @property
    def token_budget(self) -> int | None:
        """Most tokens that it may take; None: as many as it likes."""
        return self.refresh()._data.token_budget

    @property
    def workspace(self) -> str:
        """The folder on the server's machine that the agent works in."""
        return self._data.workspace

    @property
    def project(self) -> Project:
        """The project it belongs to."""
        from agent_hub.models import Project as Data
        from agent_hub.notebook.transport import part

        return Project(self._transport, self._transport.read(f"projects/{part(self._data.project)}", Data))

    @property
    def parameters(self) -> dict[str, models.Parameter]:
        """What its prompt was filled in with, where :meth:`Hub.map` has started it."""
        return dict(self._data.run.parameters) if self._data.run is not None else {}

    @property
    def turns(self) -> Turns:
        """What its agent was asked for so far, and did, oldest first; the prompt of ``new_chat`` is the first."""
        from agent_hub.models import Turn as Data

        return Turns([Turn(self._transport, data) for data in self._transport.read_all(f"{self._path}/turns", Data)])

    @property
    def turn(self) -> Turn:
        """The newest of them. Raises :class:`~agent_hub.errors.NotFound` where there is none."""
        turns = self.turns
        if not turns:
            raise NotFound(f"The chat {self.name!r} has no turns yet.", "chat.send(prompt) begins one.")
        return turns[-1]

    def send(self, prompt: str, *, inputs: Inputs | None = None) -> Turn:
        """Give its agent a prompt, and return the turn at once; it waits for those before it.

        Parameters
        ----------
        inputs
            Values of the notebook that the agent gets as files, as for :meth:`Hub.new_chat`.

        Raises
        ------
        InvalidInput, NotSerialisable, MissingPackage
            An input cannot be handed over; nothing is said.
        Conflict
            The chat has ended: ``chat.start()`` starts it again.
        NoConversation
            Its agent takes no prompts, as a shell.
        """
        with encoded(inputs or {}) as files:
            if files:
                place(self.files, files)
            return self._say(told(prompt, files))

    def interrupt(self) -> Chat:
        """End the turn that its agent works on, if any; what waits behind it goes on."""
        for turn in self.turns:
            if turn._data.status.value in ("running", "waiting"):
                turn.interrupt()
        return self

    def __enter__(self) -> Chat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, where it still runs; nothing of it is deleted."""
        # One that has ended or is deleted meanwhile needs no stop, and must not hide what went wrong in the block.
        with suppress(NotFound, Conflict):
            if self.status in ("queued", "starting", "running", "unknown"):
                self.stop()

    def wait_ready(self, timeout: float | None = READY_TIMEOUT) -> Chat:
        """Wait until its agent runs, and return the chat.

        Raises
        ------
        AgentHubError
            Why it could not be started, as its own class: BuildError, EngineError, InvalidMount…
        Conflict
            It has ended; ``chat.start()`` starts it again.
        TimeoutError
            It does not run yet; it goes on starting.
        """
        for _ in self._looks(timeout, "does not run"):
            if is_ready(self._data):
                break
        return self

    def wait(self, timeout: float | None = WAIT_TIMEOUT) -> int | None:
        """Wait until its agent has ended, and return the exit code, None where the engine does not know it.

        Raises
        ------
        AgentHubError
            Why it could not be started.
        TimeoutError
            It has not ended in time; it goes on.
        """
        for _ in self._looks(timeout, "has not ended"):
            self._raise_failure()
            if self._data.status.value == "exited":
                break
        return self._data.exit_code

    def start(self) -> Chat:
        """Start it again, with the same workspace and conversation; :meth:`wait_ready` waits until it runs.

        Raises
        ------
        Conflict
            It has not ended.
        """
        self._send("POST", f"{self._path}/start")
        return self

    def stop(self, timeout: float | None = STOP_TIMEOUT) -> Chat:
        """Stop its agent, and return once it does not run; the workspace and the conversation are kept.

        Raises
        ------
        Conflict
            It does not run.
        TimeoutError
            It still runs.
        """
        self._send("POST", f"{self._path}/stop")
        for _ in self._looks(timeout, "still runs"):
            if self._data.status.value in ("exited", "failed"):
                break
        return self

    def rename(self, name: str) -> Chat:
        """Give it another name."""
        self._send("PATCH", self._path, name=name)
        return self

    def set_token_budget(self, most: int | None) -> Chat:
        """Let it take at most that many tokens; None: as many as it likes. What is under way is not cut off."""
        self._send("PATCH", self._path, token_budget=arguments.plain(most))
        return self

    def delete(self, *, force: bool = False, timeout: float | None = STOP_TIMEOUT) -> None:
        """Delete it for good: its container, its workspace and the hub's record of what it published.

        Parameters
        ----------
        force
            Delete work that is nowhere else as well.

        Raises
        ------
        UnsavedWork
            The workspace holds changes or commits that are nowhere else, and `force` is not set.
        """
        self._transport.delete(self._path, force=force)
        try:
            for _ in self._looks(timeout, "is not deleted"):
                continue
        except NotFound:
            return

    def _begin(self, prompt: str, inputs: list[Encoded]) -> Chat:
        """Give a new chat its files, and then its first prompt, which speaks of them."""
        try:
            place(self.wait_ready().files, inputs)
            if prompt:
                self._say(told(prompt, inputs))
        except BaseException:
            # Nobody has asked it for anything yet, and nobody knows of it.
            with suppress(AgentHubError, TimeoutError):
                self.delete(force=True)
            raise
        return self.refresh()

    def _say(self, prompt: str) -> Turn:
        from agent_hub.models import Turn as Data

        return Turn(self._transport, self._transport.create(f"{self._path}/turns", Data, {"prompt": prompt}))

    def _looks(self, timeout: float | None, what: str) -> Iterator[Chat]:
        return poll(
            self.refresh, timeout, f"The chat {self.name!r} {what}", "chat.status and chat.reason say how it is."
        )

    def _raise_failure(self) -> None:
        if error := failure(self._data):
            raise error

    def __repr__(self) -> str:
        return f"Chat({self.name!r}, {describe(self._data)}, agent={self.agent!r})"

    def _ipython_display_(self) -> None:
        # Only a display has an id to update it by: so a saved notebook has the last that the card showed.
        if not in_a_kernel():
            raise NotImplementedError
        from agent_hub.notebook.card_widget import card_of

        card_of(self._transport, self._data).show()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from agent_hub.notebook.card import Card

        if in_a_kernel():
            from agent_hub.notebook.card_widget import card_of

            return card_of(self._transport, self._data).bundle()
        card = Card(self._transport, self._data)
        card.load()
        return bundle(card.text(), card.html())

    def _repr_html_(self) -> str:
        return str(self._repr_mimebundle_()["text/html"])


class Chats(ByName[Chat]):
    """The hub's chats."""

    noun = "chat"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _fetch(self) -> list[Chat]:
        from agent_hub.models import Chat as Data

        return [Chat(self._transport, data) for data in self._transport.read_all("chats", Data)]

    def _html(self, found: list[Chat]) -> str:
        rows = [
            (
                chat.name,
                display.status(_word(chat._data), _more(chat._data)),
                _newest(chat._data),
                chat.agent,
                chat._data.created_at,
                display.code(chat.id),
            )
            for chat in found
        ]
        return display.table(
            ("Chat", "Status", "Newest turn", "Agent", "Created", "Id"),
            rows,
            "No chats yet: hub.new_chat(project) starts one.",
        )


def _newest(data: models.Chat) -> str:
    turn = data.turn
    return "" if turn is None else display.status(turn.status.value, turn_display.short(turn.prompt))


def failure(data: models.Chat) -> AgentHubError | None:
    """Why a chat could not be started."""
    if data.status.value != "failed":
        return None
    if data.error is None:
        return AgentHubError(f"The chat {data.name!r} failed: {data.reason}.", "chat.start() tries again.")
    error = AgentHubError.from_dict(data.error.model_dump())
    error.add_note(f"The chat {data.name!r} is kept: chat.start() tries again, chat.delete() removes it.")
    return error


def is_ready(data: models.Chat) -> bool:
    """Whether a chat runs; raises where it never will."""
    if error := failure(data):
        raise error
    if data.status.value == "exited":
        code = "" if data.exit_code is None else f" with exit code {data.exit_code}"
        raise Conflict(f"The chat {data.name!r} has ended{code}.", "Start it again with chat.start().")
    return data.status.value == "running"


def _more(data: models.Chat) -> str:
    code = f"exit code {data.exit_code}" if data.exit_code is not None else ""
    why = data.turn.reason if data.turn is not None and data.status.value == "running" else ""
    return ", ".join(text for text in (code, data.reason, why.removeprefix("Agent Hub: ")) if text)


def describe(data: models.Chat) -> str:
    """A chat's state in a few words."""
    more = _more(data)
    return f"{_word(data)} ({more})" if more else _word(data)


_TURN_WORDS = {
    "waiting": "waiting for you",
    "completed": "finished",
    "failed": "could not go on",
    "interrupted": "interrupted",
}


def _word(data: models.Chat) -> str:
    """Its status; of one that runs, what became of what it was asked last, as the panel says it."""
    if data.status.value == "running" and data.turn is not None:
        return _TURN_WORDS.get(data.turn.status.value, data.status.value)
    return data.status.value
