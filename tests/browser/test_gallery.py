"""A gallery by keys alone, with thousands of files, and with tables that pandas wrote or that were made to do harm."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from playwright.sync_api import Locator, Response, expect

from agent_hub.hub.store import Store
from agent_hub.models import Chat as StoredChat
from agent_hub.models import ChatStatus, Project
from agent_hub.notebook.chat import Chat
from tests.browser.conftest import new_lab_server
from tests.browser.lab import Lab
from tests.browser.published import publish_many
from tests.conftest import Repository
from tests.notebook.server import Server

MANY = 2000

MOST_DRAWN = 120
"""Files that are drawn at most: those of a window, and some beyond."""

SCROLL_FAST = """
() => new Promise(resolve => {
  const node = document.querySelector('.jp-AgentHub-grid');
  const step = left => {
    node.scrollTop += 160;
    left > 0 ? requestAnimationFrame(() => step(left - 1)) : resolve(node.scrollTop);
  };
  step(100);
})
"""
"""Scroll a gallery by some 160 pixels in each frame, past several hundred of its files; gives how far that came."""

SCROLL_ELSEWHERE = """
() => {
  const node = document.createElement('div');
  node.style.cssText = 'position: absolute; z-index: 1; width: 40px; height: 40px; overflow: auto';
  node.innerHTML = '<div style="height: 9999999px"></div>';
  document.body.append(node);
  const step = () => {
    node.scrollTop += 100;
    requestAnimationFrame(step);
  };
  step();
}
"""
"""Scroll something else quickly, without an end."""

ROWS = 300_000

SCRIPTS = [f"rate = {rate}\nfor step in range(40):\n    train(step, rate)\n" for rate in (0.1, 0.05, 0.025)]

IN_THE_MIDDLE = """
() => {
  const { left, width, top, height } = document.querySelector('.jp-AgentHub-grid').getBoundingClientRect();
  const rows = [0.4, 0.45, 0.5, 0.55, 0.6].map(part => top + part * height);
  const files = rows.map(row => document.elementFromPoint(left + width / 2, row)?.closest('[role="option"]'));
  return files.find(Boolean)?.ariaLabel.match(/[0-9]{4}/);
}
"""
"""The number of a file in the middle of the gallery; none as long as there is none."""

OpenLab = Callable[[Server], Lab]


def a_long_run() -> bytes:
    """A Parquet whose page claims one value, and the run of them within it a thousand million."""
    sink = io.BytesIO()
    table = pyarrow.table({"seen": pyarrow.array([None, 2], pyarrow.int64())})
    pyarrow.parquet.write_table(table, sink, compression="none", use_dictionary=False)
    content = sink.getvalue()
    # The levels of the two values: four bytes that say how long they are, and a run of bits.
    levels = b"\x02\x00\x00\x00\x03\x02"
    assert content.count(levels) == 1
    longer = b"\x06\x00\x00\x00" + b"\xfe\xff\xff\xff\x0f" + b"\x01"
    # As many bytes less of what follows, so that all else keeps its place.
    at = content.index(levels)
    return content[:at] + longer + content[at + len(longer) :]


@pytest.fixture
def a_chat(a_lab_server_without_docker: Server, a_repository: Repository) -> Chat:
    """A shell that has published a script three times, and tables."""
    hub = a_lab_server_without_docker.hub()
    project = hub.add_project(a_repository.path, name="widgets", agent="shell", progress=False)
    chat = hub.new_chat(project, name="Sweep").wait_ready()
    birds = pandas.DataFrame(
        {
            "bird": ["wren", None, "wood pigeon"] * (ROWS // 3),
            "weight": [9.5, 500.25, float("nan")] * (ROWS // 3),
            "ringed": pandas.date_range("2026-01-31", periods=ROWS, freq="min"),
            "calls": list(numpy.random.default_rng(0).integers(9, size=(ROWS, 2))),
        }
    )
    birds.to_parquet(Path(chat.workspace) / "birds.parquet")
    (Path(chat.workspace) / "run.parquet").write_bytes(a_long_run())
    (Path(chat.workspace) / "notes.md").write_text("# Notes\n")
    for script in SCRIPTS:
        (Path(chat.workspace) / "train.py").write_text(script)
        publish(chat, "train.py")
    publish(chat, "birds.parquet", "run.parquet", "notes.md")
    return chat


def publish(chat: Chat, *names: str) -> None:
    chat.run(["hub_artifact", "publish", *names], check=True, show=False)


@pytest.fixture
def a_lab_with_many(tmp_path: Path) -> Iterator[Server]:
    """Lab with a chat that has published very much."""
    server = new_lab_server(tmp_path / "lab", "process.ProcessEngine")

    async def fill() -> None:
        store = Store(server.data)
        await store.projects.put(Project(id="a0", name="widgets", url="/nowhere/widgets"))
        chat = StoredChat(id="c0", project="a0", name="Sweep", agent="shell", exit_code=0, status=ChatStatus.exited)
        await store.chats.put(chat)
        await publish_many(store, server.data, chat, MANY)
        store.close()

    # The browser's own event loop has this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(fill())).result()
    with server:
        yield server


def tab_to(lab: Lab, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until an element has the focus."""
    for _ in range(40):
        lab.page.keyboard.press(key)
        if wanted.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {wanted}")


