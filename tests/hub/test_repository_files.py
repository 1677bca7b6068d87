"""What is read of a repository without a clone of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_hub.errors import BranchNotFound, GitError, InvalidRepository, RepositoryUnreachable
from agent_hub.hub import repository_files
from agent_hub.hub.git import no_access
from agent_hub.hub.proposals import Proposals
from agent_hub.hub.repositories import repository_of_folder
from agent_hub.hub.repository_files import LARGEST_FILE, RepositoryFiles, read_files
from tests.conftest import Repository
from tests.standins.git_server import GitServer

WANTED = ("pyproject.toml", "README.md", ".devcontainer/devcontainer.json", "linked.toml", "folder")


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., RepositoryFiles]:
    """Reads a repository, and sees that nothing of it is left behind."""

    def read(url: str, branch: str = "") -> RepositoryFiles:
        scratch = tmp_path / "looks"
        try:
            return asyncio.run(read_files(url, branch, WANTED, scratch))
        finally:
            assert list(scratch.iterdir()) == []

    return read


@pytest.fixture
def a_full_repository(a_repository: Repository) -> Repository:
    (a_repository.path / "linked.toml").symlink_to("/etc/passwd")
    files = {"pyproject.toml": "[project]\n", ".devcontainer/devcontainer.json": "{}", "folder/file": "", "😀 name": ""}
    a_repository.commit("Say what it needs", files)
    return a_repository


@pytest.mark.parametrize("filters", [True, False])
def test_the_files_are_read_over_the_network_whether_its_server_knows_filters_or_not(
    read: Callable[..., RepositoryFiles], a_full_repository: Repository, filters: bool
) -> None:
    a_full_repository.git("config", "uploadpack.allowFilter", str(filters).lower())
    with GitServer(a_full_repository.path.parent) as server:
        found = read(server.url(a_full_repository.path))
    assert found.commit == a_full_repository.head
    assert found.texts == {
        "pyproject.toml": "[project]\n", "README.md": "# Widgets\n", ".devcontainer/devcontainer.json": "{}",
    }  # fmt: skip
    assert "😀 name" in found.names and "folder/file" not in found.names


def test_only_what_is_wanted_is_fetched(
    a_full_repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_full_repository.commit("Add much", {"much.bin": "".join(str(number) for number in range(300_000))})
    monkeypatch.setattr(repository_files, "LARGEST_FETCH", 64 * 1024)
    found = asyncio.run(read_files(str(a_full_repository.path), "", WANTED, tmp_path / "looks"))
    assert found.texts["README.md"] == "# Widgets\n" and "much.bin" in found.names


def test_a_repository_that_sends_too_much_is_given_up(
    read: Callable[..., RepositoryFiles], a_full_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_full_repository.commit("Add much", {"much.bin": "".join(str(number) for number in range(300_000))})
    monkeypatch.setattr(repository_files, "LARGEST_FETCH", 64 * 1024)
    with GitServer(a_full_repository.path.parent) as server, pytest.raises(GitError) as refused:
        read(server.url(a_full_repository.path))
    assert "too large to look into" in refused.value.message


def test_a_folder_of_this_machine_is_read_at_its_branch(
    read: Callable[..., RepositoryFiles], a_full_repository: Repository
) -> None:
    assert "pyproject.toml" in read(str(a_full_repository.path)).texts
    assert set(read(str(a_full_repository.path), "feature").texts) == {"README.md"}


def test_what_is_not_committed_says_nothing(read: Callable[..., RepositoryFiles], a_repository: Repository) -> None:
    (a_repository.path / "pyproject.toml").write_text("[project]")
    assert "pyproject.toml" not in read(str(a_repository.path)).names


def test_a_large_file_is_known_by_its_name_alone(
    read: Callable[..., RepositoryFiles], a_repository: Repository
) -> None:
    a_repository.commit("Add files", {"pyproject.toml": "#" * LARGEST_FILE, "README.md": "#" * (LARGEST_FILE + 1)})
    found = read(str(a_repository.path))
    assert set(found.texts) == {"pyproject.toml"} and "README.md" in found.names


def test_a_link_is_not_followed(read: Callable[..., RepositoryFiles], a_full_repository: Repository) -> None:
    found = read(str(a_full_repository.path))
    assert "linked.toml" not in found.names and "root:" not in str(found.texts)


def test_an_empty_repository_has_no_files(read: Callable[..., RepositoryFiles], tmp_path: Path) -> None:
    empty = Repository(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "--quiet")
    assert read(str(empty.path)) == RepositoryFiles()


def test_a_branch_and_a_repository_that_there_is_not_are_refused_as_ever(
    read: Callable[..., RepositoryFiles], a_repository: Repository, tmp_path: Path
) -> None:
    with pytest.raises(BranchNotFound):
        read(str(a_repository.path), "no/such")
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryUnreachable):
        read(str(tmp_path / "plain"))


def test_a_repository_that_unfolds_takes_no_memory_without_measure(
    read: Callable[..., RepositoryFiles], a_full_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_full_repository.git("config", "uploadpack.allowFilter", "true")
    (message := a_full_repository.path.parent / "message").write_bytes(b"a" * 20_000_000)
    a_full_repository.git("commit", "--quiet", "--allow-empty", "--file", str(message))
    with GitServer(a_full_repository.path.parent) as server:
        url = server.url(a_full_repository.path)
        assert "README.md" in read(url).texts
        monkeypatch.setattr(repository_files, "MOST_MEMORY", 16 * 1024 * 1024)
        with pytest.raises(GitError, match="more than 16 MiB of memory"):
            read(url)


async def test_a_server_that_leaves_out_what_it_is_asked_for_is_not_asked_again(
    a_full_repository: Repository, tmp_path: Path
) -> None:
    a_full_repository.git("config", "uploadpack.allowFilter", "true")
    asked = 0

    async def without_folders(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", server.port)

        async def pass_on() -> None:
            while said := await reader.read(65536):
                to_writer.write(said.replace(b"filter blob:none", b"filter tree:0000"))
            to_writer.close()

        passing = asyncio.create_task(pass_on())
        while answer := await to_reader.read(65536):
            writer.write(answer)
        writer.close()
        await passing

    with GitServer(a_full_repository.path.parent) as server:
        hostile = await asyncio.start_server(without_folders, "127.0.0.1", 0)
        port = hostile.sockets[0].getsockname()[1]
        with pytest.raises(GitError, match="has not sent what it was asked for"):
            await read_files(f"git://127.0.0.1:{port}/widgets", "", WANTED, tmp_path / "looks")
        hostile.close()
    assert asked == 1


async def test_a_listing_that_is_too_long_is_read_as_far_as_it_goes(
    a_full_repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = len(f"040000 tree {'0' * 40}\t.devcontainer\0")
    # Within the mode of the second entry, and within its name; the folder's own listing is the longer one.
    for more, names in ((len("100644 "), set()), (55, {".devcontainer/devcontainer.json"})):
        monkeypatch.setattr(repository_files, "LONGEST_LISTING", first + more)
        found = await read_files(str(a_full_repository.path), "", (), tmp_path / "looks")
        assert found.names == names


async def test_a_look_that_is_cancelled_leaves_no_git_and_no_file(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        closed.set()
        writer.close()

    closed = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proposals = Proposals(tmp_path / "looks", "python:3.12", lambda: 0, no_access)
    look = asyncio.create_task(proposals.propose(f"git://127.0.0.1:{port}/widgets"))
    async with asyncio.timeout(30):
        await reached.wait()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        # Git held the connection.
        await closed.wait()
    assert list((tmp_path / "looks").iterdir()) == []
    server.close()


# -- the repository of a folder


def test_nothing_waits_while_what_was_fetched_is_removed(
    read: Callable[..., RepositoryFiles], a_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    unlink = os.unlink

    def unlinked(*args: Any, **options: Any) -> None:
        threads.append(threading.current_thread())
        unlink(*args, **options)

    monkeypatch.setattr(os, "unlink", unlinked)
    read(str(a_repository.path))
    assert threads and threading.main_thread() not in threads


def test_a_folder_within_a_repository_is_that_repository(a_repository: Repository) -> None:
    root = a_repository.path.parent
    for path in ("widgets", "widgets/data", "/widgets/data/"):
        assert repository_of_folder(root, path) == str(a_repository.path)
    # Lab may have been started within it.
    assert repository_of_folder(a_repository.path, "") == str(a_repository.path)


def test_a_bare_repository_is_one(a_repository: Repository, tmp_path: Path) -> None:
    a_repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert repository_of_folder(tmp_path, "bare.git") == str(tmp_path / "bare.git")


@pytest.mark.parametrize("path", ["plain", "", "gone", "../plain", "a\0b", "x" * 5000])
def test_a_folder_without_a_repository_is_refused_with_what_to_do(tmp_path: Path, path: str) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(InvalidRepository) as refused:
        repository_of_folder(tmp_path, path)
    assert refused.value.hint and refused.value.details["field"] == "url"
    if path in ("plain", ""):
        assert "git init" in refused.value.hint


def test_a_folder_in_which_nothing_can_be_looked_for_is_in_no_repository(tmp_path: Path) -> None:
    # There is room for its own path, and none for a name in it.
    folder = tmp_path
    while (left := 4090 - len(os.fsencode(folder))) > 0:
        folder /= "d" * min(left, 200)
    folder.mkdir(parents=True)
    with pytest.raises(InvalidRepository):
        repository_of_folder(tmp_path, str(folder.relative_to(tmp_path)))
