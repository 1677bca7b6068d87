"""The whole story: a Git URL, its snapshot, a Codex chat in a terminal tab, and the file it published."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

BUILD_TIMEOUT = 300_000
"""Milliseconds; the agent layer may have to be built, with Git fetched from the distribution."""

CHART = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 20' width='400' height='200'>"
    "<rect width='40' height='20' fill='white'/>"
    "<polyline points='2,3 10,12 20,15 38,17' fill='none' stroke='teal'/></svg>"
)


@pytest.mark.timeout(900)
def test_a_person_goes_from_a_git_url_to_a_file_that_codex_published(
    open_lab: Callable[[Server], Lab], a_lab_server: Server, a_model: ModelServer, this_repository: str, tmp_path: Path
) -> None:
    lab = open_lab(a_lab_server)
    page = lab.page

    # A first look: one sentence, one action.
    lab.show_panel()
    expect(lab.panel.get_by_text("A project is a Git repository")).to_be_visible()
    lab.shoot("01-first-run")

    # A project by its URL, with a setup script and an environment.
    lab.panel.get_by_role("button", name="Add project").last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("URL", exact=True).fill(this_repository)
    dialog.get_by_label("URL", exact=True).press("Tab")
    expect(dialog.get_by_text("Reachable")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("agent-hub")
    # What is proposed needs a registry, and installs from the internet.
    expect(dialog.get_by_label("Base image")).to_have_value("python:3.12-bookworm")
    dialog.get_by_label("Base image").fill("")
    dialog.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("git log --oneline -3\nmkdir -p .prepared\ndate > .prepared/when")
    dialog.get_by_role("button", name="Environment").click()
    for number, (name, value) in enumerate(
        {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": a_model.base_url("host.docker.internal")}.items(), start=1
    ):
        dialog.get_by_role("button", name="Add variable").click()
        dialog.get_by_label(f"Variable {number}: name").fill(name)
        dialog.get_by_label(f"Variable {number}: value").fill(value)
    dialog.get_by_label("Variable 1: secret").check()
    lab.shoot("02-add-project")
    dialog.get_by_role("button", name="Add and build").click()

    # Its snapshot, step by step.
    build = page.locator("[id^='agent-hub-build']")
    expect(build.get_by_role("log")).to_be_visible()
    expect(build.get_by_text("Setup script")).to_be_visible()
    lab.shoot("03-build-running")
    expect(build.get_by_text("Ready").first).to_be_visible(timeout=BUILD_TIMEOUT)
    expect(build.get_by_role("button", name="New chat")).to_be_enabled()
    expect(build.get_by_role("log")).to_contain_text("mkdir -p .prepared")
    lab.shoot("04-build-ready")

    # A Codex chat in a terminal tab.
    lab.panel.get_by_role("button", name="New chat", exact=True).click()
    lab.wait_for_terminal("Ask Codex to do anything")
    expect(lab.panel.get_by_role("treeitem", name="Codex").get_by_text("Ready")).to_be_visible()
    lab.type(f'RUN: cat .prepared/when && echo "{CHART}" > loss.svg && hub_artifact publish loss.svg # done')
    # Lines are broken within a page, but never within its last word.
    lab.wait_for_terminal("# done")
    page.keyboard.press("Enter")
    lab.wait_for_terminal("Published loss.svg")
    artifact = lab.panel.get_by_role("treeitem", name="loss.svg")
    expect(artifact).to_be_visible()
    lab.shoot("05-chat")

    # By now its first prompt has named it.
    expect(lab.panel.get_by_role("treeitem", name=re.compile("^RUN: cat"))).to_be_visible()

    # The file, in Lab's own viewer, and in its file browser as a real file under the server's root.
    artifact.dblclick()
    expect(page.locator(".jp-ImageViewer img")).to_be_visible()
    lab.shoot("06-artifact")
    published = list(a_lab_server.root.glob("agent-hub/agent-hub/*/loss.svg"))
    assert len(published) == 1
    assert published[0].read_text().strip() == CHART
    artifact.hover()
    artifact.get_by_role("button", name="Reveal in file browser").click()
    expect(page.locator(".jp-DirListing-item", has_text="loss.svg")).to_be_visible()

    # After a reload the tab is back, with its screen; another person's window shows the same.
    page.get_by_role("tab", name="RUN: cat").first.click()
    lab.wait_until_saved()
    lab.reload()
    page.get_by_role("tab", name="RUN: cat").first.click()
    lab.wait_for_terminal("Published loss.svg")
    other = open_lab(a_lab_server)
    other.show_panel()
    other.panel.get_by_role("treeitem", name=re.compile("^RUN: cat .*, Finished")).click()
    other.page.keyboard.press("Enter")
    other.wait_for_terminal("Published loss.svg")
    other.type("hello from the other window")
    lab.wait_for_terminal("hello from the other window")

    # No password of the person's is anywhere in the page's data.
    assert "sk-stand-in" not in str(page.evaluate("() => fetch('agent-hub/api/projects').then(r => r.text())"))
