"""The table of a run in a notebook of a real Lab, with the real Codex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agent_hub.notebook.client import Hub
from agent_hub.notebook.project import Project
from agent_hub.notebook.runs import Runs
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with lab_server(tmp_path_factory.mktemp("runs") / "lab", "process.ProcessEngine") as running:
        yield running


@pytest.fixture
def hub(server: Server) -> Hub:
    return server.hub()


@pytest.fixture
def project(hub: Hub, a_model: ModelServer, a_repository: Repository) -> Iterator[Project]:
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": a_model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    yield project
    project.delete(force=True)


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """The file that the agents of the sweep wait for."""
    return tmp_path / "go"


@pytest.fixture
def sweep(hub: Hub, project: Project, go: Path) -> Runs:
    """Two that end at once, one that asks, one that works, and two that wait for their turn."""
    # Of what is left there, a table holds the numbers that are some.
    left = f'"val_loss": {{}}, "epochs": 4, "huge": {"9" * 400}, "name": "heron"'
    leave = "echo '{{" + left + "}}' > metrics.json; hub_artifact publish metrics.json"
    wait = f"until [ -e {go} ]; do sleep 0.05; done"
    grid = [
        {"lr": 1e-4, "seed": 0, "do": leave.format(0.25)},
        {"lr": 2e-4, "seed": 0, "do": leave.format(0.125)},
        {"lr": 3e-4, "seed": 0, "do": "touch asked"},
        *({"lr": lr, "seed": 1, "do": wait} for lr in (1e-4, 2e-4, 3e-4)),
    ]
    return hub.map("RUN: {do}", grid, project=project, concurrency=2, ask_before=["touch"], name="sweep")


def test_a_run_is_a_live_table_that_a_person_can_act_on(
    open_lab: Callable[[Server], Lab], server: Server, sweep: Runs, go: Path
) -> None:
    notebook = Notebook(open_lab(server), server, "sweep")
    notebook.run("hub.runs['sweep']")
    table = notebook.node.locator(".agent-hub-run")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.locator(".ah-state")).to_have_text(
        ["Finished", "Finished", "Waiting for you", "Running", "Queued", "Queued"], timeout=LIMIT
    )
    expect(table.get_by_role("status").first).to_have_text("2 of 6 finished")
    expect(table.locator(".ah-header")).to_contain_text("1 waiting for you · 1 running · 2 queued")
    expect(table.get_by_role("columnheader", name="val_loss")).to_be_visible()
    expect(table.get_by_role("columnheader")).to_have_count(10)
    # Which of its values is the better one its name says, and "epochs" does not.
    expect(table.locator("td strong")).to_have_text(["0.125"])
    notebook.lab.shoot("26-run")

    table.get_by_role("button", name="Cancel 5").click()
    expect(rows.nth(4).locator(".ah-state")).to_have_text("Interrupted")
    table.get_by_role("link", name="Answer 3").click()
    expect(notebook.lab.page.locator(".jp-Terminal:visible")).to_be_visible(timeout=LIMIT)
    sweep[2].turn.approve()
    notebook.lab.run("docmanager:open", path=notebook.path.name)
    expect(rows.nth(2).locator(".ah-state")).to_have_text("Finished", timeout=LIMIT)

    table.get_by_role("button", name="Stop all…").click()
    table.get_by_text("Stop the 2 that have not finished?").wait_for()
    notebook.lab.shoot("27-run-stop")
    table.get_by_role("button", name="Stop them").click()
    expect(table.get_by_role("status").first).to_have_text("6 of 6 finished", timeout=LIMIT)
    expect(table.get_by_role("button", name="Stop all…")).to_be_hidden()
    assert [chat.status for chat in sweep.chats] == ["exited"] * 6 and not go.exists()

    # A saved notebook shows the last of it, without a kernel.
    notebook.wait_for_output("6 of 6 finished")
    notebook.save()
    notebook.close()
    notebook.reopen(trusted=False)
    saved = notebook.outputs.last
    expect(saved).to_contain_text("6 of 6 finished", timeout=LIMIT)
    expect(saved.locator("td strong")).to_have_text("0.125")


def test_a_page_cannot_stop_what_is_none_of_its_run(
    open_lab: Callable[[Server], Lab], server: Server, hub: Hub, project: Project, sweep: Runs
) -> None:
    other = hub.new_chat(project, agent="shell").wait_ready(60)
    notebook = Notebook(open_lab(server), server, "other")
    notebook.run("from agent_hub.notebook.run_widget import table_of\nruns = hub.runs['sweep']\nruns")
    table = notebook.node.locator(".agent-hub-run")
    expect(table.locator("tbody tr")).to_have_count(6)
    notebook.run(f"table = table_of(runs)\ntable.card._do({{'do': 'stop', 'chat': {other.id!r}}})")
    assert other.refresh().status == "running"
    notebook.run("table.card._do({'do': 'dance'})")
    assert other.refresh().status == "running"
    sweep.stop()
