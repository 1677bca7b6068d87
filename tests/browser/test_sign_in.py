"""Signing in with ChatGPT in a real Lab: the real ``codex login`` in a real container, at a stand-in for OpenAI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import docker
import pytest
from playwright.sync_api import Page, Route, expect

from agent_hub.connections.chatgpt import ISSUER
from tests.browser.conftest import lab_server, new_lab_server
from tests.browser.lab import Lab
from tests.notebook.server import Server
from tests.standins.chatgpt_server import EMAIL, ChatGPTServer
from tests.standins.signing_proxy import SigningProxy

LIMIT = 60_000
WAITING = "Waiting for you to confirm in the browser"


@pytest.fixture
def chatgpt(docker_engine: docker.DockerClient) -> Iterator[ChatGPTServer]:
    with ChatGPTServer(docker_engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]) as server:
        yield server


@pytest.fixture
def a_lab_server_of_a_company(
    tmp_path: Path, base_image: str, chatgpt: ChatGPTServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """OpenAI's own issuer is the stand-in there: Codex's browser sign-in takes no other than the real one's name."""
    options = (f"--AgentHub.base_image={base_image}", f"--AgentHub.chatgpt_url={chatgpt.backend}")
    with SigningProxy(tmp_path / "proxy", urlsplit(ISSUER).netloc, (chatgpt.host, chatgpt.port), chatgpt.host) as proxy:
        chatgpt.known_as = ISSUER
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        for name in ("CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(proxy.authority))
        with lab_server(tmp_path / "lab", "docker.DockerEngine", *options) as server:
            yield server


@pytest.fixture
def a_lab_server_whose_codes_expire(tmp_path: Path, chatgpt: ChatGPTServer) -> Iterator[Server]:
    """They last as long as it takes to look at one."""
    options = (f"--AgentHub.openai_issuer={chatgpt.url}", f"--AgentHub.chatgpt_url={chatgpt.backend}")
    server = new_lab_server(tmp_path / "lab", "process.ProcessEngine", *options)
    settings = "from agent_hub.hub import sign_ins\n\nsign_ins.LONGEST = 30.0\n"
    (server.folder / "config/jupyter_server_config.py").write_text(settings)
    with server:
        yield server


def containers(engine: docker.DockerClient, server: Server) -> list[str]:
    """Those of a sign-in of this server's hub."""
    listed = engine.containers.list(all=True, filters={"label": "agent-hub.sign-in"}, ignore_removed=True)
    return [one.name for one in listed if str(server.folder) in json.dumps(one.attrs["Mounts"])]


def confirms(page: Page, chatgpt: ChatGPTServer) -> None:
    """OpenAI's page, from which a person who confirms is led on; where to, they can read."""

    def confirm(route: Route) -> None:
        status, location = chatgpt.authorize(dict(parse_qsl(urlsplit(route.request.url).query)))
        assert status == 302
        route.fulfill(content_type="text/html", body=f'<a href="{escape(location)}">Continue</a>')

    page.context.route(lambda url: url.startswith(f"{ISSUER}/oauth/authorize?"), confirm)


def test_a_person_signs_in_by_a_code_and_by_an_address_and_no_container_stays(
    open_lab: Callable[[Server], Lab],
    a_lab_server_of_a_company: Server,
    chatgpt: ChatGPTServer,
    docker_engine: docker.DockerClient,
) -> None:
    server = a_lab_server_of_a_company
    lab = open_lab(server)
    page = lab.page
    lab.run("agent-hub:open-connections")
    section = page.get_by_role("region", name="OpenAI")

    section.get_by_role("button", name="Sign in with a code").click()
    expect(section.get_by_text(WAITING)).to_be_visible(timeout=LIMIT)
    code = section.locator("li code").inner_text()
    expect(section.get_by_text("code expires in 1")).to_be_visible()
    assert len(containers(docker_engine, server)) == 1
    section.get_by_role("button", name="New code").click()
    expect(section.get_by_text(code)).to_be_hidden()
    expect(section.get_by_text(WAITING)).to_be_visible(timeout=LIMIT)
    assert len(containers(docker_engine, server)) == 1
    section.get_by_role("button", name="Cancel").click()
    expect(section.get_by_text("The sign-in was cancelled.")).to_be_visible()
    assert containers(docker_engine, server) == []
    lab.shoot("70-sign-in-cancelled")

    section.get_by_role("button", name="Sign in with a code").click()
    expect(section.get_by_text(WAITING)).to_be_visible(timeout=LIMIT)
    lab.shoot("71-sign-in-code")
    chatgpt.confirm(section.locator("li code").inner_text())
    expect(section.get_by_text(f"Signed in as {EMAIL}")).to_be_visible(timeout=LIMIT)
    # The account is there a moment before its container is gone, and the card with it.
    expect(section.get_by_text(WAITING)).to_be_hidden(timeout=LIMIT)
    assert containers(docker_engine, server) == []
    lab.shoot("72-sign-in-account")

    confirms(page, chatgpt)
    section.get_by_role("button", name="By browser…").click()
    expect(section.get_by_text(WAITING)).to_be_visible(timeout=LIMIT)
    lab.shoot("73-sign-in-browser")
    with page.context.expect_page() as opened:
        section.get_by_role("button", name="Open page").click()
    # The browser is on another machine than the hub: where it is led, nobody listens.
    address = opened.value.get_by_role("link", name="Continue").get_attribute("href") or ""
    opened.value.close()
    assert address.startswith("http://127.0.0.1:1455/auth/callback?code="), address
    finish = section.get_by_role("button", name="Finish")
    field = section.get_by_label("Address", exact=True)
    for wrong, why in (
        (address.replace("/auth/callback", "/cancel"), "This is not the address that a sign-in ends at"),
        (address.replace("state=", "state=other"), "This address ends another sign-in than the one that waits."),
    ):
        field.fill(wrong)
        finish.click()
        expect(section.get_by_text(why)).to_be_visible()
        expect(field).to_be_focused()
    lab.shoot("74-sign-in-wrong-address")
    field.fill(address)
    finish.click()
    expect(section.get_by_text(WAITING)).to_be_hidden(timeout=LIMIT)
    expect(section.get_by_text(f"Signed in as {EMAIL}")).to_be_visible()
    assert containers(docker_engine, server) == []
    assert len(chatgpt.families) == 2 and chatgpt.families[0].ended, "the newer one has taken the place of the older"
    shown = page.content() + server.log
    assert not [given for given in chatgpt.given if len(given) > 20 and given in shown]


def test_a_code_that_has_run_out_is_said_to_have_and_a_new_one_is_had(
    open_lab: Callable[[Server], Lab], a_lab_server_whose_codes_expire: Server, chatgpt: ChatGPTServer
) -> None:
    lab = open_lab(a_lab_server_whose_codes_expire)
    page = lab.page
    lab.run("agent-hub:open-connections")
    section = page.get_by_role("region", name="OpenAI")
    section.get_by_role("button", name="Sign in with a code").click()
    expect(section.get_by_text(WAITING)).to_be_visible(timeout=LIMIT)
    code = section.locator("li code").inner_text()
    expect(section.get_by_text("code expires in 0:0")).to_be_visible()
    expect(section.get_by_text("The code expired.")).to_be_visible(timeout=LIMIT)
    expect(section.get_by_text(code)).to_be_hidden()
    lab.shoot("75-sign-in-expired")
    section.get_by_role("button", name="Dismiss").click()
    expect(section.get_by_text("The code expired.")).to_be_hidden()
    section.get_by_role("button", name="Sign in with a code").click()
    expect(section.get_by_text(WAITING)).to_be_visible(timeout=LIMIT)
    newer = section.locator("li code").inner_text()
    assert newer != code
    chatgpt.confirm(newer)
    expect(section.get_by_text(f"Signed in as {EMAIL}")).to_be_visible(timeout=LIMIT)
