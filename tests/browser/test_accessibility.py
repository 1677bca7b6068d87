"""What axe-core, the checker of WCAG's rules that browsers' own tools use, says of everything that is the hub's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
OURS = ".jp-AgentHub, #agent-hub-panel"
"""What the hub draws, in the page and in Lab's dialogs; what is around it is Lab's."""

OpenLab = Callable[[Server], Lab]


def violations(lab: Lab) -> list[str]:
    """What is wrong in the hub's parts of the page as it is, one line for each rule."""
    if not lab.page.evaluate("() => 'axe' in window"):
        lab.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = lab.page.evaluate(
        """async ours => (await axe.run({ include: [...document.querySelectorAll(ours)].filter(
          node => node.checkVisibility()) }, { resultTypes: ['violations'] })).violations.map(
          ({ id, help, nodes }) => ({ id, help, nodes: nodes.map(node => `${node.html} ${node.failureSummary}`) }))""",
        OURS,
    )
    return [f"{rule['id']}: {rule['help']}\n  " + "\n  ".join(rule["nodes"]) for rule in found]


class Examination:
    """What is wrong with what was looked at, in either theme."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.found: list[str] = []

    def look(self, what: str) -> None:
        """Look at the page as it is."""
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            self._lab.theme(theme)
            self.found += [f"{what}, {theme}: {violation}" for violation in violations(self._lab)]


def test_axe_finds_nothing_in_an_empty_panel_its_pages_and_its_forms(
    open_lab: OpenLab, a_lab_server_without_docker: Server
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    examination = Examination(lab)
    lab.show_panel()
    expect(lab.panel.get_by_text("Not isolated")).to_be_visible()
    examination.look("the empty panel")
    lab.run("agent-hub:open-connections")
    expect(lab.page.locator("[id^='agent-hub-connections']").get_by_text("OpenAI").first).to_be_visible()
    examination.look("Connections")
    lab.run("agent-hub:add-project")
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add and build").click()
    expect(dialog.locator("[aria-invalid=true]").first).to_be_focused()
    examination.look("the form of a project")
    assert examination.found == []


def test_axe_finds_nothing_where_there_are_projects_and_chats(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, progress=False)
    broken = hub.add_project(a_repository.path, name="broken", setup="exit 3", wait=False)
    chat = hub.new_chat(project, agent="shell", name="Look around")
    chat.wait_ready()
    hub.new_chat(project, agent="shell", name="Done").wait_ready().stop()
    lab = open_lab(server)
    examination = Examination(lab)
    lab.show_panel()
    expect(lab.panel.get_by_role("treeitem", name="broken")).to_contain_text("Failed")
    expect(lab.panel.get_by_role("treeitem", name="Done")).to_contain_text("Exited")
    examination.look("the panel")
    lab.run("agent-hub:open-build", project=broken.id)
    expect(lab.page.locator("[id^='agent-hub-build']").get_by_text("exited with 3").first).to_be_visible()
    examination.look("a build that failed")
    lab.panel.get_by_role("treeitem", name="Look around").dblclick()
    expect(lab.page.locator("[id^='agent-hub-chat']")).to_be_visible()
    examination.look("a chat")
    lab.run("agent-hub:new-chat-with-options")
    expect(lab.page.get_by_role("dialog")).to_be_visible()
    examination.look("the form of a chat")
    assert examination.found == []


def test_axe_finds_nothing_in_the_page_of_a_chat(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_model: ModelServer, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    env = {"OPENAI_API_KEY": "sk-any", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = server.hub().add_project(a_repository.path, agent="codex", env=env, progress=False)
    prompt = "RUN: printf '# half of it\\ndef half(x):\\n    return x / 2, \"it\"\\n' > half.py\nRUN: ls nowhere"
    chat = server.hub().new_chat(project, prompt, name="Halve it", ask_before=["touch"]).wait_ready(60)
    chat.turn.wait(60)
    chat.send("RUN: touch it")
    lab = open_lab(server)
    examination = Examination(lab)
    lab.run("agent-hub:open-chat", chat=chat.id)
    page = lab.page.locator("[id^='agent-hub-chat']")
    expect(page.get_by_role("group", name="Codex asks")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("cannot access 'nowhere'").first).to_be_visible()
    examination.look("a conversation")
    page.get_by_role("tab", name="Changes").click()
    expect(page.locator("code span", has_text="return")).to_be_visible()
    examination.look("changes")
    page.get_by_role("tab", name="Settings").click()
    expect(page.get_by_role("button", name="Delete chat")).to_be_visible()
    examination.look("settings")
    assert examination.found == []


def test_axe_finds_nothing_in_a_gallery_its_previews_and_a_comparison(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    chat = hub.new_chat(hub.add_project(a_repository.path, agent="shell", progress=False), name="Sweep").wait_ready()
    birds = pandas.DataFrame({"bird": ["wren", None], "weight": [9.5, 500.25]})
    birds.to_parquet(Path(chat.workspace) / "birds.parquet")
    files = {
        "loss.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><path d='M2 3 38 17'/></svg>",
        "notes.md": "# Notes\n\n| a | b |\n|---|---|\n| 1 | `two` |\n",
        "table.csv": "bird,weight\nwren,9.5\n",
        "run.json": '{"seed": 1104, "rates": [0.1, 0.05]}',
        "report.html": "<!doctype html><html lang='en'><title>Report</title><main><h1>Report</h1></main></html>",
        "train.py": "rate = 0.1\nfor step in range(4):\n    train(step, rate)\n",
    }
    for rate in ("0.1", "0.05"):
        for name, text in files.items():
            (Path(chat.workspace) / name).write_text(text.replace("0.1", rate))
        chat.run(["hub_artifact", "publish", *files, "birds.parquet"], check=True, show=False)
    lab = open_lab(a_lab_server_without_docker)
    examination = Examination(lab)
    lab.run("agent-hub:open-artifacts")
    page = lab.page.locator("#agent-hub-artifacts")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(7)
    examination.look("a gallery")
    for name in (*files, "birds.parquet"):
        page.get_by_role("option", name=re.compile(name)).click()
        preview = page.get_by_role("complementary", name=f"Preview of {name}")
        expect(preview.get_by_text("Loading…")).to_be_hidden()
        examination.look(f"the preview of {name}")
    page.get_by_role("option", name=re.compile("train.py")).click()
    preview = page.get_by_role("complementary", name="Preview of train.py")
    preview.get_by_role("button", name="Compare with version 1").click()
    expect(preview.get_by_role("group", name="Changes in train.py")).to_contain_text("rate = 0.05")
    examination.look("a comparison")
    page.get_by_label("Versions").select_option("all")
    page.get_by_role("button", name="Show as a list").click()
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(14)
    examination.look("every version as a list")
    page.get_by_label("Filter by name or prompt").fill("nothing of that name")
    expect(page.get_by_text("Nothing that was published fits.")).to_be_visible()
    examination.look("a gallery in which nothing fits")
    assert examination.found == []
