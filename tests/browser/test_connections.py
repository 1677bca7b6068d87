"""The page of the connections, in a real Lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agent_hub.errors import TurnFailed
from tests.browser.conftest import lab_server
from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.chatgpt_server import EMAIL, ChatGPTServer
from tests.standins.github_server import GitHubServer, Token
from tests.standins.model_server import ModelServer

TOKEN = "github_pat_11AAAAAAA0realtokenofaperson_9xQ"
KEY = "sk-proj-the-real-key-of-a-person-7Qf2"
LIMIT = 60_000


@pytest.fixture
def a_strict_model() -> Iterator[ModelServer]:
    """A stand-in that takes one key alone."""
    with ModelServer(key=KEY) as server:
        yield server


def test_a_person_connects_openai_and_a_chat_that_waits_goes_on(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_strict_model: ModelServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, agent="codex", env={"OPENAI_MODEL": "stand-in-1"}, progress=False)
    chat = hub.new_chat(project, "Say heron", name="Say heron").wait_ready(60)
    with pytest.raises(Exception, match="OpenAI is not connected"):
        chat.turn.wait(60)

    lab = open_lab(server)
    page = lab.page
    lab.show_panel()
    # Nothing was asked of this one yet.
    quiet = hub.new_chat(project, name="Quiet").wait_ready(60)
    lab.run("agent-hub:open-chat", chat=quiet.id)
    its_page = page.locator(f"#agent-hub-chat-{quiet.id}")
    mute = its_page.get_by_text("Codex cannot answer: OpenAI is not connected.")
    expect(mute).to_be_visible()
    lab.shoot("29-chat-not-connected")
    its_page.get_by_role("button", name="Open connections").click()
    connections = page.get_by_role("region", name="OpenAI")
    expect(connections.get_by_text("Not connected")).to_be_visible()
    lab.shoot("30-connections-none")

    connections.get_by_label("API key", exact=True).fill("sk-wrong")
    connections.get_by_label("Address").fill(a_strict_model.base_url())
    connections.get_by_role("button", name="Connect", exact=True).click()
    expect(connections.get_by_text("refuses the key (401)")).to_be_visible()
    expect(connections.get_by_label("API key", exact=True)).to_be_focused()
    lab.shoot("31-connections-refused")

    connections.get_by_label("API key", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(connections.get_by_text("API key works")).to_be_visible()
    expect(page.locator(".jp-AgentHub-announcer")).to_contain_text("OpenAI: API key works.")
    expect(connections.get_by_text("sk-proj-…7Qf2")).to_be_visible()
    assert KEY not in page.content()
    expect(lab.panel.get_by_role("button", name="Connections", exact=True)).to_be_visible()
    lab.shoot("32-connections-openai")
    expect(mute).to_have_count(0)
    assert chat.send("Say crane").wait(60).text == "You said: Say crane"
    gateway = page.get_by_role("region", name="Gateway")
    asked = gateway.get_by_role("row").filter(has_text=f"127.0.0.1:{a_strict_model.port}")
    expect(asked.get_by_text("Reachable")).to_be_visible(timeout=LIMIT)
    expect(asked.get_by_text("requests, 0 errors").or_(asked.get_by_text("1 request, 0 errors"))).to_be_visible()

    gateway.get_by_role("button", name="Show log").click()
    log = gateway.get_by_role("region", name="Requests of chats")
    expect(log.get_by_role("row", name="POST /v1/responses").first).to_contain_text("Say heron")
    expect(log.get_by_role("row").filter(has_text="Refused: OpenAI is not connected").first).to_be_visible()
    log.scroll_into_view_if_needed()
    lab.shoot("32b-connections-log")
    gateway.get_by_role("button", name="Hide log").click()
    expect(log).to_be_hidden()

    connections.get_by_role("button", name="Replace…").click()
    expect(connections.get_by_label("New API key")).to_be_focused()
    connections.get_by_role("button", name="Cancel").click()
    expect(connections.get_by_role("button", name="Replace…")).to_be_focused()
    page.keyboard.press("Enter")
    connections.get_by_label("New API key").fill("sk-wrong")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("“Say heron” and new chats use the new one")).to_be_visible()
    expect(dialog.get_by_text("if it is refused, nothing changes")).to_be_visible()
    expect(dialog.get_by_text(f"stays valid at 127.0.0.1:{a_strict_model.port}")).to_be_visible()
    lab.shoot("32c-connections-replace")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    connections.get_by_label("Ask the API whether the key works").uncheck()
    connections.get_by_role("button", name="Replace", exact=True).click()
    expect(dialog.get_by_text("The new key is not tried.")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    connections.get_by_label("Ask the API whether the key works").check()
    connections.get_by_role("button", name="Replace", exact=True).click()
    dialog.get_by_role("button", name="Replace").click()
    expect(connections.get_by_text("refuses the key (401)")).to_be_visible()
    connections.get_by_label("New API key").fill(KEY)
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Replace").click()
    expect(connections.get_by_role("button", name="Replace…")).to_be_focused()
    assert chat.send("Say stork").wait(60).text == "You said: Say stork"

    # The key is revoked: the chat is told what to do, and so is the person, before anybody asks.
    a_strict_model.key = "another"
    with pytest.raises(TurnFailed, match=r"refuses the API key \(401\)\. It says: .*Replace it on"):
        chat.send("Say ibis").wait(60)
    expect(connections.get_by_text("Key does not work")).to_be_visible()
    expect(lab.panel.locator(".jp-AgentHub-troubled")).to_contain_text("refuses the API key (401)")
    expect(asked.get_by_text("Trouble: it answers 401")).to_be_visible()
    lab.shoot("32d-connections-revoked")
    a_strict_model.key = KEY
    page.get_by_role("button", name="Check all").click()
    expect(asked.get_by_text("Reachable")).to_be_visible()
    assert chat.send("Say egret").wait(60).text == "You said: Say egret"
    expect(connections.get_by_text("API key works")).to_be_visible()

    connections.get_by_role("button", name="Remove…").click()
    expect(dialog.get_by_text("“Say heron”")).to_be_visible()
    dialog.get_by_role("button", name="Remove").click()
    expect(connections.get_by_text("Not connected")).to_be_visible()
    # Of a key that was removed by mistake the address is there still.
    expect(connections.get_by_label("Address")).to_have_value(a_strict_model.base_url())
    assert not hub.status._data.openai.connected


@pytest.fixture
def a_github(tmp_path: Path) -> Iterator[GitHubServer]:
    token = Token("heron", frozenset({"heron/widgets"}), name="Grey Heron", email="heron@example.com")
    with GitHubServer(tmp_path / "github", {TOKEN: token}) as server:
        yield server


def test_a_person_connects_github_by_a_token_and_adds_a_private_repository(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_github: GitHubServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    url = a_github.add("heron/widgets", a_repository.path)
    lab = open_lab(server)
    page = lab.page
    lab.run("agent-hub:open-connections")
    section = page.get_by_role("region", name="GitHub")
    section.get_by_role("button", name="Personal token").click()
    section.get_by_role("button", name="GitHub Enterprise").click()
    section.get_by_label("Address").fill(a_github.url)
    section.get_by_label("Token").fill("github_pat_wrong")
    section.get_by_role("button", name="Connect", exact=True).click()
    expect(section.get_by_text("refuses the token (401)")).to_be_visible()
    expect(section.get_by_label("Token")).to_be_focused()
    lab.shoot("33-github-refused")

    section.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(section.get_by_text("Token works")).to_be_visible()
    expect(section.get_by_text("Grey Heron heron@example.com · as GitHub says")).to_be_visible()
    assert TOKEN not in page.content()
    hub = server.hub()
    hub.add_project(url, agent="shell", name="widgets", progress=False)
    row = section.get_by_role("row", name="heron/widgets")
    expect(row.get_by_text("As the token allows")).to_be_visible()
    expect(row.get_by_role("cell").last).to_have_text("–")
    chat = hub.new_chat("widgets").wait_ready(60)
    chat.run("git fetch", check=True)
    page.get_by_role("region", name="Gateway").get_by_role("button", name="Show log").click()
    expect(row.get_by_role("cell").last).to_have_text("now")
    expect(page.get_by_role("row", name="fetch heron/widgets").first).to_be_visible()
    lab.shoot("34-github-token")
    page.set_viewport_size({"width": 740, "height": 924})
    lab.shoot("34b-github-token-narrow")
    assert page.locator(".jp-AgentHub-pageBody").evaluate("body => body.scrollWidth <= body.clientWidth")
    page.set_viewport_size({"width": 1290, "height": 924})

    section.get_by_role("button", name="Disconnect…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("“widgets” is not fetched any more")).to_be_visible()
    dialog.get_by_role("button", name="Disconnect").click()
    expect(section.get_by_text("Not connected")).to_be_visible()
    lab.shoot("35-github-none")
    assert not hub.status._data.github.connected


@pytest.fixture
def chatgpt() -> Iterator[ChatGPTServer]:
    with ChatGPTServer() as server:
        yield server


@pytest.fixture
def a_lab_server_of_people_with_chatgpt(tmp_path: Path, chatgpt: ChatGPTServer) -> Iterator[Server]:
    options = (f"--AgentHub.openai_issuer={chatgpt.url}", f"--AgentHub.chatgpt_url={chatgpt.backend}")
    with lab_server(tmp_path / "lab", "process.ProcessEngine", *options) as server:
        yield server


def test_a_person_signs_in_with_chatgpt_by_a_code_and_out_again(
    open_lab: Callable[[Server], Lab], a_lab_server_of_people_with_chatgpt: Server, chatgpt: ChatGPTServer
) -> None:
    lab = open_lab(a_lab_server_of_people_with_chatgpt)
    page = lab.page
    lab.run("agent-hub:open-connections")
    section = page.get_by_role("region", name="OpenAI")
    section.get_by_role("button", name="Sign in with a code").click()
    expect(section.get_by_text("Waiting for you to confirm in the browser")).to_be_visible(timeout=LIMIT)
    code = section.locator("li code").inner_text()
    expect(section.get_by_role("link", name="codex/device")).to_have_attribute("href", f"{chatgpt.url}/codex/device")
    expect(section.get_by_text("code expires in 1")).to_be_visible()
    lab.shoot("36-chatgpt-code")
    page.set_viewport_size({"width": 740, "height": 924})
    assert page.locator(".jp-AgentHub-pageBody").evaluate("body => body.scrollWidth <= body.clientWidth")
    page.screenshot(path=lab.screenshot("36b-chatgpt-code-narrow"))
    page.set_viewport_size({"width": 1290, "height": 924})

    section.get_by_role("button", name="Cancel").click()
    expect(section.get_by_text("The sign-in was cancelled.")).to_be_visible()
    section.get_by_role("button", name="Sign in with a code").click()
    expect(section.get_by_text("Waiting for you to confirm in the browser")).to_be_visible(timeout=LIMIT)
    newer = section.locator("li code").inner_text()
    assert newer != code
    chatgpt.confirm(newer)
    expect(section.get_by_text(f"Signed in as {EMAIL}")).to_be_visible(timeout=LIMIT)
    expect(section.get_by_role("button", name="ChatGPT account")).to_have_attribute("aria-pressed", "true")
    expect(section.get_by_role("button", name="API key")).to_be_disabled()
    assert not [given for given in chatgpt.given if len(given) > 20 and given in page.content()]
    lab.shoot("37-chatgpt-signed-in")

    section.get_by_role("button", name="Sign out…").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(section.get_by_text("Not connected")).to_be_visible()