def run_by_keys(lab: Lab, command: str) -> None:
    """Run a command by the palette."""
    lab.page.keyboard.press("Control+Shift+C")
    expect(lab.page.locator("#modal-command-palette input")).to_be_focused()
    lab.page.keyboard.type(command)
    expect(lab.page.locator("#modal-command-palette .lm-mod-active")).to_contain_text(command)
    lab.page.keyboard.press("Enter")


def test_a_gallery_is_used_from_its_opening_to_a_deletion_by_keys_alone(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_chat: Chat
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    press = lab.page.keyboard.press
    lab.run("notebook:create-new", kernelName="python3")
    notebook = lab.page.locator(".jp-Notebook")
    expect(notebook.locator(".jp-CodeCell")).to_have_count(1)
    # It takes the focus once its kernel runs, from whatever has it by then.
    expect(lab.page.locator("#jp-bottom-panel")).to_contain_text("Python 3 (ipykernel) | Idle")
    lab.page.wait_for_function("() => document.querySelector('.jp-Notebook').contains(document.activeElement)")
    run_by_keys(lab, "Artifacts of All Chats")
    page = lab.page.locator("#agent-hub-artifacts")
    tiles = page.get_by_role("listbox").get_by_role("option")
    expect(tiles).to_have_count(4)

    query = page.get_by_label("Filter by name or prompt")
    tab_to(lab, query)
    lab.page.keyboard.type("parquet")
    expect(tiles).to_have_count(2)
    press("Escape")
    expect(tiles).to_have_count(4)
    press("ArrowDown")
    expect(tiles.first).to_be_focused()
    press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    press("End")
    expect(page.get_by_role("option", name=re.compile("train.py"))).to_be_focused()

    press("Space")
    preview = page.get_by_role("complementary", name="Preview of train.py")
    expect(preview.get_by_text("rate = 0.025")).to_be_visible()
    tab_to(lab, preview.get_by_label("Version", exact=True))
    press("ArrowDown")
    expect(preview.get_by_text("rate = 0.05")).to_be_visible()
    tab_to(lab, preview.get_by_role("button", name="Compare with version 1"))
    press("Enter")
    lines = preview.get_by_role("group", name="Changes in train.py")
    expect(preview.get_by_text("Version 1 → version 2: +1 −1")).to_be_visible()
    expect(lines).to_contain_text("rate = 0.1")
    tab_to(lab, preview.get_by_label("Compare with"), "Shift+Tab")
    press("ArrowUp")
    expect(preview.get_by_text("Version 2 → version 3: +1 −1")).to_be_visible()
    expect(lines).not_to_contain_text("rate = 0.1")
    lab.shoot("85-compare")
    press("Escape")
    expect(preview).to_be_hidden()
    expect(page.get_by_role("option", name=re.compile("train.py"))).to_be_focused()

    press("Home")
    press("Space")
    preview = page.get_by_role("complementary", name="Preview of notes.md")
    tab_to(lab, preview.get_by_role("button", name="Insert into notebook"))
    press("Enter")
    expect(notebook).to_contain_text("notes.md")
    expect(notebook).to_be_visible()

    run_by_keys(lab, "Artifacts of All Chats")
    tab_to(lab, page.locator("[role=option][tabindex='0']"))
    press("Delete")
    expect(lab.page.get_by_role("dialog")).to_contain_text("Delete notes.md?")
    press("Escape")
    expect(page.get_by_role("option", name=re.compile("notes.md"))).to_be_focused()
    press("Delete")
    press("Enter")
    expect(tiles).to_have_count(3)
    expect(tiles.first).to_be_focused()
    assert "notes.md" not in a_chat.artifacts


def test_of_thousands_of_files_those_in_view_are_drawn_and_keys_reach_every_one(
    open_lab: OpenLab, a_lab_with_many: Server
) -> None:
    lab = open_lab(a_lab_with_many)
    lab.run("agent-hub:open-artifacts")
    page = lab.page.locator("#agent-hub-artifacts")
    tiles = page.get_by_role("listbox").get_by_role("option")
    expect(page.get_by_text(f"{MANY} files")).to_be_visible()
    expect(tiles.first).to_contain_text(f"table {MANY - 1}.csv")
    assert tiles.count() < MOST_DRAWN
    page.get_by_label("Filter by name or prompt").press("ArrowDown")
    lab.page.keyboard.press("End")
    last = page.get_by_role("option", name="table 0000.csv")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    expect(last.locator("th", has_text="step")).to_be_visible()
    assert tiles.count() < MOST_DRAWN
    lab.page.keyboard.press("ArrowUp")
    expect(last).not_to_be_focused()
    # Scrolled away from, a file keeps the focus, and its place.
    key = page.locator("[role=option]:focus").get_attribute("data-key")
    focused = page.locator(f"[data-key='{key}']")
    page.locator(".jp-AgentHub-grid").evaluate("node => node.scrollTo(0, node.scrollHeight / 2)")
    lab.page.wait_for_function(IN_THE_MIDDLE)
    assert 900 < int(lab.page.evaluate(IN_THE_MIDDLE)[0]) < 1100
    expect(focused).to_be_focused()
    expect(focused).not_to_be_in_viewport()
    # Lab hides everything for a moment while its theme changes: the files that were in view are drawn again.
    lab.shoot("86-many-artifacts")
    lab.page.wait_for_function(IN_THE_MIDDLE)
    expect(focused).to_be_focused()
    lab.page.keyboard.press("ArrowLeft")
    expect(focused).not_to_be_focused()
    expect(page.locator("[role=option]:focus")).to_be_in_viewport()
    page.get_by_label("Filter by name or prompt").fill("table 0042")
    expect(tiles).to_have_count(1)
    expect(tiles).to_be_in_viewport()


def test_files_that_are_scrolled_by_are_not_fetched_and_those_where_it_rests_are(
    open_lab: OpenLab, a_lab_with_many: Server
) -> None:
    lab = open_lab(a_lab_with_many)
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url) if "/content?" in request.url else None)
    lab.run("agent-hub:open-artifacts")
    page = lab.page.locator("#agent-hub-artifacts")
    first = page.get_by_role("option", name=f"table {MANY - 1}.csv")
    expect(first.locator("th", has_text="step")).to_be_visible()
    at_first = len(asked)
    top = lab.page.evaluate(SCROLL_FAST)
    lab.page.wait_for_function(IN_THE_MIDDLE)
    number = int(lab.page.evaluate(IN_THE_MIDDLE)[0])
    expect(page.get_by_role("option", name=f"table {number:04d}.csv").locator("th", has_text="step")).to_be_visible()
    assert top > 10_000
    # Those in view at the beginning, where it was not quick yet, and at the end.
    assert at_first <= MOST_DRAWN
    assert len(asked) - at_first < MOST_DRAWN

    # What scrolls elsewhere, as a terminal does, is nothing to them.
    lab.page.evaluate(SCROLL_ELSEWHERE)
    page.locator(".jp-AgentHub-grid").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    last = page.get_by_role("option", name="table 0000.csv")
    expect(last.locator("th", has_text="step")).to_be_visible()


