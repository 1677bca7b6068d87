"""A new chat with the real Codex, from a spare that is paused, up to what its viewer's screen shows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pyte

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.project import Project, make_repository
from tests.bench.server import Server
from tests.bench.viewer import Viewer, output
from tests.standins.model_server import ModelServer

ROWS, COLUMNS = 40, 120
HOST = "host.docker.internal"
COMPOSER = "Ask Codex to do anything"
"""What Codex's prompt shows while nothing is typed there."""

FIRST_PROMPT = "Count the herons on the lake"
QUIET_SECONDS = 3.0
CURSOR_QUERY = "\x1b[6n"
_PLACE = re.compile(r"\x1b\[(\d+);(\d+)H")


@dataclass(frozen=True)
class Shown:
    """What a viewer's screen showed, and when: milliseconds since the chat was asked for."""

    milliseconds: float
    screen: tuple[str, ...]


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """The model is a stand-in that answers at once; how long a real one thinks is not the hub's."""
    repository = make_repository(stage.server.folder.parent / "codex", {"README.md": b"# Bench\n"})
    with ModelServer("0.0.0.0", key="bench") as model:
        env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
        project = Project(stage.server, repository, bench.base, agent="codex", env=env)
        painted, prompted = [], []
        for _ in range(bench.scale.runs):
            project.wait_for_spares(bench.scale.spares)
            painted.append(_when_painted(_new_chat(stage.server, project, "")))
            project.wait_for_spares(bench.scale.spares)
            prompted.append(_when_shown(_new_chat(stage.server, project, FIRST_PROMPT), FIRST_PROMPT))
        project.delete()
    name = "new Codex chat from a paused spare: POST"
    yield Figure(f"{name} to its prompt painted at 120×40, p50", MILLISECONDS, painted, bar=Bar(most=80))
    yield Figure(f"{name} to its first prompt shown, p50", MILLISECONDS, prompted, bar=Bar(most=250))


def _new_chat(server: Server, project: Project, prompt: str) -> list[Shown]:
    """What a new chat's viewer sees until nothing more comes."""
    started = time.perf_counter()
    chat = server.request("POST", "api/chats", {"project": project.id, "prompt": prompt})["id"]
    try:
        with closing(server.watch(chat)) as line:
            line.resize(ROWS, COLUMNS)
            received = _received(line, started)
            # The next spares are made at the size that a viewer had last, which is to be another one.
            line.resize(24, 80)
            return list(_draw(received))
    finally:
        server.request("DELETE", f"api/chats/{chat}?force=true")


def _received(line: Viewer, started: float) -> list[tuple[float, str]]:
    received: list[tuple[float, str]] = []
    line.wait(QUIET_SECONDS)
    try:
        while True:
            for message in line.messages():
                text = output(message) or ""
                received.append(((time.perf_counter() - started) * 1000, text))
                if CURSOR_QUERY in text:
                    # Codex waits for the answer, which every terminal gives.
                    places = _PLACE.findall("".join(text for _, text in received))
                    row, column = places[-1] if places else ("1", "1")
                    line.write(f"\x1b[{row};{column}R")
            line.fill()
    except TimeoutError:
        return received


def _draw(received: list[tuple[float, str]]) -> Iterator[Shown]:
    """The screens, drawn once the clock has stopped: that takes longer than to receive them."""
    shown = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(shown)
    for milliseconds, text in received:
        stream.feed(text)
        yield Shown(milliseconds, tuple(row.rstrip() for row in shown.display))


def _when_painted(shown: list[Shown]) -> float:
    """When the screen was what it stayed: drawn for its size, with Codex's prompt on it."""
    final = shown[-1].screen
    if not any(COMPOSER in row for row in final):
        raise RuntimeError("Codex's prompt does not show:\n" + "\n".join(final))
    late = [number for number, one in enumerate(shown) if one.screen != final]
    return shown[late[-1] + 1 if late else 0].milliseconds


def _when_shown(shown: list[Shown], text: str) -> float:
    """When the screen first had a text on it."""
    for one in shown:
        # Not in the line below the prompt, which says the chat's name.
        if any(f"› {text}" in row for row in one.screen):
            return one.milliseconds
    raise RuntimeError("The first prompt does not show:\n" + "\n".join(shown[-1].screen))
