"""What a chat's card shows, and what it tells a page, on a real server."""

from __future__ import annotations

import gc
import json
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from agent_hub import models
from agent_hub.models import Approval, Command, Message, Turn, TurnStatus
from agent_hub.notebook import chat_display, turn_display
from agent_hub.notebook.card import MOST_CHARACTERS, Card, _views
from agent_hub.notebook.card_view import item_view, turn_view
from agent_hub.notebook.card_widget import CardWidget, card_of
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.discovery import Server as Place
from agent_hub.notebook.live import Live, live
from agent_hub.notebook.markdown import to_html
from agent_hub.notebook.plain import visible
from agent_hub.notebook.transport import Transport
from tests.conftest import Repository
from tests.notebook.kernel import Kernel
from tests.notebook.server import PROCESS, Server
from tests.notebook.slow_proxy import SlowProxy
from tests.standins.model_server import ModelServer

LIMIT = 60.0

SERVERS = {
    "token": Place("http://localhost/", "one"),
    "another token": Place("http://localhost/", "two"),
    "socket": Place("http://localhost/", "one", "/run/one.sock"),
    "another socket": Place("http://localhost/", "one", "/run/two.sock"),
}

HOSTILE = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[a](javascript:alert(1)) [b](&#106;avascript:alert(1)) [c](JaVaScRiPt:alert(1)) <javascript:alert(1)>",
    "[a](data:text/html,<script>alert(1)</script>) [b](vbscript:x) [c](file:///etc/passwd) [d](//evil.test/x)",
    "![a](https://evil.test/a.png) ![b](/logout)",
    '[a](https://a.test" onclick="alert(1))',
    '```"><script>\n</code></pre><script>alert(1)</script>\n```',
    "`</code><script>alert(1)</script>`",
    "<https://a.test/\"onmouseover='alert(1)'>",
    "| <script> |\n|---|\n| <svg onload=alert(1)> |",
    "[a]: javascript:alert(1)\n\n[a]",
)