def test_a_table_that_pandas_wrote_is_seen_by_its_first_pages(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_chat: Chat
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    answers: list[Response] = []
    lab.page.on("response", lambda answer: answers.append(answer) if "/content?" in answer.url else None)
    lab.run("agent-hub:open-artifacts", chat=a_chat.id)
    page = lab.page.locator(f"#agent-hub-artifacts-{a_chat.id}")
    page.get_by_role("option", name=re.compile("birds.parquet")).click()
    preview = page.get_by_role("complementary", name="Preview of birds.parquet")
    expect(preview.get_by_role("columnheader")).to_have_text(["bird", "weight", "ringed", "calls"])
    rows = preview.get_by_role("row")
    expect(rows).to_have_count(101)
    expect(rows.nth(1).get_by_role("cell")).to_have_text(["wren", "9.5", "2026-01-31 00:00:00", "[7,5]"])
    expect(rows.nth(2).get_by_role("cell")).to_have_text(["null", "500.25", "2026-01-31 00:01:00", "[4,2]"])
    expect(preview.get_by_text(f"The first 100 of {ROWS:,} rows.")).to_be_visible()
    lab.shoot("84-parquet")
    asked = [answer for answer in answers if a_chat.artifacts["birds.parquet"].id in answer.url]
    assert {answer.status for answer in asked} == {206}
    read = sum(int(answer.headers["content-length"]) for answer in asked)
    assert read < a_chat.artifacts["birds.parquet"].size / 2


def test_a_table_that_was_made_to_do_harm_is_said_to_be_broken(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_chat: Chat
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    lab.run("agent-hub:open-artifacts", chat=a_chat.id)
    page = lab.page.locator(f"#agent-hub-artifacts-{a_chat.id}")
    page.get_by_role("option", name=re.compile("run.parquet")).click()
    preview = page.get_by_role("complementary", name="Preview of run.parquet")
    expect(preview.get_by_role("alert")).to_contain_text("seen (broken)")
    page.get_by_role("option", name=re.compile("birds.parquet")).click()
    expect(page.get_by_role("cell", name="wood pigeon").first).to_be_visible()
