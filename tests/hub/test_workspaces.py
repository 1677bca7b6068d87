"""Clones of a repository, and what an agent left in one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from agent_hub.engines.trees import remove_tree
from agent_hub.errors import BranchNotFound
from agent_hub.hub import workspaces
from agent_hub.hub.launches import remove_unfinished
from agent_hub.hub.unsaved import unsaved_work
from agent_hub.hub.workspaces import Repository
from tests import conftest
from tests.engines.test_trees import deepen

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


async def test_a_workspace_stays_whole_when_its_commits_leave_the_repository(
    a_workspace: Made, a_clone: Repository, a_repository: Made
) -> None:
    head, feature = a_repository.head, a_repository.git("rev-parse", "feature")
    a_repository.git("tag", "--annotate", "--message", "One", "v1")
    await a_clone.refresh(ignore)
    await a_clone.check_out(a_workspace.path.parent / "later")
    later = Made(a_workspace.path.parent / "later")
    a_repository.git("checkout", "--quiet", "--orphan", "rewritten")
    a_repository.commit("Begin anew", {"widgets.py": "COUNT = 0\n"})
    a_repository.git("branch", "--force", "main", "rewritten")
    a_repository.git("switch", "--quiet", "main")
    a_repository.git("branch", "--delete", "--force", "feature", "rewritten")
    a_repository.git("tag", "--delete", "v1")
    assert await a_clone.refresh(ignore) == a_repository.head != head
    clone = Made(a_clone.folder)
    # What the hub never does, and a person may.
    clone.git("reflog", "expire", "--expire=now", "--all")
    clone.git("gc", "--quiet", "--prune=now")
    clone.git("prune", "--expire=now")
    for workspace in (a_workspace, later):
        workspace.git("fsck", "--full", "--strict")
        assert workspace.git("log", "--format=%H", "-1", "main") == head
        assert workspace.git("log", "--format=%H", "-1", "origin/feature") == feature
        assert workspace.git("status", "--porcelain") == ""


async def test_a_default_branch_that_was_renamed_is_followed(a_clone: Repository, a_repository: Made) -> None:
    a_repository.git("branch", "--move", "main", "trunk")
    newest = a_repository.commit("Go on", {"widgets.py": "COUNT = 4\n"})
    assert await a_clone.refresh(ignore) == newest


async def test_a_clone_that_was_fetched_often_is_compact_and_has_lost_nothing(
    a_clone: Repository, a_repository: Made, a_workspace: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspaces, "PACKS", 2)
    commits = []
    for number in range(5):
        commits.append(a_repository.commit(f"Count {number}", {"widgets.py": f"COUNT = 1{number}\n"}))
        a_repository.git("reset", "--quiet", "--hard", "HEAD~1")
        a_repository.git("branch", "--force", "moving", commits[-1])
        await a_clone.refresh(ignore)
    assert len(list((a_clone.folder / "objects" / "pack").glob("*.pack"))) <= 3
    clone = Made(a_clone.folder)
    assert [clone.git("cat-file", "-t", commit) for commit in commits] == ["commit"] * 5
    a_workspace.git("fsck", "--full")


async def test_a_clone_that_an_older_hub_made_is_protected_before_it_is_shared(
    a_clone: Repository, tmp_path: Path
) -> None:
    config = a_clone.folder / "config"
    config.write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    await a_clone.check_out(tmp_path / "workspace")
    clone = Made(a_clone.folder)
    assert [clone.git("config", key) for key in ("gc.auto", "gc.pruneExpire", "core.bare")] == ["0", "never", "true"]
    once = config.read_text()
    await a_clone.check_out(tmp_path / "second" / "workspace")
    assert config.read_text() == once


async def test_a_clone_of_a_repository_that_borrows_objects_has_its_own(tmp_path: Path, a_repository: Made) -> None:
    a_repository.git("clone", "--quiet", "--shared", ".", str(tmp_path / "borrower"))
    clone = Repository(tmp_path / "project" / "repository.git", str(tmp_path / "borrower"))
    await clone.refresh(ignore)
    shutil.rmtree(tmp_path / "borrower")
    shutil.rmtree(a_repository.path)
    Made(clone.folder).git("fsck", "--full")


async def test_a_workspace_borrows_its_objects_by_a_path_that_holds_on_both_sides(
    a_workspace: Made, a_clone: Repository, docker_engine: docker.DockerClient, base_image: str
) -> None:
    """In a container there is nothing above the workspace's parent, and the objects cannot be written."""
    assert not list((a_workspace.path / ".git" / "objects").rglob("*.pack"))
    a_workspace.git("fsck", "--full", "--strict")
    listed = (a_workspace.path / ".git/objects/info/alternates").read_text().strip()
    mount = a_clone.shared_mount()
    assert os.path.normpath(f"/workspace/.git/objects/{listed}") == mount.target
    script = f"ls {mount.target}/pack {mount.target}/?? | wc -l; touch {mount.target}/mine || echo refused"
    said = docker_engine.containers.run(
        base_image,
        ["sh", "-c", script],
        remove=True,
        volumes={mount.source: {"bind": mount.target, "mode": "ro" if mount.read_only else "rw"}},
    ).decode()
    assert "refused" in said
    assert int(said.split()[0]) > 0


