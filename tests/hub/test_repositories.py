"""What may be given as a repository."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from agent_hub.errors import AgentHubError, BranchNotFound, InvalidRepository, RepositoryUnreachable
from agent_hub.hub.repositories import parse_url, repository_name
from agent_hub.hub.workspaces import check_repository
from tests.conftest import Repository

REFUSED = [
    "",
    "   ",
    "-uhttps://host/name.git",
    "--upload-pack=touch /tmp/x",
    "--upload-pack=touch /tmp/x https://host/name.git",
    "ext::sh -c touch% /tmp/x",
    "fd::17",
    "fd::17/name",
    "transport::address",
    "https://person:secret@host/owner/name.git",
    "https://host/owner/na\nme.git",
    "https://host/owner/na\tme.git",
    "https://host/na\x7fme.git",
    "https://host/na\x00me.git",
    "ssh://-oProxyCommand=touch%20x/name.git",
    "ssh://-l@host/name.git",
    "-oProxyCommand=touch:name.git",
    "git@-oProxyCommand=touch:name.git",
    "git@host:-name.git",
    "https://",
    "https:///owner/name.git",
    "https://host",
    "https://host/",
    "https://host:99999/owner/name.git",
    "https://host:port/owner/name.git",
    "ftp://host/owner/name.git",
    "javascript://host/name",
    "file://host/srv/name.git",
    "owner/name",
    "name.git",
    "./name",
    "../name",
    ".",
    "/there/is/no/such/folder",
    "/" + "x" * 300,
    "file:///" + "x" * 300,
    "/" + "x/" * 3000,
    "file:///tmp%00",
    "x" * 5000,
    "💥",
]

TAKEN = [
    "https://host/owner/name.git",
    "https://host:8443/owner/name",
    "https://person@host/owner/name.git",
    "http://[::1]:8080/name.git",
    "ssh://git@host:2222/owner/name.git",
    "git://host/name.git",
    "git@host:owner/name.git",
    "host:name.git",
    "https://host/owner/with%20space.git",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_repository_or_would_run_a_command_is_refused(text: str) -> None:
    with pytest.raises(InvalidRepository) as refused:
        parse_url(text)
    assert refused.value.details["field"] == "url"
    assert refused.value.hint


def test_the_secret_of_a_refused_url_is_not_repeated() -> None:
    with pytest.raises(InvalidRepository) as refused:
        parse_url("https://person:secret@host/owner/name.git")
    assert "secret" not in str(refused.value.to_dict())


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for text in (str(tmp_path / "round"), f"file://{tmp_path}/round/inside"):
        with pytest.raises(InvalidRepository):
            parse_url(text)


@pytest.mark.parametrize("text", TAKEN)
def test_a_repository_elsewhere_is_taken_as_it_is(text: str) -> None:
    assert parse_url(f"  {text}\n") == text


@pytest.mark.parametrize("name", ["plain", "with space", "with'quote", "naïve 💫", "-dash"])
def test_a_folder_here_is_taken_by_its_absolute_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert parse_url(str(folder)) == str(folder)
    assert parse_url(folder.as_uri()) == str(folder)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/owner/widgets.git", "widgets"),
        ("git@host:owner/widgets.git", "widgets"),
        ("host:widgets", "widgets"),
        ("https://host/owner/with%20space.git/", "with space"),
        ("/srv/💫 widgets", "💫 widgets"),
    ],
)
def test_a_project_is_called_after_its_repository(url: str, name: str) -> None:
    assert repository_name(url) == name


async def test_a_look_at_a_repository_finds_its_branches(repository_url: str) -> None:
    found = await check_repository(repository_url)
    assert (found.name, found.default_branch, set(found.branches)) == ("widgets", "main", {"main", "feature"})


async def test_a_branch_that_is_not_there_is_refused_with_those_that_are(a_repository: Repository) -> None:
    with pytest.raises(BranchNotFound) as refused:
        await check_repository(str(a_repository.path), "no/such")
    assert "main" in refused.value.hint
    assert refused.value.details["field"] == "branch"


async def test_a_host_that_nobody_knows_is_unreachable() -> None:
    with pytest.raises(RepositoryUnreachable) as refused:
        await check_repository("https://nobody.invalid/owner/name.git")
    assert "nobody.invalid" in refused.value.message


async def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(RepositoryUnreachable):
            await check_repository(f"http://127.0.0.1:{taken.getsockname()[1]}/name.git")


async def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AgentHubError) as refused:
        await check_repository(str(tmp_path))
    assert refused.value.code == "repository_unreachable"
    assert refused.value.details["field"] == "url"


async def test_an_empty_repository_has_no_branches(tmp_path: Path) -> None:
    empty = Repository(tmp_path)
    empty.git("init", "--quiet", "--initial-branch=main")
    found = await check_repository(str(tmp_path))
    assert found.branches == ()
