"""Takes the pictures of the documentation: a real Lab, real chats of the real Codex, and a stand-in for its model.

``python -m tests.docs.pictures`` writes all of them to ``docs/images``, each in the light theme, and as ``…-dark`` in
the dark one; names after it write those alone. It needs what ``bin/test`` sets up: a Docker engine with Debian's image,
and Chromium.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, Response

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
SIZE = {"width": 1280, "height": 800}
LIMIT = 120.0
LIGHT = "JupyterLab Light"
THEMES = {"": LIGHT, "-dark": "JupyterLab Dark"}
"""What the names of pictures end in, and in which theme those are."""

COLOURS = 128
"""As many as keep the edges of letters smooth; a file is a third of what it would be with all of them."""

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
SETUP = """\
for run in runs/*.csv; do
    echo "$run has $(wc -l < "$run") lines"
done
"""
SKILLS = {
    r"Plot the loss": "sh scripts/plot.sh > loss.svg && hub_artifact publish loss.svg",
    r"Write it up": (
        'for run in runs/*.csv; do echo "$(basename $run .csv),$(tail -1 $run | cut -d, -f2)"; done > final.csv && '
        r"printf '# Warm-up helps\n\nWith it the loss ends at **0.76**, without at **1.07**.\n' > report.md && "
        "hub_artifact publish report.md final.csv"
    ),
    r"Say in the readme": r"printf '\nWarm-up takes the loss from 1.07 to 0.76.\n' >> README.md",
    r"Push what you have": "git push origin HEAD",
    r"Train with a rate of (?P<rate>[\d.]+)": (
        'mkdir -p results && awk \'BEGIN { printf "{\\"val_loss\\": %.3f}", 0.7 + 20 * ({rate} - 0.02) ^ 2 * 10 }\' '
        "> results/metrics.json"
    ),
}
ANSWERS = {
    r"Plot the loss": "`loss.svg` has the loss of both runs. The one with **warm-up** is below the other all the way.",
    r"Write it up": "The report is published, and a table of where each run ends.",
    r"Say in the readme": "The readme says it in a sentence.",
    r"Push what you have": "It is pushed.",
    r"Train with a rate": "`results/metrics.json` has the loss.",
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
    (path / "requirements.txt").write_text("matplotlib\nnumpy\n")
    git = ("git", "-C", path, "-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (("init", "--quiet", "--initial-branch=main"), ("add", "."), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run([*git, *command], check=True)
    return path


@dataclass
class Scene:
    """A Lab with a project and three chats: one has published files, one asks something, one is a shell."""

    lab: Lab
    server: Server
    hub: Hub
    project: Project
    chat: Chat
    asking: Chat

    @property
    def page(self) -> Page:
        return self.lab.page

    def open(self) -> None:
        """Open Lab as it is at first, with the panel."""
        self.lab = Lab(self.page, self.server, IMAGES)
        self.lab.show_panel()

    @property
    def main(self) -> Locator:
        """All that is not beside the tabs."""
        return self.page.locator("#jp-main-dock-panel")

    def open_chat(self, chat: Chat) -> None:
        self.lab.run("agent-hub:open-chat", chat=chat.id)

    def wait_for(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(state="visible")


def panel(scene: Scene) -> Page:
    """The whole: the panel, and a chat's conversation beside its terminal."""
    scene.open_chat(scene.chat)
    scene.lab.wait_for_terminal("Published loss.svg")
    scene.page.get_by_role("log", name="Conversation").get_by_text("loss.svg").first.wait_for(state="visible")
    return scene.page


def chat_page(scene: Scene) -> Locator:
    """A chat's page, with what it has changed."""
    scene.chat.send("Say in the readme what the runs show").wait(LIMIT)
    scene.open_chat(scene.chat)
    scene.page.get_by_role("tab", name="Changes").click()
    scene.page.get_by_role("region", name="README.md").get_by_text("Warm-up takes").wait_for(state="visible")
    return scene.main


def approval(scene: Scene) -> Locator:
    """A chat that waits for an answer, and what it asks."""
    scene.open_chat(scene.asking)
    scene.page.get_by_role("button", name="Allow once").wait_for(state="visible")
    return scene.main


def artifacts(scene: Scene) -> Locator:
    """The gallery of a chat, with a preview."""
    scene.lab.run("agent-hub:open-artifacts", chat=scene.chat.id)
    scene.page.get_by_role("option", name="loss.svg").click()
    scene.page.get_by_role("complementary").locator("img").wait_for(state="visible")
    return scene.main


def add_project(scene: Scene) -> Locator:
    """The form of a new project, with what is proposed."""
    scene.lab.run("agent-hub:add-project")
    dialog = scene.page.get_by_role("dialog")
    dialog.get_by_label("URL", exact=True).fill(scene.project.url)
    dialog.get_by_label("URL", exact=True).press("Tab")
    dialog.get_by_text("proposed").first.wait_for(state="visible")
    return dialog.locator(".jp-Dialog-content")


def build(scene: Scene) -> Locator:
    """The steps of a build, and its log."""
    scene.lab.run("agent-hub:open-build", project=scene.project.id)
    scene.page.locator("[id^='agent-hub-build']").get_by_role("log").wait_for(state="visible")
    scene.wait_for("Save snapshot")
    return scene.main


def connections(scene: Scene) -> Locator:
    """The page of connections."""
    scene.lab.run("agent-hub:open-connections")
    scene.wait_for("API key works")
    return scene.main


def notebook(scene: Scene) -> Locator:
    """A chat's card, and its changes."""
    page = Notebook(scene.lab, scene.server, "review")
    page.run('chat = hub.chats["Plot the loss of all runs"]\nchat')
    page.run("chat.diff()")
    return scene.main


def fan_out(scene: Scene) -> Locator:
    """The table of a run, live."""
    page = Notebook(scene.lab, scene.server, "sweep")
    page.run(
        'runs = hub.map(\n    "Train with a rate of {rate}",\n    {"rate": [0.01, 0.02, 0.04, 0.08]},\n'
        '    project="protein-folding",\n    concurrency=2,\n)\nruns'
    )
    scene.hub.runs["run-1"].wait(LIMIT, progress=False)
    page.run("runs.results()")
    return scene.main


SCENES: dict[str, Callable[[Scene], Locator | Page]] = {
    scene.__name__.replace("_", "-"): scene
    for scene in (panel, chat_page, approval, artifacts, add_project, build, connections, notebook, fan_out)
}


def is_told_of_colours(answer: Response) -> bool:
    return "/api/colours" in answer.url


@contextmanager
def stage(theme: str) -> Iterator[Scene]:
    """Set the scene: agents draw themselves for the theme that Lab has when they begin."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ada-")))
        model = stack.enter_context(ModelServer("0.0.0.0", key="sk-stand-in", skills=SKILLS, answers=ANSWERS))
        server = stack.enter_context(
            lab_server(folder / "lab", "docker.DockerEngine", f"--AgentHub.base_image={BASE_IMAGE}")
        )
        page = stack.enter_context(chromium()).new_page(viewport=SIZE)
        with page.expect_response(is_told_of_colours):
            lab = Lab(page, server, IMAGES)
        if theme != LIGHT:
            with page.expect_response(is_told_of_colours):
                lab.theme(theme)
        hub = server.hub()
        hub.connections.openai.connect(model.key, base_url=model.base_url())
        project = hub.add_project(repository(folder), model="stand-in-1", setup=SETUP)
        hub.new_chat(project, agent="shell", name="Shell").wait_ready(LIMIT)
        chat = hub.new_chat(project, "Plot the loss of all runs and publish it", name="Plot the loss of all runs")
        chat.turns[0].wait(LIMIT)
        chat.send("Write it up, with a table of where each run ends").wait(LIMIT)
        asking = hub.new_chat(project, "Push what you have", name="Publish the readme", ask_before="git push")
        next(event for event in asking.turns[0].stream(LIMIT) if event.type == "turn" and event.turn.approvals)
        yield Scene(lab, server, hub, project, chat, asking)


def take(name: str, part: Locator | Page) -> None:
    """Take a picture, in as few colours as it needs."""
    shown = part.screenshot(animations="disabled", caret="hide")
    picture = Image.open(io.BytesIO(shown)).convert("RGB")
    if isinstance(part, Locator):
        # It may begin within a pixel, which then shows what is behind it as well.
        picture = picture.crop((1, 1, picture.width - 1, picture.height - 1))
    # Dots that mix two colours would blur what is one colour, and make the file larger.
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def main(names: list[str]) -> None:
    for ending, theme in THEMES.items():
        with stage(theme) as scene:
            for name in names or SCENES:
                scene.open()
                part = SCENES[name](scene)
                # What has been clicked shows no ring, and what moves has come to rest.
                scene.page.mouse.move(640, 5)
                take(f"{name}{ending}", part)


if __name__ == "__main__":
    main(sys.argv[1:])