async def test_a_data_directory_may_be_moved(tmp_path: Path, a_repository: Made) -> None:
    clone = Repository(tmp_path / "data" / "projects" / "p" / "repository.git", str(a_repository.path))
    await clone.refresh(ignore)
    await clone.check_out(tmp_path / "data" / "chats" / "c" / "workspace")
    os.rename(tmp_path / "data", tmp_path / "elsewhere")
    Made(tmp_path / "elsewhere" / "chats" / "c" / "workspace").git("fsck", "--full", "--strict")


async def test_a_workspace_knows_the_repository_s_branches_and_tags(
    a_repository: Made, a_clone: Repository, tmp_path: Path
) -> None:
    a_repository.git("tag", "v1")
    await a_clone.refresh(ignore)
    await a_clone.check_out(tmp_path / "workspace")
    workspace = Made(tmp_path / "workspace")
    assert workspace.git("describe", "--tags") == "v1"
    assert workspace.git("rev-parse", "origin/feature") == a_repository.git("rev-parse", "feature")
    assert workspace.git("symbolic-ref", "refs/remotes/origin/HEAD") == "refs/remotes/origin/main"
    assert workspace.git("rev-parse", "--abbrev-ref", "main@{upstream}") == "origin/main"
    assert workspace.git("switch", "feature")
    assert workspace.git("reflog", "--format=%gs", "-1", "HEAD@{1}").startswith("clone: from")
    a_repository.commit("Go on", {"widgets.py": "COUNT = 8\n"})
    workspace.git("fetch", "--quiet")
    assert workspace.git("rev-parse", "origin/main") == a_repository.head


