"""The live table of a run: what is known of it, what a page has been told of that, and what a person does with it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, Conflict, HubUnavailable, InvalidInput, NotFound
from agent_hub.notebook import run_display
from agent_hub.notebook.plain import visible
from agent_hub.notebook.polling import Patience
from agent_hub.notebook.results import METRICS, metrics_of
from agent_hub.notebook.run_state import is_done, to_stop
from agent_hub.notebook.run_view import MOST_ROWS, run_view
from agent_hub.notebook.transport import part

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.runs import Runs

logger = logging.getLogger(__name__)

MOST_TRIES = 30
"""Looks for metrics that cannot be had."""

MOST_BYTES = 100_000
MOST_NUMBERS = 20
MOST_NAME = 200
"""Of a chat's metrics in a table: bytes of the file, numbers, and characters of their names."""

_doing = ThreadPoolExecutor(2, thread_name_prefix="agent-hub runs")


class RunCard:
    """One run's table; all views of it in a notebook show the same.

    ``tell`` is called with each message for the page, from any thread; ``settled`` when its chats fare otherwise
    than a saved notebook shows.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        # Never held over a request: the kernel's main thread takes it.
        self._lock = threading.RLock()
        self._chats: Sequence[models.Chat] = ()
        self._looks = 0
        self._seen_look = 0
        self._following: threading.Thread | None = None
        self._resting = False
        self._metrics: dict[str, dict[str, float]] = {}
        self._view: dict[str, Any] = {}
        self._saved: tuple[object, ...] = ()
        self._sequence = 0
        self._done: dict[str, str] = {}
        self._note = "Not looked at yet."
        self.passed = threading.Event()
        """That the chats and what they have left were looked at once."""
        self.tell: Callable[[dict[str, Any]], None] = lambda message: None
        self.settled: Callable[[], None] = lambda: None

    def still(self) -> AbstractContextManager[object]:
        """A context in which nothing is told, from no thread."""
        return self._lock

    def everything(self) -> dict[str, Any]:
        """What a page is told that knows nothing yet."""
        with self._lock:
            return self._seen() | {"sequence": self._sequence}

    def html(self) -> str:
        """All of it, for a page without a kernel."""
        with self._lock:
            return str(run_display.html(self._runs._data, self._chats, self._metrics, self._note))

    def text(self) -> str:
        """All of it, in plain text."""
        with self._lock:
            text = run_display.text(self._runs._data, self._chats)
            return f"{text}  # {self._note}" if self._note else text

    # -- what happens

    def look(self) -> bool:
        """Ask the hub, and show what it says; whether each of the chats has ended. Raises as the hub answers."""
        with self._lock:
            self._looks += 1
            look = self._looks
        try:
            chats: Sequence[models.Chat] = self._runs._look()
            note = ""
        except NotFound:
            chats, note = (), "This run is deleted."
        with self._lock:
            # Looks of several threads may be answered in another order than they were asked for.
            if look > self._seen_look:
                self._seen_look = look
                self._chats, self._note = chats, note
            ended = all(map(is_done, self._chats))
        self._show()
        return ended

    def read_metrics(self) -> bool:
        """Ask for what those have left that have ended, once for each; whether the hub had an answer for all."""
        answered = True
        for data in self._chats[:MOST_ROWS]:
            if not is_done(data) or data.id in self._metrics:
                continue
            try:
                found = metrics_of(self._runs._chat(data), METRICS, MOST_BYTES)
            except HubUnavailable:
                answered = False
                continue
            except AgentHubError as error:
                logger.debug("No metrics of %s: %s", data.id, error)
                found = {}
            with self._lock:
                self._metrics[data.id] = dict(numbers(found))
        self._show()
        return answered

    def away(self, why: str) -> None:
        """Say that the hub could not be asked."""
        with self._lock:
            self._note = f"The server does not answer, and is asked again and again ({why})."
        self._show()

    def rest(self, why: str) -> None:
        """Ask and tell nothing from now on, for that reason."""
        with self._lock:
            self._resting, self._note = True, why
        self._show()

    def follow(self) -> None:
        """Show how the chats fare, on a thread of its own, until each has ended."""
        with self._lock:
            if not self._resting and (self._following is None or not self._following.is_alive()):
                name = f"agent-hub {self._runs.name}"
                self.passed.clear()
                self._following = threading.Thread(target=self._follow, name=name, daemon=True)
                self._following.start()

    def _follow(self) -> None:
        tries = 0
        patience = Patience(None, "", "")
        while not self._resting and tries < MOST_TRIES:
            try:
                ended = self.look()
                answered = self.read_metrics()
                if ended and answered:
                    return
                # One whose metrics cannot be had is not asked for them for ever.
                tries += ended
            except AgentHubError as error:
                self.away(error.message)
            except Exception:
                logger.exception("The table of %s is no longer live", self._runs.name)
                self.rest("Something went wrong, and this is no longer live: see the log of the kernel.")
                return
            finally:
                self.passed.set()
            time.sleep(patience.pause())

    def _show(self) -> None:
        with self._lock:
            view = self._seen()
            if view == self._view and not self._done:
                return
            self._view = view
            self._sequence += 1
            done, self._done = self._done, {}
            # Within the lock: the page takes the newest.
            self.tell(view | {"sequence": self._sequence, "answers": done})
            saved = (view["counts"], view["done"], len(self._metrics), view["note"])
            settled, self._saved = saved != self._saved, saved
        if settled:
            self.settled()

    def _seen(self) -> dict[str, Any]:
        view = run_view(self._runs._data, self._chats, self._metrics)
        address = f"{self._runs._transport.url}lab?agent-hub-chat="
        for row in view["rows"]:
            row["link"] = f"{address}{part(row['chat'])}"
        return view | {"note": self._note, "going": view["going"] and not self._resting}

    # -- what a person does

    def asked(self, content: Mapping[str, Any]) -> None:
        """Do what the page asks for, soon. It can ask for anything."""
        _doing.submit(self._do, dict(content))

    def _do(self, content: dict[str, Any]) -> None:
        error = ""
        try:
            match content:
                case {"do": "stop", "chat": str(id)}:
                    self._stop([data for data in self._chats if data.id == id])
                case {"do": "stop"} if "chat" not in content:
                    self._stop(to_stop(self._runs._look()))
                case _:
                    raise InvalidInput("This table does not know what is asked for.", "Run the cell again.")
        except AgentHubError as refused:
            error = f"{refused.message} {refused.hint}".strip()
        except Exception:
            logger.exception("Could not do what the page of %s asked for", self._runs.name)
            error = "That failed: see the log of the kernel."
        with self._lock:
            self._done[str(content.get("ask"))] = visible(error)
        self._show()
        self.follow()
        with suppress(AgentHubError):
            self.look()

    def _stop(self, chats: Sequence[models.Chat]) -> None:
        from agent_hub.models import Chat

        if not chats:
            raise InvalidInput("There is nothing of that to stop in this run.", "Run the cell again.")
        for data in chats:
            with suppress(Conflict, NotFound):  # It has ended meanwhile, or is deleted.
                self._runs._transport.send("POST", f"chats/{part(data.id)}/stop", Chat)


def numbers(found: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Those of an agent's values that are numbers with a name, as many as a table may have."""
    left = MOST_NUMBERS
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or len(name) > MOST_NAME or not left:
            continue
        with suppress(OverflowError):
            if math.isfinite(number := float(value)):
                left -= 1
                yield name, number
