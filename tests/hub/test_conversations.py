"""What the real Codex is told and does, as the hub records it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.agents.conversation import Decision
from agent_hub.errors import NotFound
from agent_hub.hub.received import Received
from agent_hub.models import ChatStatus, Command, ItemStatus, NewChat, Project, Turn, TurnStatus
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE, LIMIT, RunningHub
from tests.hub.test_spares import spares
from tests.standins.model_server import ModelServer

HOST = "host.docker.internal"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in for a model, which containers reach at the bridge's address."""
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture
async def codex(open_hub: OpenHub) -> RunningHub:
    await codex_binary(CACHE, print)
    return await open_hub()


async def codex_project(hub: RunningHub, repository: Repository, model: ModelServer) -> Project:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
    return await hub.ready(repository, agent="codex", env=env)


@pytest.fixture
async def a_codex_project(codex: RunningHub, a_repository: Repository, model: ModelServer) -> Project:
    return await codex_project(codex, a_repository, model)


async def ended(hub: RunningHub, chat: str, number: int) -> Turn:
    """A turn once it has ended."""
    turns = await hub.hub.conversations.of(chat)
    async with asyncio.timeout(LIMIT):
        while True:
            follower = turns.record.follow()
            try:
                async for _ in follower:
                    heads = {turn.number: turn for turn in turns.record.heads()}
                    if number in heads and heads[number].status.ended:
                        return await turns.record.turn(number)
            finally:
                follower.close()


async def reads(hub: RunningHub, chat: str, text: str) -> None:
    """Wait until the chat's terminal shows a text; between words its screen is drawn by moving the cursor."""
    await hub.until_true(lambda: text in hub.shown(chat).replace("\x1b[1C", " "))


async def test_a_first_prompt_is_the_first_turn_with_all_that_the_agent_did(
    codex: RunningHub, a_codex_project: Project, model: ModelServer
) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="RUN: echo heron; false"))
    begun = (await codex.hub.conversations.of(chat.id)).record.heads()
    assert [(turn.number, turn.prompt) for turn in begun] == [(1, "RUN: echo heron; false")]
    turn = await ended(codex, chat.id, 1)
    assert turn.status is TurnStatus.completed
    assert (turn.prompt, turn.source) == ("RUN: echo heron; false", "hub")
    (command,) = (item for item in turn.items if isinstance(item, Command))
    assert (command.command, command.exit_code, command.text) == ("echo heron; false", 1, "heron\n")
    assert turn.items[-1].type == "message" and turn.text.startswith("Done:")
    assert turn.usage is not None and (turn.usage.total, turn.usage.output) == (2 * 1234, 2 * 34)
    assert turn.seconds is not None and turn.seconds > 0
    kept = await codex.until(lambda: (turn := codex.hub.store.chats[chat.id].turn) and turn.status.ended and turn)
    assert (kept.number, kept.status, kept.queued) == (1, TurnStatus.completed, 0)
    assert len([request for request in model.turns if len(request.outputs) == 0]) == 1


async def test_what_is_published_is_known_by_the_turn_that_made_it(
    codex: RunningHub, a_codex_project: Project, model: ModelServer
) -> None:
    publish = "RUN: date > when.txt; hub_artifact publish when.txt"
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt=publish))
    await ended(codex, chat.id, 1)
    await codex.hub.conversations.send(chat.id, f"{publish} # again")
    await ended(codex, chat.id, 2)
    # What goes on after a turn is that turn's.
    received = codex.hub.artifacts.incoming()
    received.touch()
    await codex.hub.artifacts.publish(chat.id, "when.txt", Received(received, ""))
    history = codex.hub.artifacts.history(chat.id)
    assert [(one.version, one.turn, one.prompt) for one in history] == [
        (1, 1, publish),
        (2, 2, f"{publish} # again"),
        (3, 2, f"{publish} # again"),
    ]


async def test_a_spare_that_is_claimed_tells_of_its_first_turn(
    open_hub: OpenHub, a_repository: Repository, model: ModelServer
) -> None:
    await codex_binary(CACHE, print)
    hub = await open_hub(spares=1)
    project = await codex_project(hub, a_repository, model)
    (spare,) = await spares(hub, project)
    chat = await hub.hub.new_chats.add(NewChat(project=project.id, prompt="Say heron"))
    assert chat.id == spare
    turn = await ended(hub, chat.id, 1)
    assert (turn.source, turn.text) == ("hub", "You said: Say heron")
    assert len(model.turns) == 1
    second = await hub.hub.conversations.send(chat.id, "Say crane")
    assert (await ended(hub, chat.id, second.number)).text == "You said: Say crane"


