"""The panel under a finger, which points at nothing before it taps."""

from __future__ import annotations

from playwright.sync_api import Browser, CDPSession, Locator, expect

from tests.browser.conftest import LIMIT, SCREENSHOTS
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server

A_TAP = 100
"""For how long a finger stays, in milliseconds: long enough for the page to be drawn anew under it."""


def tap(finger: CDPSession, row: Locator, from_right: float) -> None:
    """Tap on a row, so many pixels from its right end. Playwright's own tap takes no time at all."""
    box = row.bounding_box()
    assert box is not None
    point = {"x": box["x"] + box["width"] - from_right, "y": box["y"] + 13}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    row.page.wait_for_timeout(A_TAP)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_tap_on_a_row_opens_it_and_does_nothing_that_was_not_shown(
    browser: Browser, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, agent="shell", progress=False)
    for number in range(2):
        hub.new_chat(project, name=f"Chat {number}").wait_ready()
    page = browser.new_page(viewport={"width": 1290, "height": 924}, has_touch=True)
    page.set_default_timeout(LIMIT)
    finger = page.context.new_cdp_session(page)
    lab = Lab(page, server, SCREENSHOTS)
    page.locator(".jp-SideBar li[data-id='agent-hub-panel']").tap()
    lab.panel.wait_for()
    tab = page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current.jp-mod-current")

    for number in (0, 1, 0, 1, 0, 1):
        row = lab.panel.get_by_role("treeitem", name=f"Chat {number},")
        # Where a pointer would have Stop, once it were there.
        tap(finger, row, 44)
        expect(tab).to_contain_text(f"Chat {number}")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(row.locator(".jp-AgentHub-time")).to_be_visible()

    # The other one, which is not in front: its menu is there all the same.
    lab.panel.get_by_role("treeitem", name="Chat 0,").get_by_role("button", name="More").tap()
    expect(page.get_by_role("menuitem", name="Stop…")).to_be_visible()
    page.context.close()
