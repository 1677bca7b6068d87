"""What is kept of turns, whatever an agent tells and whatever becomes of the disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent_hub.agents.conversation import Conversation, Decision, Told
from agent_hub.errors import Conflict, StorageFull
from agent_hub.hub.backlog import BACKLOG
from agent_hub.hub.chatturns import ChatTurns
from agent_hub.hub.turnlimits import (
    ITEM_CHARACTERS,
    MOST_APPROVALS,
    MOST_AT_WORK,
    MOST_ITEMS,
    PROMPTS_CHARACTERS,
    TURN_CHARACTERS,
)
from agent_hub.hub.turnlog import TurnLog
from agent_hub.hub.turnrecord import REASON_CHARACTERS, TurnRecord
from agent_hub.models import (
    Approval,
    Command,
    FileChange,
    FileChanges,
    ItemStatus,
    Message,
    TurnChanged,
    TurnStatus,
    Usage,
)


class Chat:
    """A chat's turns in a folder, as a hub holds them; another one of the same folder is the next hub's."""

    def __init__(self, folder: Path) -> None:
        self.changes = 0
        self.record = TurnRecord(TurnLog(folder), self._count)
        self.record.load()
        self.turns = ChatTurns("c1", self.record, lambda thread: None, lambda: None)

    def _count(self) -> None:
        self.changes += 1

    def begin(self, turn: str = "t1", prompt: str = "Say heron") -> None:
        self.turns.turn_began(turn)
        self.turns.prompted(turn, "", prompt)


class Agent(Conversation):
    """An agent that remembers what it is given here, and is said to what a test then looks at."""

    def __init__(self, *remembered: Told) -> None:
        self._remembered = remembered
        self.said: list[tuple[str, str]] = []
        self.interrupted: list[str] = []
        self.was_told, self.was_interrupted = asyncio.Event(), asyncio.Event()

    thread = "thread"
    heard = True

    async def recall(self) -> Sequence[Told]:
        return self._remembered

    async def say(self, mark: str, prompt: str) -> None:
        self.said.append((mark, prompt))
        self.was_told.set()

    async def interrupt(self, turn: str) -> None:
        self.interrupted.append(turn)
        self.was_interrupted.set()

    async def answer(self, approval: str, decision: Decision) -> None:
        """Nothing is asked here."""

    async def close(self) -> None:
        """Nothing is held here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "turns"


@pytest.fixture
async def chat(folder: Path) -> Chat:
    return Chat(folder)


async def test_a_record_is_the_same_for_the_next_hub(chat: Chat, folder: Path) -> None:
    chat.begin()
    chat.turns.item("t1", Message(id="m"))
    for word in ("You ", "said: ", "heron"):
        chat.turns.text("t1", "m", word)
    chat.turns.usage("t1", Usage(total=7))
    chat.record.settle()
    going = await chat.record.turn(1)
    assert (await Chat(folder).record.turn(1)) == going
    chat.turns.item("t1", Message(id="m", status=ItemStatus.completed, text="You said: heron"))
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    ended = await chat.record.turn(1)
    assert (ended.text, ended.usage) == ("You said: heron", Usage(total=7))
    assert (await Chat(folder).record.turn(1)) == ended
    assert Chat(folder).record.heads() == [ended.model_copy(update={"items": ()})]


async def test_what_the_gateway_has_counted_for_a_turn_holds_and_not_the_agent_s_word(chat: Chat, folder: Path) -> None:
    chat.turns.measured(Usage(total=1))
    assert chat.record.heads() == []
    chat.begin()
    chat.turns.usage("t1", Usage(total=2, context_window=100))
    assert chat.record.head(1).usage == Usage(total=2, context_window=100)
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    chat.turns.measured(Usage(total=5))
    assert chat.record.head(1).usage == Usage(total=2, context_window=100)

    chat.turns.prompted("t2", "", "typed in the terminal")
    for answer in (Usage(input=30, output=10, total=40), Usage(input=50, output=1, total=51)):
        chat.turns.measured(answer)
        chat.turns.usage("t2", Usage(total=3, context_window=200))
    assert chat.record.head(2).usage == Usage(input=80, output=11, total=91, context_window=200)
    assert Chat(folder).record.head(2).usage == chat.record.head(2).usage


