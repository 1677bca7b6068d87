"""The making of a GitHub App, as a browser goes through it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse

from tests.hub.running import RunningHub
from tests.server.conftest import Run
from tests.standins.github_app_server import GitHubAppServer

CALLBACK = "api/connections/github/app/callback"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubAppServer]:
    with GitHubAppServer(tmp_path / "github") as running:
        yield running


class Browser:
    """A person's, who is signed in."""

    def __init__(self, fetch: Callable[..., Any], server: GitHubAppServer) -> None:
        self._fetch = fetch
        self._server = server

    async def sent(self, name: str = "") -> tuple[str, str]:
        """What GitHub sends it back with, once the person has made an App by that name."""
        body = {"url": self._server.url, "callback": f"http://127.0.0.1:8888/agent-hub/{CALLBACK}"}
        answer = await self._fetch(
            "agent-hub", "api", "connections", "github", "app", method="POST", body=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        form = json.loads(answer.body)
        manifest = json.loads(form["manifest"])
        return self._server.make(form["action"], json.dumps(manifest | {"name": name or manifest["name"]}))

    async def comes_back(self, **query: str | bytes) -> HTTPResponse:
        """The page that it then shows."""
        answer: HTTPResponse = await self._fetch(
            "agent-hub", *CALLBACK.split("/"), params=query, raise_error=False, headers={"Accept": "text/html,*/*"}
        )
        return answer


@pytest.fixture
def browser(jp_fetch: Callable[..., Any], hub: RunningHub, server: GitHubAppServer) -> Browser:
    return Browser(jp_fetch, server)


def page(answer: HTTPResponse) -> str:
    """What it says; nothing in it is run or loaded."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    text: str = answer.body.decode()
    assert "<script" not in text
    return text


def test_a_person_makes_an_app_and_is_told_where_to_install_it(
    run: Run[None], browser: Browser, hub: RunningHub, server: GitHubAppServer
) -> None:
    async def story() -> None:
        code, state = await browser.sent('<script>alert("heron")</script>')
        answer = await browser.comes_back(code=code, state=state)
        text = page(answer)
        assert answer.code == 200 and f'href="{server.page(server.apps[1])}/installations/new"' in text
        assert "&lt;script&gt;" in text
        status = hub.hub.github.status
        assert status.kind == "app" and status.app is not None
        assert hub.hub.status().github == status
        assert server.apps[1].pem.splitlines()[5] not in text + hub.hub.status().model_dump_json()
        again = await browser.comes_back(code=code, state=state)
        assert again.code == 403 and "Begin again" in page(again)

    run(story())


@pytest.mark.parametrize("query", [{}, {"code": "0" * 40}, {"state": "x"}, {"code": "0" * 40, "state": "x"}])
def test_a_link_from_elsewhere_connects_nothing(
    run: Run[None], browser: Browser, hub: RunningHub, query: dict[str, str]
) -> None:
    async def story() -> None:
        await browser.sent()
        answer = await browser.comes_back(**query)
        assert answer.code in (400, 403) and "is not connected" in page(answer)
        assert not hub.hub.github.status.connected

    run(story())


def test_no_log_has_the_code_that_github_sends_along(
    run: Run[None], browser: Browser, hub: RunningHub, server: GitHubAppServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        code, state = await browser.sent()
        await browser.comes_back(code=code, state="wrong")
        # What Tornado itself refuses, it logs with the whole address.
        assert (await browser.comes_back(code=code, state=b"\xff")).code == 400
        server.limited = True
        refused = await browser.comes_back(code=code, state=state)
        assert refused.code == 502 and "Reload this page" in page(refused)
        server.limited = False
        await browser.comes_back(code=code, state=state)
        assert hub.hub.github.status.connected and f"/{CALLBACK}" in caplog.text
        assert code not in caplog.text and state not in caplog.text

    run(story())


def test_an_app_is_forgotten_with_its_key(
    run: Run[None], browser: Browser, hub: RunningHub, jp_fetch: Callable[..., Any]
) -> None:
    async def story() -> None:
        code, state = await browser.sent()
        await browser.comes_back(code=code, state=state)
        kept = hub.hub.folders.secrets / "github_app.json"
        assert kept.exists()
        answer = await jp_fetch("agent-hub", "api", "connections", "github", method="DELETE")
        assert answer.code == 204 and not kept.exists() and not hub.hub.github.status.connected

    run(story())
