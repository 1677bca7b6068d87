"""The real Codex from the command line, with a stand-in for a model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent_hub.notebook.client import Hub
from tests.cli.commands import Commands
from tests.cli.person import Person
from tests.cli.tmux import Tmux
from tests.conftest import Repository
from tests.standins.model_server import ModelServer


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture
def chat(commands: Commands, hub: Hub, model: ModelServer, a_repository: Repository) -> str:
    """A chat with Codex, which is told the model's address by variables."""
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    started = commands.ask("new", str(a_repository.path), "-", typed="RUN: echo heron")
    assert started["name"] == "RUN: echo heron"
    return str(started["id"])


def test_a_prompt_is_answered_and_the_log_has_the_whole_conversation(commands: Commands, chat: str) -> None:
    done = commands.run("send", chat, "Say crane", "--wait")
    assert (done.returncode, done.stdout) == (0, "You said: Say crane\n")
    turn = commands.ask("send", chat, "--wait", "-", typed="Say stork")
    assert (turn["number"], turn["status"]) == (3, "completed")
    assert [item["text"] for item in turn["items"] if item["type"] == "message"] == ["You said: Say stork"]
    logs = commands.ask("logs", chat)
    assert [turn["prompt"] for turn in logs["turns"]] == ["RUN: echo heron", "Say crane", "Say stork"]
    told = commands.run("logs", chat).stdout
    assert told.startswith("> RUN: echo heron\n\n$ echo heron\nheron\n\nDone:")
    assert told.endswith("> Say stork\n\nYou said: Say stork\n")


def test_codex_works_in_a_terminal_and_its_other_commands_in_a_pipe(
    person: Person, terminal: Tmux, model: ModelServer, a_repository: Repository
) -> None:
    address = model.base_url("host.docker.internal")
    variables = f"--env-var OPENAI_API_KEY={model.key} --env-var OPENAI_BASE_URL={address}"
    project = f"--project {a_repository.path} --model stand-in-1 {variables}"
    terminal.type(f"agent_cli {project} -- 'Say heron'; echo code=$?")
    terminal.shows("You said: Say heron")
    # As in a terminal of its own: while it works that would be interrupted, and then one is enough.
    terminal.shows("Worked for")
    terminal.press("C-c")
    terminal.shows("code=0")
    done = person.run(*project.split(), "--", "exec", "--skip-git-repo-check", "Say crane")
    assert done.returncode == 0
    assert "You said: Say crane" in done.stdout
