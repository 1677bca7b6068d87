"""The making of a GitHub App, from the page of the connections in a real Lab."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Route, expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.github_app_server import GitHubAppServer

LIMIT = 60_000


@pytest.fixture
def a_github(tmp_path: Path) -> Iterator[GitHubAppServer]:
    with GitHubAppServer(tmp_path / "github") as server:
        yield server


def test_a_person_makes_an_app_and_sees_what_chats_may_do_with_it(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_github: GitHubAppServer,
    a_repository: Repository,
) -> None:
    url = a_github.add("lab-a/folding", a_repository.path)
    lab = open_lab(a_lab_server_without_docker)
    page = lab.page

    def confirm(route: Route) -> None:
        """What GitHub does with the form, once the person has confirmed it there."""
        (manifest,) = parse_qs(route.request.post_data or "")["manifest"]
        code, state = a_github.make(route.request.url, manifest)
        back = f"{json.loads(manifest)['redirect_url']}?{urlencode({'code': code, 'state': state})}"
        route.fulfill(status=302, headers={"Location": back})

    page.context.route(re.compile(f"^{re.escape(a_github.url)}/.*settings/apps/new"), confirm)
    lab.run("agent-hub:open-connections")
    section = page.get_by_role("region", name="GitHub")
    section.get_by_role("button", name="GitHub Enterprise").click()
    section.get_by_label("Address").fill(a_github.url)
    with page.context.expect_page() as opened:
        section.get_by_role("button", name="Make the App on GitHub").click()
    expect(opened.value.get_by_text("The GitHub App is connected")).to_be_visible(timeout=LIMIT)
    opened.value.close()
    expect(section.get_by_text("Not installed", exact=True)).to_be_visible()
    expect(section.get_by_role("link", name="Install it on your repositories")).to_be_visible()
    lab.shoot("38-github-app-not-installed")

    installation = a_github.install(1, "lab-a/folding", contents="read")
    page.get_by_role("button", name="Check all").click()
    expect(section.get_by_text("App connected")).to_be_visible(timeout=LIMIT)
    a_lab_server_without_docker.hub().add_project(url, agent="shell", name="folding", progress=False)
    row = section.get_by_role("row", name="lab-a/folding")
    expect(row.get_by_text("Read only")).to_be_visible()
    expect(section.get_by_text("Chats on folding cannot push.")).to_be_visible()
    lab.shoot("39-github-app-read-only")

    installation.permissions["contents"] = "write"
    page.get_by_role("button", name="Check all").click()
    expect(row.get_by_text("Read and write")).to_be_visible(timeout=LIMIT)
    section.get_by_role("button", name="Disconnect…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("“folding” is not fetched any more")).to_be_visible()
    dialog.get_by_role("button", name="Disconnect").click()
    expect(section.get_by_text("Not connected")).to_be_visible()
