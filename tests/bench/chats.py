"""Chats, and the same containers without the hub."""

from __future__ import annotations

import itertools
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.bench.line import until_prompt
from tests.bench.project import Project
from tests.bench.raw import Attached, RawDocker, twin
from tests.bench.server import Server
from tests.bench.viewer import Viewer

T = TypeVar("T")

START_SECONDS = 60
LOOK_SECONDS = 0.05

COLD = {"pids": 4095}
"""What no spare was prepared for, so that a chat that asks for it starts from nothing."""


@dataclass(frozen=True)
class HubChat:
    """A chat with a viewer of its terminal, and the milliseconds from the request to the shell's prompt."""

    id: str
    line: Viewer
    milliseconds: float
    workspace: Path


@dataclass(frozen=True)
class RawChat:
    """A container with an attached terminal, and the milliseconds from the request to the shell's prompt."""

    line: Attached
    milliseconds: float
    workspace: Path


class HubChats:
    """Chats as a person starts them."""

    def __init__(self, server: Server, project: Project) -> None:
        self._server = server
        self._project = project

    @contextmanager
    def chat(self, **asked: Any) -> Iterator[HubChat]:
        """A new chat, from its request, on a connection of its own, to its prompt."""
        connection = self._server.connect()
        started = time.perf_counter()
        chat = connection.request("POST", "/agent-hub/api/chats", {"project": self._project.id, **asked})
        try:
            line = self._server.watch(chat["id"])
            until_prompt(line)
            milliseconds = (time.perf_counter() - started) * 1000
            # A prompt may be seen a moment before the hub has written down that the chat runs.
            _wait(
                lambda: connection.request("GET", f"/agent-hub/api/chats/{chat['id']}")["status"] == "running",
                f"The chat {chat['id']} does not run.",
            )
            yield HubChat(chat["id"], line, milliseconds, Path(chat["workspace"]))
            line.close()
        finally:
            connection.request("DELETE", f"/agent-hub/api/chats/{chat['id']}?force=true")
            connection.close()

    def running(self, count: int) -> list[str]:
        """The ids of that many chats of the project, all of them running; what is missing is started."""
        while len(found := self._look()) < count:
            self._server.request("POST", "api/chats", {"project": self._project.id})
        _wait(
            lambda: all(chat["status"] == "running" for chat in self._look()),
            f"{count} chats do not run.",
            START_SECONDS + count,
        )
        return [chat["id"] for chat in found][:count]

    def inspect(self, docker: RawDocker, chat: str) -> dict[str, Any]:
        """A running chat's container, as the engine describes it."""
        container = _wait(
            lambda: self._server.request("GET", f"api/chats/{chat}")["container"], f"Chat {chat} has no container."
        )
        inspected: dict[str, Any] = docker.request("GET", f"/containers/{container}/json")
        return inspected

    def _look(self) -> list[dict[str, Any]]:
        chats = self._server.request("GET", "api/chats")
        return [chat for chat in chats if chat["project"] == self._project.id]


def _wait(look: Callable[[], T], otherwise: str, seconds: float = START_SECONDS) -> T:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(LOOK_SECONDS)
    return found


class RawChats:
    """The same containers without the hub: as `inspected`, each with a copy of its folders."""

    def __init__(self, inspected: dict[str, Any], folder: Path) -> None:
        self._inspected = inspected
        self._folder = folder
        self._numbers = itertools.count(1)
        self._prepared: deque[str] = deque()
        self._template = folder / "template"
        for mount in inspected["HostConfig"]["Mounts"]:
            shutil.copytree(mount["Source"], self._template / mount["Target"].strip("/"), symlinks=True)

    def prepare(self) -> None:
        """Make the copies of a container's folders ahead, so that no clock runs meanwhile."""
        name = f"agent-hub-bench-{self._folder.parent.name}-{self._folder.name}-{next(self._numbers)}"
        shutil.copytree(self._template, self._folder / name, symlinks=True)
        self._prepared.append(name)

    @contextmanager
    def chat(self) -> Iterator[RawChat]:
        """A new container, from the request to its prompt."""
        if not self._prepared:
            self.prepare()
        name = self._prepared.popleft()
        folder = self._folder / name
        targets = [mount["Target"] for mount in self._inspected["HostConfig"]["Mounts"]]
        body = twin(self._inspected, name, {target: str(folder / target.strip("/")) for target in targets})
        docker = RawDocker()
        started = time.perf_counter()
        container = docker.request("POST", f"/containers/create?name={name}", body)["Id"]
        try:
            line = docker.attach(container)
            docker.request("POST", f"/containers/{container}/start")
            until_prompt(line)
            yield RawChat(line, (time.perf_counter() - started) * 1000, folder / "workspace")
            line.close()
        finally:
            docker.request("DELETE", f"/containers/{container}?force=true&v=true")
            docker.close()
            shutil.rmtree(folder)
