"""Why an agent could not go on, where a person looks for it, in a real Lab."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from agent_hub.errors import TurnFailed
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60_000


def test_a_person_sees_why_an_agent_could_not_go_on_and_mends_it(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_model: ModelServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(
        a_repository.path, agent="codex", env={"OPENAI_MODEL": "stand-in-1"}, chat_token_budget=1200, progress=False
    )
    chat = hub.new_chat(project, "Say heron", name="Say heron").wait_ready(60)
    with pytest.raises(TurnFailed, match="Agent Hub: OpenAI is not connected"):
        chat.turn.wait(60)
    lab = open_lab(server)
    page = lab.page
    lab.show_panel()
    row = lab.panel.get_by_role("treeitem", name="Say heron, Could not go on, OpenAI is not connected")
    expect(row.locator(".jp-AgentHub-facts")).to_have_attribute("title", re.compile("Could not go on · OpenAI"))
    row.dblclick()
    bar = page.locator(".jp-AgentHub-chatHeader")
    expect(bar.get_by_text("Could not go on")).to_be_visible(timeout=LIMIT)
    expect(bar.get_by_text("OpenAI is not connected")).to_have_attribute("title", re.compile("Connections page"))
    tab = page.locator(".lm-TabBar-tab", has_text="Say heron")
    expect(tab).to_have_attribute("title", re.compile("OpenAI is not connected"))
    lab.wait_for_terminal("not connected")
    lab.shoot("43-could-not-go-on")
    bar.get_by_role("button", name="Open connections").click()
    expect(page.get_by_role("heading", name="OpenAI")).to_be_visible()

    hub.connections.openai.connect(lambda: "sk-any", base_url=a_model.base_url())
    assert chat.send("Say crane").wait(60).text == "You said: Say crane"
    row = lab.panel.get_by_role("treeitem", name="Say heron, Finished, Codex")
    row.dblclick()
    expect(bar.get_by_text("Finished")).to_be_visible()
    expect(bar.get_by_role("button", name="Open connections")).to_have_count(0)

    with pytest.raises(TurnFailed, match="^Agent Hub: This chat has used 1,234 tokens of the 1,200 that it may"):
        chat.send("Say stork").wait(60)
    expect(bar.get_by_text("used 1,234 tokens of the 1,200")).to_be_visible()
    expect(bar.get_by_role("button", name="Token budget…")).to_be_visible()
    # The account is not what is wrong.
    expect(bar.get_by_role("button", name="Open connections")).to_have_count(0)
    lab.shoot("44-budget-used-up")
