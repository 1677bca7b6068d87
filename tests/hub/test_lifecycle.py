"""A chat's life as a state machine: what comes late changes nothing that was asked for since."""

from __future__ import annotations

import pytest

from agent_hub.engines.base import ContainerStatus
from agent_hub.errors import EngineError
from agent_hub.hub import lifecycle
from agent_hub.models import Chat, ChatStatus

NOTHING_RUNS = (ChatStatus.queued, ChatStatus.starting, ChatStatus.exited, ChatStatus.failed, ChatStatus.deleting)


def a_chat(status: ChatStatus) -> Chat:
    return Chat(id="bbbb", project="aaaa", name="Count", agent="shell", status=status)


@pytest.mark.parametrize("status", NOTHING_RUNS)
def test_the_end_of_a_run_is_none_of_the_next_one(status: ChatStatus) -> None:
    chat = a_chat(status)
    assert lifecycle.ended(chat, ContainerStatus("exited", 129)) == chat
    assert lifecycle.ended(chat, ContainerStatus("lost")) == chat


@pytest.mark.parametrize("status", [status for status in ChatStatus if status is not ChatStatus.stopping])
def test_a_stop_that_comes_late_gives_no_start_up(status: ChatStatus) -> None:
    chat = a_chat(status)
    assert lifecycle.cancelled(chat) == chat


@pytest.mark.parametrize("status", [ChatStatus.stopping, ChatStatus.deleting])
def test_a_start_of_a_chat_that_is_to_go_neither_begins_nor_fails(status: ChatStatus) -> None:
    chat = a_chat(status)
    assert lifecycle.starting(chat, "image", "commit") == chat
    assert lifecycle.running(chat, "container") == chat
    assert lifecycle.failed(chat, EngineError("It failed.", "Try again.")) == chat


@pytest.mark.parametrize("status", [ChatStatus.running, ChatStatus.stopping, ChatStatus.unknown])
def test_a_chat_whose_container_has_ended_has_exited(status: ChatStatus) -> None:
    assert lifecycle.ended(a_chat(status), ContainerStatus("exited", 1)).status is ChatStatus.exited
