"""The demo: its environment, made of the files in ``binder/`` as repo2docker does, and its notebook on its server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
MODULES = "labextension/node_modules"

pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Demo:
    """A home that is a copy of the checkout, and an environment of its own."""

    home: Path
    environment: Path

    def variables(self, **more: str) -> dict[str, str]:
        """What a program of it sees: nothing that this checkout's own environment has."""
        left_out = ("PYTHON", "JUPYTER", "VIRTUAL_ENV", "JPY_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        return kept | {"PATH": f"{self.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin"} | more

    def run(self, *command: str | Path, **more: str) -> str:
        """What a command printed; a failure shows it."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.home,
            env=self.variables(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout


def link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Made as repo2docker makes it; with this machine's settings and caches of pip and npm."""
    demo = Demo(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("environment"))
    listed = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (demo.home / name).parent.mkdir(parents=True, exist_ok=True)
            (demo.home / name).write_bytes((ROOT / name).read_bytes())
            (demo.home / name).chmod((ROOT / name).stat().st_mode)
    # This checkout has fetched them already, and a build writes none of them anew.
    shutil.copytree(ROOT / MODULES, demo.home / MODULES, symlinks=True, copy_function=link)
    venv.create(demo.environment, with_pip=True)
    # What is used is compiled as it is.
    settings = {"PIP_QUIET": "1", "PIP_NO_COMPILE": "1", "JUPYTER_DATA_DIR": str(demo.home / "jupyter")}
    demo.run("pip", "install", "--requirement", "binder/requirements.txt", **settings)
    demo.run(demo.home / "binder" / "postBuild", **settings)
    return demo


@pytest.fixture(scope="module")
def server(demo: Demo) -> Iterator[dict[str, Any]]:
    """What its Lab tells of itself."""
    log = demo.home / "server.log"
    lab = ("jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [demo.home / "binder" / "start", *lab],
            cwd=demo.home,
            env=demo.variables(HOME=str(demo.home)),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        runtime = demo.home / ".local/share/jupyter/runtime" / f"jpserver-{process.pid}.json"
        deadline = time.monotonic() + 300
        while True:
            with suppress(OSError, ValueError):
                found: dict[str, Any] = json.loads(runtime.read_text())
                if ask(found, "agent-hub/api/status")["engine"]["reachable"]:
                    break
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(60)


def ask(server: dict[str, Any], path: str) -> Any:
    request = urllib.request.Request(server["url"] + path, headers={"Authorization": f"token {server['token']}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_its_hub_offers_the_script_and_isolates_nothing(server: dict[str, Any]) -> None:
    status = ask(server, "agent-hub/api/status")
    assert ("demo", "Demo (a script, no model)") in {(agent["name"], agent["title"]) for agent in status["agents"]}
    assert status["engine"]["kind"] == "process" and not status["engine"]["isolated"]


def test_its_lab_has_the_panel(demo: Demo, server: dict[str, Any]) -> None:
    extensions = ask(server, "lab/api/settings")["settings"]
    assert any(one["id"].startswith("agent-hub-labextension:") for one in extensions)
    assert not (demo.home / MODULES).exists()


def test_its_notebook_runs_without_a_key(demo: Demo, server: dict[str, Any]) -> None:
    notebook = demo.home / "binder" / "demo.ipynb"
    demo.run("jupyter", "execute", "--inplace", notebook, HOME=str(demo.home), OPENAI_API_KEY="")
    cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    said = ["\n".join(json.dumps(output) for output in cell.outputs) for cell in cells]
    assert "I am a script, and no model" in said[2]
    assert "image/svg+xml" in said[4] and "x,y" in said[5]
    assert "These lines were written by a script." in said[6]
    assert "It asks to run: git log --oneline" in said[8]
    assert said[10].count("completed") >= 4
    assert ask(server, "agent-hub/api/chats") == ask(server, "agent-hub/api/projects") == []