async def test_a_workspace_is_made_by_two_processes(
    a_clone: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_clone.check_out(tmp_path / "first" / "workspace")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    await a_clone.check_out(tmp_path / "second" / "workspace")
    begun = [line for line in (tmp_path / "trace").read_text().splitlines() if "trace: " in line]
    assert len(begun) == 2, begun


async def test_names_and_kinds_of_files_are_kept(tmp_path: Path, a_repository: Made) -> None:
    """Links stay links, names any bytes, a submodule an empty folder, a file of Git LFS its pointer."""
    root = os.fsencode(a_repository.path)
    for name in (b"--force", b"-rf", b"caf\xe9", "💫".encode(), b"two\nlines", b"README.MD", b'"quoted"\t'):
        Path(os.fsdecode(root + b"/" + name)).write_bytes(name)
    (a_repository.path / "link").symlink_to("../../elsewhere")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"
    (a_repository.path / ".gitattributes").write_text("*.bin filter=lfs\n")
    (a_repository.path / "model.bin").write_text(pointer)
    a_repository.git("update-index", "--add", "--cacheinfo", f"160000,{a_repository.head},module")
    a_repository.git("commit", "--quiet", "--message", "Add names")
    a_repository.git("add", "--all", "--", ":!module")
    a_repository.git("commit", "--quiet", "--message", "Add more")
    clone = Repository(tmp_path / "project" / "repository.git", str(a_repository.path))
    await clone.refresh(ignore)
    await clone.check_out(tmp_path / "workspace")
    workspace = tmp_path / "workspace"
    made = {name: os.lstat(os.path.join(os.fsencode(workspace), name)) for name in os.listdir(os.fsencode(workspace))}
    assert made.keys() >= {b"--force", b"-rf", b"caf\xe9", b"two\nlines", b"README.MD", b"README.md", b'"quoted"\t'}
    assert os.readlink(workspace / "link") == "../../elsewhere"
    assert (workspace / "model.bin").read_text() == pointer
    assert list((workspace / "module").iterdir()) == []
    assert not await unsaved_work(workspace)


async def test_a_shallow_repository_can_be_worked_in(tmp_path: Path, a_repository: Made) -> None:
    a_repository.git("clone", "--quiet", "--depth=1", f"file://{a_repository.path}", str(tmp_path / "shallow"))
    clone = Repository(tmp_path / "project" / "repository.git", str(tmp_path / "shallow"))
    await clone.refresh(ignore)
    await clone.check_out(tmp_path / "workspace")
    workspace = Made(tmp_path / "workspace")
    assert workspace.git("rev-list", "--count", "HEAD") == "1"
    workspace.git("fsck", "--full")
    assert not await unsaved_work(workspace.path)


async def test_a_url_with_any_character_is_the_origin(tmp_path: Path, make_repository: Callable[[str], Made]) -> None:
    source = make_repository('a "b" \\ # ; c')
    clone = Repository(tmp_path / "project" / "repository.git", str(source.path))
    await clone.refresh(ignore)
    await clone.check_out(tmp_path / "workspace")
    assert Made(tmp_path / "workspace").git("remote", "get-url", "origin") == str(source.path)


async def test_a_workspace_runs_no_hook_and_no_filter_of_the_person_s(
    tmp_path: Path, a_repository: Made, a_clone: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks, ran = tmp_path / "hooks", tmp_path / "ran"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / hook).chmod(0o755)
    a_repository.commit("Filter", {".gitattributes": "* filter=lfs\n"})
    await a_clone.refresh(ignore)
    (tmp_path / "gitconfig").write_text(
        f'[core]\n\thooksPath = {hooks}\n[filter "lfs"]\n\tsmudge = touch {ran}\n\trequired = true\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    await a_clone.check_out(tmp_path / "workspace")
    assert not ran.exists()


async def test_work_in_a_submodule_is_counted(tmp_path: Path, make_repository: Callable[[str], Made]) -> None:
    part, whole = make_repository("part"), make_repository("whole")
    allowed = ("-c", "protocol.file.allow=always")
    whole.git(*allowed, "submodule", "--quiet", "add", str(part.path), "part")
    whole.git("commit", "--quiet", "--message", "Add a part")
    clone = Repository(tmp_path / "project" / "repository.git", str(whole.path))
    await clone.refresh(ignore)
    await clone.check_out(tmp_path / "workspace")
    workspace = Made(tmp_path / "workspace")
    workspace.git(*allowed, "submodule", "--quiet", "update", "--init")
    assert not await unsaved_work(workspace.path)
    (workspace.path / "part" / "new.txt").write_text("new")
    assert (await unsaved_work(workspace.path)).files == 1


async def test_files_in_a_folder_that_cannot_be_read_are_counted(a_workspace: Made) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every folder")
    (a_workspace.path / "closed").mkdir()
    (a_workspace.path / "closed" / "new.txt").write_text("new")
    (a_workspace.path / "closed").chmod(0)
    assert await unsaved_work(a_workspace.path)


@pytest.mark.parametrize("told", ["--assume-unchanged", "--skip-worktree"])
async def test_a_change_that_git_was_told_to_overlook_is_counted(a_workspace: Made, told: str) -> None:
    a_workspace.git("update-index", told, "widgets.py")
    assert not await unsaved_work(a_workspace.path)
    (a_workspace.path / "widgets.py").write_text("COUNT = 6\n")
    assert a_workspace.git("status", "--porcelain") == ""
    assert (await unsaved_work(a_workspace.path)).files == 1


async def test_what_a_sparse_checkout_leaves_out_is_no_change(a_workspace: Made) -> None:
    a_workspace.git("sparse-checkout", "set", "--no-cone", "/README.md")
    assert not (a_workspace.path / "widgets.py").exists()
    assert not await unsaved_work(a_workspace.path)


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


@pytest.mark.parametrize("kind", [[], ["--annotate", "--message=Tried"]], ids=["light", "annotated"])
async def test_a_commit_that_only_a_tag_holds_is_counted(a_workspace: Made, kind: list[str]) -> None:
    a_workspace.commit("Try", {"try.py": "COUNT = 4\n"})
    a_workspace.git("tag", *kind, "tried")
    a_workspace.git("reset", "--quiet", "--hard", "origin/main")
    found = await unsaved_work(a_workspace.path)
    assert (found.files, found.commits) == (0, 1)


async def test_a_tag_that_came_with_the_repository_is_no_work(tmp_path: Path, a_repository: Made) -> None:
    """Also one of a commit that is on no branch, a tag of one's own on it, and one of what is no commit."""
    a_repository.git("switch", "--quiet", "--detach")
    released = a_repository.commit("Release", {"version.txt": "1\n"})
    a_repository.git("tag", "--annotate", "--message=One", "v1")
    a_repository.git("tag", "file", "HEAD:version.txt")
    a_repository.git("switch", "--quiet", "main")
    clone = Repository(tmp_path / "project" / "repository.git", str(a_repository.path))
    await clone.refresh(ignore)
    await clone.check_out(tmp_path / "chat" / "workspace")
    workspace = Made(tmp_path / "chat" / "workspace")
    workspace.git("tag", "mine", released)
    assert not await unsaved_work(workspace.path)


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


def test_a_workspace_that_was_not_finished_goes_however_deep_its_repository_is(tmp_path: Path) -> None:
    unfinished = tmp_path / "workspace.0.unfinished"
    deepen(unfinished)
    try:
        remove_unfinished(tmp_path)
        assert not unfinished.exists()
    finally:
        # pytest itself cannot remove it.
        remove_tree(unfinished)
