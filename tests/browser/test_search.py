"""Searching what a chat's terminal has shown."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server

SELECTION = """
() => [...window.jupyterapp.shell.widgets('main')]
  .filter(widget => widget.isVisible).map(widget => widget.content._term?.getSelection()).join('')
"""
"""What is selected in the visible terminal."""

TOP = """
() => [...window.jupyterapp.shell.widgets('main')]
  .filter(widget => widget.isVisible).map(widget => widget.content._term?.buffer.active.viewportY)[0]
"""
"""The first line in view of the visible terminal."""


def test_a_line_that_scrolled_away_is_found_and_shown_and_esc_leads_back_to_the_terminal(
    open_lab: Callable[[Server], Lab], a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, progress=False)
    hub.new_chat(project, agent="shell", name="Train").wait_ready()
    lab = open_lab(server)
    page = lab.page
    lab.show_panel()
    lab.panel.get_by_role("treeitem", name="Train,").click()
    lab.type("for i in $(seq 1 400); do echo \"step $i Größe $((i % 7)) 漢字\"; done; echo al''l done\n")
    lab.wait_for_terminal("all done")
    at_the_end = page.evaluate(TOP)

    page.keyboard.press("Control+Alt+f")
    box = page.get_by_role("search", name="Search the terminal")
    field = box.get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill("STEP 12")
    count = box.get_by_role("status")
    expect(count).to_have_text("1 of 11 lines")
    hits = box.get_by_role("option")
    expect(hits.first).to_have_text("step 129 Größe 3 漢字")
    expect(hits.first.locator("mark")).to_have_text("step 12")
    expect(hits.first).to_have_attribute("aria-selected", "true")
    page.wait_for_function(f"({SELECTION})() === 'step 12'")
    assert page.evaluate(TOP) < at_the_end
    lab.shoot("15-search")

    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 11 lines")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text("11 of 11 lines")
    expect(hits.last).to_have_text("step 12 Größe 5 漢字")
    expect(hits.last).to_be_in_viewport()

    field.fill("nothing like it")
    expect(count).to_have_text("Nothing found")
    expect(hits).to_have_count(0)
    field.fill("")
    expect(count).to_have_text("")

    page.route("**/search?**", lambda route: route.abort())
    field.fill("step 3")
    expect(box).to_contain_text("The Jupyter server does not answer.")
    page.unroute("**/search?**")
    box.get_by_role("button", name="Try again").click()
    expect(count).to_contain_text("1 of ")

    field.press("Escape")
    expect(box).to_have_count(0)
    expect(page.locator(".jp-Terminal:visible .xterm-helper-textarea")).to_be_focused()
    assert page.evaluate(SELECTION) == ""
    page.keyboard.type("echo on''ward\n")
    lab.wait_for_terminal("\nonward")

    page.locator(".jp-AgentHub-chatHeader").get_by_role("button", name="Search the terminal").click()
    expect(field).to_be_focused()
