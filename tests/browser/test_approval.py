"""What an agent asks, answered in the panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

TURN_TIMEOUT = 60_000
"""Milliseconds until an agent has come to where it asks, or ends."""


def test_a_chat_that_waits_for_an_answer_says_so_and_gets_it(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_model: ModelServer,
    a_repository: Repository,
) -> None:
    hub = a_lab_server_without_docker.hub()
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    chat = hub.new_chat(project, "RUN: touch made.txt", name="Asks", ask_before=["touch"])
    row = lab.panel.get_by_role("treeitem", name="Asks,")
    expect(row).to_contain_text("Waiting for you", timeout=TURN_TIMEOUT)
    made = Path(chat.workspace) / "made.txt"
    dialog = lab.page.get_by_role("dialog")

    row.hover()
    row.get_by_role("button", name="Answer").click()
    expect(dialog).to_contain_text("Let Codex run this command?")
    expect(dialog.locator("pre")).to_have_text("touch made.txt")
    lab.shoot("15-approval")
    dialog.get_by_role("button", name="Later").click()
    expect(row).to_contain_text("Waiting for you")
    assert not made.exists()

    row.click(button="right")
    lab.page.get_by_role("menuitem", name="Answer…").click()
    dialog.get_by_role("button", name="Allow once").click()
    expect(row).to_contain_text("Finished", timeout=TURN_TIMEOUT)
    assert made.exists()
