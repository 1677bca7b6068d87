"""The card of a chat in a notebook of a real Lab, with the real Codex."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agent_hub.agents.codex import CodexAgent
from agent_hub.agents.conversation import Listener
from agent_hub.models import Chat as Data
from agent_hub.notebook.chat import Chat
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60_000

CHART = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 20' width='400' height='200'>"
    "<rect width='40' height='20' fill='white'/>"
    "<polyline points='2,3 10,12 20,15 38,17' fill='none' stroke='teal'/></svg>"
)

HOSTILE = """Say <script>window.pwned = 1</script> <img src=x onerror="window.pwned = 2"> <svg onload="pwned = 3">
[a](javascript:window.pwned=4) <javascript:window.pwned=5> [b](&#106;avascript:window.pwned=6) ![c](http://evil.test/c.png)
[d](data:text/html,<script>window.pwned=7</script>) <a href="javascript:window.pwned=8">e</a>
<style>* {display: none}</style>
\u202egnp.exe \u2066 \x1b[31mred\x1b[0m \x1b]0;title\x07 `</code><script>window.pwned = 9</script>`

```"><script>window.pwned=10</script>
</code></pre><script>window.pwned = 11</script>
```

the end of it"""


PATCH = """*** Begin Patch
*** Add File: notes/heron.md
+A heron
*** End Patch
"""


def ask_before_commands(server: Server, chat: Chat) -> None:
    """Make Codex ask before each command, as a person can in its terminal."""

    async def ask() -> None:
        data = Data.model_validate(chat.refresh()._data.model_dump())
        folder = server.data / "chats" / chat.id
        joined = await CodexAgent().converse(data, folder / "agent", folder / "sockets", Listener())
        try:
            await joined._server.call("thread/settings/update", threadId=joined.thread, approvalPolicy="untrusted")
        finally:
            await joined.close()

    # The browser's driver has an event loop on this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, ask()).result(60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with lab_server(tmp_path_factory.mktemp("cards") / "lab", "process.ProcessEngine") as running:
        yield running


@pytest.fixture
def chat(server: Server, a_model: ModelServer, a_repository: Repository) -> Iterator[Chat]:
    with a_chat(server, a_model, a_repository) as chat:
        yield chat


@pytest.fixture
def a_patching_chat(server: Server, a_repository: Repository) -> Iterator[Chat]:
    """A chat whose model changes a file when it is to write a note."""
    skills = {"Write the note": f"apply_patch <<'EOF'\n{PATCH}EOF\n"}
    with ModelServer("127.0.0.1", skills=skills) as model, a_chat(server, model, a_repository) as chat:
        yield chat


@contextmanager
def a_chat(server: Server, model: ModelServer, a_repository: Repository) -> Iterator[Chat]:
    hub = server.hub()
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", env=env, progress=False)
    yield hub.new_chat(project, "Plot the loss", name="Plot the loss").wait_ready(60)
    project.delete(force=True)


def test_a_card_is_live(open_lab: Callable[[Server], Lab], server: Server, chat: Chat) -> None:
    notebook = Notebook(open_lab(server), server)
    card = notebook.card(chat)
    expect(card.get_by_text("You said: Plot the loss")).to_be_visible()
    expect(card.locator(".ah-header .ah-state")).to_have_text("Finished")
    publish = f'echo "{CHART}" > loss.svg && hub_artifact publish loss.svg'
    prompt = f"RUN: {publish}\nRUN: echo heron; until [ -e go ]; do sleep 0.05; done\nRUN: ls nowhere"
    card.get_by_role("textbox").fill(prompt)
    card.get_by_role("textbox").press("Enter")
    expect(card.locator(".ah-header .ah-state")).to_have_text("Running")
    expect(card.get_by_role("textbox")).to_have_value("")
    command = card.locator(".ah-item", has_text="echo heron")
    command.locator("summary").click()
    expect(card.get_by_role("img", name="loss.svg")).to_be_visible()
    expect(command).to_have_attribute("open", "")
    notebook.lab.shoot("20-card-running")
    (Path(chat.workspace) / "go").touch()
    expect(card.locator(".ah-header .ah-state")).to_have_text("Finished")
    # What was unfolded stays so, and a command that failed is open.
    expect(command.locator("pre")).to_have_text("heron\n")
    expect(card.locator(".ah-item", has_text="ls nowhere").locator("pre")).to_be_visible()
    notebook.lab.shoot("21-card-done")


def test_a_long_name_leaves_the_buttons_on_its_line(
    open_lab: Callable[[Server], Lab], server: Server, chat: Chat
) -> None:
    name = "Compare the learning rates of all the runs in the folder, and plot them with their error bars"
    chat.rename(name)
    chat.send("RUN: sleep 100")
    card = Notebook(open_lab(server), server, "names").card(chat)
    # The time, which comes with it, takes its place as well.
    expect(card.get_by_role("button", name="Interrupt")).to_be_visible()
    expect(card.locator(".ah-header .ah-time")).to_contain_text("s")
    expect(card.get_by_title(name)).to_be_visible()
    middles = card.locator(".ah-header > *").evaluate_all(
        "all => all.map(it => it.getBoundingClientRect()).filter(it => it.width).map(it => it.top + it.height / 2)"
    )
    assert max(middles) - min(middles) < 4
    chat.interrupt()


def test_a_saved_notebook_shows_the_conversation_without_a_kernel(
    open_lab: Callable[[Server], Lab], server: Server, chat: Chat
) -> None:
    notebook = Notebook(open_lab(server), server, "saved")
    card = notebook.card(chat)
    chat.send("Say crane").wait(60)
    expect(card.get_by_text("You said: Say crane")).to_be_visible()
    notebook.wait_for_output("You said: Say crane")
    notebook.save()
    notebook.close()
    for trusted in (True, False):
        notebook.reopen(trusted)
        output = notebook.outputs.last
        expect(output.get_by_text("You said: Say crane")).to_be_visible()
        output.get_by_text("[1] Plot the loss").click()
        expect(output.get_by_text("You said: Plot the loss")).to_be_visible()
        expect(output.get_by_text("Loading widget")).to_be_hidden()
        notebook.lab.shoot(f"22-card-saved-{'trusted' if trusted else 'untrusted'}")
        notebook.close()


def test_a_card_goes_on_after_a_reload_of_the_page(
    open_lab: Callable[[Server], Lab], server: Server, chat: Chat
) -> None:
    notebook = Notebook(open_lab(server), server, "reloaded")
    card = notebook.card(chat)
    notebook.save()
    notebook.lab.wait_until_saved()
    notebook.lab.reload()
    expect(card.get_by_text("You said: Plot the loss")).to_be_visible()
    card.get_by_role("textbox").fill("Say crane")
    card.get_by_role("button", name="Send").click()
    expect(card.get_by_text("You said: Say crane")).to_be_visible()


def test_a_card_is_live_while_a_cell_runs(open_lab: Callable[[Server], Lab], server: Server, chat: Chat) -> None:
    notebook = Notebook(open_lab(server), server, "busy")
    card = notebook.card(chat)
    go = Path(chat.workspace) / "go"
    notebook.start(f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)")
    chat.send("Say crane").wait(60)
    expect(card.get_by_text("You said: Say crane")).to_be_visible()
    # Lab gives the messages of widgets a thread of their own in the kernel, where the kernel has it.
    card.get_by_role("textbox").fill("Say stork")
    card.get_by_role("button", name="Send").click()
    expect(card.get_by_text("You said: Say stork")).to_be_visible()
    go.touch()


def test_what_has_gone_is_told(open_lab: Callable[[Server], Lab], server: Server, chat: Chat) -> None:
    notebook = Notebook(open_lab(server), server, "gone")
    card = notebook.card(chat)
    card.get_by_role("button", name="Stop", exact=True).click()
    card.get_by_role("button", name="Stop it").click()
    state = card.locator(".ah-header .ah-state")
    expect(state).to_contain_text("Exited")
    card.get_by_role("button", name="Resume").click()
    expect(state).to_have_text("Finished", timeout=LIMIT)
    chat.delete(force=True)
    expect(card.get_by_text("This chat is deleted.")).to_be_visible()
    expect(state).to_have_text("Deleted")
    expect(card.get_by_role("button", name="Send")).to_be_disabled()
    notebook.lab.page.screenshot(path=notebook.lab.screenshot("23-card-deleted"))
    notebook.restart_kernel()
    expect(card.get_by_text("The kernel is gone")).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)


def test_an_approval_is_answered_on_the_card(open_lab: Callable[[Server], Lab], server: Server, chat: Chat) -> None:
    ask_before_commands(server, chat)
    notebook = Notebook(open_lab(server), server, "approvals")
    card = notebook.card(chat)
    turn = chat.send("RUN: touch asked\nRUN: touch again\nRUN: touch \u202eonce-more")
    expect(card.locator(".ah-header .ah-state")).to_have_text("Waiting for you")
    expect(card.locator(".ah-approval pre")).to_contain_text("touch asked")
    notebook.lab.shoot("24-card-asks")
    card.get_by_role("button", name="Allow once").click()
    expect(card.locator(".ah-approval pre")).to_contain_text("touch again")
    card.get_by_role("button", name="Deny").click()
    expect(card.locator(".ah-approval pre")).to_contain_text("touch ⟨U+202E⟩once-more")
    turn.approve(*turn.approvals)
    turn.wait(60, check=False)
    expect(card.locator(".ah-approval")).to_have_count(0)
    folder = Path(chat.workspace)
    assert (folder / "asked").exists() and not (folder / "again").exists()


def test_a_card_says_that_its_server_is_away_and_then_that_its_kernel_is_gone(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_model: ModelServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    with a_chat(server, a_model, a_repository) as chat:
        notebook = Notebook(open_lab(server), server, "away")
        card = notebook.card(chat)
        go = Path(chat.workspace) / "go"
        chat.send(f"RUN: until [ -e {go} ]; do sleep 0.05; done")
        expect(card.locator(".ah-header .ah-state")).to_have_text("Running")
        server.stop()
        expect(card.get_by_text("The kernel does not answer now")).to_be_visible(timeout=LIMIT)
        expect(card.locator(".ah-header .ah-state")).to_be_hidden()
        expect(card.get_by_role("button", name="Interrupt")).to_be_hidden()
        server.start()
        expect(card.get_by_text("The kernel is gone")).to_be_visible(timeout=LIMIT)
        expect(card.locator(".ah-header .ah-state")).to_be_hidden()


def test_what_is_to_be_changed_is_named_where_an_agent_asks(
    open_lab: Callable[[Server], Lab], server: Server, a_patching_chat: Chat
) -> None:
    chat = a_patching_chat
    ask_before_commands(server, chat)
    notebook = Notebook(open_lab(server), server, "patches")
    card = notebook.card(chat)
    chat.send("Write the note")
    expect(card.locator(".ah-header .ah-state")).to_have_text("Waiting for you")
    expect(card.locator(".ah-approval")).to_contain_text("Change these files?")
    expect(card.locator(".ah-approval pre")).to_contain_text("notes/heron.md")
    notebook.lab.shoot("26-card-asks-files")
    notebook.lab.show_panel()
    notebook.lab.run("agent-hub:answer-chat", chat=chat.id)
    dialog = notebook.lab.page.get_by_role("dialog")
    expect(dialog.locator("pre")).to_contain_text("notes/heron.md")
    notebook.lab.shoot("15b-approval-files")
    dialog.get_by_role("button", name="Allow once").click()
    expect(card.locator(".ah-header .ah-state")).to_have_text("Finished")
    assert (Path(chat.workspace) / "notes/heron.md").read_text() == "A heron\n"


def test_a_long_prompt_is_cut_and_a_narrow_card_shows_what_was_asked(
    open_lab: Callable[[Server], Lab], server: Server, chat: Chat
) -> None:
    notebook = Notebook(open_lab(server), server, "narrow")
    card = notebook.card(chat)
    chat.send("Compare all runs.\n" + "\n".join(f"{number}. Look at run {number}" for number in range(1, 40))).wait(60)
    asked = card.locator(".ah-asked").last
    more = card.get_by_role("button", name="Show all of the prompt")
    expect(more).to_be_visible()
    assert asked.evaluate("node => node.clientHeight") <= 100
    more.press("Enter")
    assert asked.evaluate("node => node.clientHeight") >= 39 * 20
    card.get_by_role("button", name="Show less").click()
    notebook.lab.run("application:toggle-left-area")
    notebook.lab.page.set_viewport_size({"width": 400, "height": 924})
    notebook.lab.page.wait_for_function("card => card.clientWidth < 300", arg=card.element_handle())
    assert asked.evaluate("node => node.clientWidth") >= 200
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
    notebook.lab.shoot("27-card-narrow")


def test_nothing_that_an_agent_says_does_anything(
    open_lab: Callable[[Server], Lab], server: Server, chat: Chat
) -> None:
    notebook = Notebook(open_lab(server), server, "hostile")
    asked: list[str] = []
    notebook.lab.page.on("request", lambda request: asked.append(request.url))
    card = notebook.card(chat)
    chat.send(HOSTILE).wait(60)
    expect(card.get_by_text("the end of it").last).to_be_visible()
    notebook.run(f"hub.chats[{chat.id!r}].turns[-1]")
    notebook.save()
    notebook.lab.shoot("25-card-hostile")
    notebook.close()
    notebook.reopen(trusted=True)
    expect(notebook.outputs.last.get_by_text("the end of it").last).to_be_visible()
    page = notebook.lab.page
    assert page.evaluate("() => window.pwned") is None
    assert not [url for url in asked if "evil" in url]
    scripts = "[...document.querySelectorAll('a')].filter(a => /^(javascript|data|vbscript):/i.test(a.href)).length"
    assert page.evaluate(scripts) == 0