async def test_a_chat_says_why_its_agent_could_not_go_on_until_it_does(chat: Chat, folder: Path) -> None:
    chat.begin()
    assert chat.record.summary is not None and chat.record.summary.reason == ""
    chat.turns.turn_ended("t1", TurnStatus.failed, "The token budget\u202e\x07 is\nused up. " + "x" * 1000)
    for record in (chat.record, Chat(folder).record):
        assert record.summary is not None and record.summary.status is TurnStatus.failed
        reason = record.summary.reason
        assert reason.startswith("The token budget is used up. xxx") and reason.endswith("x…")
        assert len(reason) == REASON_CHARACTERS
    chat.begin("t2", "Go on")
    chat.turns.turn_ended("t2", TurnStatus.completed, "")
    assert chat.record.summary.reason == ""


async def test_a_prompt_that_is_taken_back_says_nothing_about_what_the_agent_is_at(chat: Chat, folder: Path) -> None:
    first = chat.turns.add("Say heron")
    await chat.turns.interrupt(first.number)
    assert chat.record.summary is not None and chat.record.summary.status is TurnStatus.interrupted

    chat.begin("t2", "Say crane")
    back = chat.turns.add("Say stork")
    await chat.turns.interrupt(back.number)
    for record in (chat.record, Chat(folder).record):
        assert record.summary is not None
        assert (record.summary.number, record.summary.status) == (2, TurnStatus.running)
    chat.turns.turn_ended("t2", TurnStatus.interrupted, "")
    chat.turns.add("Say rail")
    assert (chat.record.summary.number, chat.record.summary.status) == (2, TurnStatus.interrupted)


async def test_what_a_kill_cuts_off_is_the_last_line_alone(chat: Chat, folder: Path) -> None:
    chat.begin()
    chat.turns.item("t1", Message(id="m", text="You said: "))
    whole = (folder / "1.jsonl").read_bytes()
    chat.turns.text("t1", "m", "heron")
    line = (folder / "1.jsonl").read_bytes().removeprefix(whole)
    assert line.endswith(b"\n")
    for cut in range(len(line) - 1):
        (folder / "1.jsonl").write_bytes(whole + line[:cut])
        assert (await Chat(folder).record.turn(1)).text == "You said: "


async def test_an_agent_that_prints_without_end_is_kept_within_bounds(chat: Chat, folder: Path) -> None:
    chat.begin()
    chat.turns.item("t1", Command(id="c", command="yes"))
    for _ in range(20):
        chat.turns.text("t1", "c", "y\n" * ITEM_CHARACTERS)
        chat.record.settle()
    for number in range(MOST_ITEMS + 10):
        chat.turns.item("t1", Message(id=f"m{number}", text="m" * 10_000))
    turn = await chat.record.turn(1)
    assert len(turn.items) == MOST_ITEMS
    assert sum(len(item.text) for item in turn.items) <= TURN_CHARACTERS + 100 * MOST_ITEMS
    assert turn.left_out > 0
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    assert (folder / "1.jsonl").stat().st_size < 2 * TURN_CHARACTERS


async def test_all_that_an_agent_says_of_what_it_does_counts(chat: Chat) -> None:
    chat.begin()
    change = FileChange(path="p" * 4000, kind="add")
    for number in range(100):
        chat.turns.item("t1", Command(id=f"c{number}", command="c" * 200_000, directory="d" * 200_000))
        chat.turns.item("t1", FileChanges(id=f"f{number}", changes=(change,) * 1000))
    turn = await chat.record.turn(1)
    assert len(turn.model_dump_json()) < 2 * TURN_CHARACTERS
    assert turn.left_out > TURN_CHARACTERS


