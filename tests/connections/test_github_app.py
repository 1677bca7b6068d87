"""The connection to GitHub by an App: how it is made, where it is installed, and what its tokens are good for."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent_hub.connections import github_app, github_manifest
from agent_hub.connections.github import GitHub
from agent_hub.connections.github_account import Person
from agent_hub.connections.github_api import api_of
from agent_hub.connections.secrets import Secrets
from agent_hub.errors import (
    AgentHubError,
    ApiUnreachable,
    InvalidInput,
    NotAllowed,
    NotConnected,
    RepositoryUnreachable,
)
from agent_hub.hub.repositories import git_error
from agent_hub.hub.workspaces import check_repository
from agent_hub.models import ConnectGitHub, MakeApp
from tests.conftest import Repository
from tests.standins.github_app_server import AnApp, GitHubAppServer
from tests.standins.github_server import GitHubServer, Token

TOKEN = "github_pat_11AAAAAAA0realtokenofaperson_9xQ"
CALLBACK = "http://127.0.0.1:8888/agent-hub/api/connections/github/app/callback"
SECONDS = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubAppServer]:
    token = Token("heron", frozenset({"heron/widgets"}), name="Grey Heron", email="heron@example.com")
    with GitHubAppServer(tmp_path / "github", {TOKEN: token}) as running:
        yield running


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path / "secrets")


@pytest.fixture
async def github(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GitHub]:
    monkeypatch.setattr("agent_hub.connections.github.PAUSE_SECONDS", 0.01)
    github = GitHub(secrets, lambda: None)
    yield github
    await github.close()


def asked(server: GitHubServer, organization: str = "") -> MakeApp:
    return MakeApp.model_validate({"url": server.url, "organization": organization, "callback": CALLBACK})


def sent(github: GitHub, server: GitHubAppServer, organization: str = "") -> tuple[str, str]:
    """What GitHub sends the browser back with."""
    form = github.make_app(asked(server, organization))
    return server.make(form.action, form.manifest)


async def made(github: GitHub, server: GitHubAppServer, organization: str = "") -> AnApp:
    """An App that is connected, and installed nowhere."""
    await github.app_made(*sent(github, server, organization))
    return server.apps[len(server.apps)]


async def looked(github: GitHub) -> None:
    """Wait for a look at the installations that goes on."""
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*github._looking)


def mints(server: GitHubAppServer) -> int:
    return len([path for path, _ in server.seen if path.endswith("/access_tokens")])


def keys(server: GitHubAppServer) -> list[str]:
    """All that must be seen nowhere."""
    apps = server.apps.values()
    told = [secret for app in apps for secret in (app.pem.splitlines()[5], app.client_secret, app.webhook_secret)]
    return [*told, *server.installed]


# -- how it is made


@pytest.mark.parametrize(
    ("url", "action"),
    [
        ("", "https://github.com/settings/apps/new?state="),
        ("https://www.github.com", "https://github.com/settings/apps/new?state="),
        ("https://github.example", "https://github.example/settings/apps/new?state="),
    ],
)
def test_a_person_is_sent_to_make_an_app_of_their_own(github: GitHub, url: str, action: str) -> None:
    form = github.make_app(MakeApp.model_validate({"url": url, "callback": CALLBACK}))
    assert form.action.startswith(action) and len(form.action.removeprefix(action)) >= 40
    manifest = json.loads(form.manifest)
    assert manifest["redirect_url"] == CALLBACK and manifest["url"] == "http://127.0.0.1:8888/agent-hub"
    assert manifest["public"] is False and manifest["hook_attributes"]["active"] is False
    assert manifest["default_events"] == [] and len(manifest["name"]) <= 34
    assert manifest["default_permissions"] == {
        "contents": "write", "pull_requests": "write", "issues": "write", "metadata": "read",
    }  # fmt: skip


def test_an_organization_gets_its_own_app(github: GitHub) -> None:
    form = github.make_app(MakeApp.model_validate({"organization": "the-herons", "callback": CALLBACK}))
    assert form.action.startswith("https://github.com/organizations/the-herons/settings/apps/new?state=")


@pytest.mark.parametrize("organization", ["../evil", "a/b", "a?b", "-a", "a b", "ä", "a\n"])
def test_what_is_no_organization_is_refused(github: GitHub, organization: str) -> None:
    with pytest.raises(InvalidInput):
        github.make_app(MakeApp.model_validate({"organization": organization, "callback": CALLBACK}))


def test_github_sends_its_code_to_the_hub_alone(github: GitHub) -> None:
    with pytest.raises(InvalidInput):
        github.make_app(MakeApp.model_validate({"callback": "https://evil.test/agent-hub"}))


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://herons.ghe.com", "https://api.herons.ghe.com"),
        ("https://github.example", "https://github.example/api/v3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"),
    ],
)
def test_each_github_is_asked_where_its_api_is(url: str, api: str) -> None:
    assert api_of(url) == api


async def test_an_app_is_connected_and_kept_as_a_secret(
    github: GitHub, server: GitHubAppServer, secrets: Secrets, tmp_path: Path
) -> None:
    app = await made(github, server)
    status = github.status
    assert (status.connected, status.kind, status.url) == (True, "app", server.url)
    assert status.app is not None and status.app.install_url == f"{server.page(app)}/installations/new"
    path = tmp_path / "secrets" / "github_app.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = GitHub(secrets, lambda: None)
    assert again.status.app is not None and again.status.app.slug == app.slug
    assert github._app is not None and again._app is not None and again._app.key == github._app.key
    await again.disconnect()
    assert not again.status.connected and not path.exists()
    await again.close()


async def test_commits_carry_the_name_of_the_person_whose_app_it_is(github: GitHub, server: GitHubAppServer) -> None:
    await made(github, server)
    assert github.person == Person("heron", "heron", "583231+heron@users.noreply.127.0.0.1")
    assert (github.status.login, github.status.name) == ("heron", "heron")
    await made(github, server, "the-herons")
    assert github.person is None and github.status.login == github.status.email == ""


async def test_a_callback_that_nobody_was_sent_for_keeps_nothing(
    github: GitHub, server: GitHubAppServer, tmp_path: Path
) -> None:
    code, state = sent(github, server)
    for wrong in ("", state[:-1], f"{state}x", "é", "x" * 100_000):
        with pytest.raises(NotAllowed):
            await github.app_made(code, wrong)
    assert code in server.codes and not github.status.connected and not (tmp_path / "secrets").exists()
    await github.app_made(code, state)
    assert github.status.connected


async def test_a_state_is_good_once(github: GitHub, server: GitHubAppServer) -> None:
    code, state = sent(github, server)
    await github.app_made(code, state)
    other, _ = sent(github, server)
    with pytest.raises(NotAllowed):
        await github.app_made(other, state)
    assert other in server.codes


async def test_a_state_is_good_for_an_hour(
    github: GitHub, server: GitHubAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github_manifest, "STATE_SECONDS", 0.0)
    with pytest.raises(NotAllowed):
        await github.app_made(*sent(github, server))


async def test_a_code_that_github_does_not_know_keeps_nothing(github: GitHub, server: GitHubAppServer) -> None:
    for wrong in ("0" * 40, "../../user", "a/b", ""):
        _, state = sent(github, server)
        with pytest.raises(InvalidInput):
            await github.app_made(wrong, state)
    assert not github.status.connected


async def test_the_page_can_be_loaded_again_where_github_did_not_answer(
    github: GitHub, server: GitHubAppServer
) -> None:
    code, state = sent(github, server)
    server.limited = True
    with pytest.raises(ApiUnreachable, match="Reload"):
        await github.app_made(code, state)
    server.limited = False
    assert (await github.app_made(code, state)).connected


# -- one in place of another


async def test_an_app_takes_the_place_of_a_token_once_it_works(
    github: GitHub, server: GitHubAppServer, tmp_path: Path
) -> None:
    await github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": server.url}))
    code, state = sent(github, server)
    server.apps[1].revoked = True
    with pytest.raises(NotConnected, match="Delete the App"):
        await github.app_made(code, state)
    assert github.status.kind == "token" and not (tmp_path / "secrets/github_app.json").exists()
    await made(github, server)
    assert github.status.kind == "app" and github.status.token == ""
    assert not (tmp_path / "secrets/github.json").exists()


async def test_a_token_takes_the_place_of_an_app_once_it_works(
    github: GitHub, server: GitHubAppServer, tmp_path: Path
) -> None:
    await made(github, server)
    with pytest.raises(InvalidInput):
        await github.connect(ConnectGitHub.model_validate({"token": "github_pat_wrong", "url": server.url}))
    assert github.status.kind == "app"
    await github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": server.url}))
    assert github.status.kind == "token" and github.status.app is None
    assert not (tmp_path / "secrets/github_app.json").exists()


async def test_a_full_disk_loses_nothing_of_what_was_connected(
    github: GitHub, server: GitHubAppServer, secrets: Secrets
) -> None:
    first = await made(github, server)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A write beyond it fails in the midst, as on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(AgentHubError, match="Delete the App at"):
            await made(github, server)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert github.status.app is not None and github.status.app.slug == first.slug
    assert os.listdir(secrets._folder) == ["github_app.json"]
    again = GitHub(secrets, lambda: None)
    assert again.status.app is not None and again.status.app.slug == first.slug
    await again.close()


async def test_a_kill_between_the_two_files_leaves_the_app_in_use(
    github: GitHub, server: GitHubAppServer, secrets: Secrets
) -> None:
    await github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": server.url}))
    kept = dict(secrets.read("github"))
    await made(github, server)
    secrets.write("github", kept)
    again = GitHub(secrets, lambda: None)
    assert again.status.kind == "app"
    await again.disconnect()
    assert os.listdir(secrets._folder) == []
    await again.close()


# -- where it is installed


async def test_installations_are_told_with_their_repositories(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets", "heron/other")
    server.install(app.id, "crane/nest", contents="read")
    many = server.install(app.id, *(f"stork/r{number:03}" for number in range(130)))
    server.install(app.id, "ibis/away").suspended = True
    server.install(app.id, "teal/pond").closed = True
    status = await github.check()
    assert status.problem is None and status.app is not None
    heron, crane, stork, ibis, teal = status.app.installations
    assert heron.repositories == ("heron/other", "heron/widgets") and heron.count == 2 and heron.write
    assert heron.url == f"{server.url}/settings/installations/{heron.id}" and not heron.all_repositories
    assert not crane.write and stork.count == len(many.repositories) and len(stork.repositories) == 100
    assert ibis.suspended and ibis.repositories == ()
    # One that refuses hides none of the others.
    assert teal.account == "teal" and teal.repositories == () and not teal.suspended
    assert all(token.permissions == {"metadata": "read"} for token in server.installed.values())


async def test_what_is_installed_after_the_last_look_works_and_is_told(
    github: GitHub, server: GitHubAppServer, a_repository: Repository
) -> None:
    url = server.add("heron/widgets", a_repository.path)
    app = await made(github, server)
    with pytest.raises(NotConnected) as refused:
        await check_repository(url, access=github.environment)
    assert f"{server.page(app)}/installations/new" in refused.value.hint
    server.install(app.id, "heron/widgets")
    assert (await check_repository(url, access=github.environment)).default_branch == "main"
    await looked(github)
    assert github.status.app is not None
    assert [one.repositories for one in github.status.app.installations] == [("heron/widgets",)]


async def test_what_anybody_may_read_needs_no_installation(
    github: GitHub, server: GitHubAppServer, a_repository: Repository
) -> None:
    url = server.add("heron/widgets", a_repository.path)
    server.public.add("heron/widgets")
    await made(github, server)
    assert (await check_repository(url, access=github.environment)).default_branch == "main"
    async with github.environment(url) as environment:
        assert environment == {}


async def test_git_finds_out_what_github_does_not_say_and_what_is_missing_is_said_in_the_end(
    github: GitHub, server: GitHubAppServer, a_repository: Repository
) -> None:
    url = server.add("heron/widgets", a_repository.path)
    app = await made(github, server)
    server.limited_without_name = True
    assert await github.is_public(url) is None
    with pytest.raises(NotConnected, match="is not installed on heron/widgets, or there is no such") as refused:
        await check_repository(url, access=github.environment)
    assert f"{server.page(app)}/installations/new" in refused.value.hint
    server.public.add("heron/widgets")
    assert (await check_repository(url, access=github.environment)).default_branch == "main"
    # What is no refusal stays what it is.
    with pytest.raises(RepositoryUnreachable):
        async with github.environment(url):
            raise git_error("read it", "fatal: Could not resolve host: example.com", url)
    server.limited_without_name = False
    assert await github.is_public(url) is True and await github.is_public(f"{server.url}/heron/other") is False
    server.limited_without_name = True
    assert await github.is_public(url) is True


# -- what a token is good for


async def test_a_token_is_good_for_one_repository_and_for_what_is_done_with_it(
    github: GitHub, server: GitHubAppServer
) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets", "heron/other")
    url = f"{server.url}/Heron/Widgets.git"
    reading = await github.credential(url)
    pushing = await github.credential_within(url, url)
    handed = await github.short_lived(url, "chat")
    await looked(github)
    assert reading is not None and pushing is not None and handed is not None
    given = [server.installed[one.password] for one in (reading, pushing, handed)]
    assert all(one.repositories == {"heron/widgets"} for one in given)
    assert [one.permissions for one in given] == [
        {"contents": "read"},
        {"contents": "write"},
        {"contents": "write", "pull_requests": "write", "issues": "write"},
    ]
    assert reading.username == "x-access-token"


async def test_a_token_is_asked_for_within_what_the_installation_has(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets", contents="read", issues="write")
    url = f"{server.url}/heron/widgets"
    handed = await github.short_lived(url, "chat")
    assert handed is not None
    assert server.installed[handed.password].permissions == {"contents": "read", "issues": "write"}
    pushing = await github.credential_within(url, url)
    assert pushing is not None and server.installed[pushing.password].permissions == {"contents": "read"}


async def test_a_chat_gets_nothing_for_another_repository_of_the_installation(
    github: GitHub, server: GitHubAppServer
) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets", "heron/other")
    project = f"{server.url}/heron/widgets"
    assert await github.credential_within(project, f"{server.url}/heron/other") is None
    assert await github.credential_within("https://elsewhere.test/heron/widgets", project) is None
    assert await github.credential_within("/srv/widgets", "/srv/other") is None
    assert await github.credential("https://elsewhere.test/heron/widgets") is None
    assert await github.short_lived("https://elsewhere.test/heron/widgets", "chat") is None
    assert mints(server) == 0


async def test_a_personal_token_is_handed_to_nobody(github: GitHub, server: GitHubAppServer) -> None:
    assert await github.short_lived(f"{server.url}/heron/widgets", "chat") is None
    await github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": server.url}))
    assert await github.short_lived(f"{server.url}/heron/widgets", "chat") is None


async def test_a_token_bears_a_burst_and_is_replaced_before_its_end(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    url = f"{server.url}/heron/widgets"
    await github.check()
    first = await github.credential(url)
    assert first == await github.credential(url)
    # One that a chat has is nobody else's.
    given = [await github.short_lived(url, chat) for chat in ("one", "one", "other")]
    assert given[0] is not None and given[0] == given[1] != given[2]
    assert first not in given
    server.lifetime = 59
    pushing = await github.credential_within(url, url)
    assert pushing is not None and pushing != await github.credential_within(url, url)


async def test_who_asks_at_once_gets_one_token(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    url = f"{server.url}/heron/widgets"
    await github.check()
    before = mints(server)
    given = await asyncio.gather(*(github.short_lived(url, "chat") for _ in range(20)))
    assert mints(server) == before + 1
    assert len({one.password for one in given if one is not None}) == 1 and None not in given
    # Neither those of one project: one to read, one to push.
    await asyncio.gather(*(github.credential(url) for _ in range(20)))
    await asyncio.gather(*(github.credential_within(url, url) for _ in range(20)))
    assert mints(server) == before + 3


async def test_who_goes_away_while_it_waits_for_a_token_takes_it_from_nobody(
    github: GitHub, server: GitHubAppServer
) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    url = f"{server.url}/heron/widgets"
    await github.check()
    before, asked_before = mints(server), len(server.seen)
    first, other = (asyncio.create_task(github.short_lived(url, "chat")) for _ in range(2))
    async with asyncio.timeout(20):
        while len(server.seen) == asked_before:
            await asyncio.sleep(0)
    first.cancel()
    assert await other is not None and first.cancelled()
    assert mints(server) == before + 1


async def test_who_asks_at_once_is_refused_alike_and_may_ask_again(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    url = f"{server.url}/heron/widgets"
    server.seen.clear()
    refused = await asyncio.gather(*(github.credential(url) for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in refused} == {NotConnected} and len(server.seen) == 1
    server.install(app.id, "heron/widgets")
    assert await github.credential(url) is not None
    await looked(github)


async def test_no_token_is_given_twice_for_long(
    github: GitHub, server: GitHubAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    url = f"{server.url}/heron/widgets"
    monkeypatch.setattr(github_app, "REUSE_SECONDS", 0.0)
    assert await github.credential(url) != await github.credential(url)
    assert github_app.SPARE_SECONDS > 0


@pytest.mark.parametrize("ahead", [-7200.0, 7200.0])
async def test_a_wrong_clock_is_borne(github: GitHub, server: GitHubAppServer, ahead: float) -> None:
    server.ahead = ahead
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    await github.check()
    url = f"{server.url}/heron/widgets"
    assert await github.credential(url) == await github.credential(url) is not None
    server.lifetime = 59
    assert await github.credential_within(url, url) != await github.credential_within(url, url)


async def test_a_key_that_github_no_longer_takes_is_told(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    app.revoked = True
    with pytest.raises(NotConnected, match="no longer takes the key"):
        await github.credential(f"{server.url}/heron/widgets")
    assert github.status.connected and github.status.problem is not None
    app.revoked = False
    assert await github.credential(f"{server.url}/heron/widgets") is not None
    await looked(github)
    assert github.status.problem is None


async def test_a_suspended_installation_is_told_with_where_to_look(github: GitHub, server: GitHubAppServer) -> None:
    app = await made(github, server)
    server.install(app.id, "heron/widgets").suspended = True
    with pytest.raises(NotAllowed, match=r"suspended.*settings/installations"):
        await github.credential(f"{server.url}/heron/widgets")


async def test_a_github_that_was_asked_too_much_is_told(github: GitHub, server: GitHubAppServer) -> None:
    await made(github, server)
    server.limited = True
    with pytest.raises(ApiUnreachable, match="asked too much"):
        await github.credential(f"{server.url}/heron/widgets")
    problem = (await github.check()).problem
    assert problem is not None and "asked too much" in problem.message


async def test_a_redirect_takes_nothing_along(github: GitHub, server: GitHubAppServer, tmp_path: Path) -> None:
    await made(github, server)
    code, state = sent(github, server)
    with GitHubServer(tmp_path / "thief") as thief:
        server.redirect = thief.url
        with pytest.raises(InvalidInput):
            await github.credential(f"{server.url}/heron/widgets")
        with pytest.raises(ApiUnreachable):
            await github.app_made(code, state)
        assert (await github.check()).problem is not None
        assert thief.seen == []


async def test_what_the_hub_tells_holds_no_secret(
    github: GitHub, server: GitHubAppServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    app = await made(github, server)
    server.install(app.id, "heron/widgets")
    url = f"{server.url}/heron/widgets"
    credential = await github.credential(url)
    await github.check()
    app.revoked = True
    with pytest.raises(NotConnected) as refused:
        await github.short_lived(url, "chat")
    assert github._app is not None
    told = [github.status.model_dump_json(), repr(credential), repr(github._app.key), repr(vars(github._app))]
    told += [json.dumps(refused.value.to_dict()), caplog.text, repr(github._manifests._asked)]
    assert len(keys(server)) >= 4
    assert [secret for secret in keys(server) for text in told if secret in text] == []


def test_who_has_no_app_waits_for_nothing_of_what_it_takes() -> None:
    code = "import agent_hub.server.app, sys; sys.exit('jwt' in sys.modules or 'cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=SECONDS).returncode == 0
