"""In a real kernel of a real server, as a person's notebook runs."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from agent_hub.notebook.client import Hub
from tests.conftest import Repository
from tests.notebook.kernel import Kernel
from tests.notebook.server import Server

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "first-chat.ipynb"


def test_a_kernel_finds_the_hub_of_its_own_server(server: Server, kernel: Kernel):
    ran = kernel.run("from agent_hub import Hub\nhub = Hub()\nhub")
    assert not ran.error
    assert server.url in ran.shown[0]["text/plain"] and "Nothing is isolated" in ran.shown[0]["text/html"]


def test_a_kernel_finds_it_from_any_folder(server: Server, kernel: Kernel):
    ran = kernel.run("import os; os.chdir('/')\nfrom agent_hub import Hub\nprint(Hub().url)")
    assert ran.printed.strip() == server.url and not ran.error


def test_a_build_is_shown_as_one_output_that_grows(kernel: Kernel, a_repository: Repository):
    ran = kernel.run(
        f"from agent_hub import Hub\np = Hub().add_project({str(a_repository.path)!r}, setup='sleep 0.5; date')"
    )
    assert not ran.error and not ran.printed
    assert len(ran.shown) == 1 and ran.updates > 1
    assert "<strong>widgets</strong> ready" in ran.shown[0]["text/html"]


def test_a_failed_build_is_read_in_the_traceback(kernel: Kernel, a_repository: Repository):
    ran = kernel.run(
        f"from agent_hub import Hub\nHub().add_project({str(a_repository.path)!r}, setup='echo oh-dear; exit 4')"
    )
    text = re.sub(r"\x1b\[[\d;]*m", "", ran.error)
    assert "SetupFailed: The setup script exited with 4" in text
    assert "Step: Setup script, exit code 4" in text and "oh-dear" in text and "project.rebuild(setup=" in text


def test_the_stop_button_leaves_the_build_going(hub: Hub, kernel: Kernel, a_repository: Repository, tmp_path: Path):
    go, began = tmp_path / "go", tmp_path / "began"
    cell = kernel.start(
        "from agent_hub import Hub\nhub = Hub()\n"
        f"hub.add_project({str(a_repository.path)!r}, setup='touch {began}; until [ -e {go} ]; do sleep 0.1; done')"
    )
    deadline = time.monotonic() + 60
    while not began.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kernel.interrupt()
    ran = kernel.finish(cell)
    assert "KeyboardInterrupt" in ran.error
    assert (
        "goes on" in ran.shown[0]["text/plain"] and "hub.projects['widgets'].wait_ready()" in ran.shown[0]["text/plain"]
    )
    go.touch()
    assert hub.projects["widgets"].wait_ready(60, progress=False).status == "ready"


def run_example(kernel: Kernel) -> None:
    cells = json.loads(EXAMPLE.read_text())["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            ran = kernel.run("".join(cell["source"]))
            assert not ran.error, ran.error


def test_the_example_notebook_runs(hub: Hub, kernel: Kernel):
    run_example(kernel)
    assert not hub.projects and not hub.chats


@pytest.mark.timeout(600)
def test_the_example_notebook_runs_on_docker(docker_server: Server):
    hub = docker_server.hub()
    assert hub.status.isolated
    with Kernel(docker_server) as kernel:
        run_example(kernel)
    assert not hub.projects and not hub.chats
