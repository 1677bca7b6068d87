"""The gallery of what chats have published: looked through, previewed, used in a notebook, deleted."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from agent_hub.notebook.chat import Chat
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

CHART = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 20' width='400' height='200'>"
    "<polyline points='{}' fill='none' stroke='teal'/></svg>"
)

TABLE = 'variant,steps,"NaN, seen"\nbaseline,180,yes\nboth,400,no\n'

HOSTILE = "<script>window.parent.owned = true; document.title = 'owned'</script><h1>Report</h1>"

NOTES = (
    "# Why the loss becomes NaN\n\n![seen](https://example.invalid/seen.png)\n\nIt overflows in `fp16`.\n\n"
    "```mermaid\ngraph TD\nA[<img src=https://example.invalid/in-a-diagram.png>] --> B\n```\n"
)

OpenLab = Callable[[Server], Lab]


@pytest.fixture
def a_chat(tmp_path: Path, a_model: ModelServer, a_repository: Repository) -> Iterator[tuple[Server, Chat]]:
    """A chat whose agent has published a chart and a table for its first prompt, and more for its second."""
    with lab_server(tmp_path / "lab", "process.ProcessEngine") as server:
        env = {"OPENAI_API_KEY": "sk-any", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
        project = server.hub().add_project(
            a_repository.path, name="protein-folding", agent="codex", env=env, progress=False
        )
        chat = server.hub().new_chat(project, "Say hello", name="Fix NaN loss").wait_ready(60)
        chat.turn.wait(60)
        for number, (points, files) in enumerate(
            (
                ("2,3 10,12 20,15 38,17", {"ablation.csv": TABLE, "notes.md": NOTES}),
                ("2,17 38,2", {"report.html": HOSTILE, "run.json": json.dumps({"seed": 1104, "steps": 400})}),
            )
        ):
            chat.files[f"out{number}"].mkdir()
            for name, text in {"loss.svg": CHART.format(points), **files}.items():
                chat.files[f"out{number}/{name}"].write_text(text)
            chat.send(f"Publish what there is.\nRUN: hub_artifact publish out{number}").wait(60)
        yield server, chat


def open_gallery(lab: Lab, chat: str = "") -> Locator:
    """Open the files of a chat, or of all."""
    lab.run("agent-hub:open-artifacts", chat=chat)
    page = lab.page.locator(f"#agent-hub-artifacts{'-' + chat if chat else ''}")
    expect(page.get_by_role("heading", name="Artifacts")).to_be_visible()
    return page


def test_what_a_chat_published_is_looked_through_previewed_and_used(
    open_lab: OpenLab, a_chat: tuple[Server, Chat]
) -> None:
    server, chat = a_chat
    lab = open_lab(server)
    lab.show_panel()
    page = open_gallery(lab, chat.id)
    tiles = page.get_by_role("listbox").get_by_role("option")
    expect(tiles).to_have_count(5)
    groups = page.get_by_role("listbox")
    expect(groups).to_have_count(2)
    expect(groups.first.get_by_role("option")).to_have_count(3)
    expect(page.get_by_text("[3]:")).to_be_visible()

    # By keys: the first tile, on to the chart, its preview, the version before.
    page.get_by_label("Filter by name or prompt").press("ArrowDown")
    page.get_by_role("option", name=re.compile("loss.svg")).focus()
    lab.page.keyboard.press("Space")
    preview = page.get_by_role("complementary", name="Preview of loss.svg")
    expect(preview.get_by_text("400 × 200 px")).to_be_visible()
    preview.get_by_label("Version").select_option("1")
    expect(preview.get_by_text("[2] Publish what there is.")).to_be_visible()
    expect(preview.get_by_role("button", name="Insert into notebook")).to_be_disabled()
    preview.get_by_label("Version").select_option("2")
    lab.shoot("80-gallery")

    page.get_by_label("Kind").select_option("table")
    expect(tiles).to_have_count(1)
    tiles.click()
    expect(page.get_by_role("cell", name="baseline").last).to_be_visible()
    page.get_by_label("Kind").select_option("all")
    page.get_by_label("Versions").select_option("all")
    expect(tiles).to_have_count(6)
    page.get_by_label("Filter by name or prompt").fill("loss")
    expect(tiles).to_have_count(2)
    page.get_by_label("Filter by name or prompt").fill("")

    with lab.page.expect_download() as downloading:
        page.get_by_role("button", name="Download all (5)").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(downloading.value.path()).read_bytes()))
    assert sorted(archive.namelist()) == ["ablation.csv", "loss.svg", "notes.md", "report.html", "run.json"]

    lab.run("notebook:create-new", kernelName="python3")
    expect(lab.page.locator(".jp-Notebook:visible .jp-CodeCell")).to_have_count(1)
    lab.run("agent-hub:insert-artifact", artifact=chat.artifacts["ablation.csv"].id)
    expect(lab.page.locator(".jp-Notebook:visible")).to_contain_text(
        f'pd.read_csv("{chat.artifacts["ablation.csv"].path}")'
    )


def test_a_chat_s_page_shows_what_comes_and_elsewhere_one_notification_tells_of_all_of_it(
    open_lab: OpenLab, a_chat: tuple[Server, Chat]
) -> None:
    server, chat = a_chat
    lab = open_lab(server)
    told = lab.page.get_by_role("alert").filter(has_text="published")
    lab.run("agent-hub:open-chat", chat=chat.id)
    page = lab.page.locator(f"#agent-hub-chat-{chat.id}")
    page.get_by_role("tab", name=re.compile("^Artifacts")).click()
    chat.files["long.txt"].write_text("a line\n" * 1000)
    chat.send("RUN: hub_artifact publish long.txt").wait(60)
    page.get_by_role("option", name=re.compile("long.txt")).click()
    expect(told).to_have_count(0)
    preview = page.get_by_role("complementary", name="Preview of long.txt")
    expect(preview.get_by_text("a line").first).to_be_visible()
    expect(preview.get_by_role("button", name="Open")).to_be_in_viewport()
    lab.shoot("83-gallery-in-chat")

    lab.run("launcher:create")
    expect(page).to_be_hidden()
    chat.send("RUN: touch a b c; hub_artifact publish a b c").wait(60)
    expect(told).to_have_count(1)
    expect(told).to_contain_text("“Fix NaN loss” published 3 files.")
    told.get_by_role("button", name="Show").click()
    expect(lab.page.locator(f"#agent-hub-artifacts-{chat.id}")).to_be_visible()


def test_nothing_that_an_agent_published_runs_or_calls_home_when_it_is_looked_at(
    open_lab: OpenLab, a_chat: tuple[Server, Chat]
) -> None:
    server, chat = a_chat
    lab = open_lab(server)
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    page = open_gallery(lab, chat.id)
    for name, shown in (("report.html", "Report"), ("notes.md", "It overflows in")):
        page.get_by_role("option", name=re.compile(name)).click()
        preview = page.get_by_role("complementary", name=f"Preview of {name}")
        frame = preview.frame_locator("iframe") if name.endswith("html") else preview
        expect(frame.get_by_text(shown).first).to_be_visible()
    expect(preview.get_by_text("in-a-diagram")).to_be_visible()
    assert not lab.page.evaluate("() => 'owned' in window || document.title === 'owned'")
    assert [url for url in asked if "example.invalid" in url] == []


def test_an_artifact_is_deleted_from_the_gallery_of_all_chats_once_that_is_meant(
    open_lab: OpenLab, a_chat: tuple[Server, Chat]
) -> None:
    server, chat = a_chat
    shown = server.root / chat.artifacts["run.json"].path
    assert shown.exists()
    lab = open_lab(server)
    page = open_gallery(lab)
    page.get_by_role("option", name=re.compile("run.json")).focus()
    lab.page.keyboard.press("Delete")
    lab.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(5)
    page.get_by_role("option", name=re.compile("run.json")).focus()
    lab.page.keyboard.press("Delete")
    lab.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(4)
    assert not shown.exists()
