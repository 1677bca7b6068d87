"""Signing in with ChatGPT, by the real ``codex login`` in a real container, at a stand-in for OpenAI."""

from __future__ import annotations

import asyncio
import http.client
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import docker
import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.connections.chatgpt import ISSUER
from agent_hub.engines.base import ContainerSpec
from agent_hub.engines.docker import DockerEngine
from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import Conflict, InvalidInput
from agent_hub.hub import sign_ins
from agent_hub.models import Mount, SignIn, StartSignIn
from tests.conftest import BASE_IMAGE
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE, RunningHub
from tests.standins.chatgpt_server import EMAIL, ChatGPTServer
from tests.standins.signing_proxy import SigningProxy

DEVICE = StartSignIn(method="device")
BROWSER = StartSignIn(method="browser")


@pytest.fixture
async def bridge(docker_engine: docker.DockerClient) -> AsyncIterator[str]:
    """Where this machine is reached by containers, and by itself."""
    engine = DockerEngine()
    yield (await engine.gateway_address())[0]
    await engine.close()


@pytest.fixture
def openai(bridge: str) -> Iterator[ChatGPTServer]:
    with ChatGPTServer(bridge) as server:
        yield server


@pytest.fixture
async def hub(open_hub: OpenHub, openai: ChatGPTServer) -> RunningHub:
    """A hub whose people sign in at the stand-in."""
    await codex_binary(CACHE, print)
    return await open_hub(openai_issuer=openai.url, chatgpt_url=openai.backend)


@pytest.fixture
def a_company_s_network(
    openai: ChatGPTServer, bridge: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """OpenAI's own issuer is reached by a proxy which signs anew, and which leads to the stand-in.

    Codex's browser sign-in takes no other issuer, so this is how the real one is brought to the stand-in.
    """
    name = urlsplit(ISSUER).hostname or ""
    with SigningProxy(tmp_path / "proxy", name, (openai.host, openai.port), bridge) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("CODEX_CA_CERTIFICATE", str(proxy.authority))
        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority))
        yield


@pytest.fixture
async def a_hub_of_a_company(open_hub: OpenHub, openai: ChatGPTServer, a_company_s_network: None) -> RunningHub:
    await codex_binary(CACHE, print)
    return await open_hub(chatgpt_url=openai.backend)


@pytest.fixture
async def a_hub_without_containers(
    open_hub: OpenHub, openai: ChatGPTServer, a_company_s_network: None, tmp_path: Path
) -> RunningHub:
    await codex_binary(CACHE, print)
    engine = ProcessEngine(tmp_path / "hub" / "data" / "processes")
    return await open_hub(engine=engine, chatgpt_url=openai.backend)