async def test_what_is_said_to_a_spare_s_chat_at_once_is_said_once(
    open_hub: OpenHub, a_repository: Repository, model: ModelServer
) -> None:
    await codex_binary(CACHE, print)
    hub = await open_hub(spares=1)
    project = await codex_project(hub, a_repository, model)
    (spare,) = await spares(hub, project)
    chat = await hub.hub.new_chats.add(NewChat(project=project.id))
    assert chat.id == spare
    turn = await hub.hub.conversations.send(chat.id, "Say heron")
    assert (await ended(hub, chat.id, turn.number)).text == "You said: Say heron"
    assert len(model.turns) == 1


async def test_a_command_that_prints_much_is_known_to_the_next_hub_as_well(
    open_hub: OpenHub, a_repository: Repository, model: ModelServer, opened: list[RunningHub]
) -> None:
    await codex_binary(CACHE, print)
    first = await open_hub()
    project = await codex_project(first, a_repository, model)
    loud = "\n".join("RUN: head -c 3000000 /dev/zero | tr '\\0' '\\1'" for _ in range(4))
    prompt = f"RUN: until [ -e go ]; do sleep 0.05; done\n{loud}"
    chat = await first.hub.new_chats.add(NewChat(project=project.id, prompt=prompt))
    await first.until(lambda: (kept := first.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.running)
    await first.close()
    opened.remove(first)
    (first.hub.folders.workspace(chat.id) / "go").touch()
    await asyncio.to_thread(model.wait_for_turns, 6)
    second = await open_hub()
    turn = await ended(second, chat.id, 1)
    assert turn.status is TurnStatus.completed
    assert len([item for item in turn.items if isinstance(item, Command)]) == 5


async def test_terminal_and_hub_are_in_one_conversation(codex: RunningHub, a_codex_project: Project) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="Say heron"))
    assert (await ended(codex, chat.id, 1)).text == "You said: Say heron"
    await reads(codex, chat.id, "You said: Say heron")
    await codex.type(chat.id, "Say crane")
    await reads(codex, chat.id, "Say crane")
    await codex.type(chat.id, "\r")
    typed = await ended(codex, chat.id, 2)
    assert (typed.prompt, typed.source, typed.text) == ("Say crane", "terminal", "You said: Say crane")
    await codex.hub.conversations.send(chat.id, "Say stork")
    assert (await ended(codex, chat.id, 3)).text == "You said: Say stork"
    await reads(codex, chat.id, "You said: Say stork")


async def test_prompts_wait_for_each_other_and_one_that_waits_can_be_taken_back(
    codex: RunningHub, a_codex_project: Project
) -> None:
    prompt = "RUN: until [ -e go ]; do sleep 0.05; done"
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt=prompt))
    turns = await codex.hub.conversations.of(chat.id)
    second = await codex.hub.conversations.send(chat.id, "Say crane")
    third = await codex.hub.conversations.send(chat.id, "Say stork")
    again = [await codex.hub.conversations.send(chat.id, "Say rail", key="rail") for _ in range(2)]
    assert [turn.number for turn in again] == [4, 4]
    await codex.until(lambda: (kept := codex.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.running)
    assert (await turns.interrupt(third.number)).status is TurnStatus.interrupted
    assert [turn.status.value for turn in turns.record.heads()] == ["running", "queued", "interrupted", "queued"]
    (codex.hub.folders.workspace(chat.id) / "go").touch()
    assert (await ended(codex, chat.id, second.number)).text == "You said: Say crane"
    assert (await ended(codex, chat.id, 4)).text == "You said: Say rail"


async def test_an_interrupt_ends_a_turn_and_the_next_one_begins(codex: RunningHub, a_codex_project: Project) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="RUN: sleep 100"))
    turns = await codex.hub.conversations.of(chat.id)
    await codex.hub.conversations.send(chat.id, "Say crane")
    await codex.until(lambda: (kept := codex.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.running)
    await turns.interrupt(1)
    assert (await ended(codex, chat.id, 1)).status is TurnStatus.interrupted
    assert (await ended(codex, chat.id, 2)).text == "You said: Say crane"


async def test_what_an_agent_does_while_no_hub_runs_is_known_to_the_next_one(
    open_hub: OpenHub, a_repository: Repository, model: ModelServer, opened: list[RunningHub]
) -> None:
    await codex_binary(CACHE, print)
    first = await open_hub()
    project = await codex_project(first, a_repository, model)
    chat = await first.hub.new_chats.add(
        NewChat(project=project.id, prompt="RUN: until [ -e go ]; do sleep 0.05; done; echo heron")
    )
    await first.until(lambda: (kept := first.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.running)
    await first.hub.conversations.send(chat.id, "Say crane")
    await first.close()
    opened.remove(first)
    (first.hub.folders.workspace(chat.id) / "go").touch()
    await asyncio.to_thread(model.wait_for_turns, 2)
    second = await open_hub()
    turn = await ended(second, chat.id, 1)
    assert (turn.status, turn.source) == (TurnStatus.completed, "hub")
    assert [item.text for item in turn.items if isinstance(item, Command)] == ["heron\n"]
    assert turn.text.startswith("Done: ")
    assert (await ended(second, chat.id, 2)).text == "You said: Say crane"
    assert len([request for request in model.turns if "Say crane" in request.prompts]) == 1


async def test_a_container_that_dies_in_a_turn_fails_it_and_the_conversation_goes_on_later(
    codex: RunningHub, a_codex_project: Project
) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="RUN: sleep 100"))
    await codex.until(lambda: (kept := codex.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.running)
    handle = await codex.container(chat.id)
    assert handle is not None
    await codex.hub.engine.stop(handle, 0.0)
    turn = await ended(codex, chat.id, 1)
    assert turn.status is TurnStatus.failed and turn.error is not None
    assert turn.error.code == "agent_unavailable"
    await codex.settled(chat.id, ChatStatus.exited)
    await codex.hub.chats.start(chat.id)
    await codex.settled(chat.id)
    await codex.hub.conversations.send(chat.id, "Say crane")
    assert (await ended(codex, chat.id, 2)).text == "You said: Say crane"


async def test_a_chat_is_named_by_the_first_prompt_that_anybody_gives_it(
    codex: RunningHub, a_codex_project: Project
) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id))
    assert chat.name == "Codex chat"
    await codex.hub.conversations.send(chat.id, "Mend the heron's nest\nand so on")
    await codex.until(lambda: codex.hub.store.chats[chat.id].name == "Mend the heron's nest")
    await ended(codex, chat.id, 1)
    await codex.hub.conversations.send(chat.id, "Another thing")
    await ended(codex, chat.id, 2)
    assert codex.hub.store.chats[chat.id].name == "Mend the heron's nest"