async def test_turns_that_an_agent_never_ends_are_ended_and_their_prompts_have_a_bound(chat: Chat) -> None:
    for number in range(100):
        chat.begin(f"t{number}", "p" * ITEM_CHARACTERS)
    heads = chat.record.heads()
    assert [turn.status.value for turn in heads] == ["failed"] * (100 - MOST_AT_WORK) + ["running"] * MOST_AT_WORK
    assert sum(len(turn.prompt) for turn in heads) < PROMPTS_CHARACTERS + 100_000
    for _ in range(100):
        chat.turns.prompted("t99", "", "p" * 1000)
    assert chat.record.head(100).prompt == heads[-1].prompt


async def test_approvals_without_number_are_left_to_the_terminal(chat: Chat) -> None:
    chat.begin()
    for number in range(MOST_APPROVALS + 10):
        chat.turns.asked("t1", Approval(id=str(number), kind="command", command="ls"))
    assert [asked.id for asked in chat.record.head(1).approvals] == [str(number) for number in range(MOST_APPROVALS)]


async def test_a_chat_has_only_so_many_turns(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_hub.hub.turnrecord.MOST_TURNS", 3)
    for number in range(5):
        chat.begin(f"t{number}")
        chat.turns.item(f"t{number}", Message(id="m"))
        chat.turns.turn_ended(f"t{number}", TurnStatus.completed, "")
    assert len(chat.record.heads()) == 3
    with pytest.raises(Conflict, match="as many turns"):
        chat.turns.add("Say heron")


async def test_a_turn_whose_few_things_change_without_end_takes_so_much_of_the_disk(
    chat: Chat, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_hub.hub.turnlog.LONGEST", 1_000_000)
    chat.begin("t1", "p" * 100_000)
    chat.turns.item("t1", Message(id="m", text="Say heron"))
    for total in range(50):
        chat.turns.usage("t1", Usage(total=total))
        assert (folder / "1.jsonl").stat().st_size < 1_200_000
    going = await chat.record.turn(1)
    assert going.usage == Usage(total=49) and going.text == "Say heron"
    assert await Chat(folder).record.turn(1) == going


async def test_a_long_text_loses_its_middle_and_says_how_much(chat: Chat) -> None:
    chat.begin()
    text = "a" * ITEM_CHARACTERS + "z" * ITEM_CHARACTERS
    diff = FileChange(path="big.txt", kind="update", diff=text)
    chat.turns.item("t1", Command(id="c", command="cat", text=text))
    chat.turns.item("t1", FileChanges(id="f", changes=(diff, diff)))
    turn = await chat.record.turn(1)
    (command, files) = turn.items
    for kept in (command.text, files.changes[0].diff if isinstance(files, FileChanges) else ""):
        assert kept.startswith("aaa") and kept.endswith("zzz")
        assert f"… {ITEM_CHARACTERS} characters left out …" in kept
    assert turn.left_out >= 2 * ITEM_CHARACTERS


async def test_a_follower_that_is_slow_is_told_everything_anew(chat: Chat) -> None:
    chat.begin()
    follower = chat.record.follow()
    assert [event.type for event in await anext(follower)] == ["turn"]
    chat.turns.item("t1", Message(id="m"))
    for _ in range(BACKLOG + 10):
        chat.turns.text("t1", "m", "x")
        chat.record.settle()
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    (news,) = [events async for events in chat.record.events(1, follower)]
    assert follower.anew
    (item,) = (event.item for event in news if event.type == "item")
    assert item.text == "x" * (BACKLOG + 10)
    follower.close()


async def test_a_follower_that_reads_nothing_holds_only_so_much(chat: Chat) -> None:
    chat.begin()
    follower = chat.record.follow()
    await anext(follower)
    for number in range(BACKLOG - 10):
        chat.turns.item("t1", Message(id="m", text=str(number) * (ITEM_CHARACTERS // 4)))
    events = await anext(follower)
    assert follower.anew and len(events) == 2
    follower.close()


async def test_words_are_told_at_once_and_then_together(chat: Chat) -> None:
    chat.begin()
    chat.turns.item("t1", Message(id="m"))
    follower = chat.record.follow()
    await anext(follower)
    for word in ("one ", "two ", "three"):
        chat.turns.text("t1", "m", word)
    async with asyncio.timeout(5):
        first, rest = await anext(follower), await anext(follower)
    assert [[event.text for event in events if event.type == "text"] for events in (first, rest)] == [
        ["one "],
        ["two three"],
    ]
    follower.close()


async def test_what_is_printed_past_the_bound_and_not_said_again_is_counted(chat: Chat) -> None:
    chat.begin()
    chat.turns.item("t1", Command(id="c", command=""))
    chat.turns.text("t1", "c", "y" * (ITEM_CHARACTERS + 1000))
    chat.turns.item("t1", Command(id="c", command="", status=ItemStatus.completed))
    turn = await chat.record.turn(1)
    assert (len(turn.items[0].text), turn.left_out) == (ITEM_CHARACTERS, 1000)


async def test_a_prompt_that_was_said_and_not_begun_is_interrupted_as_it_begins(chat: Chat) -> None:
    agent = Agent()
    await chat.turns.joined(agent)
    said = chat.turns.add("Say heron")
    async with asyncio.timeout(5):
        await agent.was_told.wait()
        await chat.turns.interrupt(said.number)
        assert agent.interrupted == []
        chat.turns.turn_began("t1")
        chat.turns.prompted("t1", chat.turns.mark(said.number), "Say heron")
        await agent.was_interrupted.wait()
    assert agent.interrupted == ["t1"]
    await chat.turns.close()


async def test_a_prompt_that_the_agent_took_into_another_turn_ends_and_holds_up_none(chat: Chat) -> None:
    agent = Agent()
    await chat.turns.joined(agent)
    said, after = chat.turns.add("Say heron"), chat.turns.add("Say stork")
    async with asyncio.timeout(5):
        await agent.was_told.wait()
    chat.begin("t1", "Say crane")
    chat.turns.prompted("t1", chat.turns.mark(said.number), "Say heron")
    taken, typed = chat.record.head(said.number), chat.record.head(3)
    assert (taken.status.value, typed.prompt) == ("interrupted", "Say crane\n\nSay heron")
    assert taken.error is not None and "turn 3" in taken.error.message
    agent.was_told.clear()
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    async with asyncio.timeout(5):
        await agent.was_told.wait()
    assert agent.said[-1] == (chat.turns.mark(after.number), "Say stork")
    await chat.turns.close()


async def test_what_waits_is_said_after_the_engine_was_away_in_the_middle_of_a_turn(chat: Chat) -> None:
    follower = chat.record.follow()
    agent = Agent()
    await chat.turns.joined(agent)
    chat.begin("t1", "Say heron")
    await chat.turns.close()
    # It ends meanwhile, which nobody hears.
    back = Agent(Told("t1", "", "Say heron", TurnStatus.completed))
    await chat.turns.joined(back)
    chat.turns.add("Say crane")
    async with asyncio.timeout(5):
        await back.was_told.wait()
    assert back.said == [(chat.turns.mark(2), "Say crane")]
    follower.close()
    await chat.turns.close()


@pytest.fixture
def a_full_disk(a_small_disk: Path) -> Path:
    """A folder of turns on a disk of which a test fills the rest."""
    return a_small_disk / "turns"


async def test_on_a_full_disk_a_prompt_is_refused_and_a_turn_that_goes_on_is_told_of(a_full_disk: Path) -> None:
    chat = Chat(a_full_disk)
    chat.begin()
    filler = a_full_disk.parent / "filler"
    with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(OSError, match="No space left"):
        chat.turns.add("Say crane")
    assert len(chat.record.heads()) == 1
    follower = chat.record.follow()
    chat.turns.item("t1", Message(id="m", text="m" * 10_000))
    assert (await anext(follower))[-1].type == "item"
    filler.unlink()
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    assert (await Chat(a_full_disk).record.turn(1)).text == "m" * 10_000
    follower.close()


async def test_on_a_full_disk_a_prompt_that_cannot_be_taken_back_for_good_is_not(a_full_disk: Path) -> None:
    chat = Chat(a_full_disk)
    said = chat.turns.add("Say crane " * 1000)
    filler = a_full_disk.parent / "filler"
    with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    # What is left of the file's last block.
    with pytest.raises(OSError):
        while True:
            chat.record._log.append(said.number, [TurnChanged(turn=said)])
    with pytest.raises(StorageFull):
        await chat.turns.interrupt(said.number)
    assert chat.record.head(said.number).status is TurnStatus.queued
    filler.unlink()
    assert (await chat.turns.interrupt(said.number)).status is TurnStatus.interrupted
    assert Chat(a_full_disk).record.head(said.number).status is TurnStatus.interrupted


async def test_what_the_agent_remembers_makes_up_for_what_was_not_heard(chat: Chat, folder: Path) -> None:
    said = chat.turns.add("Say heron")
    chat.turns.add("Say crane")
    after = Chat(folder)

    message = Message(id="m", status=ItemStatus.completed, text="You said: heron")
    agent = Agent(
        Told("t1", after.turns.mark(said.number), "Say heron", TurnStatus.completed, items=[message]),
        Told("t2", "", "Say stork", TurnStatus.interrupted),
    )
    await after.turns.joined(agent)
    async with asyncio.timeout(5):
        await agent.was_told.wait()
    assert agent.said == [(after.turns.mark(2), "Say crane")]
    shown = [(turn.prompt, turn.status.value, turn.source) for turn in after.record.heads()]
    assert shown == [
        ("Say heron", "completed", "hub"),
        ("Say crane", "queued", "hub"),
        ("Say stork", "interrupted", "terminal"),
    ]
    assert (await after.record.turn(1)).text == "You said: heron"
    await after.turns.close()


async def test_a_turn_that_begins_while_the_agent_is_asked_is_not_taken_for_one_that_was_killed(folder: Path) -> None:
    chat = Chat(folder)
    chat.begin("t0", "Say heron")

    class Busy(Agent):
        async def recall(self) -> Sequence[Told]:
            chat.begin("t1", "Say crane")
            return []

    await chat.turns.joined(Busy())
    assert [turn.status.value for turn in chat.record.heads()] == ["failed", "running"]
    await chat.turns.close()


async def test_a_turn_that_ends_while_the_agent_is_asked_has_what_it_remembers(chat: Chat, folder: Path) -> None:
    chat.begin("t1", "Say heron")
    after = Chat(folder)
    said = Message(id="m", status=ItemStatus.completed, text="You said: heron")

    class Quick(Agent):
        async def recall(self) -> Sequence[Told]:
            after.turns.item("t1", said)
            after.turns.turn_ended("t1", TurnStatus.completed, "")
            going = Message(id="m", text="You")
            ran = Command(id="c", command="ls", status=ItemStatus.completed)
            return [Told("t1", "", "Say heron", items=[going, ran])]

    await after.turns.joined(Quick())
    turn = await after.record.turn(1)
    assert turn.status is TurnStatus.completed
    assert [item.type for item in turn.items] == ["message", "command"]
    assert turn.items[0] == said
    await after.turns.close()


async def test_nobody_listens_for_an_agent_that_has_ended(folder: Path) -> None:
    lost: list[str] = []
    record = TurnRecord(TurnLog(folder), lambda: None)
    turns = ChatTurns("c1", record, lambda thread: None, lambda: lost.append("lost"))
    await turns.joined(Agent())
    turns.left()
    assert lost == []
    await turns.joined(Agent())
    turns.lost()
    assert lost == ["lost"]


async def test_turns_are_their_owner_s_alone(chat: Chat, folder: Path) -> None:
    chat.begin()
    assert folder.stat().st_mode & 0o777 == 0o700
    chat.turns.turn_ended("t1", TurnStatus.completed, "")
    assert os.stat(folder / "1.jsonl").st_mode & 0o077 == 0
