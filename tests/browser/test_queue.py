"""Chats that wait for their start, as a person sees them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server

START_TIMEOUT = 60_000
"""Milliseconds until what waited has started."""


def test_a_chat_that_waits_says_why_and_its_start_is_cancelled_without_a_question(
    open_lab: Callable[[Server], Lab], a_lab_server_without_docker: Server, a_repository: Repository, tmp_path: Path
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    gate = tmp_path / "gate"
    setup = f"while [ ! -e {shlex.quote(str(gate))} ]; do sleep 0.1; done"
    project = hub.add_project(a_repository.path, setup=setup, wait=False)
    for name in ("First", "Second"):
        hub.new_chat(project, agent="shell", name=name)
    lab = open_lab(server)
    lab.show_panel()
    first = lab.panel.get_by_role("treeitem", name="First,")
    second = lab.panel.get_by_role("treeitem", name="Second,")
    expect(first).to_contain_text("Starting · ")
    expect(first).to_contain_text("build")
    second.click()
    bar = lab.page.locator(".jp-AgentHub-chatHeader")
    expect(bar).to_contain_text("build")
    expect(bar.get_by_role("button", name="Open build")).to_be_enabled()
    lab.shoot("14-queue")

    bar.get_by_role("button", name="Cancel start").click()
    expect(second).to_contain_text("Exited")
    expect(lab.page.get_by_role("dialog")).to_have_count(0)
    said = lab.page.locator(".jp-AgentHub-announcer")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_contain_text("Second: Exited")

    gate.touch()
    expect(first).to_contain_text("Ready", timeout=START_TIMEOUT)
    expect(said).to_contain_text("First: Ready")
    expect(second).to_contain_text("Exited")


def test_a_chat_whose_project_failed_leads_to_the_build(
    open_lab: Callable[[Server], Lab], a_lab_server_without_docker: Server, a_repository: Repository, tmp_path: Path
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    gate = tmp_path / "gate"
    setup = f"while [ ! -e {shlex.quote(str(gate))} ]; do sleep 0.1; done; exit 3"
    project = hub.add_project(a_repository.path, setup=setup, wait=False)
    hub.new_chat(project, agent="shell", name="Waits")
    lab = open_lab(server)
    lab.show_panel()
    lab.panel.get_by_role("treeitem", name="Waits,").click()
    bar = lab.page.locator(".jp-AgentHub-chatHeader")
    gate.touch()
    expect(bar).to_contain_text("Failed", timeout=START_TIMEOUT)
    expect(bar.get_by_role("button", name="Start again")).to_be_enabled()
    lab.shoot("18-failed-project")
    bar.get_by_role("button", name="Open build").click()
    expect(lab.page.locator("[id^='agent-hub-build'] .jp-AgentHub-banner")).to_contain_text("exited with 3")