@pytest.mark.parametrize(("decision", "made"), [("accept", True), ("decline", False)])
async def test_an_agent_that_is_told_to_ask_waits_for_an_answer(
    codex: RunningHub, a_codex_project: Project, decision: Decision, made: bool
) -> None:
    new = NewChat(project=a_codex_project.id, prompt="RUN: touch made.txt", ask_before=("touch",))
    chat = await codex.hub.new_chats.add(new)
    await codex.until(lambda: (kept := codex.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.waiting)
    turns = await codex.hub.conversations.of(chat.id)
    (approval,) = turns.record.head(1).approvals
    assert (approval.kind, approval.command) == ("command", "touch made.txt")
    await reads(codex, chat.id, "touch made.txt")
    await turns.answer(approval.id, decision)
    turn = await ended(codex, chat.id, 1)
    assert turn.status is TurnStatus.completed and turn.approvals == ()
    (command,) = (item for item in turn.items if isinstance(item, Command))
    assert command.status is (ItemStatus.completed if made else ItemStatus.declined)
    assert (codex.hub.folders.workspace(chat.id) / "made.txt").exists() is made
    with pytest.raises(NotFound, match="does not wait for this answer"):
        await turns.answer(approval.id, decision)


async def test_an_approval_that_is_answered_in_the_terminal_is_settled_everywhere(
    codex: RunningHub, a_codex_project: Project
) -> None:
    new = NewChat(project=a_codex_project.id, prompt="RUN: touch made.txt", ask_before=("touch",))
    chat = await codex.hub.new_chats.add(new)
    await codex.until(lambda: (kept := codex.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.waiting)
    await reads(codex, chat.id, "Yes, proceed")
    answered = asyncio.create_task(ended(codex, chat.id, 1))
    while not answered.done():
        # A key that comes as the question is drawn is taken for one that was meant for what was there before.
        await codex.type(chat.id, "y")
        await asyncio.wait([answered], timeout=3)
    turn = await answered
    assert turn.status is TurnStatus.completed and turn.approvals == ()
    assert (codex.hub.folders.workspace(chat.id) / "made.txt").exists()


async def test_an_approval_is_still_asked_for_by_the_next_hub(
    open_hub: OpenHub, a_repository: Repository, model: ModelServer, opened: list[RunningHub]
) -> None:
    await codex_binary(CACHE, print)
    first = await open_hub()
    project = await codex_project(first, a_repository, model)
    new = NewChat(project=project.id, prompt="RUN: touch made.txt", ask_before=("touch",))
    chat = await first.hub.new_chats.add(new)
    await first.until(lambda: (kept := first.hub.store.chats[chat.id].turn) and kept.status is TurnStatus.waiting)
    await first.close()
    opened.remove(first)
    second = await open_hub()
    turns = await second.hub.conversations.of(chat.id)
    await second.until_true(lambda: turns.heard)
    (approval,) = turns.record.head(1).approvals
    await turns.answer(approval.id, "accept")
    assert (await ended(second, chat.id, 1)).status is TurnStatus.completed
    assert (second.hub.folders.workspace(chat.id) / "made.txt").exists()
