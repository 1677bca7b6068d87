"""A page that an agent publishes, opened by the person: in the real browser, it gets nothing of the hub's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.notebook.server import PROCESS, Server
from tests.security.scene import a_repository

STEAL = """
const got = [];
const say = what => { got.push(what); console.log('STOLEN ' + JSON.stringify(got)); };
say('ran');
try { if (document.cookie) say('cookie'); } catch (error) {}
try { if (localStorage) say('storage'); } catch (error) {}
try { if (window.top !== window && window.top.document.body) say('top'); } catch (error) {}
const ask = (path, what) => fetch('BASE' + path).then(answer => answer.ok && say(what)).catch(() => undefined);
Promise.all([ask('agent-hub/api/status', 'status'), ask('api/contents', 'contents')]).then(() => say('done'));
"""
"""Says by the console what it gets, where a test can look for it whatever the page may not do."""

PAGES = {
    "page.html": "<!doctype html><title>page</title><body><script>{script}</script></body>",
    "picture.svg": '<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[{script}]]></script></svg>',
    "page.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>'
    "<script><![CDATA[{script}]]></script></body></html>",
    "page.xml": '<x xmlns:h="http://www.w3.org/1999/xhtml"><h:script><![CDATA[{script}]]></h:script></x>',
}
LIMIT = 30_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server") / "jupyter", PROCESS) as running:
        yield running
        for chat in list(running.hub().chats.values()):
            chat.delete(force=True)


@pytest.fixture
def person(browser: Browser, server: Server) -> Iterator[Page]:
    """A window of somebody who is signed in."""
    page = browser.new_page()
    page.set_default_timeout(LIMIT)
    page.goto(f"{server.url}agent-hub/api/status?token={server.token}")
    assert "engine" in page.content() and page.context.cookies()
    page.context.add_cookies([{"name": "readable", "value": "by scripts", "url": server.url}])
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def published(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What a chat has published, by name."""
    hub = server.hub()
    repository = a_repository(tmp_path_factory.mktemp("repositories"), "widgets")
    chat = hub.new_chat(hub.add_project(repository.path, agent="shell", progress=False)).wait_ready()
    script = STEAL.replace("BASE", server.url)
    for name, text in PAGES.items():
        (Path(chat.workspace) / name).write_text(text.replace("{script}", script))
    chat.run(["hub_artifact", "publish", *PAGES], check=True, show=False)
    return {
        name: {"id": artifact.id, "path": artifact.path, "file": f"chats/{chat.id}/files/{name}"}
        for name, artifact in chat.artifacts.items()
    }


def stolen(page: Page, address: str) -> list[str]:
    """What a page at that address gets."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    # As by a link in Lab: Jupyter shows a file to nobody who comes from elsewhere.
    answer = page.goto(address, referer=address)
    assert answer is not None and answer.status == 200
    # By now its script has begun, where it may at all.
    if any(text.startswith("STOLEN") for text in said) and not any("done" in text for text in said):
        page.wait_for_event("console", lambda message: "done" in message.text)
    words = [text.removeprefix("STOLEN ") for text in said if text.startswith("STOLEN ")]
    found: list[str] = json.loads(words[-1]) if words else []
    return found


def test_what_a_page_of_the_hub_s_own_origin_would_get(server: Server, person: Page) -> None:
    person.route("**/own.html", lambda route: route.fulfill(
        content_type="text/html", body=PAGES["page.html"].replace("{script}", STEAL.replace("BASE", server.url))
    ))  # fmt: skip
    assert {"ran", "cookie", "storage", "status", "contents"} <= set(stolen(person, f"{server.url}own.html"))


@pytest.mark.parametrize("name", PAGES)
def test_the_hub_hands_it_over_as_a_download_alone(
    server: Server, person: Page, published: dict[str, dict[str, str]], name: str
) -> None:
    for path in (f"artifacts/{published[name]['id']}/content", published[name]["file"]):
        address = f"{server.url}agent-hub/api/{path}"
        said: list[str] = []
        person.on("console", lambda message, said=said: said.append(message.text))
        with person.expect_download() as download:
            person.evaluate("address => { location.href = address; }", address)
        assert "<script" in Path(download.value.path()).read_text() or name == "page.xml"
        # Nor within a page, which does not ask for a download.
        person.set_content(
            f"<iframe src='{address}'></iframe><object data='{address}'></object><embed src='{address}'>"
            f"<script src='{address}'></script><img src='{address}'>"
        )
        person.wait_for_load_state()
        assert not [text for text in said if text.startswith("STOLEN")]
        person.goto(f"{server.url}agent-hub/api/status")


@pytest.mark.parametrize("way", ["files/", "view/"])
@pytest.mark.parametrize("name", PAGES)
def test_jupyter_shows_it_in_an_origin_of_its_own(
    server: Server, person: Page, published: dict[str, dict[str, str]], name: str, way: str
) -> None:
    got = stolen(person, f"{server.url}{way}{published[name]['path']}")
    assert got == ["ran", "done"], got
