"""A build's progress while a notebook waits for it.

In a kernel it is one output that is replaced as the build goes on; elsewhere a line on standard error for each step.
"""

from __future__ import annotations

import sys
import time
from html import escape
from typing import TYPE_CHECKING, Protocol

from agent_hub.notebook.display import duration
from agent_hub.notebook.output import Output, in_a_kernel

if TYPE_CHECKING:
    from agent_hub.models import Build, BuildStep


class Progress(Protocol):
    """What is told how far a build is."""

    def show(self, build: Build) -> None:
        """The build as it is now."""

    def leave(self, message: str) -> None:
        """Nobody waits any more, though the build goes on."""


def progress_of(name: str, wanted: bool) -> Progress:
    """What fits the place this runs in. `name` is the project's."""
    if not wanted:
        return Silence()
    return Bar(name) if in_a_kernel() else Lines(name)


class Silence:
    """No progress at all."""

    def show(self, build: Build) -> None:
        """Nothing."""

    def leave(self, message: str) -> None:
        """Say it all the same: it is not about progress."""
        print(message, file=sys.stderr)


class Lines:
    """A line on standard error for each step of the build, and one for its end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown: set[str] = set()

    def show(self, build: Build) -> None:
        for step in build.steps:
            if step.state.value != "pending":
                cached = ", from before" if step.cached else ""
                self._print(step.name, f"{percent(build):3}% {_named(step)}{cached}")
        if build.state.ended:
            self._print("", line(build))

    def leave(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    def _print(self, key: str, text: str) -> None:
        if key not in self._shown:
            self._shown.add(key)
            print(f"{self._name}: {text}", file=sys.stderr, flush=True)


class Bar:
    """A bar in the notebook, with the step's name, the percentage and the time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = time.monotonic()
        self._output = Output()

    def show(self, build: Build) -> None:
        text = line(build)
        passed = duration(time.monotonic() - self._started)
        bar = f'<progress max="100" value="{percent(build)}" style="width: 16em;">{percent(build)}%</progress> '
        if build.state.ended:
            bar = ""
        html = f"<div><strong>{escape(self._name)}</strong> {bar}{escape(text)} · {passed}</div>"
        self._output.show({"text/plain": f"{self._name}: {text} · {passed}", "text/html": html})

    def leave(self, message: str) -> None:
        self._output.show({"text/plain": message, "text/html": f"<div>{escape(message)}</div>"})


def percent(build: Build) -> int:
    """How much is done, of 100."""
    return round(build.progress * 100)


def line(build: Build) -> str:
    """A build in one line."""
    step = next((step for step in build.steps if step.state.value in ("running", "failed")), None)
    where = f" at {step.name}" if step else ""
    if build.state.value == "ready":
        cached = bool(build.steps) and all(step.cached for step in build.steps[1:])
        return "ready, built before" if cached else "ready"
    if build.state.value == "failed":
        return f"failed{where}"
    if build.state.ended or step is None:
        return build.state.value
    return f"{_named(step)}, {percent(build)}%"


def _named(step: BuildStep) -> str:
    return f"{step.name} ({step.detail})" if step.detail else step.name
