"""The card of a chat in a notebook of a real Lab, with the real Codex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agent_hub.notebook.chat import Chat
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with lab_server(tmp_path_factory.mktemp("cards") / "lab", "process.ProcessEngine") as running:
        yield running


@pytest.fixture
def chat(server: Server, a_model: ModelServer, a_repository: Repository) -> Iterator[Chat]:
    hub = server.hub()
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    yield hub.new_chat(project, "Plot the loss", name="Plot the loss").wait_ready(60)
    project.delete(force=True)


def test_a_card_is_live(open_lab: Callable[[Server], Lab], server: Server, chat: Chat) -> None:
    notebook = Notebook(open_lab(server), server)
    card = notebook.card(chat)
    expect(card.get_by_text("You said: Plot the loss")).to_be_visible()
    expect(card.locator(".ah-header .ah-state")).to_have_text("Finished")
    card.get_by_role("textbox").fill("RUN: echo heron; until [ -e go ]; do sleep 0.05; done\nRUN: ls nowhere")
    card.get_by_role("textbox").press("Enter")
    expect(card.locator(".ah-header .ah-state")).to_have_text("Running")
    expect(card.get_by_role("textbox")).to_have_value("")
    command = card.locator(".ah-item", has_text="echo heron")
    command.locator("summary").click()
    expect(command.locator("pre")).to_be_visible()
    notebook.lab.shoot("20-card-running")
    (Path(chat.workspace) / "go").touch()
    expect(card.locator(".ah-header .ah-state")).to_have_text("Finished")
    # What was unfolded stays so, and a command that failed is open.
    expect(command.locator("pre")).to_have_text("heron\n")
    expect(card.locator(".ah-item", has_text="ls nowhere").locator("pre")).to_be_visible()
    notebook.lab.shoot("21-card-done")
