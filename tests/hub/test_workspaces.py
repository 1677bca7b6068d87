"""Clones of a repository, and what an agent left in one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agent_hub.errors import BranchNotFound
from agent_hub.hub.workspaces import Repository, unsaved_work
from tests import conftest

Made = conftest.Repository


def ignore(line: str) -> None:
    """Progress is of no interest here."""


@pytest.fixture
async def a_clone(tmp_path: Path, a_repository: Made) -> Repository:
    """The bare clone that a project keeps."""
    clone = Repository(tmp_path / "project" / "repository.git", str(a_repository.path))
    await clone.refresh(ignore)
    return clone


@pytest.fixture
async def a_workspace(tmp_path: Path, a_clone: Repository) -> Made:
    """A chat's own clone."""
    await a_clone.check_out(tmp_path / "workspace")
    workspace = Made(tmp_path / "workspace")
    workspace.git("config", "user.name", "Test")
    workspace.git("config", "user.email", "test@localhost")
    return workspace


async def test_a_clone_follows_its_repository(a_clone: Repository, a_repository: Made) -> None:
    assert await a_clone.commit() == a_repository.head
    newest = a_repository.commit("Count to three", {"widgets.py": "COUNT = 3\n"})
    assert await a_clone.refresh(ignore) == newest


async def test_a_clone_of_a_url_is_the_same(tmp_path: Path, repository_url: str, a_repository: Made) -> None:
    clone = Repository(tmp_path / "clone", repository_url, "feature")
    assert await clone.refresh(ignore) == a_repository.git("rev-parse", "feature")


async def test_a_branch_that_is_not_there_is_said(tmp_path: Path, a_repository: Made) -> None:
    with pytest.raises(BranchNotFound):
        await Repository(tmp_path / "clone", str(a_repository.path), "no-such").refresh(ignore)


async def test_an_empty_repository_can_be_worked_in(tmp_path: Path) -> None:
    empty = Made(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "--quiet")
    clone = Repository(tmp_path / "clone", str(empty.path))
    assert await clone.refresh(ignore) == ""
    await clone.check_out(tmp_path / "workspace")
    (tmp_path / "workspace" / "first.txt").write_text("first")
    assert (await unsaved_work(tmp_path / "workspace")).files == 1


async def test_a_workspace_is_on_the_branch_and_its_origin_is_the_repository(
    a_workspace: Made, a_repository: Made
) -> None:
    assert a_workspace.git("rev-parse", "HEAD") == a_repository.head
    assert a_workspace.git("remote", "get-url", "origin") == str(a_repository.path)
    assert a_workspace.git("status", "--porcelain") == ""


async def test_a_workspace_is_whole_without_the_clone_it_was_made_from(
    a_workspace: Made, a_clone: Repository, a_repository: Made
) -> None:
    shutil.rmtree(a_clone.folder)
    a_workspace.git("fsck", "--full", "--strict")
    assert a_workspace.git("log", "--format=%H", "-1") == a_repository.head
    assert (a_workspace.path / "data" / "numbers.txt").read_text() == "1\n2\n3\n"


async def test_a_new_workspace_has_nothing_unsaved(a_workspace: Made) -> None:
    assert not await unsaved_work(a_workspace.path)


async def test_files_and_commits_that_are_nowhere_else_are_counted(a_workspace: Made) -> None:
    a_workspace.commit("Count on", {"widgets.py": "COUNT = 5\n"})
    a_workspace.git("switch", "--quiet", "--create", "other")
    a_workspace.commit("Count further", {"widgets.py": "COUNT = 6\n"})
    a_workspace.git("switch", "--quiet", "--detach", "HEAD~1")
    (a_workspace.path / "widgets.py").write_text("COUNT = 7\n")
    (a_workspace.path / "new 💫.txt").write_text("new")
    found = await unsaved_work(a_workspace.path)
    assert (found.files, found.commits) == (2, 2)
    assert str(found) == "2 changed or new files and 2 commits not pushed"


async def test_a_commit_on_a_detached_head_is_counted(a_workspace: Made) -> None:
    a_workspace.git("switch", "--quiet", "--detach")
    a_workspace.commit("Count on", {"widgets.py": "COUNT = 5\n"})
    assert (await unsaved_work(a_workspace.path)).commits == 1


async def test_a_stash_is_work_too(a_workspace: Made) -> None:
    (a_workspace.path / "widgets.py").write_text("COUNT = 7\n")
    a_workspace.git("stash")
    assert await unsaved_work(a_workspace.path)


