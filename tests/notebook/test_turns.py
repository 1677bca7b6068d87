"""Conversations with the real Codex, from the library, on a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from agent_hub.errors import Conflict, InvalidInput, NoConversation, NotFound, TurnFailed, TurnInterrupted
from agent_hub.models import Command, TextAdded, TurnEvent
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.project import Project
from agent_hub.notebook.turn import Turn
from tests.conftest import Repository
from tests.notebook.server import DOCKER, Server
from tests.standins.model_server import ModelServer

LIMIT = 180.0


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture
def project(hub: Hub, model: ModelServer, a_repository: Repository) -> Project:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    return hub.add_project(a_repository.path, agent="codex", env=env, progress=False)


def test_a_prompt_is_answered_as_an_object(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project, "RUN: echo heron")
    turn = chat.turns[0].wait(LIMIT)
    assert turn.text.startswith("Done:") and "heron" in turn.text
    (command,) = (item for item in turn.events if isinstance(item, Command))
    assert (command.command, command.text, command.exit_code) == ("echo heron", "heron\n", 0)
    assert turn.usage is not None and turn.usage.total == 2 * 1234
    assert chat.name == "RUN: echo heron"
    assert chat.send("Say crane").wait(LIMIT).text == "You said: Say crane"
    assert [turn.status for turn in chat.turns] == ["completed", "completed"]


def test_a_turn_is_told_piece_by_piece(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project)
    # Some of these end a line, to who asks Unicode.
    said = "Say heron, crane\u2028and\x85 stork 🐦 – ünï"
    turn = chat.send(said)
    pieces = list(turn.stream_text(LIMIT))
    assert "".join(pieces) == f"You said: {said}" == turn.text
    assert turn.status == "completed"
    again = [event for event in chat.turns[0].stream(LIMIT) if not isinstance(event, TextAdded)]
    assert again[-1].type == "item"


def test_a_turn_that_asks_for_nothing_is_not_answered(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project, "RUN: touch made.txt", ask_before="touch")
    first, then = chat.turns[0], chat.send("Say crane")
    for _ in first.stream(LIMIT):
        if first._data.approvals:
            break
    with pytest.raises(Conflict, match=r"Turn 2 asks for nothing: it was queued .* chat\.turns"):
        chat.turn.approve()
    assert first.approve().wait(LIMIT).status == "completed"
    assert then.wait(LIMIT).text == "You said: Say crane"
    with pytest.raises(Conflict, match="it was completed"):
        first.decline()


def test_a_turn_that_is_interrupted_says_so(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project, "RUN: sleep 100")
    turn = chat.turns[0]
    for _ in turn.stream(LIMIT):
        if any(isinstance(item, Command) for item in turn._data.items):
            chat.interrupt()
            break
    with pytest.raises(TurnInterrupted):
        turn.wait(LIMIT)
    assert turn.wait(LIMIT, check=False).status == "interrupted"
    assert chat.send("Say crane").wait(LIMIT).text == "You said: Say crane"


def test_a_chat_that_is_stopped_says_how_its_turn_ended(hub: Hub, project: Project) -> None:
    for _ in range(3):
        chat = hub.new_chat(project, "RUN: sleep 100")
        next(event for event in chat.turns[0].stream(LIMIT) if event.type == "item" and event.item.type == "command")
        summary = chat.stop().refresh()._data.turn
        assert summary is not None and summary.status.value == "interrupted"


def test_a_turn_that_takes_too_long_goes_on(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project, "RUN: until [ -e go ]; do sleep 0.05; done")
    turn = chat.turns[0]
    with pytest.raises(TimeoutError, match=r"Turn 1 has not ended within 1 seconds\. It goes on: turn\.wait\(\)"):
        turn.wait(1)
    (Path(chat.workspace) / "go").touch()
    assert turn.wait(LIMIT).status == "completed"


def test_a_wait_may_have_no_limit(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project.wait_ready(timeout=None)).wait_ready(timeout=None)
    assert "".join(chat.send("Say heron").stream_text(timeout=None)) == "You said: Say heron"
    assert chat.turn.wait(timeout=None).status == "completed"
    chat.stop(timeout=None)
    chat.wait(timeout=None)
    chat.delete(timeout=None)
    hub.map("Say {n}", {"n": 1}, project=project).wait(timeout=None)


def asks(chat: Chat, command: str) -> Turn:
    """The newest turn, once its agent asks for that."""
    deadline = time.monotonic() + LIMIT
    while True:
        turn = chat.turn
        if [asked.command for asked in turn._data.approvals] == [command]:
            return turn
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_what_was_seen_is_approved(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project, "RUN: touch a\nRUN: touch b\nRUN: touch c", ask_before=["touch"])
    seen = asks(chat, "touch a")
    chat.turn.approve(*seen.approvals)
    asks(chat, "touch b")
    with pytest.raises(NotFound, match="does not wait"):
        seen.approve()
    asks(chat, "touch b").decline()
    asks(chat, "touch c").approve()
    turn = chat.turn.wait(LIMIT)
    assert sorted(path.name for path in chat.files.iterdir() if len(path.name) == 1) == ["a", "c"]
    with pytest.raises(Conflict, match="asks for nothing"):
        turn.approve()


def test_a_stopped_chat_takes_no_prompt_and_says_how_to_go_on(hub: Hub, project: Project) -> None:
    with hub.new_chat(project, "Say heron") as chat:
        chat.turns[0].wait(LIMIT)
    assert chat.status == "exited"
    with pytest.raises(Conflict, match="does not run"):
        chat.send("Say crane")
    chat.start()
    assert chat.send("Say crane").wait(LIMIT).text == "You said: Say crane"


def test_what_cannot_be_said_is_refused(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(project)
    for prompt in ("", "a\0b", "x" * 200_000):
        with pytest.raises(InvalidInput, match="prompt"):
            chat.send(prompt)
    with pytest.raises(NoConversation, match="takes no prompts"):
        hub.new_chat(project, agent="shell").send("hello")
    assert len(chat.turns) == 0
    with pytest.raises(IndexError, match="has 0 turns"):
        chat.turns[0]


def test_a_model_that_refuses_fails_the_turn(hub: Hub, project: Project, model: ModelServer) -> None:
    chat = hub.new_chat(project, "Say heron", env={"OPENAI_API_KEY": "wrong"})
    with pytest.raises(TurnFailed):
        chat.turns[0].wait(LIMIT)
    assert chat.turns[0].error is not None


def test_a_stream_outlives_a_kill_of_the_server(
    tmp_path: Path,
    docker_engine: docker.DockerClient,
    base_image: str,
    model: ModelServer,
    a_repository: Repository,
) -> None:
    url = model.base_url("host.docker.internal")
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": url, "OPENAI_MODEL": "stand-in-1"}
    with Server(tmp_path, DOCKER, f"--AgentHub.base_image={base_image}") as server:
        hub = server.hub()
        project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
        chat = hub.new_chat(project, "RUN: echo heron; until [ -e go ]; do sleep 0.05; done")
        seen: list[TurnEvent] = []
        began = threading.Event()

        def listen() -> None:
            for event in chat.turns[0].stream(LIMIT):
                seen.append(event)
                if event.type == "item" and isinstance(event.item, Command):
                    began.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert began.wait(LIMIT)
        server.restart()
        (Path(chat.workspace) / "go").touch()
        listener.join(LIMIT)
        (turn,) = chat.turns
        assert turn.status == "completed" and "heron" in turn.text
        assert [event.turn.status.value for event in seen if event.type == "turn"][-1] == "completed"
        assert len([event for event in seen if event.type == "turn" and event.turn.status.ended]) == 1
        chat.delete(force=True)
        project.delete(force=True)
