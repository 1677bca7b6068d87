"""What the form of a new project finds out by itself, and what of it a person changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.git_server import GitServer

BUILD_TIMEOUT = 300_000
"""Milliseconds; the agent layer may have to be built."""

OpenLab = Callable[[Server], Lab]

PYPROJECT = """\
[project]
name = "widgets"
version = "1"
requires-python = ">=3.9,<3.11"

[project.optional-dependencies]
train = ["torch>=2.6"]
test = ["pytest"]
"""


@pytest.mark.timeout(600)
def test_a_project_is_proposed_by_its_files_changed_and_built(
    open_lab: OpenLab, a_lab_server: Server, a_repository: Repository, base_image: str
) -> None:
    a_repository.commit("Say what it needs", {"pyproject.toml": PYPROJECT})
    lab = open_lab(a_lab_server)
    lab.show_panel()
    lab.run("agent-hub:add-project")
    dialog = lab.page.get_by_role("dialog")
    with GitServer(a_repository.path.parent) as git:
        dialog.get_by_label("URL", exact=True).fill(git.url(a_repository.path))
        dialog.get_by_label("URL", exact=True).press("Tab")
        expect(dialog.get_by_text("Reachable")).to_be_visible()
        base, script = dialog.get_by_label("Base image"), dialog.get_by_role("textbox", name="Setup script")
        expect(base).to_have_value("python:3.10-bookworm")
        expect(dialog.get_by_text("pyproject.toml asks for Python >=3.9,<3.11.")).to_be_visible()
        expect(script).to_have_text('pip install -e ".[test]"')
        expect(dialog.get_by_text("proposed", exact=True)).to_have_count(2)
        dialog.get_by_role("button", name="Agent and resources").click()
        expect(dialog.get_by_text("asks for torch, but this machine has no GPU.")).to_be_visible()
        dialog.get_by_role("button", name="Agent and resources").click()
        lab.shoot("30-proposal")

        # Another branch says nothing, and what was proposed for the first goes with it.
        dialog.get_by_label("Branch").select_option("feature")
        expect(base).to_have_value("")
        expect(script).to_have_text("")
        dialog.get_by_label("Branch").select_option("main")
        expect(base).to_have_value("python:3.10-bookworm")

        base.fill(base_image)
        expect(dialog.get_by_text("proposed", exact=True)).to_have_count(1)
        script.click()
        lab.page.keyboard.press("ControlOrMeta+a")
        lab.page.keyboard.type("echo by hand")
        expect(dialog.get_by_text("proposed", exact=True)).to_have_count(0)
        dialog.get_by_role("button", name="Add and build").click()
        build = lab.page.locator("[id^='agent-hub-build']")
        expect(build.get_by_text("Ready").first).to_be_visible(timeout=BUILD_TIMEOUT)
    (project,) = a_lab_server.hub().projects.values()
    assert "by hand" in project.build_log()


def test_a_folder_of_the_file_browser_becomes_a_project_where_it_lies_in_a_repository(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    root = Path(server.root)
    a_repository.git("clone", "--quiet", ".", str(root / "gadgets"))
    (root / "plain").mkdir()
    lab = open_lab(server)
    page = lab.page
    page.locator(".jp-DirListing-item", has_text="gadgets").click(button="right")
    page.get_by_role("menuitem", name="Use This Folder for Agents").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("URL", exact=True)).to_have_value(str(root / "gadgets"))
    expect(dialog.get_by_text("Reachable")).to_be_visible()
    expect(dialog.get_by_label("Name")).to_have_value("gadgets")
    lab.shoot("31-use-this-folder")
    dialog.get_by_role("button", name="Git URL").click()
    expect(dialog.get_by_label("URL", exact=True)).to_be_editable()
    dialog.get_by_role("button", name="This folder: ").click()
    expect(dialog.get_by_label("URL", exact=True)).to_have_value(str(root / "gadgets"))
    dialog.get_by_role("button", name="Add and build").click()
    expect(page.locator("[id^='agent-hub-build']").get_by_text("Ready").first).to_be_visible(timeout=BUILD_TIMEOUT)

    page.locator(".jp-DirListing-item", has_text="plain").click(button="right")
    page.get_by_role("menuitem", name="Use This Folder for Agents").click()
    expect(page.get_by_role("dialog").get_by_text("lies in no Git repository")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("Run 'git init' there")).to_be_visible()
    lab.shoot("32-no-repository")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").last.click()