class Tags(HTMLParser):
    """The tags of a text, as a browser finds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_an_agent_does_nothing(text: str) -> None:
    turn = Turn(chat="c", number=1, prompt=text, items=(Message(id="m", text=text), Command(id="c", command=text)))
    for html in (to_html(text), turn_display.html(turn)):
        for tag, attributes in Tags(html).found:
            assert tag not in ("script", "img", "svg", "style", "iframe", "object", "form", "input", "link", "base")
            assert not any(name.startswith("on") for name in attributes)
            assert re.match(r"https?://(a\.test|evil\.test/a)", attributes.get("href") or "https://a.test")


def test_markdown_is_shown_as_such() -> None:
    html = to_html(
        "# Loss\n\n*low* `lr` [paper](https://a.test/p)\n\n- a\n\n| x |\n|---|\n| 1 |\n\n```python\nx < 1\n```"
    )
    tags = [tag for tag, _ in Tags(html).found]
    assert {"h1", "em", "code", "a", "ul", "li", "table", "th", "td", "pre"} <= set(tags)
    assert 'href="https://a.test/p" target="_blank" rel="noopener noreferrer nofollow"' in html


def test_dollars_of_a_prompt_are_no_formula_and_those_of_an_answer_are() -> None:
    turn = Turn(chat="c", number=1, prompt="echo $A $B", items=(Message(id="m", text="$x^2$"),))
    ignored = re.findall(r'<div class="mathjax_ignore tex2jax_ignore"[^>]*>([^<]*)</div>', turn_display.html(turn))
    assert ignored == ["echo $A $B"]
    assert "mathjax_ignore" in turn_display.table([turn])


def test_text_that_acts_or_deceives_is_shown_as_what_it_is() -> None:
    assert visible("\x1b[31mred\x1b[0m \x1b]0;title\x07plain \x9b1mx") == "red plain x"
    assert visible("rm \u202etxt.exe\u2066") == "rm ⟨U+202E⟩txt.exe⟨U+2066⟩"
    assert visible("a\r\nb\tc\x00\x08") == "a\nb\tc␀␈"
    asked = Approval(id="1", kind="command", command="echo \u202e\x1b[2K")
    assert turn_view(Turn(chat="c", number=1, approvals=(asked,)))["asks"][0]["about"] == "echo ⟨U+202E⟩"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["[" * 9**6, "*a" * 9**6, "`" * 9**6, "> " * 9**6, "word " * 9**6], ids=str.strip)
def test_text_of_any_length_is_shown_in_part(text: str) -> None:
    view = item_view(1, Message(id="m", text=text))
    assert len(view["body"]) < 200_000
    output = item_view(1, Command(id="c", command=text, text=text))
    assert len(output["body"]) < 30_000 and "characters before" in output["body"]


def test_of_very_much_a_notebook_is_saved_with_the_newest() -> None:
    said = tuple(Message(id=f"m{number}", text=f"{number} " + "<" * 20_000) for number in range(300))
    turns = [Turn(chat="c", number=number, prompt="heron", items=said) for number in range(1, 11)]
    assert len(turn_display.html(turns[0])) < 400_000 and "299 &lt;" in turn_display.html(turns[0])
    chat = chat_display.html(models.Chat(id="c", project="p", name="Chat", agent="codex"), turns, 0, "")
    assert len(chat) < 1_000_000 and chat.count("heron") == 19
    assert "299 &lt;" in chat and "300 earlier steps: Turn.events has them." in chat


def test_a_page_is_told_of_the_newest_of_very_much() -> None:
    views = _views([(1, Message(id=f"m{number}", text="<" * 20_000)) for number in range(300)])
    assert views[-1]["item"] == "m299" and sum(len(view["body"]) for view in views) < MOST_CHARACTERS + 100_000


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("127.0.0.1") as server:
        yield server


def new_chat(hub: Hub, model: ModelServer, repository: Repository, prompt: str) -> Chat:
    env = {"OPENAI_API_KEY": "sk-stand-in", "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(repository.path, agent="codex", env=env, progress=False)
    return hub.new_chat(project, prompt, name="Plot the loss").wait_ready(LIMIT)


class Page:
    """What a page knows of a card."""

    def __init__(self, chat: Chat) -> None:
        self.card = Card(chat._transport, chat._data)
        self.card.load()
        self._changed = threading.Condition()
        self._live = Live(chat._transport)
        self.card.tell = self._take
        self.head: dict[str, Any] = {}
        self.bodies: dict[str, str] = {}
        self.sequence = 0
        self._all(self.card.everything())

    def __enter__(self) -> Page:
        self._live.watch(self.card)
        return self

    def __exit__(self, *error: object) -> None:
        self._live.forget(self.card)

    def _all(self, message: dict[str, Any]) -> None:
        self.head, self.sequence = message["head"], message["sequence"]
        self.bodies = {item["item"]: item["body"] for item in message["items"]}

    def _take(self, message: dict[str, Any]) -> None:
        json.dumps(message)
        with self._changed:
            assert message["sequence"] == self.sequence + 1
            self.sequence = message["sequence"]
            self.head = message.get("head", self.head)
            for item in message.get("items", ()):
                known = self.bodies.get(item["item"], "").encode("utf-16-le")[: 2 * item["keep"]]
                self.bodies[item["item"]] = known.decode("utf-16-le") + item["body"]
            self._changed.notify_all()

    def until(self, is_so: Callable[[Page], bool], timeout: float = LIMIT) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: is_so(self), timeout), (self.head, self.bodies)


def test_a_page_that_is_told_in_pieces_knows_all(hub: Hub, model: ModelServer, a_repository: Repository) -> None:
    chat = new_chat(hub, model, a_repository, "Say heron 🐦 and *crane*")
    with Page(chat) as page:
        page.until(lambda page: any("crane" in body for body in page.bodies.values()))
        page.card.asked({"do": "send", "prompt": "RUN: echo 🐦 again", "ask": "1"})
        page.until(lambda page: any("Done" in body for body in page.bodies.values()))
        page.until(lambda page: page.head["word"] == "Finished")
        told = dict(page.bodies)
        page._all(page.card.everything())
        assert told == page.bodies and "<em>crane</em>" in "".join(told.values())
    assert "You said: Say heron 🐦 and *crane*" in page.card.text()


def test_a_prompt_that_waits_leaves_the_running_turn_to_interrupt(
    hub: Hub, model: ModelServer, a_repository: Repository
) -> None:
    chat = new_chat(hub, model, a_repository, "RUN: sleep 300")
    with Page(chat) as page:
        page.until(lambda page: page.head["interrupt"])
        page.card.asked({"do": "send", "prompt": "Say heron", "ask": "1"})
        page.until(lambda page: "(queued)" in page.card.text())
        assert (page.head["word"], page.head["interrupt"]) == ("Running", True)
        assert "Running" in page.card.text().splitlines()[0]
        page.card.asked({"do": "interrupt", "ask": "2"})
        page.until(lambda page: any("heron" in body for body in page.bodies.values()))
        page.until(lambda page: page.head["word"] == "Finished")


def test_a_server_that_is_away_is_told_and_so_is_its_return(
    tmp_path: Path, model: ModelServer, a_repository: Repository
) -> None:
    with Server(tmp_path, PROCESS) as server:
        chat = new_chat(server.hub(), model, a_repository, "Say heron")
        chat.turn.wait(LIMIT)
        with Page(chat) as page:
            page.until(lambda page: page.head["word"] == "Finished")
            server.stop()
            page.until(lambda page: "does not answer" in page.head["note"])
            assert page.head["word"] == "Unknown" and not page.head["send"]
            assert "does not answer" in page.card.html() and "You said: Say heron" in page.card.html()
            server.start()
            page.until(lambda page: page.head["note"] == "")
            server.hub().chats[chat.id].delete(force=True)
            page.until(lambda page: page.head["note"] == "This chat is deleted.")


class Told:
    """Who is told of a chat, and fails at some of it."""

    def __init__(self, chat: str, fails: BaseException | None = None) -> None:
        self.chat_id = chat
        self.told = threading.Event()
        self._fails = fails

    def _take(self, *told: object) -> None:
        if self._fails is not None:
            self.told.set()
            raise self._fails

    changed = published = conversed = happened = away = _take

    def show(self) -> int:
        self._take()
        self.told.set()
        return 0


def test_who_fails_at_what_is_told_costs_the_others_nothing(
    hub: Hub, a_repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    project = hub.add_project(a_repository.path, progress=False)
    failing, other = (hub.new_chat(project, agent="shell").wait_ready(LIMIT) for _ in range(2))
    live = Live(failing._transport)
    fails, told = Told(failing.id, RuntimeError("no such view")), Told(other.id)
    live.watch(fails)
    live.watch(told)
    assert fails.told.wait(LIMIT) and told.told.wait(LIMIT)
    told.told.clear()
    failing.rename("Renamed")
    other.rename("Renamed as well")
    assert told.told.wait(LIMIT)
    live.forget(fails)
    live.forget(told)
    assert caplog.text.count("RuntimeError: no such view") == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_connection_whose_thread_has_died_is_begun_anew(hub: Hub, a_repository: Repository) -> None:
    project = hub.add_project(a_repository.path, progress=False)
    chat = hub.new_chat(project, agent="shell").wait_ready(LIMIT)
    live = Live(chat._transport)
    deadly, told = Told(chat.id, SystemExit()), Told(chat.id)
    live.watch(deadly)
    assert live._thread is not None
    live._thread.join(LIMIT)
    assert deadly.told.is_set() and not live._thread.is_alive()
    live.watch(told)
    assert told.told.wait(LIMIT)
    live.forget(told)


@pytest.fixture
def told(hub: Hub, model: ModelServer, a_repository: Repository) -> tuple[Chat, Chat]:
    """Two chats in which something was said."""
    chats = tuple(new_chat(hub, model, a_repository, f"Say {bird}") for bird in ("heron", "crane"))
    for chat in chats:
        chat.turn.wait(LIMIT)
    return chats[0], chats[1]


@contextmanager
def shown(hub: Hub, chat: Chat) -> Iterator[CardWidget]:
    """The card of a chat, as a hub that may be slow has it."""
    widget = card_of(hub._transport, chat._data)
    try:
        yield widget
    finally:
        widget.close()


def until(card: Card, is_so: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until that is so of what a page would be told."""
    changed, tell = threading.Event(), card.tell

    def take(message: dict[str, Any]) -> None:
        tell(message)
        changed.set()

    card.tell = take
    while not is_so(card.everything()):
        assert changed.wait(LIMIT), card.everything()
        changed.clear()


