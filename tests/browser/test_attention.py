"""Who needs the person: the badge, the row, the notification, and the way to the chat."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

TURN_TIMEOUT = 60_000
"""Milliseconds until an agent has come to where it asks, or ends."""


def test_a_chat_that_needs_the_person_says_so_wherever_they_are(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_model: ModelServer,
    a_repository: Repository,
) -> None:
    hub = a_lab_server_without_docker.hub()
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    lab = open_lab(a_lab_server_without_docker)
    page, panel = lab.page, lab.panel
    lab.show_panel()
    tab = page.locator(".jp-SideBar li[data-id='agent-hub-panel']")
    notices = page.get_by_role("alert")

    done = hub.new_chat(project, "Say hello", name="Done")
    expect(notices.filter(has_text="“Done” has finished.")).to_be_visible(timeout=TURN_TIMEOUT)
    row = panel.get_by_role("treeitem", name="Done, Finished")
    expect(row).to_have_accessible_name(re.compile("not seen"))
    asks = [hub.new_chat(project, f"RUN: touch {word}", name=f"Asks {word}", ask_before=["touch"]) for word in "ab"]
    expect(notices.filter(has_text="“Asks a” waits for you.")).to_be_visible(timeout=TURN_TIMEOUT)
    expect(notices.filter(has_text="“Asks b” waits for you.")).to_be_visible(timeout=TURN_TIMEOUT)
    expect(tab).to_have_attribute("data-waiting", "2")
    expect(panel.get_by_role("treeitem").nth(2)).to_have_accessible_name(re.compile("^Asks"))
    lab.shoot("33-needs-you")

    # Each look at one of them is one less to tell of; answered it is one less that waits.
    panel.get_by_role("button", name="2 need you").click()
    shown = page.locator(".jp-AgentHub-tab:visible")
    expect(shown).to_have_count(1)
    expect(notices.filter(has_text="waits for you.")).to_have_count(1)
    page.keyboard.press("Control+Alt+j")
    expect(notices.filter(has_text="waits for you.")).to_have_count(0)
    expect(tab).to_have_attribute("data-waiting", "2")
    for chat in asks:
        chat.turns[-1].approve()
    expect(tab).not_to_have_attribute("data-waiting", re.compile("."), timeout=TURN_TIMEOUT)
    expect(panel.get_by_role("button", name="need you")).to_have_count(0)

    # What was not seen is still so after a reload, until it is opened.
    lab.reload()
    expect(row).to_have_accessible_name(re.compile("not seen"))
    row.click()
    expect(row).not_to_have_accessible_name(re.compile("not seen"))

    # A setting works at once.
    lab.run("settingeditor:open", query="Agent Hub")
    with page.expect_request(lambda request: "/api/settings/" in request.url and request.method == "PUT"):
        page.get_by_label("Tell when a chat has finished").uncheck()
    lab.shoot("35-settings")
    done.send("Say hello again")
    expect(row).to_have_accessible_name(re.compile("not seen"), timeout=TURN_TIMEOUT)
    expect(notices.filter(has_text="has finished.")).to_have_count(0)


def test_what_needs_no_row_is_in_the_menus_of_lab(
    open_lab: Callable[[Server], Lab], a_lab_server_without_docker: Server
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    menu = lab.page.get_by_role("menuitem")
    lab.page.get_by_role("menubar").get_by_role("menuitem", name="Agents").click()
    expect(lab.page.get_by_role("menuitem", name="Artifacts of All Chats")).to_be_visible()
    expect(menu.filter(has_text="New Chat with Options…")).to_be_visible()
    expect(menu.filter(has_text="Next Chat That Needs You")).to_have_attribute("aria-disabled", "true")
    lab.shoot("34-menu")
    menu.filter(has_text="Show Agent Hub").click()
    expect(lab.panel).to_be_visible()
    lab.page.get_by_role("menubar").get_by_role("menuitem", name="File").click()
    lab.page.locator(".lm-Menu-item", has=lab.page.get_by_text("New", exact=True)).hover()
    expect(menu.filter(has_text="Agent Chat")).to_be_visible()
