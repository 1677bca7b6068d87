"""The agent that is a script, and says so: its chats work as every other's, without an account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from agent_hub.errors import InvalidInput
from agent_hub.models import Command, FileChanges, TurnChanged
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.project import Project
from agent_hub.notebook.turn import Turn
from tests.conftest import Repository
from tests.notebook.server import PROCESS, Server

LIMIT = 60.0


@pytest.fixture(scope="module")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("demo"), PROCESS, "--AgentHub.demo=True") as running:
        yield running


@pytest.fixture
def project(demo_server: Server, a_repository: Repository) -> Iterator[Project]:
    project = demo_server.hub().add_project(a_repository.path, agent="demo", progress=False)
    yield project
    project.delete(force=True)


@pytest.fixture
def chat(project: Project, demo_server: Server) -> Chat:
    return demo_server.hub().new_chat(project, "Hello").wait_ready(LIMIT)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not done():
        assert time.monotonic() < deadline, "it did not come to it"
        time.sleep(0.05)


def until_asked(turn: Turn) -> None:
    """Look at a turn until it asks for something."""
    next(event for event in turn.stream(LIMIT) if isinstance(event, TurnChanged) and event.turn.approvals)


def test_it_says_that_it_is_a_script(chat: Chat, demo_server: Server) -> None:
    assert demo_server.hub().status.agents == ("codex", "shell", "demo")
    said = chat.turns[0].wait(LIMIT).text
    assert said.startswith("I am a script, and no model") and "- *List the files*" in said


def test_a_server_offers_it_where_it_is_asked_to(hub: Hub, a_repository: Repository) -> None:
    assert hub.status.agents == ("codex", "shell")
    with pytest.raises(InvalidInput, match="There is no agent 'demo'"):
        hub.add_project(a_repository.path, agent="demo", progress=False)
    project = hub.add_project(a_repository.path, agent="shell", progress=False)
    with pytest.raises(InvalidInput, match="There is no agent 'demo'"):
        hub.new_chat(project, agent="demo")


def test_it_publishes_what_it_draws(chat: Chat) -> None:
    turn = chat.send("Draw a wave, please").wait(LIMIT)
    (command,) = (item for item in turn.events if isinstance(item, Command))
    assert command.exit_code == 0 and "Published waves.svg" in command.text
    assert set(chat.artifacts) == {"waves.svg", "waves.csv"}


def test_what_it_changes_is_a_diff(chat: Chat) -> None:
    turn = chat.send("Add a note to the readme").wait(LIMIT)
    (files,) = (item for item in turn.events if isinstance(item, FileChanges))
    assert "+## Notes" in files.changes[0].diff.splitlines()
    assert [file.path for file in chat.diff()] == ["README.md"]


def test_it_asks_before_it_runs_what_it_is_told(chat: Chat) -> None:
    turn = chat.send("Run: touch allowed")
    until_asked(turn)
    assert turn.approve().wait(LIMIT).text == "I ran it, since you allowed it."
    turn = chat.send("Run: touch denied")
    until_asked(turn)
    assert turn.decline().wait(LIMIT).text == "You did not allow it, so I ran nothing."
    assert {"allowed"} == {entry.name for entry in chat.files.iterdir()} & {"allowed", "denied"}


def test_it_asks_before_what_it_is_told_to_ask_about(project: Project, demo_server: Server) -> None:
    chat = demo_server.hub().new_chat(project, "List the files", ask_before=["git ls-files"])
    turn = chat.turns[0]
    until_asked(turn)
    assert "Git knows of 3 files here." in turn.approve().wait(LIMIT).text


def test_what_it_is_at_can_be_interrupted(chat: Chat) -> None:
    turn = chat.send("Run: echo begun; sleep 1000")
    until_asked(turn)
    turn.approve()
    until(lambda: any(isinstance(item, Command) and "begun" in item.text for item in turn.events))
    chat.interrupt()
    assert turn.wait(LIMIT, check=False).status == "interrupted"
    assert chat.send("List the files").wait(LIMIT).status == "completed"


def test_what_is_typed_in_its_terminal_is_a_turn(chat: Chat, demo_server: Server) -> None:
    chat.turns[0].wait(LIMIT)
    demo_server.type(chat.id, "List the files\r")
    until(lambda: len(chat.turns) > 1)
    turn = chat.turns[1].wait(LIMIT)
    assert (turn.prompt, turn._data.source) == ("List the files", "terminal")
    assert turn.text.startswith("Git knows of 3 files")


def test_it_computes_what_a_run_compares(project: Project, demo_server: Server) -> None:
    runs = demo_server.hub().map(
        "Descend {steps} steps at a rate of {rate}", {"steps": [10, 1000], "rate": [0.01]}, project=project
    )
    table = runs.wait(LIMIT, progress=False).results()
    assert list(table["status"]) == ["completed", "completed"]
    few, many = table["loss"]
    assert few > many == pytest.approx(-6.54, abs=0.01)


def test_a_chat_that_was_stopped_goes_on_with_its_turns(chat: Chat) -> None:
    chat.turns[0].wait(LIMIT)
    chat.stop()
    chat.start().wait_ready(LIMIT)
    assert chat.send("Add a note").wait(LIMIT).text.startswith("I am a script, and no model")
    assert [turn.prompt for turn in chat.turns] == ["Hello", "Add a note"]
