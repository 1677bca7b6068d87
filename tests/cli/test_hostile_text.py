"""What agents, repositories and their builds say does nothing to the terminal that a command is in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from agent_hub.cli import logs, send
from agent_hub.cli.answers import answer
from agent_hub.cli.say import tell
from agent_hub.cli.shown import readable
from agent_hub.errors import SetupFailed
from agent_hub.models import (
    Chat,
    Command,
    ErrorBody,
    FileChange,
    FileChanges,
    ItemChanged,
    ItemStatus,
    Message,
    ToolCall,
    Turn,
    TurnStatus,
)
from agent_hub.notebook.turn import Turn as Followed

EVIL = "a\x1b]52;c;cm0gLXJmIH4=\x07b\x1b[31mc\x1b[md\x9b2Je\u202ef\x1bPg\x1b\\h\ri\x08j\x1b]0;never closed"


@pytest.fixture
def turn() -> Turn:
    return Turn(
        chat="c0",
        number=1,
        prompt=EVIL,
        status=TurnStatus.failed,
        error=ErrorBody(code="turn_failed", message=EVIL),
        items=(
            Message(id="1", text=EVIL),
            Command(id="2", status=ItemStatus.failed, command=EVIL, text=EVIL, exit_code=1),
            FileChanges(id="3", changes=(FileChange(kind="add", path=EVIL),)),
            ToolCall(id="4", title=EVIL),
        ),
    )


class Told:
    """A hub that has been told such things."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def read_all(self, path: str, model: type[Turn]) -> list[Turn]:
        return [self._turn]

    def read(self, path: str, model: type[Turn]) -> Turn:
        return self._turn

    def create(self, path: str, model: type[Turn], body: Any) -> Turn:
        return self._turn

    def text(self, path: str) -> str:
        return f"{EVIL}\n"


@pytest.fixture
def told(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> Told:
    hub = Told(turn)
    chat = Chat(id="c0", project="p0", name="A chat", agent="codex")
    for module in (logs, send):
        monkeypatch.setattr(module, "chat_of", lambda ctx, key: (hub, chat))
    monkeypatch.setattr(Followed, "stream", lambda self, timeout: iter([ItemChanged(number=1, item=turn.items[0])]))
    return hub


def does_nothing(text: str) -> bool:
    return all(letter.isprintable() or letter in "\n\t" for letter in text)


@pytest.mark.parametrize("options", [(), ("--build",), ("--terminal",), ("--json",)])
def test_a_log_does_nothing_to_the_terminal(told: Told, options: tuple[str, ...]) -> None:
    # In colour: else Click itself takes a part of it away.
    done = CliRunner().invoke(logs.command, ["c0", *options], color=True)
    assert done.exit_code == 0 and len(done.output) > 3
    assert does_nothing(done.output)


def test_what_an_agent_says_meanwhile_does_nothing_to_the_terminal(told: Told) -> None:
    done = CliRunner().invoke(send.command, ["c0", "Go on", "--wait"], color=True)
    assert done.output.startswith("abcd") and does_nothing(done.output)


def test_an_error_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell(SetupFailed(f"The setup script failed: {EVIL}", EVIL, tail=[EVIL, "last"]))
    said = capsys.readouterr().err
    assert "last" in said and does_nothing(said)


def test_json_says_the_same_by_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    answer({"said": f"{EVIL}ü💫\u2028\U000e0001"})
    said = capsys.readouterr().out
    assert does_nothing(said) and "ü💫" in said
    assert json.loads(said) == {"said": f"{EVIL}ü💫\u2028\U000e0001"}


def test_of_a_colour_nothing_is_left() -> None:
    assert readable("\x1b[1;31mred\x1b[m and \x1b]8;;https://evil.test\x1b\\here\x1b]8;;\x1b\\\n") == "red and here\n"
