"""Deleting a chat that has work which is nowhere else, and having it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server


def delete(lab: Lab, chat: str) -> None:
    """Delete a chat with unsaved work, as a person does."""
    lab.run("agent-hub:delete-chat", chat=chat)
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog.get_by_text("are kept for 30 days")).to_be_visible()
    dialog.get_by_role("button", name="Delete anyway").click()


def test_a_deleted_chat_is_restored_with_its_unsaved_work_downloaded_or_let_go_of(
    open_lab: Callable[[Server], Lab], a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, progress=False)
    chat = hub.new_chat(project, agent="shell", name="Try things").wait_ready()
    (Path(chat.workspace) / "new.txt").write_text("unsaved\n")
    lab = open_lab(server)
    page = lab.page
    lab.show_panel()
    row = lab.panel.get_by_role("treeitem", name="Try things,").first
    expect(row).to_be_visible()
    kept = lab.panel.get_by_role("button", name="Recently deleted")
    expect(kept).to_have_count(0)

    # At once: from the notification.
    delete(lab, chat.id)
    notice = page.locator(".Toastify__toast")
    expect(notice).to_contain_text("Deleted “Try things”. Its unsaved work is kept until ")
    # It goes by itself after a while.
    notice.get_by_role("button", name="Restore").click()
    expect(lab.panel.get_by_role("treeitem", name="Try things, Ready")).to_be_visible()
    expect(kept).to_have_count(0)
    (restored,) = hub.chats.values()
    assert (Path(restored.workspace) / "new.txt").read_text() == "unsaved\n"

    # Later: from the list.
    delete(lab, restored.id)
    lab.shoot("16-deleted")
    kept.click()
    row = lab.panel.get_by_role("tree", name="Recently deleted").get_by_role("treeitem")
    expect(row).to_contain_text("1 file · until ")
    row.hover()
    with page.expect_download() as download:
        row.get_by_role("button", name="Download").click()
    assert download.value.path().read_bytes().startswith(b"# v2 git bundle")
    lab.shoot("17-recently-deleted")
    row.focus()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete now").click()
    expect(kept).to_have_count(0)
