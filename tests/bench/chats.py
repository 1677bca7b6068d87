"""What is measured: a chat's start and its terminal, through the hub and through the engine alone."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.bench.raw import Attached, RawDocker, twin
from tests.bench.server import Server, Watched

BUILD_SECONDS = 900
ECHO_SECONDS = 10
ECHO_COMMAND = "stty raw -echo; printf 'ECHO''ES'; exec cat\r"


class Line(Protocol):
    """Either end of a terminal."""

    def read(self) -> str: ...

    def write(self, text: str) -> None: ...


class Project:
    """A small repository with a snapshot, which every chat of the bench starts from."""

    def __init__(self, server: Server, folder: Path, base: str) -> None:
        self._server = server
        repository = folder / "repository"
        repository.mkdir()
        (repository / "README.md").write_text("# Bench\n")
        git = ["git", "-C", str(repository), "-c", "user.name=Bench", "-c", "user.email=bench@localhost"]
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Add a readme"]):
            subprocess.run([*git, *command], check=True)
        body = {"url": str(repository), "base": base, "agent": "shell"}
        self.id = str(server.request("POST", "api/projects", body)["id"])

    def wait(self) -> None:
        """Wait until the snapshot is there."""
        deadline = time.monotonic() + BUILD_SECONDS
        while time.monotonic() < deadline:
            build = self._server.request("GET", f"api/projects/{self.id}")["build"]
            if build["state"] == "ready":
                return
            if build["state"] in ("failed", "cancelled"):
                raise RuntimeError(f"The snapshot could not be built: {build['error']}")
            time.sleep(0.2)
        raise RuntimeError(f"The snapshot was not built in {BUILD_SECONDS} s.")


class HubChats:
    """Chats as a person starts them."""

    def __init__(self, server: Server, project: Project) -> None:
        self._server = server
        self._project = project

    @contextmanager
    def chat(self) -> Iterator[tuple[str, Watched, float]]:
        """A new chat, a viewer of its terminal, and the seconds from the request to the first output."""
        started = time.perf_counter()
        chat = self._server.request("POST", "api/chats", {"project": self._project.id})["id"]
        try:
            line = self._server.watch(chat)
            line.read()
            yield chat, line, time.perf_counter() - started
            line.close()
        finally:
            self._server.request("DELETE", f"api/chats/{chat}?force=true")

    def inspect(self, docker: RawDocker, chat: str) -> dict[str, Any]:
        """A running chat's container, as the engine describes it."""
        deadline = time.monotonic() + ECHO_SECONDS
        while not (container := self._server.request("GET", f"api/chats/{chat}")["container"]):
            if time.monotonic() > deadline:
                raise RuntimeError(f"Chat {chat} has no container.")
            time.sleep(0.05)
        inspected: dict[str, Any] = docker.request("GET", f"/containers/{container}/json")
        return inspected


class RawChats:
    """The same containers without the hub."""

    def __init__(self, docker: RawDocker, inspected: dict[str, Any], folder: Path) -> None:
        self._docker = docker
        self._inspected = inspected
        self._folder = folder
        self._numbers = itertools.count(1)
        self._template = folder / "template"
        for mount in inspected["HostConfig"]["Mounts"]:
            shutil.copytree(mount["Source"], self._template / mount["Target"].strip("/"), symlinks=True)

    @contextmanager
    def chat(self) -> Iterator[tuple[str, Attached, float]]:
        """A new container, its terminal, and the seconds from the request to the first output."""
        name = f"agent-hub-bench-{self._folder.name}-{next(self._numbers)}"
        folder = self._folder / name
        shutil.copytree(self._template, folder, symlinks=True)
        targets = [mount["Target"] for mount in self._inspected["HostConfig"]["Mounts"]]
        body = twin(self._inspected, name, {target: str(folder / target.strip("/")) for target in targets})
        started = time.perf_counter()
        container = self._docker.request("POST", f"/containers/create?name={name}", body)["Id"]
        try:
            line = self._docker.attach(container)
            self._docker.request("POST", f"/containers/{container}/start")
            line.read()
            yield container, line, time.perf_counter() - started
            line.close()
        finally:
            self._docker.request("DELETE", f"/containers/{container}?force=true&v=true")
            shutil.rmtree(folder)


def make_echo(line: Line) -> None:
    """Turn a shell into a program that answers each byte with the same byte."""
    line.write(ECHO_COMMAND)
    seen = ""
    while "ECHOES" not in seen:
        seen += line.read()


def echo(line: Line, count: int) -> list[float]:
    """Seconds from each byte sent to the same byte received."""
    times = []
    for letter in itertools.islice(itertools.cycle("abcdefghijklmnopqrstuvwxyz"), count):
        started = time.perf_counter()
        line.write(letter)
        received = line.read()
        times.append(time.perf_counter() - started)
        if received != letter:
            raise RuntimeError(f"{letter!r} came back as {received!r}.")
    return times
