"""A chat's page in a real Lab: its conversation beside its terminal, what it asks, and what it changed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from agent_hub.notebook.chat import Chat
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer, Request

LIMIT = 60_000
"""Milliseconds until an agent has done what it was asked."""

CHART = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 20' width='400' height='200'>"
    "<polyline points='2,3 10,12 20,15 38,17' fill='none' stroke='teal'/></svg>"
)

HALF = "printf 'def half(x):\\n    # of it\\n    return x / 2\\n' > half.py"

COLUMNS = """
() => [...window.jupyterapp.shell.widgets('main')]
  .filter(widget => widget.isVisible).map(widget => widget.content._term?.cols)[0]
"""
"""How wide the terminal of the visible tab is."""


class HesitantModel(ModelServer):
    """A model that stops within an answer after the word ``heron``, until it may go on."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1")
        self.go_on = threading.Event()

    def answer(self, request: Request) -> Iterator[dict[str, Any]]:
        for event in super().answer(request):
            yield event
            if request.is_turn and event.get("delta", "").startswith("heron"):
                self.go_on.wait(LIMIT / 1000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with lab_server(tmp_path_factory.mktemp("pages") / "lab", "process.ProcessEngine") as running:
        yield running


@pytest.fixture
def new_chat(server: Server, a_model: ModelServer, a_repository: Repository) -> Callable[..., Chat]:
    """Starts a chat with Codex whose first prompt has ended."""

    def start(name: str, prompt: str = "Say **crane**", model: ModelServer = a_model, **options: Any) -> Chat:
        env = {"OPENAI_API_KEY": "sk-any", "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
        project = server.hub().add_project(
            a_repository.path, name=f"for {name}", agent="codex", env=env, branch="main", progress=False
        )
        chat = server.hub().new_chat(project, prompt, name=name, **options).wait_ready(60)
        chat.turn.wait(60)
        return chat

    return start


def open_page(lab: Lab, chat: Chat) -> Locator:
    """Open the page of a chat; the result is its conversation."""
    lab.run("agent-hub:open-chat", chat=chat.id)
    page = lab.page.locator(f"#agent-hub-chat-{chat.id}")
    expect(page.get_by_role("heading", name=chat.name)).to_be_visible()
    return page.get_by_role("log", name="Conversation")


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Write to Codex")


def test_a_person_talks_to_an_agent_beside_its_terminal(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    chat = new_chat("Halve it")
    lab = open_lab(server)
    lab.show_panel()
    page = lab.page
    log = open_page(lab, chat)
    expect(log.locator("strong", has_text="crane")).to_be_visible()
    lab.wait_for_terminal("You said: Say crane")

    publish = f'echo "{CHART}" > loss.svg && hub_artifact publish loss.svg'
    composer(page).fill(f"Halve it, plot it.\nRUN: {HALF}\nRUN: {publish}\nRUN: ls nowhere")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("")
    expect(log.get_by_role("button", name="ls nowhere")).to_contain_text("exit 2", timeout=LIMIT)
    # One that failed is open by itself, and one that did not is not.
    expect(log.get_by_text("cannot access 'nowhere'").first).to_be_visible()
    expect(log.get_by_role("button", name=re.compile("hub_artifact"))).to_have_attribute("aria-expanded", "false")
    expect(log.get_by_role("button", name="loss.svg").locator("img")).to_be_visible()
    lab.wait_for_terminal("Done:")
    lab.shoot("60-chat-page")

    page.get_by_role("tab", name="Changes 2").click()
    changed = page.get_by_role("region", name="half.py")
    expect(changed).to_contain_text("return x / 2")
    expect(changed.locator("code span", has_text="return")).to_have_class(re.compile("ͼ"))
    lab.shoot("61-chat-changes")
    page.get_by_role("tab", name="Artifacts 1").click()
    expect(page.get_by_role("option", name=re.compile("loss.svg, version 1"))).to_be_visible()
    lab.shoot("62-chat-artifacts")
    page.get_by_role("tab", name="Settings").click()
    expect(page.get_by_text("OPENAI_BASE_URL")).to_be_visible()
    lab.shoot("63-chat-settings")

    # What was chosen is there after a reload.
    lab.wait_until_saved()
    lab.reload()
    expect(page.get_by_role("tab", name="Settings")).to_have_attribute("aria-selected", "true")
    expect(log.get_by_text("Done:").first).to_be_visible()

    # One that was closed is not.
    page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="Halve it").locator(".lm-TabBar-tabCloseIcon").click()
    expect(log).to_have_count(0)
    lab.wait_until_saved()
    lab.reload()
    expect(page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="Halve it")).to_have_count(0)


def test_an_answer_is_read_as_it_comes(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    with HesitantModel() as model:
        chat = new_chat("Long", "\n\n".join(f"{number}. line" for number in range(60)), model)
        lab = open_lab(server)
        page = lab.page
        log = open_page(lab, chat)
        expect(log.get_by_text("59. line").last).to_be_in_viewport()
        composer(page).fill("Say heron and stork")
        composer(page).press("Enter")
        said = log.locator(".jp-AgentHub-said").last
        expect(said).to_have_text("You said: Say heron")
        expect(said).to_have_class(re.compile("jp-mod-live"))
        expect(page.get_by_text("[*]:")).to_be_visible()
        expect(page.get_by_role("button", name="Queue")).to_be_visible()
        log.hover()
        page.mouse.wheel(0, -3000)
        expect(said).not_to_be_in_viewport()
        lab.shoot("64-chat-streams")
        model.go_on.set()
        page.get_by_role("button", name="New text below").click()
        expect(said).to_have_text("You said: Say heron and stork")
        expect(said).to_be_in_viewport()
        expect(said).not_to_have_class(re.compile("jp-mod-live"))
        expect(page.get_by_role("button", name="New text below")).to_have_count(0)


def test_each_turn_shows_the_version_that_it_published(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    chat = new_chat("Draws again")
    lab = open_lab(server)
    log = open_page(lab, chat)
    for colour in ("red", "blue"):
        svg = f"<svg xmlns=\\'http://www.w3.org/2000/svg\\'><circle r=\\'9\\' fill=\\'{colour}\\'/></svg>"
        chat.send(f"RUN: printf '%s' $'{svg}' > dot.svg && hub_artifact publish dot.svg").wait(60)
    of_turn = [log.locator(f"[data-turn='{number}']").locator(".jp-AgentHub-thumbnail") for number in (2, 3)]

    def expect_both() -> None:
        expect(of_turn[0]).to_contain_text("v1")
        expect(of_turn[0]).to_have_attribute("title", re.compile("opens its newest version"))
        expect(of_turn[1]).to_contain_text("v2")
        expect(of_turn[1].locator("img")).to_be_visible()

    expect_both()
    # Also where the first version was not seen to come.
    lab.wait_until_saved()
    lab.reload()
    expect_both()


def test_who_goes_to_the_next_chat_that_needs_them_can_answer_by_the_next_key(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    chat = new_chat("Needs an answer", ask_before=["touch"])
    lab = open_lab(server)
    page = lab.page
    page.set_viewport_size({"width": 700, "height": 700})
    log = open_page(lab, chat)
    page.locator(".jp-AgentHub-chatTabs").get_by_role("tab", name="Terminal").click()
    expect(log).to_be_hidden()
    lab.run("launcher:create")
    for name in ("first", "second"):
        turn = chat.send(f"RUN: touch {name}")
        expect(page.locator(".jp-AgentHub-statusItem")).to_contain_text("1 waiting for you", timeout=LIMIT)
        page.keyboard.press("Control+Alt+j")
        ask = log.get_by_role("group", name="Codex asks to run a command")
        expect(ask).to_contain_text(f"touch {name}")
        expect(ask).to_be_focused()
        page.keyboard.press("y")
        turn.wait(60)
        assert (Path(chat.workspace) / name).exists()
        # From a page where both are in view, the terminal had the focus last.
        page.set_viewport_size({"width": 1290, "height": 924})
        page.locator(".jp-Terminal .xterm-helper-textarea").focus()


def test_a_prompt_that_is_taken_back_is_in_the_composer_again(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    with HesitantModel() as model:
        chat = new_chat("Regrets", model=model)
        lab = open_lab(server)
        page = lab.page
        log = open_page(lab, chat)
        composer(page).fill("Say heron and stork")
        composer(page).press("Enter")
        expect(page.get_by_text("[*]:")).to_be_visible()
        for prompt in ("Say owl", "Say crow"):
            composer(page).fill(prompt)
            composer(page).press("Enter")
            expect(composer(page)).to_have_value("")
        composer(page).fill("Say wren")
        waiting = log.locator("[data-turn='3']")
        waiting.get_by_role("button", name="Take back").click()
        expect(composer(page)).to_have_value("Say owl\n\nSay wren")
        expect(composer(page)).to_be_focused()
        expect(waiting).to_contain_text("Taken back")
        lab.shoot("64b-chat-taken-back")
        model.go_on.set()
        expect(log.locator("[data-turn='4']")).to_contain_text("You said: Say crow", timeout=LIMIT)
        assert [turn.prompt for turn in chat.turns if turn.text] == ["Say **crane**", "Say heron and stork", "Say crow"]


def test_what_an_agent_asks_is_answered_by_a_key_where_the_card_has_the_focus(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    chat = new_chat("Asks", ask_before=["touch"])
    made = [Path(chat.workspace) / name for name in ("first", "second", "third")]
    lab = open_lab(server)
    page = lab.page
    log = open_page(lab, chat)
    ask = log.get_by_role("group", name="Codex asks to run a command")
    composer(page).fill("RUN: touch first\nRUN: touch second\nRUN: touch third")
    composer(page).press("Enter")
    expect(ask).to_contain_text("touch first", timeout=LIMIT)
    expect(ask).to_be_focused()
    lab.shoot("65-chat-asks")
    # Whoever writes is not to answer with the next letter.
    composer(page).fill("W")
    assert not made[0].exists()
    ask.focus()
    page.keyboard.press("y")
    expect(ask).to_contain_text("touch second", timeout=LIMIT)
    expect(ask).not_to_be_focused()
    composer(page).press("End")
    page.keyboard.type("ay")
    expect(composer(page)).to_have_value("Way")
    ask.focus()
    page.keyboard.press("n")
    expect(ask).to_contain_text("touch third", timeout=LIMIT)
    # Answered elsewhere, it closes.
    chat.turns[-1].approve(*chat.turns[-1].approvals)
    expect(ask).to_have_count(0, timeout=LIMIT)
    expect(page.get_by_text("[2]:")).to_be_visible(timeout=LIMIT)
    assert [path.exists() for path in made] == [True, False, True]


def test_a_prompt_waits_for_the_turn_before_it_and_esc_ends_that(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    chat = new_chat("Waits")
    lab = open_lab(server)
    page = lab.page
    log = open_page(lab, chat)
    # A click from outside of the page goes where it went.
    page.get_by_role("tab", name="File Browser").focus()
    composer(page).click()
    expect(composer(page)).to_be_focused()
    composer(page).fill("RUN: echo begun; sleep 100")
    composer(page).press("Enter")
    expect(log).to_contain_text("Working for", timeout=LIMIT)
    composer(page).fill("Say\ngull")
    page.get_by_role("button", name="Queue").click()
    expect(log).to_contain_text("Said when the turn before it ends.")
    lab.shoot("66-chat-queue")
    composer(page).press("Escape")
    expect(log).to_contain_text("Interrupted", timeout=LIMIT)
    expect(log.get_by_text("You said: Say gull")).to_be_visible(timeout=LIMIT)


def test_a_narrow_page_shows_one_thing_at_a_time_and_the_terminal_keeps_its_size(
    open_lab: Callable[[Server], Lab], server: Server, new_chat: Callable[..., Chat]
) -> None:
    chat = new_chat("Narrow")
    wide = open_lab(server)
    open_page(wide, chat)
    wide.wait_for_terminal("You said: Say crane")
    columns = wide.page.evaluate(COLUMNS)

    lab = open_lab(server)
    page = lab.page
    page.set_viewport_size({"width": 700, "height": 700})
    log = open_page(lab, chat)
    tabs = page.locator(".jp-AgentHub-chatTabs").get_by_role("tab")
    expect(tabs).to_have_text(["Conversation", "Terminal", "Artifacts", "Changes", "Settings"])
    expect(log.get_by_text("You said: Say crane")).to_be_visible()
    expect(page.locator(".jp-Terminal")).to_be_hidden()
    lab.shoot("67-chat-narrow")
    tabs.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".jp-Terminal")).to_be_visible()
    lab.wait_for_terminal("You said: Say crane")
    assert page.evaluate(COLUMNS) > 40
    # What was brought to the front is there after a reload.
    tabs.nth(0).click()
    expect(log).to_be_visible()
    lab.wait_until_saved()
    lab.reload()
    expect(log).to_be_visible()
    expect(page.locator(".jp-Terminal")).to_be_hidden()
    tabs.nth(1).click()
    expect(page.locator(".jp-Terminal")).to_be_visible()
    page.set_viewport_size({"width": 1290, "height": 700})
    expect(log).to_be_visible()
    expect(page.locator(".jp-Terminal")).to_be_visible()
    assert wide.page.evaluate(COLUMNS) == columns


def test_a_shell_has_the_whole_page(
    open_lab: Callable[[Server], Lab], server: Server, a_repository: Repository
) -> None:
    hub = server.hub()
    project = hub.add_project(a_repository.path, name="for a shell", progress=False)
    chat = hub.new_chat(project, agent="shell", name="Shell").wait_ready()
    lab = open_lab(server)
    lab.run("agent-hub:open-chat", chat=chat.id)
    lab.type("echo on''ward > seen.txt; cat seen.txt\n")
    lab.wait_for_terminal("\nonward")
    page = lab.page
    expect(page.get_by_role("log", name="Conversation")).to_have_count(0)
    expect(page.locator(".jp-AgentHub-chatTabs").get_by_role("tab")).to_have_count(4)
    page.get_by_role("tab", name="Changes").click()
    expect(page.get_by_role("region", name="seen.txt")).to_contain_text("onward")
    lab.shoot("68-chat-shell")
    # The search is of the terminal, and brings it to the front.
    page.keyboard.press("Control+Alt+f")
    expect(page.get_by_role("search", name="Search the terminal")).to_be_visible()
    expect(page.locator(".jp-Terminal")).to_be_visible()
