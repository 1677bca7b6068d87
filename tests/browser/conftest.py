"""A real Lab in a real browser, on a real engine, with a stand-in for the model alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.chromium import chromium
from tests.browser.lab import Lab
from tests.notebook.server import Server
from tests.standins.git_server import GitServer
from tests.standins.model_server import ModelServer

SCREENSHOTS = Path(os.environ.get("AGENT_HUB_SCREENSHOTS") or Path(__file__).parent.parent / "screenshots")
SAID_BY_THE_BROWSER = ("WebSocket connection to", "Failed to load resource")
"""How errors begin that tell of a server that is away, and of nothing wrong in the page."""
ROOT = Path(__file__).parent.parent.parent
LIMIT = 60_000
"""Milliseconds that the page gets for anything: no test is about how long it takes."""

expect.set_options(timeout=LIMIT)


@pytest.fixture
def browser() -> Iterator[Browser]:
    # For one test alone: an event loop that runs for the whole session would be in the way of every other test.
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def a_model() -> Iterator[ModelServer]:
    """A stand-in for the model, where containers reach it."""
    with ModelServer("0.0.0.0") as server:
        yield server


def new_lab_server(folder: Path, engine: str, *options: str) -> Server:
    """Lab with the hub, not yet started."""
    server = Server(
        folder, f"agent_hub.engines.{engine}", "--LabApp.expose_app_in_browser=True", *options, pages="jupyterlab"
    )
    # At each opening Lab asks Node for a second whether it is to be built anew, which is not how the hub is installed.
    pages = server.folder / "config/labconfig"
    pages.mkdir(parents=True)
    (pages / "page_config.json").write_text('{"buildAvailable": false, "buildCheck": false}')
    # Lab asks a newcomer whether it may fetch news; the question would lie over the pictures.
    settings = server.folder / "config/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    return server


@contextmanager
def lab_server(folder: Path, engine: str, *options: str) -> Iterator[Server]:
    """Lab with the hub; its chats are deleted in the end."""
    with new_lab_server(folder, engine, *options) as server:
        try:
            yield server
        finally:
            for chat in list(server.hub().chats.values()):
                chat.delete(force=True)


@pytest.fixture
def a_lab_server(tmp_path: Path, base_image: str) -> Iterator[Server]:
    with lab_server(tmp_path / "lab", "docker.DockerEngine", f"--AgentHub.base_image={base_image}") as server:
        yield server


@pytest.fixture
def a_lab_server_without_docker(tmp_path: Path) -> Iterator[Server]:
    with lab_server(tmp_path / "lab", "process.ProcessEngine") as server:
        yield server


@pytest.fixture
def open_lab(browser: Browser) -> Iterator[Callable[[Server], Lab]]:
    """Opens Lab in a window of its own, each as another person's browser; none may log an error."""
    pages: list[Page] = []
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(SAID_BY_THE_BROWSER):
            errors.append(message.text)

    def open_window(server: Server) -> Lab:
        page = browser.new_page(viewport={"width": 1290, "height": 924}, device_scale_factor=1)
        page.set_default_timeout(LIMIT)
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return Lab(page, server, SCREENSHOTS)

    yield open_window
    for page in pages:
        page.context.close()
    assert [error for error in errors if "agent-hub" in error.lower() or "agenthub" in error.lower()] == []


@pytest.fixture
def this_repository(tmp_path: Path) -> Iterator[str]:
    """The URL of this project's own repository, as it stands at HEAD, on a Git server of this machine."""
    bare = tmp_path / "git" / "agent-hub.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(ROOT), str(bare)], check=True, timeout=120)
    # The checkout may be at no branch at all, as on a build server.
    head = ["git", "-C", str(bare), "symbolic-ref", "HEAD", "refs/heads/main"]
    subprocess.run(["git", "-C", str(bare), "branch", "--force", "main", "HEAD"], check=False, timeout=60)
    subprocess.run(head, check=True, timeout=60)
    with GitServer(bare.parent) as server:
        yield server.url(bare)
