"""The panel in a browser, beside what Lab itself draws."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from agent_hub.hub.store import Store
from tests.bench.bench import Bench, Scale
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.listing import fill
from tests.bench.project import make_repository
from tests.browser.chromium import chromium
from tests.browser.conftest import new_lab_server
from tests.browser.published import publish_many
from tests.notebook.server import Server

PANEL_ROW = "#agent-hub-panel [role=treeitem]"
LAB_ROW = ".jp-DirListing-item"
PANEL_SCROLLER = ".jp-AgentHub-sections"
LAB_SCROLLER = ".jp-DirListing-content"
GALLERY_FILE = ".jp-AgentHub-tile"
GALLERY_SCROLLER = ".jp-AgentHub-grid"
PAGE_SECONDS = 60

WATCH = """
wanted => {
  const seen = new Promise(resolve => {
    const look = () => document.querySelector(wanted)?.checkVisibility()
      ? resolve(performance.now()) : requestAnimationFrame(look);
    requestAnimationFrame(look);
  });
  const restored = new Promise(resolve => {
    const look = () => window.jupyterapp
      ? window.jupyterapp.restored.then(() => resolve(performance.now())) : setTimeout(look, 1);
    look();
  });
  window.usable = Promise.all([seen, restored]).then(([row, lab]) => Math.max(0, row - lab));
}
"""
"""Milliseconds from when Lab is restored until there is a first row; none where it was there before."""

FRAMES = """
project => new Promise(resolve => {
  const count = () => document.querySelectorAll('#agent-hub-panel [role=treeitem][aria-label$=", Shell"]').length;
  const before = count();
  requestAnimationFrame(() => {
    void window.jupyterapp.commands.execute('agent-hub:new-chat', { project, agent: 'shell' });
    const look = frame => (count() > before ? resolve(frame) : requestAnimationFrame(() => look(frame + 1)));
    requestAnimationFrame(() => look(0));
  });
})
"""
"""Frames that are drawn without the row of a chat that was asked for: none where it is in the very next."""

SCROLL = """
([scroller, steps]) => new Promise(resolve => {
  const node = [...document.querySelectorAll(scroller)].find(node => node.checkVisibility());
  node.scrollTop = 0;
  const times = [];
  let last = performance.now();
  const step = () => {
    const now = performance.now();
    times.push(now - last);
    last = now;
    node.scrollTop += 120;
    times.length < steps ? requestAnimationFrame(step) : resolve([times.slice(1), node.scrollTop]);
  };
  requestAnimationFrame(step);
})
"""
"""Milliseconds of each frame while a list is scrolled from its top by 120 pixels in each, and how far that came."""


def measure(bench: Bench) -> Iterator[Figure]:
    """A Lab with many chats, and as many files, which its own list shows in the same place."""
    count = bench.scale.listed
    server = new_lab_server(bench.folder / "panel", "process.ProcessEngine")
    # Playwright has the event loop of its thread, from its start on.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _fill(server.data, count, bench.scale.shown)).result()
    server.root.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (server.root / f"file {number:04d}.txt").touch()
    with server, chromium() as browser:
        project = server.hub().add_project(
            make_repository(bench.folder / "panel-project", {"README.md": b"# Bench\n"}),
            # Above the others, so that its rows are in view.
            name="A project",
            agent="shell",
            progress=False,
        )
        yield _usable(server, browser, bench.scale.few_runs)
        with _page(browser) as page:
            _open(server, page, "agent-hub-panel", PANEL_ROW)
            yield _optimistic(page, project.id, bench.scale.runs)
            yield _scrolled(page, bench.scale)
            yield _gallery(page, bench.scale)
        for chat in [chat for chat in server.hub().chats.values() if chat.agent == "shell"]:
            chat.delete(force=True)


def _usable(server: Server, browser: Browser, runs: int) -> Figure:
    times: dict[str, list[float]] = {"filebrowser": [], "agent-hub-panel": []}
    for _ in range(runs):
        for panel, row in (("filebrowser", LAB_ROW), ("agent-hub-panel", PANEL_ROW)):
            with _page(browser) as page:
                _open(server, page, panel, row)
                # As it is left, Lab opens it again.
                with page.expect_request(lambda request: "/api/workspaces/" in request.url and request.method == "PUT"):
                    page.evaluate("() => void window.jupyterapp.commands.execute('application:toggle-header')")
                page.add_init_script(f"({WATCH})({row!r})")
                page.goto(f"{server.url}lab")
                times[panel].append(page.evaluate("() => window.usable"))
    return Figure(
        "Lab is restored: to the first row of its list",
        MILLISECONDS,
        times["agent-hub-panel"],
        times["filebrowser"],
        bar=Bar(most=300),
    )


def _optimistic(page: Page, project: str, runs: int) -> Figure:
    frames = []
    for _ in range(runs):
        frames.append(page.evaluate(FRAMES, project))
        page.wait_for_function("() => !document.querySelector('#agent-hub-panel [aria-label*=\"Starting\"]')")
    return Figure(
        "a chat is asked for: frames without its row",
        "frames",
        frames,
        bar=Bar(most=1),
    )


def _scrolled(page: Page, scale: Scale) -> Figure:
    return _frames(
        f"a frame while {scale.listed} chats are scrolled, beside as many files, p95", page, PANEL_SCROLLER, scale
    )


def _gallery(page: Page, scale: Scale) -> Figure:
    page.evaluate("() => window.jupyterapp.commands.execute('agent-hub:open-artifacts')")
    page.locator(GALLERY_FILE).first.wait_for()
    return _frames(
        f"a frame while {scale.shown} artifacts are scrolled, beside the file browser, p95",
        page,
        GALLERY_SCROLLER,
        scale,
    )


def _frames(what: str, page: Page, scroller: str, scale: Scale) -> Figure:
    """The frames of a list of ours and of the file browser, by turns: what else the machine does meets both."""
    ours: list[float] = []
    lab: list[float] = []
    moves = []
    for _ in range(scale.few_runs):
        for panel, node, times in (("agent-hub-panel", scroller, ours), ("filebrowser", LAB_SCROLLER, lab)):
            page.evaluate("panel => window.jupyterapp.shell.activateById(panel)", panel)
            page.locator(node).locator("visible=true").first.wait_for()
            frames, moved = page.evaluate(SCROLL, [node, scale.frames])
            times.extend(frames)
            moves.append(moved)
    return Figure(
        what, MILLISECONDS, ours, lab, rank=95, bar=Bar(ratio_most=1.2), claims={"it scrolled": min(moves) > 0}
    )


async def _fill(data: Path, chats: int, artifacts: int) -> None:
    await fill(data, chats)
    store = Store(data)
    await publish_many(store, data, next(iter(store.chats)), artifacts)
    store.close()


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1290, "height": 924})
    page.set_default_timeout(PAGE_SECONDS * 1000)
    try:
        yield page
    finally:
        page.context.close()


def _open(server: Server, page: Page, panel: str, row: str) -> None:
    """Open Lab with a panel in its left side bar."""
    page.goto(f"{server.url}lab?token={server.token}&reset")
    page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored.then(() => true)")
    page.evaluate("panel => window.jupyterapp.shell.activateById(panel)", panel)
    page.locator(row).first.wait_for()
