"""The card of a chat in Notebook 7, which has neither Lab's shell nor its launcher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SCREENSHOTS
from tests.conftest import Repository
from tests.notebook.server import PROCESS, Server
from tests.standins.model_server import ModelServer

LIMIT = 60_000

KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}

CELL = """from agent_hub import Hub
hub = Hub()
hub.chats["Plot the loss"]"""


@pytest.fixture
def notebook_server(tmp_path: Path) -> Iterator[Server]:
    """Notebook 7 with the hub, without Docker; its chats are deleted in the end."""
    with Server(
        tmp_path / "notebook", PROCESS, "--JupyterNotebookApp.expose_app_in_browser=True", pages="notebook"
    ) as server:
        yield server
        for chat in list(server.hub().chats.values()):
            chat.delete(force=True)


@pytest.fixture
def errors(page: Page) -> list[str]:
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.set_default_timeout(LIMIT)
    yield page
    page.context.close()


def test_a_card_is_live_in_notebook_7(
    notebook_server: Server, page: Page, errors: list[str], a_model: ModelServer, a_repository: Repository
) -> None:
    hub = notebook_server.hub()
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    chat = hub.new_chat(project, "Plot the loss", name="Plot the loss").wait_ready(60)
    cell = {"cell_type": "code", "source": CELL, "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}
    content = {"cells": [cell], "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    (notebook_server.root / "card.ipynb").write_text(json.dumps(content))

    page.goto(f"{notebook_server.url}notebooks/card.ipynb?token={notebook_server.token}")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    card = page.locator(".agent-hub-card")
    expect(card.get_by_text("You said: Plot the loss")).to_be_visible(timeout=LIMIT)
    card.get_by_role("textbox").fill("Say crane")
    card.get_by_role("button", name="Send").click()
    expect(card.get_by_text("You said: Say crane")).to_be_visible(timeout=LIMIT)
    assert chat.refresh().turns[-1].text == "You said: Say crane"

    page.screenshot(path=SCREENSHOTS / "28-notebook-7.png")
    assert [error for error in errors if "agent-hub" in error.lower() or "agent_hub" in error.lower()] == []
