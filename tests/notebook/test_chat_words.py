"""How a chat is, in a few words: in its ``repr``, in tables, and in ``agent_cli ls``."""

from __future__ import annotations

import pytest

from agent_hub.models import Chat, ChatStatus, TurnStatus, TurnSummary
from agent_hub.notebook.chat import describe


def a_chat(status: ChatStatus, turn: TurnStatus | None = None, reason: str = "", why: str = "") -> Chat:
    summary = TurnSummary(number=1, status=turn, reason=why) if turn is not None else None
    return Chat(id="c0", project="a0", name="Sweep", agent="codex", status=status, reason=reason, turn=summary)


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        (a_chat(ChatStatus.running), "running"),
        (a_chat(ChatStatus.running, TurnStatus.running), "running"),
        (a_chat(ChatStatus.running, TurnStatus.waiting), "waiting for you"),
        (a_chat(ChatStatus.running, TurnStatus.completed), "finished"),
        (a_chat(ChatStatus.running, TurnStatus.interrupted), "interrupted"),
        (
            a_chat(ChatStatus.running, TurnStatus.failed, why="Agent Hub: OpenAI is not connected."),
            "could not go on (OpenAI is not connected.)",
        ),
        (a_chat(ChatStatus.queued, reason="waits for a GPU"), "queued (waits for a GPU)"),
        # What it was asked before it ended is not what matters of it.
        (a_chat(ChatStatus.exited, TurnStatus.failed, why="The model is away."), "exited"),
    ],
)
def test_a_chat_says_what_became_of_what_it_was_asked(chat: Chat, words: str) -> None:
    assert describe(chat) == words
