"""The commands that the guide shows for a hub that runs: all of them run, one after the other, against a real one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.cli.person import COMMAND
from tests.docs.pages import ROOT, blocks
from tests.notebook.server import PROCESS, Server
from tests.standins.model_server import ModelServer

PAGE = ROOT / "docs" / "guide" / "command-line.md"
LIMIT = 60.0

SHOWN = [line for block in blocks("bash") if block.page == PAGE for line in block.text.splitlines() if line[:1] != "#"]

NOT_RUN = {
    "agent_cli attach tests": "shows a terminal: tests/cli/test_run.py has one",
    "agent_cli --project ~/widgets": "shows a terminal: tests/cli/test_codex.py has one",
    "agent_cli --project ~/widgets --resume": "shows a terminal: tests/cli/test_run.py has one",
    "agent_cli --project ~/widgets --agent shell": "tests/cli/test_run.py does it",
    "agent_cli --project https://github.com/you/widgets.git --branch next": "is somebody's own repository",
    'agent_cli --project ~/widgets -- exec "List the tests"': "tests/cli/test_codex.py does it",
}
"""Commands that are not run here, and why."""

SKILLS = {r"failing test": "echo fixed > report.txt && hub_artifact publish report.txt"}


def test_what_the_page_shows_runs(tmp_path: Path) -> None:
    with ModelServer(key="test-key", skills=SKILLS) as model, Server(tmp_path, PROCESS) as server:
        hub = server.hub()
        hub.connections.openai.connect(model.key, base_url=model.base_url())
        repository = tmp_path / "home" / "widgets"
        identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", repository], check=True)
        subprocess.run(
            ["git", "-C", repository, *identity, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True
        )
        hub.add_project(repository, model="stand-in-1", progress=False)
        address = {"AGENT_HUB_URL": server.url, "AGENT_HUB_TOKEN": server.token}
        path = {"PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"}
        for command in SHOWN:
            if command not in NOT_RUN:
                done = subprocess.run(
                    ["bash", "-c", command],
                    env=os.environ | server.environment | address | path,
                    cwd=tmp_path,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=LIMIT,
                )
                assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert (tmp_path / "results" / "report.txt").read_text() == "fixed\n"
        assert hub.chats["tests"].status == "exited"


def test_all_that_is_not_run_is_there() -> None:
    assert NOT_RUN.keys() <= set(SHOWN)
    assert all((ROOT / path).is_file() for reason in NOT_RUN.values() for path in re.findall(r"\S+\.py", reason))
