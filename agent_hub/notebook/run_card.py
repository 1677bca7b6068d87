"""The live table of a run: what is known of it, what a page has been told of that, and what a person does with it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, HubUnavailable, InvalidInput, NotFound
from agent_hub.notebook import run_display
from agent_hub.notebook.plain import visible
from agent_hub.notebook.polling import poll
from agent_hub.notebook.results import METRICS, metrics_of
from agent_hub.notebook.run_state import is_done
from agent_hub.notebook.run_view import MOST_ROWS, run_view
from agent_hub.notebook.transport import part

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.runs import Runs

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""After the server has been away for longer than a restart takes."""

_doing = ThreadPoolExecutor(2, thread_name_prefix="agent-hub runs")


class RunCard:
    """One run's table; all views of it in a notebook show the same.

    ``tell`` is called with each message for the page, from any thread; ``settled`` when its chats fare otherwise
    than a saved notebook shows.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._chats: Sequence[models.Chat] = runs._seen
        # Never held over a request: the kernel's main thread takes it.
        self._lock = threading.RLock()
        self._following: threading.Thread | None = None
        self._metrics: dict[str, dict[str, float]] = {}
        self._view: dict[str, Any] = {}
        self._saved: tuple[object, ...] = ()
        self._sequence = 0
        self._done: dict[str, str] = {}
        self._note = ""
        self.closed = False
        self.taken = threading.Event()
        """That all was seen once, metrics included."""
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

    def follow(self) -> None:
        """Show how the chats fare, on a thread of its own, until each has ended."""
        with self._lock:
            self.taken.clear()
            if self._following is None or not self._following.is_alive():
                name = f"agent-hub {self._runs.name}"
                self._following = threading.Thread(target=self._follow, name=name, daemon=True)
                self._following.start()

    def _follow(self) -> None:
        while not self.closed:
            try:
                for seen in poll(self._runs._look, None, "", ""):
                    self.take(seen)
                    if self.closed or all(map(is_done, seen)):
                        return
            except NotFound:
                self._say("This run is deleted.")
                return
            except AgentHubError as error:
                self._say(f"The server does not answer, and is asked again and again ({error.message}).")
                time.sleep(RETRY_SECONDS)

    def take(self, chats: Sequence[models.Chat]) -> None:
        """Show these, and what those that have ended have left."""
        with self._lock:
            self._chats = chats
        self._say("")
        for data in chats[:MOST_ROWS]:
            if is_done(data) and data.id not in self._metrics:
                numbers = self._numbers(data)
                with self._lock:
                    self._metrics[data.id] = numbers
        self._say("")
        self.taken.set()

    def _numbers(self, data: models.Chat) -> dict[str, float]:
        try:
            found = metrics_of(self._runs._chat(data), METRICS)
        except HubUnavailable:
            raise
        except AgentHubError as error:
            logger.debug("No metrics of %s: %s", data.id, error)
            return {}
        return {
            name: float(value)
            for name, value in found.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        }

    def _say(self, note: str) -> None:
        with self._lock:
            self._note = note
            view = self._seen()
            if view == self._view and not self._done:
                return
            self._view = view
            self._sequence += 1
            done, self._done = self._done, {}
            # Within the lock: the page takes the newest.
            self.tell(view | {"sequence": self._sequence, "answers": done})
            saved = (view["counts"], view["done"], len(self._metrics), note)
            settled, self._saved = saved != self._saved, saved
        if settled:
            self.settled()

    def _seen(self) -> dict[str, Any]:
        view = run_view(self._runs._data, self._chats, self._metrics)
        address = f"{self._runs._transport.url}lab?agent-hub-chat="
        for row in view["rows"]:
            row["link"] = f"{address}{part(row['chat'])}"
        return view | {"note": self._note}

    # -- what a person does

    def asked(self, content: Mapping[str, Any]) -> None:
        """Do what the page asks for, soon. It can ask for anything."""
        _doing.submit(self._do, dict(content))

    def _do(self, content: dict[str, Any]) -> None:
        error = ""
        try:
            match content:
                case {"do": "stop", "chat": str(id)}:
                    self._stop(id)
                case {"do": "stop"}:
                    self._runs.stop()
                case _:
                    raise InvalidInput("This table does not know what is asked for.", "Run the cell again.")
            self.take(self._runs._look())
        except AgentHubError as refused:
            error = f"{refused.message} {refused.hint}".strip()
        with self._lock:
            self._done[str(content.get("ask"))] = visible(error)
        self._say(self._note)

    def _stop(self, id: str) -> None:
        found = [data for data in self._chats if data.id == id]
        if not found:
            raise InvalidInput("That chat is none of this run.", "Run the cell again.")
        self._runs._chat(found[0]).stop()
