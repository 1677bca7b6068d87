"""What a chat takes of a model, and how much it may, in a real Lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from agent_hub.errors import TurnFailed
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60_000


@pytest.fixture
def a_model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def test_a_person_sees_what_a_chat_takes_and_limits_it(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_model: ModelServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    hub.connections.openai.connect(lambda: "sk-any", base_url=a_model.base_url())
    project = hub.add_project(
        a_repository.path, agent="codex", env={"OPENAI_MODEL": "stand-in-1"}, chat_token_budget=10**6, progress=False
    )
    chat = hub.new_chat(project, "Say heron", name="Say heron").wait_ready(60)
    chat.turn.wait(60)
    lab = open_lab(server)
    page = lab.page
    lab.show_panel()
    lab.panel.get_by_role("treeitem", name="Say heron").dblclick()
    bar = page.locator(".jp-AgentHub-chatHeader")
    expect(bar.get_by_text("1.2 k of 1 M tokens")).to_be_visible(timeout=LIMIT)
    lab.shoot("40-tokens")

    bar.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Token Budget…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It has taken 1,234.")).to_be_visible()
    lab.shoot("41-token-budget")
    dialog.get_by_role("textbox").fill("a lot")
    expect(dialog.get_by_role("button", name="Set budget")).to_be_disabled()
    dialog.get_by_role("textbox").fill("1.2k")
    dialog.get_by_role("button", name="Set budget").click()
    expect(bar.get_by_text("1.2 k of 1.2 k tokens")).to_be_visible()
    with pytest.raises(TurnFailed, match="used 1,234 tokens of the 1,200 that it may"):
        chat.send("Say crane").wait(60)

    lab.run("agent-hub:limit-chat", chat=chat.id)
    dialog.get_by_role("textbox").fill("")
    dialog.get_by_role("button", name="Set budget").click()
    expect(bar.get_by_text("1.2 k tokens", exact=True)).to_be_visible()
    assert chat.token_budget is None
    assert chat.send("Say crane").wait(60).text == "You said: Say crane"

    lab.run("agent-hub:project-settings", project=project.id)
    # It follows its repository's default branch, and goes on to do so: nothing is to be built again.
    expect(dialog.get_by_text("Reachable")).to_be_visible(timeout=LIMIT)
    dialog.get_by_text("Agent and resources").click()
    dialog.get_by_label("Of each chat").fill("a lot")
    dialog.get_by_label("Token budget").fill("5M")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("“a lot” is no number of tokens.")).to_be_visible()
    lab.shoot("42-project-budget")
    dialog.get_by_label("Of each chat").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert project.token_budget == 5_000_000
    assert hub.new_chat(project).token_budget is None
