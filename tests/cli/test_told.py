"""What is told of an agent that works, as it works."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from agent_hub.cli import send
from agent_hub.models import Approval, Chat, Turn, TurnChanged, TurnEvent, TurnStatus
from agent_hub.notebook.turn import Turn as Followed

CHAT = Chat(id="c1", project="p1", name="A chat", agent="codex")
TURN = Turn(chat="c1", number=1, prompt="Go on", status=TurnStatus.completed)


def waited(monkeypatch: pytest.MonkeyPatch, *events: TurnEvent) -> Result:
    """What ``send --wait`` prints where this happens."""

    def stream(turn: Followed, timeout: float | None) -> Iterator[TurnEvent]:
        yield from events

    monkeypatch.setattr(Followed, "stream", stream)
    hub = SimpleNamespace(create=lambda *asked: TURN, read=lambda *asked: TURN)
    monkeypatch.setattr(send, "chat_of", lambda ctx, chat: (hub, CHAT))
    result = CliRunner().invoke(send.command, ["c1", "Go on", "--wait"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_each_question_of_an_agents_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tuple(Approval(id=id, kind="command", command="ls") for id in ("a", "b"))
    event = TurnChanged(turn=TURN.model_copy(update={"approvals": asked}))
    assert waited(monkeypatch, event, event).stderr.count("waits for your answer") == 2