@pytest.fixture(autouse=True)
def nothing_is_logged(openai: ChatGPTServer, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens, no token and no code of it is in a log."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = "\n".join(record.getMessage() for record in (*caplog.get_records("setup"), *caplog.get_records("call")))
    assert "Containers find the hub" in logged and not [secret for secret in openai.given if secret in logged]


async def waits(hub: RunningHub) -> SignIn:
    return await state(hub, "waiting")


async def state(hub: RunningHub, wanted: str) -> SignIn:
    """The sign-in once it is so; fails where it ends otherwise."""

    def found() -> SignIn | None:
        sign_in = hub.hub.openai.status.sign_in
        return sign_in if sign_in and sign_in.state not in {"starting", "waiting"} - {wanted} else None

    sign_in = await hub.until(found)
    assert sign_in.state == wanted, sign_in.error
    return sign_in


async def browse(url: str, host: str = "") -> tuple[int, str, str]:
    """What a browser is answered: the status, where it leads, and the page. It logs nothing, unlike httpx."""

    def get() -> tuple[int, str, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            headers = {"Host": host} if host else {}
            connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()

    return await asyncio.to_thread(get)


async def confirm_in_browser(url: str, openai: ChatGPTServer) -> str:
    """What a person does on OpenAI's page; the address that their browser is sent to in the end."""
    begin = f"{ISSUER}/oauth/authorize?"
    assert url.startswith(begin)
    status, location, _ = await browse(f"{openai.url}/oauth/authorize?{url.removeprefix(begin)}")
    assert status == 302
    return location


async def assert_nothing_is_left(hub: RunningHub, openai: ChatGPTServer) -> None:
    """No container, and no file but the one of the account, has anything of a sign-in."""
    assert await hub.containers() == []
    folder = hub.hub.folders
    assert not folder.sign_ins.exists() or list(folder.sign_ins.iterdir()) == []
    kept = [path for path in folder.root.rglob("*") if path.is_file() and path.parent != folder.secrets]
    for path in (one for one in kept if not one.is_relative_to(folder.cache)):
        content = path.read_bytes()
        assert not [secret for secret in openai.given if secret.encode() in content], path


async def test_a_person_signs_in_with_a_code_and_nothing_of_it_stays(hub: RunningHub, openai: ChatGPTServer) -> None:
    await hub.hub.sign_ins.start(DEVICE)
    begun = hub.hub.openai.status.sign_in
    assert begun is not None and begun == SignIn(id=begun.id, method="device", state="starting") and begun.id
    preparing = SignIn(id=begun.id, method="device", state="starting", progress="Starting Codex")
    await hub.until(lambda: hub.hub.openai.status.sign_in == preparing)
    asked = await waits(hub)
    assert asked.progress == "" and asked.url == f"{openai.url}/codex/device" and asked.expires_at is not None
    assert len(await hub.containers()) == 1 and not hub.hub.openai.status.connected
    openai.confirm(asked.code)
    await state(hub, "done")
    status = hub.hub.status().openai
    assert (status.connected, status.kind) == (True, "chatgpt")
    assert status.chatgpt is not None and (status.chatgpt.email, status.chatgpt.plan) == (EMAIL, "plus")
    await assert_nothing_is_left(hub, openai)
    assert not [secret for secret in openai.given if secret in hub.hub.status().model_dump_json()]
    (file,) = hub.hub.folders.secrets.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and openai.families[0].good in file.read_text()


async def test_a_browser_on_another_machine_signs_in_by_a_pasted_address(
    a_hub_of_a_company: RunningHub, openai: ChatGPTServer
) -> None:
    hub = a_hub_of_a_company
    await hub.hub.sign_ins.start(BROWSER)
    address = await confirm_in_browser((await waits(hub)).url, openai)
    other = address.replace("state=", "state=other")
    with pytest.raises(InvalidInput, match="another sign-in"):
        await hub.hub.sign_ins.bring(other)
    with pytest.raises(InvalidInput, match="not the address"):
        await hub.hub.sign_ins.bring(address.replace("/auth/callback", "/cancel"))
    await hub.hub.sign_ins.bring(f" {address}\n")
    await state(hub, "done")
    assert hub.hub.openai.status.kind == "chatgpt"
    await assert_nothing_is_left(hub, openai)
    with pytest.raises(Conflict):
        await hub.hub.sign_ins.bring(address)


async def test_a_browser_on_the_hub_s_own_machine_signs_in_by_itself(
    a_hub_of_a_company: RunningHub, openai: ChatGPTServer
) -> None:
    hub = a_hub_of_a_company
    await hub.hub.sign_ins.start(BROWSER)
    address = await confirm_in_browser((await waits(hub)).url, openai)
    # A page that has another name point here gets nowhere, and neither does any other request.
    for url, host in ((address, "evil.example:1455"), ("http://127.0.0.1:1455/cancel", "localhost:1455")):
        assert (await browse(url, host))[0] in (400, 404)
    status, _, page = await browse(address)
    assert status == 200 and "You are signed in" in page
    await state(hub, "done")
    await assert_nothing_is_left(hub, openai)
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", 1455)


async def test_without_containers_codex_is_a_program_of_this_machine(
    a_hub_without_containers: RunningHub, openai: ChatGPTServer
) -> None:
    hub = a_hub_without_containers
    await hub.hub.sign_ins.start(BROWSER)
    address = await confirm_in_browser((await waits(hub)).url, openai)
    with pytest.raises(InvalidInput, match="another sign-in"):
        await hub.hub.sign_ins.bring(address.replace("state=", "state=other"))
    await hub.hub.sign_ins.bring(address)
    await state(hub, "done")
    assert hub.hub.openai.status.kind == "chatgpt"
    await assert_nothing_is_left(hub, openai)


async def test_a_sign_in_that_is_cancelled_leaves_nothing(hub: RunningHub, openai: ChatGPTServer) -> None:
    await hub.hub.sign_ins.start(DEVICE)
    await waits(hub)
    await hub.hub.sign_ins.cancel()
    sign_in = hub.hub.openai.status.sign_in
    assert sign_in is not None and (sign_in.state, sign_in.url, sign_in.code) == ("cancelled", "", "")
    await assert_nothing_is_left(hub, openai)
    assert not hub.hub.openai.status.connected
    # And then that there was one is forgotten, too.
    await hub.hub.sign_ins.cancel()
    assert hub.hub.openai.status.sign_in is None


async def test_a_new_sign_in_ends_the_one_before(hub: RunningHub, openai: ChatGPTServer) -> None:
    await hub.hub.sign_ins.start(DEVICE)
    first = await waits(hub)
    await hub.hub.sign_ins.start(DEVICE)
    second = await waits(hub)
    assert first.code != second.code and len(await hub.containers()) == 1
    openai.confirm(second.code)
    await state(hub, "done")
    await assert_nothing_is_left(hub, openai)


async def test_a_sign_in_that_nobody_confirms_expires(
    hub: RunningHub, openai: ChatGPTServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "LONGEST", 3.0)
    await hub.hub.sign_ins.start(DEVICE)
    await state(hub, "expired")
    await assert_nothing_is_left(hub, openai)


async def test_an_issuer_that_is_away_is_told(open_hub: OpenHub, openai: ChatGPTServer) -> None:
    hub = await open_hub(openai_issuer="http://127.0.0.1:9", chatgpt_url=openai.backend)
    await hub.hub.sign_ins.start(DEVICE)
    failed = await state(hub, "failed")
    assert failed.error is not None and "Codex could not sign in" in failed.error.message
    await assert_nothing_is_left(hub, openai)
    # Codex knows no other issuer for a browser.
    with pytest.raises(InvalidInput, match="with a code"):
        await hub.hub.sign_ins.start(BROWSER)


async def test_an_image_that_cannot_be_had_is_named_with_what_to_do(open_hub: OpenHub, openai: ChatGPTServer) -> None:
    hub = await open_hub(base="127.0.0.1:9/none:1", openai_issuer=openai.url, chatgpt_url=openai.backend)
    await hub.hub.sign_ins.start(DEVICE)
    error = (await state(hub, "failed")).error
    assert error is not None and "A sign-in runs on the image 127.0.0.1:9/none:1" in error.message, error
    assert "docker pull 127.0.0.1:9/none:1" in error.hint and "--AgentHub.base_image" in error.hint
    await assert_nothing_is_left(hub, openai)


async def test_what_a_hub_that_was_killed_has_left_of_a_sign_in_is_removed_by_the_next(
    hub: RunningHub, openai: ChatGPTServer, open_hub: OpenHub
) -> None:
    await hub.close()
    engine = DockerEngine()
    home = hub.hub.folders.sign_in("left") / "home"
    home.mkdir(parents=True)
    (home / "auth.json").write_text("{}")
    labels = {"agent-hub.hub": hub.hub.store.hub_id, sign_ins.LABEL: "left"}
    mount = Mount(source=str(home), target="/hub/agent", read_only=False)
    spec = ContainerSpec(
        f"agent-hub-sign-in-{hub.hub.store.hub_id}",
        BASE_IMAGE,
        entrypoint=["sleep", "60"],
        labels=labels,
        mounts=[mount],
    )
    await engine.start(await engine.create(spec))
    again = await open_hub(openai_issuer=openai.url, chatgpt_url=openai.backend)
    await engine.close()
    await assert_nothing_is_left(again, openai)
