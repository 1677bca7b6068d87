"""The real Codex, prepared ahead, and given to a chat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.models import ChatStatus, NewChat, Project, TerminalColours
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE, RunningHub
from tests.hub.test_spares import spares
from tests.standins.model_server import ModelServer
from tests.terminals.programs import Watcher
from tests.terminals.viewing import Seen

HOST = "host.docker.internal"
PAGE = (46, 58)
DARK = TerminalColours(foreground="#ffffff", background="#111111")
LIGHT = TerminalColours(foreground="#000000", background="#ffffff")
DARK_BAR, LIGHT_BAR = "48:2::45:45:45", "48:2::244:244:244"
"""What Codex paints its prompt on: a little lighter, or darker, than what is behind it."""


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in for a model, which containers reach at the bridge's address."""
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture
async def codex(open_hub: OpenHub) -> RunningHub:
    """A hub that keeps one spare of each project."""
    await codex_binary(CACHE, print)
    return await open_hub(spares=1)


@pytest.fixture
async def a_codex_project(codex: RunningHub, a_repository: Repository, model: ModelServer) -> Project:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
    return await codex.ready(a_repository, agent="codex", env=env)


async def test_a_spare_of_codex_takes_a_first_prompt_and_the_variables_of_its_chat(
    codex: RunningHub, a_codex_project: Project, model: ModelServer
) -> None:
    (spare,) = await spares(codex, a_codex_project)
    handle = await codex.container(spare)
    assert handle is not None
    prompt = 'RUN: echo "$COLOUR" >colour.txt'
    new = NewChat(project=a_codex_project.id, name="Colours", prompt=prompt, env={"COLOUR": "green"})
    chat = await codex.hub.new_chats.add(new)
    assert chat.id == spare
    chat = await codex.settled(chat.id)
    assert chat.thread
    await codex.shows(chat.id, "$COLOUR")
    workspace = codex.hub.folders.workspace(chat.id)
    await codex.until_true(lambda: (workspace / "colour.txt").exists())
    assert (workspace / "colour.txt").read_text() == "green\n"
    assert len([turn for turn in model.turns if prompt in turn.prompts]) >= 1


async def test_a_claimed_spare_of_codex_goes_on_with_its_conversation(
    codex: RunningHub, a_codex_project: Project
) -> None:
    await spares(codex, a_codex_project)
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="Remember the word heron"))
    thread = (await codex.settled(chat.id)).thread
    await codex.shows(chat.id, "heron")
    await codex.hub.chats.stop(chat.id)
    await codex.hub.chats.start(chat.id)
    assert (await codex.settled(chat.id)).thread == thread
    await codex.shows(chat.id, "heron")


async def test_a_spare_of_codex_has_the_colours_of_the_last_screen_that_was_told_of(
    open_hub: OpenHub, a_repository: Repository, model: ModelServer
) -> None:
    hub = await open_hub(spares=1)
    await hub.hub.colours.tell(DARK)
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
    project = await hub.ready(a_repository, agent="codex", env=env)
    (dark,) = await spares(hub, project)
    await hub.hub.colours.tell(DARK)
    (kept,) = await spares(hub, project)
    assert kept == dark
    await hub.hub.colours.tell(LIGHT)
    (light,) = await spares(hub, project, but={dark})
    chat = await hub.hub.new_chats.add(NewChat(project=project.id))
    assert chat.id == light
    await hub.settled(chat.id)
    assert DARK_BAR not in hub.shown(chat.id) and LIGHT_BAR in hub.shown(chat.id)


@pytest.mark.parametrize("pause", [None, 0.01])
async def test_codex_shows_all_of_its_screen_to_a_page_that_has_several_sizes_as_it_opens(
    codex: RunningHub, a_codex_project: Project, pause: float | None
) -> None:
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="Say heron"))
    await codex.settled(chat.id)
    terminal = codex.hub.terminals[chat.id]

    def shows(text: str) -> bool:
        return any(text in line for line in Seen(terminal.history.replay(), *terminal.size).lines)

    def is_whole() -> bool:
        return terminal.history.size == PAGE and shows("OpenAI Codex") and shows("You said: Say heron")

    earlier = Watcher(terminal)
    terminal.resize(earlier.viewer, *PAGE)
    await codex.until_true(lambda: shows("You said: Say heron"))
    terminal.leave(earlier.viewer)
    page = Watcher(terminal)
    for size in ((26, 58), (52, 58), PAGE):
        terminal.resize(page.viewer, *size)
        if pause is not None:
            await asyncio.sleep(pause)
    await codex.until_true(is_whole)
    # And it stays so: what it is made to paint again, narrower for a moment, is painted whole.
    await asyncio.sleep(1)
    await codex.until_true(is_whole)


async def test_a_spare_of_codex_that_died_is_no_loss(codex: RunningHub, a_codex_project: Project) -> None:
    (spare,) = await spares(codex, a_codex_project)
    taken = codex.hub.chats.spares._ready[spare]
    assert taken.warm is not None
    await taken.warm.close()
    chat = await codex.hub.new_chats.add(NewChat(project=a_codex_project.id, prompt="Say heron"))
    assert chat.id == spare
    assert (await codex.settled(chat.id)).status is ChatStatus.running
    await codex.shows(chat.id, "heron")


async def test_a_disk_that_fills_up_right_after_a_claim_makes_no_first_prompt_be_said_twice(
    a_small_disk: Path,
    open_hub: OpenHub,
    a_repository: Repository,
    model: ModelServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The hub's memory alone is on that disk: a full one of Codex's own is Codex's to tell of."""
    await codex_binary(CACHE, print)
    (tmp_path / "hub" / "data").mkdir(parents=True)
    (tmp_path / "hub" / "data" / "hub.db").symlink_to(a_small_disk / "hub.db")
    codex = await open_hub(spares=1)
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
    project = await codex.ready(a_repository, agent="codex", env=env)
    (spare,) = await spares(codex, project)
    handle = await codex.container(spare)
    chat = await codex.hub.new_chats.add(NewChat(project=project.id, prompt="Say heron"))
    # Before the loop has its turn: Codex has not answered yet.
    filler = a_small_disk / "filler"
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    await codex.until_true(lambda: any("Say heron" in turn.prompts for turn in model.turns))
    await codex.until_true(
        lambda: (
            codex.hub.store.chats[chat.id].status is ChatStatus.running
            or any(record.name == "agent_hub.hub.starts" for record in caplog.records)
        )
    )
    filler.unlink()
    assert (await codex.settled(chat.id)).thread
    assert await codex.container(chat.id) == handle
    await codex.shows(chat.id, "heron")
    assert sum("Say heron" in turn.prompts for turn in model.turns) == 1
