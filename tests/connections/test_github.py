"""The connection to GitHub by a personal token: who it is, and which repositories Git reads with it."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent_hub.connections.github import GitHub
from agent_hub.connections.github_api import api_of, github_meant
from agent_hub.connections.github_credential import repository_of
from agent_hub.connections.secrets import Secrets
from agent_hub.errors import ApiUnreachable, InvalidInput, RepositoryUnreachable
from agent_hub.hub.workspaces import Repository as Clone
from agent_hub.hub.workspaces import check_repository
from agent_hub.models import ConnectGitHub
from tests.conftest import Repository
from tests.standins.github_server import GitHubServer, Token

TOKEN = "github_pat_11AAAAAAA0realtokenofaperson_9xQ"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubServer]:
    token = Token("heron", frozenset({"heron/widgets"}), name="Grey Heron", email="heron@example.com")
    with GitHubServer(tmp_path / "github", {TOKEN: token}) as running:
        yield running


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path / "secrets")


@pytest.fixture
async def github(secrets: Secrets) -> AsyncIterator[GitHub]:
    github = GitHub(secrets, lambda: None)
    yield github
    await github.close()


def asked(server: GitHubServer, token: str = TOKEN) -> ConnectGitHub:
    return ConnectGitHub.model_validate({"token": token, "url": server.url})


async def test_a_token_is_connected_once_github_says_whose_it_is(
    github: GitHub, server: GitHubServer, secrets: Secrets, tmp_path: Path
) -> None:
    status = await github.connect(asked(server))
    assert (status.connected, status.login, status.name, status.email) == (
        True, "heron", "Grey Heron", "heron@example.com",
    )  # fmt: skip
    assert TOKEN not in status.model_dump_json() and TOKEN not in repr(github._account)
    path = tmp_path / "secrets" / "github.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = GitHub(secrets, lambda: None)
    assert again.status.login == "heron" and again.person == github.person
    await again.disconnect()
    await again.close()
    assert not again.status.connected and not path.exists()


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("", "https://api.github.com"),
        ("http://github.com", "https://api.github.com"),
        ("https://GitHub.com", "https://api.github.com"),
        ("https://www.github.com:443", "https://api.github.com"),
        ("http://Herons.ghe.com", "https://api.herons.ghe.com"),
        ("http://github.example:8080", "http://github.example:8080/api/v3"),
    ],
)
async def test_a_token_goes_to_the_github_that_is_meant_and_to_its_own_in_clear_text_never(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, url: str, api: str
) -> None:
    assert api_of(github_meant(url)) == api
    # Whom it really asks is whom httpx looks for: nobody listens there.
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(ApiUnreachable, match=f"^{urlsplit(github_meant(url)).netloc} "):
        await github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": url}))


async def test_a_token_that_github_refuses_takes_the_place_of_none(github: GitHub, server: GitHubServer) -> None:
    await github.connect(asked(server))
    with pytest.raises(InvalidInput, match="refuses the token"):
        await github.connect(asked(server, "github_pat_wrong"))
    assert github.status.login == "heron"
    del server.tokens[TOKEN]
    problem = (await github.check()).problem
    assert problem is not None and "refuses the token" in problem.message and TOKEN not in problem.model_dump_json()


async def test_who_hides_their_address_commits_by_the_one_that_github_gives_them(
    github: GitHub, server: GitHubServer
) -> None:
    server.tokens[TOKEN] = Token("heron", id=7)
    status = await github.connect(asked(server))
    assert (status.name, status.email) == ("heron", "7+heron@users.noreply.127.0.0.1")


async def test_a_redirect_does_not_take_the_token_along(github: GitHub, server: GitHubServer, tmp_path: Path) -> None:
    with GitHubServer(tmp_path / "thief") as thief:
        server.redirect = thief.url
        with pytest.raises(ApiUnreachable):
            await github.connect(asked(server))
        server.redirect = ""
        await github.connect(asked(server))
        url = f"{server.url}/heron/widgets.git"
        server.redirect = thief.url
        with pytest.raises(RepositoryUnreachable):
            await check_repository(url, access=github.environment)
        assert not [shown for _, shown in thief.seen if shown]


async def test_a_private_repository_is_cloned_and_fetched(
    github: GitHub, server: GitHubServer, a_repository: Repository, tmp_path: Path
) -> None:
    url = server.add("heron/widgets", a_repository.path)
    with pytest.raises(RepositoryUnreachable):
        await check_repository(url)
    await github.connect(asked(server))
    assert (await check_repository(url, access=github.environment)).default_branch == "main"
    clone = Clone(tmp_path / "clone", url, access=github.environment)
    assert await clone.refresh(lambda line: None) == a_repository.head
    a_repository.commit("More", {"more.txt": "more"})
    a_repository.git("push", "--quiet", str(server.root / "heron/widgets.git"), "main")
    assert await clone.refresh(lambda line: None) == a_repository.head
    kept = [path for path in (tmp_path / "clone").rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert not kept


async def test_a_repository_that_the_token_is_not_good_for_stays_unread(
    github: GitHub, server: GitHubServer, a_repository: Repository
) -> None:
    url = server.add("heron/secret", a_repository.path)
    await github.connect(asked(server))
    with pytest.raises(RepositoryUnreachable) as refused:
        await check_repository(url, access=github.environment)
    assert TOKEN not in json.dumps(refused.value.to_dict())
    # Not to connect GitHub, which is connected.
    assert refused.value.hint == "Check the URL, and at GitHub whether the token that is connected may read it."


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example/heron/widgets",
        "https://github.example.evil.test/heron/widgets",
        "https://github.example:444/heron/widgets",
        "https://evil.test/github.example/heron",
        "https://github.example@evil.test/heron/widgets",
        "git@github.example:heron/widgets.git",
        "/github.example/heron/widgets",
        "https://github.example/heron",
        "https://github.example/heron/widgets/more",
        "https://github.example/heron/..",
        "https://[github.example/heron/widgets",
    ],
)
def test_what_is_no_repository_of_the_connected_github_gets_nothing(url: str) -> None:
    assert repository_of(url, "https://github.example") is None


@pytest.mark.parametrize("url", ["https://github.example/Heron/Widgets.git", "https://github.example/heron/widgets/"])
def test_a_repository_is_known_however_it_is_written(url: str) -> None:
    assert repository_of(url, "https://github.example") == "heron/widgets"
