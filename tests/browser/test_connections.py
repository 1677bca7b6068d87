"""The page of the connections, in a real Lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

KEY = "sk-proj-the-real-key-of-a-person-7Qf2"
LIMIT = 60_000


@pytest.fixture
def a_strict_model() -> Iterator[ModelServer]:
    """A stand-in that takes one key alone."""
    with ModelServer(key=KEY) as server:
        yield server


def test_a_person_connects_openai_and_a_chat_that_waits_goes_on(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_strict_model: ModelServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, agent="codex", env={"OPENAI_MODEL": "stand-in-1"}, progress=False)
    chat = hub.new_chat(project, "Say heron", name="Say heron").wait_ready(60)
    with pytest.raises(Exception, match="OpenAI is not connected"):
        chat.turn.wait(60)

    lab = open_lab(server)
    page = lab.page
    lab.show_panel()
    lab.panel.get_by_role("button", name="Connections: OpenAI needs you").click()
    connections = page.locator("#agent-hub-connections")
    expect(connections.get_by_text("Not connected")).to_be_visible()
    lab.shoot("30-connections-none")

    connections.get_by_label("API key", exact=True).fill("sk-wrong")
    connections.get_by_label("Address").fill(a_strict_model.base_url())
    connections.get_by_role("button", name="Connect").click()
    expect(connections.get_by_text("refuses the key (401)")).to_be_visible()
    expect(connections.get_by_label("API key", exact=True)).to_be_focused()
    lab.shoot("31-connections-refused")

    connections.get_by_label("API key", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(connections.get_by_text("API key works")).to_be_visible()
    expect(connections.get_by_text("sk-proj-…7Qf2")).to_be_visible()
    assert KEY not in page.content()
    expect(lab.panel.get_by_role("button", name="Connections", exact=True)).to_be_visible()
    lab.shoot("32-connections-openai")
    assert chat.send("Say crane").wait(60).text == "You said: Say crane"

    connections.get_by_role("button", name="Remove…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("“Say heron”")).to_be_visible()
    dialog.get_by_role("button", name="Remove").click()
    expect(connections.get_by_text("Not connected")).to_be_visible()
    assert not hub.status._data.openai.connected