async def test_packed_refs_are_read(a_workspace: Made) -> None:
    a_workspace.git("pack-refs", "--all")
    a_workspace.git("gc", "--quiet")
    assert not await unsaved_work(a_workspace.path)


HOSTILE = [
    ("core.fsmonitor", "touch {ran}; false"),
    ("core.hooksPath", "{hooks}"),
    ("core.sshCommand", "touch {ran}"),
    ("core.pager", "touch {ran}"),
    ("core.editor", "touch {ran}"),
    ("filter.evil.clean", "touch {ran}; cat"),
    ("filter.evil.smudge", "touch {ran}; cat"),
    ("filter.evil.process", "touch {ran}"),
    ("diff.external", "touch {ran}"),
    ("diff.evil.textconv", "touch {ran}; cat"),
    ("alias.status", "!touch {ran}"),
    ("uploadpack.packObjectsHook", "touch {ran}"),
]


@pytest.mark.parametrize(("key", "command"), HOSTILE, ids=[key for key, _ in HOSTILE])
async def test_no_command_of_a_hostile_workspace_runs(
    a_workspace: Made, tmp_path: Path, key: str, command: str
) -> None:
    ran, hooks = tmp_path / "ran", tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "post-checkout", "pre-commit", "fsmonitor-watchman"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / hook).chmod(0o755)
    (a_workspace.path / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (a_workspace.path / "widgets.py").write_text("COUNT = 9\n")
    (a_workspace.path / ".git" / "info").mkdir(exist_ok=True)
    (a_workspace.path / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    config = a_workspace.path / ".git" / "config"
    a_workspace.git("config", key, command.format(ran=ran, hooks=hooks))
    a_workspace.git("config", "filter.evil.required", "true")
    config.write_text(config.read_text() + "[include]\n\tpath = /dev/zero\n")
    found = await unsaved_work(a_workspace.path)
    assert not ran.exists()
    assert (found.files, found.commits) == (2, 0)


@pytest.mark.parametrize("name", ["worktree", "commondir", "config.worktree", "objects/info/alternates"])
async def test_a_git_directory_cannot_point_elsewhere(a_workspace: Made, tmp_path: Path, name: str) -> None:
    path = a_workspace.path / ".git" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{tmp_path / 'elsewhere'}\n")
    (a_workspace.path / "new.txt").write_text("new")
    assert (await unsaved_work(a_workspace.path)).files == 1


async def test_a_git_directory_that_is_a_link_is_not_followed(a_workspace: Made, tmp_path: Path) -> None:
    os.rename(a_workspace.path / ".git", tmp_path / "elsewhere")
    (a_workspace.path / ".git").symlink_to(tmp_path / "elsewhere")
    assert (await unsaved_work(a_workspace.path)).files > 0


async def test_a_git_file_is_not_followed(a_workspace: Made, tmp_path: Path) -> None:
    os.rename(a_workspace.path / ".git", tmp_path / "elsewhere")
    (a_workspace.path / ".git").write_text(f"gitdir: {tmp_path / 'elsewhere'}\n")
    assert (await unsaved_work(a_workspace.path)).files > 0


@pytest.mark.parametrize("name", ["HEAD", "index", "packed-refs", "refs"])
async def test_a_link_in_a_git_directory_is_not_read(a_workspace: Made, tmp_path: Path, name: str) -> None:
    inside = a_workspace.path / ".git" / name
    secret = tmp_path / "secret"
    secret.write_text("secret")
    shutil.rmtree(inside) if inside.is_dir() else inside.unlink(missing_ok=True)
    inside.symlink_to(secret)
    try:
        assert await unsaved_work(a_workspace.path)
    except Exception as error:
        assert "secret" not in str(error).replace(str(secret), "")
        raise


@pytest.mark.parametrize("name", ["HEAD", "index"])
async def test_work_in_a_workspace_whose_git_directory_is_broken_is_counted(a_workspace: Made, name: str) -> None:
    (a_workspace.path / ".git" / name).write_bytes(b"\0broken\xff")
    assert (await unsaved_work(a_workspace.path)).files > 0


async def test_a_chat_without_its_git_directory_counts_every_file(a_workspace: Made) -> None:
    shutil.rmtree(a_workspace.path / ".git")
    assert (await unsaved_work(a_workspace.path)).files == 3
