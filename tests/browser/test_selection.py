"""Several chats, chosen in the panel and acted on together."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server

OpenLab = Callable[[Server], Lab]


def test_chosen_chats_are_stopped_and_deleted_together_and_unsaved_work_is_asked_about_once(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, agent="shell", progress=False)
    for number in range(4):
        hub.new_chat(project, name=f"Chat {number}").wait_ready()
    for number in (0, 2):
        hub.chats[f"Chat {number}"].files["new.txt"].write_text("nowhere else")
    lab = open_lab(server)
    lab.show_panel()

    def row(number: int) -> Locator:
        return lab.panel.get_by_role("treeitem", name=f"Chat {number},")

    selected = lab.panel.get_by_role("treeitem", selected=True)
    bar = lab.panel.get_by_role("toolbar", name="Selected chats")
    row(3).click(modifiers=["ControlOrMeta"])
    row(1).click(modifiers=["Shift"])
    expect(selected).to_have_count(3)
    expect(bar).to_contain_text("3 selected")
    expect(lab.page.locator(".jp-AgentHub-tab")).to_have_count(0)
    lab.shoot("12-selection")
    row(2).click(button="right")
    expect(lab.page.get_by_role("menuitem", name="Stop 3 Chats…")).to_be_visible()
    lab.page.keyboard.press("Escape")
    bar.get_by_role("button", name="Stop").click()
    dialog = lab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Chat 3, Chat 2, Chat 1.")
    dialog.get_by_role("button", name="Stop").click()
    for number in (1, 2, 3):
        expect(row(number)).to_contain_text("Exited")
    expect(row(0)).to_contain_text("Ready")

    # One key stops what runs, and deletes what has ended.
    row(2).focus()
    lab.page.keyboard.press("Delete")
    expect(dialog).to_contain_text("Delete 3 chats?")
    dialog.get_by_role("button", name="Cancel").click()
    row(0).focus()
    lab.page.keyboard.press("Delete")
    expect(dialog).to_contain_text("Stop “Chat 0”?")
    dialog.get_by_role("button", name="Cancel").click()

    # By keys alone: the first, then all, then down to those below.
    row(0).focus()
    lab.page.keyboard.press("Escape")
    expect(selected).to_have_count(0)
    lab.page.keyboard.press("Space")
    expect(selected).to_have_count(1)
    lab.page.keyboard.press("Shift+ArrowDown")
    expect(selected).to_have_count(2)
    lab.page.keyboard.press("ControlOrMeta+a")
    expect(selected).to_have_count(4)
    bar.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("2 chats with work that is nowhere else")
    expect(dialog).to_contain_text("Chat 0, Chat 2.")
    dialog.get_by_role("button", name="Delete anyway").click()
    for number in range(4):
        expect(row(number)).to_have_count(0)
    expect(lab.panel.get_by_role("button", name="Recently deleted")).to_contain_text("2")