def says(text: str) -> Callable[[dict[str, Any]], bool]:
    return lambda told: any(text in item["body"] for item in told["items"])


def test_a_slow_server_keeps_no_cell_and_no_other_card_waiting(server: Server, told: tuple[Chat, Chat]) -> None:
    slow, other = told
    began = time.monotonic()
    with SlowProxy(server.url, f"chats/{slow.id}/turns") as proxy:
        hub = Hub(proxy.url, server.token)
        with shown(hub, slow) as late, shown(hub, other) as widget:
            assert proxy.held.is_set() and not says("heron")(late.card.everything())
            assert slow.name in late.bundle()["text/html"] and "You said: Say crane" in widget.bundle()["text/html"]
            other.send("Say stork")
            until(widget.card, says("stork"))
            # The answer was still not given up.
            assert time.monotonic() - began < LIMIT / 2
            proxy.go.set()
            until(late.card, says("heron"))


def test_a_file_that_comes_slowly_keeps_no_other_card_waiting(server: Server, told: tuple[Chat, Chat]) -> None:
    slow, other = told
    with SlowProxy(server.url, "/content") as proxy:
        hub = Hub(proxy.url, server.token)
        with shown(hub, slow) as late, shown(hub, other) as widget:
            slow.send("RUN: echo '<svg/>' > loss.svg && hub_artifact publish loss.svg")
            assert proxy.held.wait(LIMIT)
            began = time.monotonic()
            other.send("Say stork")
            until(widget.card, says("stork"))
            until(late.card, lambda told: [view["name"] for view in told["artifacts"]] == ["loss.svg"])
            assert time.monotonic() - began < LIMIT / 2
            proxy.go.set()
            until(late.card, lambda told: told["artifacts"][0]["picture"].startswith("data:image/svg+xml"))


