"""A panel with a thousand chats in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, expect

from agent_hub.hub.store import Store
from agent_hub.models import Chat, ChatStatus, Project
from tests.browser.conftest import new_lab_server
from tests.browser.lab import Lab
from tests.notebook.server import Server

FEW = 10
MANY = 1000

MOST_DRAWN = 60
"""Rows that are drawn at most: those of a window, and some beyond."""

OpenLab = Callable[[Server], Lab]

CHANGED_ROWS = """
([from, to]) => new Promise((resolve, reject) => {
  const rows = new Set();
  const observer = new MutationObserver(records => {
    for (const { target } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      rows.add(element?.closest('[role="treeitem"]')?.dataset.key ?? 'no row');
    }
    if (document.querySelector(`[role="treeitem"][aria-label^="${to},"]`)) {
      observer.disconnect();
      clearTimeout(limit);
      resolve([...rows]);
    }
  });
  const limit = setTimeout(() => reject(new Error(`no row became ${to}`)), 20000);
  const tree = document.querySelector(`[role="treeitem"][aria-label^="${from},"]`).closest('[role="tree"]');
  observer.observe(tree, { subtree: true, childList: true, attributes: true, characterData: true });
})
"""
"""The keys of the rows of a tree that change until a row has another name."""


def fill(data: Path, number: int) -> None:
    """Put a project with so many ended chats into a store that no hub has opened."""

    async def put() -> None:
        store = Store(data)
        await store.projects.put(Project(id="a0", name="widgets", url="/nowhere/widgets"))
        for index in range(number):
            chat = Chat(id=f"{index:04x}", project="a0", name=f"Chat {index}", agent="shell", exit_code=0)
            await store.chats.put(chat.model_copy(update={"status": ChatStatus.exited}))
        store.close()

    # The browser's own event loop has this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(put())).result()


@contextmanager
def a_lab_with(chats: int, folder: Path) -> Iterator[Server]:
    server = new_lab_server(folder, "process.ProcessEngine")
    fill(server.data, chats)
    with server:
        yield server


class Work:
    """Seconds that a page's main thread has worked."""

    def __init__(self, lab: Lab) -> None:
        self._session: CDPSession = lab.page.context.new_cdp_session(lab.page)
        self._session.send("Performance.enable")

    def __call__(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        found = {metric["name"]: metric["value"] for metric in metrics}
        return sum(found[name] for name in ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration"))


def costs(server: Server, lab: Lab) -> tuple[float, float]:
    """Seconds of the page's work to draw the list of chats, and to take in a change of one of them."""
    work = Work(lab)
    lab.show_panel()
    hub = server.hub()
    rows = lab.panel.get_by_role("tree", name="Chats").get_by_role("treeitem")
    expect(rows.first).to_be_visible()
    fold = lab.panel.locator(".jp-AgentHub-sectionHeader").get_by_role("button", name="Chats")
    drawing = []
    for _ in range(5):
        fold.click()
        expect(rows).to_have_count(0)
        before = work()
        fold.click()
        expect(rows.nth(5)).to_be_visible()
        drawing.append(work() - before)
    newest = hub.chats[f"Chat {len(hub.chats) - 1}"]
    changing = []
    for number in range(10):
        before = work()
        newest.rename(f"Changed {number}")
        expect(lab.panel.get_by_role("treeitem", name=f"Changed {number},")).to_be_visible()
        changing.append(work() - before)
    return min(drawing), min(changing)


def test_a_thousand_chats_are_drawn_and_change_as_fast_as_ten(open_lab: OpenLab, tmp_path: Path) -> None:
    measured = {}
    for number in (FEW, MANY):
        with a_lab_with(number, tmp_path / str(number)) as server:
            lab = open_lab(server)
            measured[number] = costs(server, lab)
            lab.page.close()
    (few_drawn, few_changed), (many_drawn, many_changed) = measured[FEW], measured[MANY]
    print(f"draw {1000 * few_drawn:.1f} → {1000 * many_drawn:.1f} ms", end=", ")
    print(f"change {1000 * few_changed:.1f} → {1000 * many_changed:.1f} ms")
    assert many_drawn < 5 * few_drawn
    assert many_changed < 3 * few_changed


def test_among_a_thousand_chats_a_change_draws_one_row_and_the_keys_reach_every_row(
    open_lab: OpenLab, tmp_path: Path
) -> None:
    with a_lab_with(MANY, tmp_path / "lab") as server:
        lab = open_lab(server)
        lab.show_panel()
        tree = lab.panel.get_by_role("tree", name="Chats")
        rows = tree.get_by_role("treeitem")
        newest = tree.get_by_role("treeitem", name=f"Chat {MANY - 1},")
        expect(newest).to_be_visible()
        assert rows.count() < MOST_DRAWN
        expect(newest).to_have_attribute("aria-setsize", str(MANY))

        # The test renames while the page watches: what is awaited here has begun before.
        lab.page.evaluate(f"names => {{ window.changedRows = ({CHANGED_ROWS})(names) }}", [f"Chat {MANY - 1}", "Other"])
        server.hub().chats[f"Chat {MANY - 1}"].rename("Other")
        assert lab.page.evaluate("() => window.changedRows") == [f"{MANY - 1:04x}"]

        newest = tree.get_by_role("treeitem", name="Other,")
        newest.focus()
        for _ in range(30):
            lab.page.keyboard.press("ArrowDown")
        expect(tree.get_by_role("treeitem", name=f"Chat {MANY - 31},")).to_be_focused()
        lab.page.keyboard.press("End")
        expect(tree.get_by_role("treeitem", name="Chat 0,")).to_be_focused()
        expect(tree.get_by_role("treeitem", name="Chat 0,")).to_be_in_viewport()
        lab.page.keyboard.press("ArrowUp")
        expect(tree.get_by_role("treeitem", name="Chat 1,")).to_be_focused()
        lab.shoot("11-many-chats")

        # Scrolled far away the focus stays, and the next key goes on from it.
        lab.panel.locator(".jp-AgentHub-sections").evaluate("node => node.scrollTo(0, 0)")
        expect(newest).to_be_in_viewport()
        lab.page.keyboard.press("ArrowUp")
        expect(tree.get_by_role("treeitem", name="Chat 2,")).to_be_focused()
        expect(tree.get_by_role("treeitem", name="Chat 2,")).to_be_in_viewport()
        lab.page.keyboard.press("Home")
        expect(lab.panel.get_by_role("treeitem", name=re.compile("^widgets, "))).to_be_focused()

        # What is opened from elsewhere is brought into view.
        lab.run("agent-hub:open-chat", chat=f"{500:04x}")
        expect(tree.get_by_role("treeitem", name="Chat 500,")).to_be_in_viewport()
        expect(tree.get_by_role("treeitem", name="Chat 500,")).to_have_attribute("aria-current", "true")
        lab.panel.get_by_role("treeitem", name=re.compile("^widgets, ")).focus()

        lab.page.keyboard.press("/")
        lab.page.keyboard.type("chat 77")
        expect(rows).to_have_count(1 + len(["77", *range(770, 780)]))
