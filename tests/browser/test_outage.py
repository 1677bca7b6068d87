"""What a person sees while the hub, or its container engine, is away."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Request, WebSocketRoute, expect

from tests.browser.conftest import lab_server
from tests.browser.engine_link import EngineLink
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server

OpenLab = Callable[[Server], Lab]

UNKNOWN = re.compile(r"Unknown · last seen \d\d:\d\d")
AWAY_TIMEOUT = 60_000
"""Milliseconds until a hub or an engine that went away or came back is noticed."""


@pytest.fixture
def engine_link() -> Iterator[EngineLink]:
    with tempfile.TemporaryDirectory() as folder, EngineLink(Path(folder) / "docker.sock") as link:
        yield link


def test_while_the_hub_is_away_its_list_stays_and_says_unknown_until_it_is_back(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, progress=False)
    hub.new_chat(project, agent="shell", name="Works").wait_ready()
    ended = hub.new_chat(project, agent="shell", name="Ended").wait_ready()
    ended.stop()
    lab = open_lab(server)
    lab.show_panel()
    works = lab.panel.get_by_role("treeitem", name="Works,")
    expect(works).to_contain_text("Ready")
    works.click()
    lab.page.evaluate("() => { window.isSamePage = true; }")

    server.stop()
    expect(works).to_contain_text(UNKNOWN, timeout=AWAY_TIMEOUT)
    expect(lab.panel.get_by_role("treeitem", name="Ended,")).to_contain_text("Exited")
    banner = lab.panel.locator(".jp-AgentHub-banner")
    expect(banner).to_contain_text("The hub does not answer")
    expect(banner).to_contain_text("comes back by itself")
    new_chat = lab.panel.get_by_role("button", name="New chat", exact=True)
    expect(new_chat).to_be_disabled()
    expect(new_chat).to_have_attribute("title", "New chat in widgets: The hub does not answer")
    bar = lab.page.locator(".jp-AgentHub-chatHeader")
    expect(bar).to_contain_text(UNKNOWN)
    expect(bar.get_by_role("button", name="Stop")).to_be_disabled()
    works.hover()
    stop = works.get_by_role("button", name="Stop")
    expect(stop).to_have_attribute("aria-disabled", "true")
    expect(stop).to_have_attribute("title", "Stop: The hub does not answer")
    lab.page.screenshot(path=lab.screenshot("12-hub-away"))

    server.start()
    expect(works).not_to_contain_text("Unknown", timeout=AWAY_TIMEOUT)
    expect(new_chat).to_be_enabled()
    expect(lab.panel.get_by_text("The hub does not answer")).to_have_count(0)
    assert lab.page.evaluate("() => window.isSamePage")


def test_a_hub_that_cannot_be_reached_opens_no_dialog_over_ones_work(
    open_lab: OpenLab, a_lab_server_without_docker: Server
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    lab.page.route("**/agent-hub/**", lambda route: route.abort())

    def close(socket: WebSocketRoute) -> None:
        socket.close()

    lab.page.route_web_socket(re.compile("/agent-hub/"), close)
    lab.reload()
    lab.show_panel()
    expect(lab.panel.get_by_text("The hub does not answer")).to_be_visible(timeout=AWAY_TIMEOUT)

    def asks_again(request: Request) -> bool:
        return "/agent-hub/api/status" in request.url

    # Lab looks for its kernels and terminals meanwhile, and finds its server well.
    for _ in range(4):
        lab.page.wait_for_event("requestfailed", asks_again)
    expect(lab.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.timeout(600)
def test_while_the_engine_is_away_chats_are_unknown_and_come_back_by_themselves(
    open_lab: OpenLab,
    engine_link: EngineLink,
    a_repository: Repository,
    base_image: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_link.url)
    with lab_server(tmp_path / "lab", "docker.DockerEngine", f"--AgentHub.base_image={base_image}") as server:
        hub = server.hub()
        project = hub.add_project(a_repository.path, progress=False)
        hub.new_chat(project, agent="shell", name="Works").wait_ready()
        lab = open_lab(server)
        lab.show_panel()
        works = lab.panel.get_by_role("treeitem", name="Works,")
        expect(works).to_contain_text("Ready")

        engine_link.cut()
        expect(works).to_contain_text(UNKNOWN, timeout=AWAY_TIMEOUT)
        banner = lab.panel.locator(".jp-AgentHub-banner")
        expect(banner).to_contain_text("Docker does not answer")
        expect(banner).to_contain_text("come back by themselves")
        expect(lab.panel.get_by_role("button", name="New chat", exact=True)).to_be_disabled()
        works.click(button="right")
        menu = lab.page.locator(".lm-Menu")
        expect(menu.get_by_text("Docker does not answer")).to_be_visible()
        expect(menu.get_by_role("menuitem", name="Stop…")).to_have_attribute("aria-disabled", "true")
        expect(menu.get_by_role("menuitem", name="Rename…")).not_to_have_attribute("aria-disabled", "true")
        lab.page.keyboard.press("Escape")
        lab.shoot("13-engine-away")

        engine_link.mend()
        expect(works).to_contain_text("Ready", timeout=AWAY_TIMEOUT)
        expect(banner).to_have_count(0)
