"""Takes the pictures of the documentation: a real Lab, real chats of the real Codex, and a stand-in for its model.

``python -m tests.docs.pictures`` writes all of them to ``docs/images``; names after it write those alone. It needs what
``bin/test`` sets up: a Docker engine with Debian's image, and Chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.project import Project
from tests.browser.chromium import chromium
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook
from tests.conftest import BASE_IMAGE
from tests.docs.pages import ROOT
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1200, "height": 760}
LIMIT = 120.0

PLOT = """\
#!/bin/sh
# Draws the loss of every run that is in runs/, one line each.
echo '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" width="640" height="360">'
echo '<rect width="640" height="360" fill="white"/><path d="M40 20V320H620" fill="none" stroke="gray"/>'
for run in runs/*.csv; do
    case $run in *warm*) colour=steelblue ;; *) colour=darkorange ;; esac
    points=$(awk -F, 'NR > 1 { printf "%d,%d ", 40 + $1 * 28, 320 - $2 * 110 }' "$run")
    echo "<polyline points=\\"$points\\" fill=\\"none\\" stroke=\\"$colour\\" stroke-width=\\"2\\"/>"
done
echo '</svg>'
"""
SKILLS = {
    r"Plot the loss": "sh scripts/plot.sh > loss.svg && hub_artifact publish loss.svg",
    r"Say in the readme": "printf '\\nWarm-up takes the loss from 1.05 to 0.74.\\n' >> README.md",
    r"Push what you have": "git push origin HEAD",
    r"Train with a rate of (?P<rate>[\d.]+)": (
        'mkdir -p results && awk \'BEGIN { printf "{\\"val_loss\\": %.3f}", 0.7 + 20 * ({rate} - 0.02) ^ 2 * 10 }\' '
        "> results/metrics.json"
    ),
}


def repository(folder: Path) -> Path:
    """A small repository with the losses of two runs."""
    path = folder / "protein-folding"
    for name, floor in (("runs/warm-up.csv", 0.74), ("runs/plain.csv", 1.05)):
        rows = "".join(f"{step},{floor + 1.7 * 0.8**step:.3f}\n" for step in range(21))
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(f"step,loss\n{rows}")
    (path / "scripts").mkdir()
    (path / "scripts/plot.sh").write_text(PLOT)
    (path / "README.md").write_text("# Protein folding\n\nTwo runs, with and without warm-up.\n")
    git = ("git", "-C", path, "-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (("init", "--quiet", "--initial-branch=main"), ("add", "."), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run([*git, *command], check=True)
    return path


@dataclass
class Scene:
    """A Lab with a project, and a chat in it that has published a picture."""

    lab: Lab
    server: Server
    hub: Hub
    project: Project
    chat: Chat

    def open_chat(self, chat: Chat) -> None:
        self.lab.run("agent-hub:open-chat", chat=chat.id)

    def wait_for(self, text: str) -> None:
        self.lab.page.get_by_text(text).first.wait_for(state="visible")


def panel(scene: Scene) -> None:
    """The whole: the panel, and a chat's conversation beside its terminal."""
    scene.open_chat(scene.chat)
    scene.lab.wait_for_terminal("Published loss.svg")
    scene.lab.page.get_by_role("log", name="Conversation").get_by_text("loss.svg").first.wait_for(state="visible")


def artifacts(scene: Scene) -> None:
    """The gallery of a chat, with a preview."""
    scene.lab.run("agent-hub:open-artifacts", chat=scene.chat.id)
    scene.lab.page.get_by_role("listbox").get_by_role("option").first.click()
    scene.lab.page.get_by_role("complementary").locator("img").wait_for(state="visible")


def add_project(scene: Scene) -> None:
    """The form of a new project."""
    scene.lab.run("agent-hub:add-project")
    dialog = scene.lab.page.get_by_role("dialog")
    dialog.get_by_label("URL", exact=True).fill(scene.project.url)
    dialog.get_by_label("URL", exact=True).press("Tab")
    dialog.get_by_text("Reachable").wait_for(state="visible")


def build(scene: Scene) -> None:
    """The steps of a build, and its log."""
    scene.lab.run("agent-hub:open-build", project=scene.project.id)
    scene.lab.page.locator("[id^='agent-hub-build']").get_by_role("log").wait_for(state="visible")
    scene.wait_for("Save snapshot")


def connections(scene: Scene) -> None:
    """The page of connections."""
    scene.lab.run("agent-hub:open-connections")
    scene.wait_for("API key works")


def approval(scene: Scene) -> None:
    """A chat that waits for an answer, and what it asks."""
    chat = scene.hub.new_chat(scene.project, "Push what you have", name="Publish the readme", ask_before="git push")
    turn = chat.turns[0]
    next(event for event in turn.stream(LIMIT) if event.type == "turn" and event.turn.approvals)
    scene.wait_for("Waiting for you")
    scene.lab.run("agent-hub:answer-chat", chat=chat.id)
    scene.lab.page.get_by_role("dialog").wait_for(state="visible")


def notebook(scene: Scene) -> None:
    """A chat's card, and its changes."""
    scene.chat.send("Say in the readme what the runs show").wait(LIMIT)
    page = Notebook(scene.lab, scene.server, "review")
    page.run('chat = hub.chats["Plot the loss of all runs"]\nchat')
    page.run("chat.diff()")


def fan_out(scene: Scene) -> None:
    """The table of a run, live."""
    page = Notebook(scene.lab, scene.server, "sweep")
    page.run(
        'runs = hub.map(\n    "Train with a rate of {rate}",\n    {"rate": [0.01, 0.02, 0.04, 0.08]},\n'
        '    project="protein-folding",\n    concurrency=2,\n)\nruns'
    )
    scene.hub.runs["run-1"].wait(LIMIT, progress=False)
    page.run("runs.results()")


SCENES: dict[str, Callable[[Scene], None]] = {
    scene.__name__.replace("_", "-"): scene
    for scene in (panel, artifacts, add_project, build, connections, approval, notebook, fan_out)
}


@contextmanager
def stage() -> Iterator[Scene]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = stack.enter_context(ModelServer("0.0.0.0", key="sk-stand-in", skills=SKILLS))
        server = stack.enter_context(
            lab_server(folder / "lab", "docker.DockerEngine", f"--AgentHub.base_image={BASE_IMAGE}")
        )
        hub = server.hub()
        hub.connections.openai.connect(model.key, base_url=model.base_url())
        project = hub.add_project(repository(folder), model="stand-in-1")
        chat = hub.new_chat(project, "Plot the loss of all runs and publish it", name="Plot the loss of all runs")
        chat.turns[0].wait(LIMIT)
        page = stack.enter_context(chromium()).new_page(viewport=SIZE)
        lab = Lab(page, server, IMAGES)
        lab.show_panel()
        yield Scene(lab, server, hub, project, chat)


def main(names: list[str]) -> None:
    with stage() as scene:
        for name in names or SCENES:
            SCENES[name](scene)
            # What has been clicked shows no ring, and what moves has come to rest.
            scene.lab.page.mouse.move(640, 5)
            scene.lab.page.screenshot(path=scene.lab.screenshot(name), animations="disabled", caret="hide")
            scene.lab.page.keyboard.press("Escape")
            scene.lab.run("application:close-all")


if __name__ == "__main__":
    main(sys.argv[1:])