def test_what_changes_while_a_card_is_made_is_not_lost(server: Server, hub: Hub, a_repository: Repository) -> None:
    project = hub.add_project(a_repository.path, progress=False)
    chat, other = (hub.new_chat(project, agent="shell").wait_ready(LIMIT) for _ in range(2))
    with SlowProxy(server.url, f"projects/{project.id}") as proxy, ThreadPoolExecutor(1) as thread:
        hub = Hub(proxy.url, server.token)
        proxy.go.set()
        with shown(hub, other) as first:
            proxy.held.clear()
            proxy.go.clear()
            making = thread.submit(card_of, hub._transport, chat._data)
            assert proxy.held.wait(LIMIT)
            chat.rename("Renamed")
            # A connection tells of each change once, in their order.
            other.rename("Told")
            until(first.card, lambda told: told["head"]["name"] == "Told")
            proxy.go.set()
            widget = making.result(LIMIT)
            until(widget.card, lambda told: told["head"]["name"] == "Renamed")
            widget.close()


def test_a_connection_is_that_of_one_server_with_one_token_and_goes_with_what_uses_it() -> None:
    named = {name: Transport(one, 5) for name, one in SERVERS.items()}
    connections = {name: live(transport) for name, transport in named.items()}
    assert len({id(connection) for connection in connections.values()}) == len(SERVERS)
    assert live(Transport(SERVERS["token"], 5)) is connections["token"]
    gone = [weakref.ref(transport) for transport in named.values()]
    del named, connections
    gc.collect()
    assert [transport() for transport in gone] == [None] * len(SERVERS)


