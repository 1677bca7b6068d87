"""Whatever the library does for a thread, it does for an event loop as well, by the same name."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agent_hub import AsyncHub
from agent_hub.notebook.artifacts import Artifact
from agent_hub.notebook.async_artifacts import AsyncArtifact
from agent_hub.notebook.async_chat import AsyncChat
from agent_hub.notebook.async_connections import AsyncConnections, AsyncGitHub, AsyncOpenAI
from agent_hub.notebook.async_files import AsyncWorkspacePath
from agent_hub.notebook.async_project import AsyncProject
from agent_hub.notebook.async_runs import AsyncRuns
from agent_hub.notebook.async_turn import AsyncTurn
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.connections import Connections, GitHub, OpenAI
from agent_hub.notebook.files import WorkspacePath
from agent_hub.notebook.project import Project
from agent_hub.notebook.runs import Runs
from agent_hub.notebook.turn import Turn

TWINS: list[tuple[type, type]] = [
    (Hub, AsyncHub),
    (Project, AsyncProject),
    (Chat, AsyncChat),
    (Turn, AsyncTurn),
    (Runs, AsyncRuns),
    (Artifact, AsyncArtifact),
    (WorkspacePath, AsyncWorkspacePath),
    (Connections, AsyncConnections),
    (OpenAI, AsyncOpenAI),
    (GitHub, AsyncGitHub),
]

ONLY_ASYNC = {
    "sync": "the same for a thread",
    "connect": "an event loop's hub connects where that can be awaited, and not when it is made",
    "close": "its connections belong to a loop, which ends before the last object of them does",
    "refresh": "what cannot be asked for without waiting is told as it was last seen",
}
"""Names that have a reason to be there for an event loop alone."""

ONLY_SYNC = {
    "progress": "a bar that moves is a notebook's, where a cell waits; on a loop other things go on meanwhile",
}
"""Parameters that have a reason to be there for a thread alone."""


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def parameters(function: Callable[..., Any]) -> set[str]:
    found: set[str] = set()
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            # Options that are declared once for all that takes them.
            (options,) = typing.get_args(eval(parameter.annotation, function.__globals__))  # type: ignore[attr-defined]
            found |= set(options.__annotations__)
        else:
            found.add(parameter.name)
    return found


def methods(kind: type) -> Mapping[str, Callable[..., Any]]:
    return {name: getattr(kind, name) for name in {*public(kind), "__init__"} if callable(getattr(kind, name))}


@pytest.mark.parametrize(("sync", "twin"), TWINS)
def test_what_a_thread_can_ask_for_an_event_loop_can(sync: type, twin: type) -> None:
    assert public(sync) - public(twin) == set()
    assert public(twin) - public(sync) <= set(ONLY_ASYNC)


@pytest.mark.parametrize(("sync", "twin"), TWINS)
def test_it_can_be_asked_for_with_the_same_arguments(sync: type, twin: type) -> None:
    theirs = methods(twin)
    for name, method in methods(sync).items():
        if name != "__init__" or sync is Hub:
            assert parameters(method) - set(ONLY_SYNC) == parameters(theirs[name]), name


@pytest.mark.parametrize(("sync", "twin"), TWINS)
def test_nothing_that_waits_holds_up_the_loop(sync: type, twin: type) -> None:
    theirs = methods(twin)
    pure = {"__init__", "joinpath"}
    for name in methods(sync).keys() - pure:
        waits = inspect.iscoroutinefunction(theirs[name]) or inspect.isasyncgenfunction(theirs[name])
        assert waits, f"{twin.__name__}.{name}"