def test_a_new_token_makes_a_new_card_and_the_old_one_goes(
    tmp_path: Path, model: ModelServer, a_repository: Repository
) -> None:
    with Server(tmp_path, PROCESS) as server:
        chat = new_chat(server.hub(), model, a_repository, "Say heron")
        chat.turn.wait(LIMIT)
        before = weakref.ref(card_of(chat._transport, chat._data))
        used = weakref.ref(chat._transport)
        thread = live(chat._transport)._thread
        id = chat.id
        del chat
        server.stop()
        server.token = "another"
        server.start()
        chat = server.hub().chats[id]
        widget = card_of(chat._transport, chat._data)
        told = threading.Event()

        def take(message: dict[str, Any]) -> None:
            if message.get("head", {}).get("name") == "Crane":
                told.set()

        try:
            widget.card.tell = take
            chat.rename("Crane")
            assert told.wait(LIMIT)
            assert thread is not None
            thread.join(LIMIT)
            gc.collect()
            assert before() is None and used() is None
        finally:
            widget.close()


def test_a_card_that_was_closed_is_another_one_when_its_chat_is_displayed_again(
    hub: Hub, model: ModelServer, a_repository: Repository, kernel: Kernel
) -> None:
    chat = new_chat(hub, model, a_repository, "Say heron")
    chat.turn.wait(LIMIT)
    shown = f"from agent_hub import Hub\nchat = Hub().chats[{chat.id!r}]\nchat"
    assert not kernel.run(shown).error
    # Closed, and then told something.
    assert not kernel.run("import ipywidgets\nipywidgets.Widget.close_all()").error
    chat.send("Say crane").wait(LIMIT)
    again = kernel.run(shown)
    assert not again.error and "You said: Say crane" in again.shown[0]["text/html"]
    chat.send("Say stork").wait(LIMIT)
    assert "You said: Say crane" in kernel.shows("You said: Say stork")["text/html"]


def test_what_a_page_asks_for_wrongly_is_refused(hub: Hub, model: ModelServer, a_repository: Repository) -> None:
    chat = new_chat(hub, model, a_repository, "Say heron")
    chat.turn.wait(LIMIT)
    answers: dict[str, str] = {}
    card = Card(chat._transport, chat._data)
    card.load()
    answered = threading.Event()

    def take(message: dict[str, Any]) -> None:
        answers.update(message.get("done", {}))
        if len(answers) == len(wrong):
            answered.set()

    wrong = [
        {"do": "send", "prompt": ""},
        {"do": "send", "prompt": 7},
        {"do": "answer", "approval": "../../projects", "decision": "accept"},
        {"do": "answer", "approval": "1", "decision": "sudo"},
        {"do": "start"},
        {"do": "delete"},
        {},
    ]
    card.tell = take
    for number, content in enumerate(wrong):
        card.asked({**content, "ask": f"{number}"})
    assert answered.wait(LIMIT)
    assert all(answers.values()) and chat.status == "running" and len(chat.turns) == 1


def test_a_saved_notebook_is_plain_html_elsewhere(
    hub: Hub, model: ModelServer, a_repository: Repository, kernel: Kernel
):
    chat = new_chat(hub, model, a_repository, "RUN: echo '<b>heron</b>'")
    chat.turn.wait(LIMIT)
    ran = kernel.run(f"from agent_hub import Hub\nHub().chats[{chat.id!r}]")
    assert not ran.error
    (shown,) = ran.shown
    assert {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"} <= set(shown)
    assert "[1] RUN: echo" in shown["text/plain"]
    # As nbviewer does it.
    cell = nbformat.v4.new_code_cell("chat", outputs=[nbformat.v4.new_output("display_data", data=shown)])
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    output = html[html.index("Plot the loss") :]
    assert "exit code" not in output and "&lt;b&gt;heron&lt;/b&gt;" in output and "<b>heron" not in output
    assert "<details" in output and chat._repr_mimebundle_()["text/html"] == shown["text/html"]


def test_a_turn_that_waits_is_told_as_what_needs_a_person() -> None:
    view = turn_view(Turn(chat="c", number=1, status=TurnStatus.waiting))
    assert (view["mark"], view["word"]) == ("asks", "Waiting for you")
