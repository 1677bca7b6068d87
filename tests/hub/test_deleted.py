"""What is kept of chats that were deleted with unsaved work."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import Conflict, NotFound, StorageFull, WorkNotKept
from agent_hub.hub import uncommitted
from agent_hub.hub.deleted import DeletedChats
from agent_hub.hub.folders import Folders
from agent_hub.hub.hub import Hub, Settings
from agent_hub.hub.restoring import restore
from agent_hub.hub.store import Store
from agent_hub.hub.workspaces import Repository
from agent_hub.models import Chat, ChatStatus, DeletedChat, Project, now
from tests import conftest
from tests.hub.running import RunningHub
from tests.hub.test_workspaces import HOSTILE

Made = conftest.Repository
PROJECT, CHAT = "aaaa", "bbbb"


class House:
    """A data directory with one project and one chat, whose workspace is an agent's."""

    def __init__(self, root: Path, repository: Made) -> None:
        self.root = root
        self.folders = Folders(root)
        root.mkdir(exist_ok=True)
        self.store = Store(root, lambda *change: None)  # type: ignore[arg-type]
        self.clone = Repository(self.folders.repository(PROJECT), str(repository.path))
        self.project = Project(id=PROJECT, name="widgets", url=str(repository.path))
        self.chat = Chat(id=CHAT, project=PROJECT, name="Count 💫", agent="shell")
        self.workspace = Made(self.folders.workspace(CHAT))
        self.deleted = DeletedChats(self.store, self.folders, 30)

    async def open(self) -> None:
        await self.store.projects.put(self.project)
        await self.clone.refresh(lambda line: None)
        await self.clone.check_out(self.workspace.path)
        self.workspace.git("config", "user.name", "Test")
        self.workspace.git("config", "user.email", "test@localhost")

    def write(self, name: str | bytes, text: str | bytes) -> None:
        path = Path(os.fsdecode(os.fsencode(self.workspace.path) + b"/" + os.fsencode(name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(text))

    async def keep(self) -> DeletedChat | None:
        return await self.deleted.keep(self.chat, self.workspace.path)

    async def kept(self) -> DeletedChat:
        found = await self.keep()
        assert found is not None
        return found

    async def bundle(self) -> DeletedChat:
        found = await self.kept()
        assert found.kind == "bundle"
        return found

    async def restored(self, kept: DeletedChat) -> Made:
        workspace = Made(self.folders.workspace("cccc"))
        await restore(kept, self.clone, workspace.path)
        return workspace


@pytest.fixture
async def a_house(tmp_path: Path, a_repository: Made) -> AsyncIterator[House]:
    house = House(tmp_path / "data", a_repository)
    await house.open()
    yield house
    house.store.close()


async def test_nothing_is_kept_of_a_chat_with_nothing_unsaved(a_house: House) -> None:
    assert await a_house.keep() is None
    assert await a_house.deleted.all() == []
    assert not a_house.workspace.path.exists()


async def test_everything_that_is_nowhere_else_can_be_had_back(a_house: House) -> None:
    workspace = a_house.workspace
    (workspace.path / "widgets.py").write_text("COUNT = 5\n")
    workspace.git("stash")
    (workspace.path / "widgets.py").write_text("COUNT = 6\n")
    workspace.git("stash")
    workspace.git("switch", "--quiet", "--create", "other")
    commit = workspace.commit("Count on", {"more.py": "COUNT = 9\n"})
    workspace.git("switch", "--quiet", "main")
    mine = workspace.commit("Count further", {"further.py": "COUNT = 10\n"})
    (workspace.path / "widgets.py").write_text("COUNT = 7\n")
    (workspace.path / "README.md").unlink()
    a_house.write("staged.txt", "staged")
    workspace.git("add", "staged.txt")
    for name in (b"caf\xe9", b'two\n"lines"\\', b"--force", b"deep/er/file"):
        a_house.write(name, name)
    (workspace.path / "run").write_text("#!/bin/sh\n")
    (workspace.path / "run").chmod(0o755)
    (workspace.path / "link").symlink_to("/etc/passwd")
    (workspace.path / "binary").write_bytes(bytes(range(256)) * 10 + b"\r\n")
    before = _files(workspace.path)
    kept = await a_house.bundle()
    assert (kept.stashes, kept.branch, kept.head, kept.left_out) == (2, "main", mine, ())
    assert not workspace.path.exists()
    again = await a_house.restored(kept)
    assert _files(again.path) == before
    assert again.git("rev-parse", "HEAD", "other").split() == [mine, commit]
    assert again.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert len(again.git("stash", "list").splitlines()) == 2
    assert again.git("show", "stash@{0}:widgets.py") == "COUNT = 6"
    assert again.git("show", "stash@{1}:widgets.py") == "COUNT = 5"
    assert "refs/heads/agent-hub" not in again.git("for-each-ref")
    assert " M widgets.py" in again.git("status", "--porcelain").splitlines() or again.git("diff", "--", "widgets.py")
    again.git("fsck", "--full")


def _files(folder: Path) -> dict[bytes, tuple[int, bytes]]:
    found = {}
    root = os.fsencode(folder)
    for here, folders, names in os.walk(root):
        if b".git" in folders:
            folders.remove(b".git")
        for name in names:
            path = os.path.join(here, name)
            content = os.readlink(path) if os.path.islink(path) else Path(os.fsdecode(path)).read_bytes()
            found[os.path.relpath(path, root)] = (os.lstat(path).st_mode, content)
    return found


async def test_a_bundle_can_be_fetched_by_the_command_that_is_named(a_house: House, tmp_path: Path) -> None:
    a_house.workspace.commit("Count on", {"more.py": "COUNT = 9\n"})
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    subprocess.run(["git", "clone", "--quiet", kept.url, str(tmp_path / "fresh")], check=True, timeout=20)
    subprocess.run(["sh", "-c", kept.how], cwd=tmp_path / "fresh", check=True, timeout=20)
    fresh = Made(tmp_path / "fresh")
    assert fresh.git("show", "refs/kept/heads/agent-hub/unsaved:new.txt") == "new"
    assert fresh.git("show", "refs/kept/heads/main:more.py") == "COUNT = 9"


async def test_a_bundle_holds_none_of_what_the_repository_has(a_house: House, a_repository: Made) -> None:
    a_repository.commit("Add much", {"much.bin": os.urandom(500_000).hex()})
    await a_house.clone.refresh(lambda line: None)
    a_house.workspace.git("pull", "--quiet")
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    assert kept.needs
    assert kept.size < 10_000


async def test_a_bundle_of_a_repository_without_a_commit_is_whole_by_itself(tmp_path: Path) -> None:
    empty = Made(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "--quiet", "--initial-branch=main")
    house = House(tmp_path / "data", empty)
    await house.open()
    house.write("first.txt", "first")
    kept = await house.bundle()
    assert kept.needs == ()
    again = await house.restored(kept)
    assert again.git("status", "--porcelain") == "?? first.txt"
    house.store.close()


async def test_a_commit_on_no_branch_is_kept(a_house: House) -> None:
    a_house.workspace.git("switch", "--quiet", "--detach")
    commit = a_house.workspace.commit("Count on", {"more.py": "COUNT = 9\n"})
    again = await a_house.restored(await a_house.bundle())
    assert again.git("rev-parse", "HEAD") == commit
    assert again.git("rev-parse", "--abbrev-ref", "HEAD") == "HEAD"


async def test_a_commit_that_only_a_tag_holds_is_kept(a_house: House) -> None:
    commit = a_house.workspace.commit("Count on", {"more.py": "COUNT = 9\n"})
    a_house.workspace.git("tag", "mine")
    a_house.workspace.git("reset", "--quiet", "--hard", "origin/main")
    again = await a_house.restored(await a_house.bundle())
    assert again.git("rev-parse", "mine") == commit


async def test_kept_work_stays_whole_when_its_repository_is_rewritten(a_house: House, a_repository: Made) -> None:
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    a_repository.git("checkout", "--quiet", "--orphan", "rewritten")
    a_repository.commit("Begin anew", {"other.py": "COUNT = 0\n"})
    a_repository.git("branch", "--force", "main", "rewritten")
    await a_house.clone.refresh(lambda line: None)
    Made(a_house.clone.folder).git("gc", "--quiet", "--prune=now")
    again = await a_house.restored(kept)
    assert again.git("status", "--porcelain") == "?? new.txt"


@pytest.mark.parametrize(("key", "command"), HOSTILE, ids=[key for key, _ in HOSTILE])
async def test_a_bundle_runs_nothing_of_the_agent_s(a_house: House, tmp_path: Path, key: str, command: str) -> None:
    workspace, ran, hooks = a_house.workspace, tmp_path / "ran", tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman", "post-checkout"):
        for folder in (hooks, workspace.path / ".git" / "hooks"):
            folder.mkdir(exist_ok=True)
            (folder / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
            (folder / hook).chmod(0o755)
    workspace.git("config", key, command.format(ran=ran, hooks=hooks))
    workspace.git("config", "filter.evil.required", "true")
    config = workspace.path / ".git" / "config"
    config.write_text(config.read_text() + "[include]\n\tpath = /dev/zero\n")
    a_house.write(".gitattributes", "* filter=evil diff=evil merge=evil working-tree-encoding=UTF-16\n")
    a_house.write(".git/info/attributes", "* filter=evil diff=evil\n")
    a_house.write("widgets.py", "COUNT = 9\n")
    kept = await a_house.bundle()
    again = await a_house.restored(kept)
    assert not ran.exists()
    assert "COUNT = 9" in again.git("show", "HEAD:widgets.py") + _text(again.path / "widgets.py")


def _text(path: Path) -> str:
    return path.read_bytes().replace(b"\0", b"").decode(errors="replace")


async def test_a_secret_outside_the_workspace_gets_into_no_bundle(a_house: House, tmp_path: Path) -> None:
    """An index or a link may name files of the person's; another repository's objects may be named as alternates."""
    secret = Made(tmp_path / "secret")
    secret.path.mkdir()
    secret.git("init", "--quiet")
    secret.git("config", "user.name", "Test")
    secret.git("config", "user.email", "test@localhost")
    commit = secret.commit("Hide", {"secret.txt": "SECRET" * 1000, "numbers.txt": "SECRET"})
    alternates = a_house.workspace.path / ".git/objects/info/alternates"
    alternates.write_text(alternates.read_text() + f"{secret.path / '.git/objects'}\n")
    shutil.rmtree(a_house.workspace.path / "data")
    (a_house.workspace.path / "data").symlink_to(secret.path)
    (a_house.workspace.path / "numbers.txt").symlink_to(secret.path / "secret.txt")
    kept = await a_house.bundle()
    again = await a_house.restored(kept)
    assert (again.path / "data").is_symlink()
    assert subprocess.run(["git", "-C", str(again.path), "cat-file", "-e", commit], timeout=20).returncode != 0
    (again.path / ".git/refs/heads/stolen").write_text(commit + "\n")
    (again.path / ".git/objects/info/alternates").write_text(alternates_of(again) + f"{secret.path / '.git/objects'}\n")
    stolen = await a_house.deleted.keep(a_house.chat.model_copy(update={"id": "cccc"}), again.path)
    assert stolen is not None
    assert stolen.kind == "workspace"


def alternates_of(workspace: Made) -> str:
    return (workspace.path / ".git/objects/info/alternates").read_text()


async def test_what_is_no_file_is_left_alone(a_house: House) -> None:
    os.mkfifo(a_house.workspace.path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(a_house.workspace.path)
        listener.bind("socket")
        os.chdir(here)
        (a_house.workspace.path / "widgets.py").unlink()
        os.mkfifo(a_house.workspace.path / "widgets.py")
        a_house.write("new.txt", "new")
        kept = await a_house.bundle()
    again = await a_house.restored(kept)
    assert again.git("status", "--porcelain") == "?? new.txt"


async def test_a_sparse_file_of_any_size_is_left_out_by_name(a_house: House) -> None:
    a_house.write("new.txt", "new")
    with open(a_house.workspace.path / "huge 💫", "wb") as file:
        file.truncate(100 * 2**30)
    kept = await a_house.bundle()
    assert kept.left_out == ("huge 💫",)
    assert kept.size < 10_000


@pytest.mark.parametrize("told", ["--assume-unchanged", "--skip-worktree"])
async def test_a_change_that_git_was_told_to_overlook_is_kept(a_house: House, told: str) -> None:
    a_house.workspace.git("update-index", told, "widgets.py")
    a_house.write("widgets.py", "COUNT = 7\n")
    restored = await a_house.restored(await a_house.bundle())
    assert (restored.path / "widgets.py").read_text() == "COUNT = 7\n"


async def test_uncommitted_files_are_bounded_together(a_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncommitted, "TOTAL_BYTES", 1000)
    for name in "abc":
        a_house.write(name, "x" * 400)
    assert len((await a_house.bundle()).left_out) == 1


@pytest.mark.parametrize("damage", ["gone", "HEAD", "index", "link", "objects", "nested"])
async def test_a_workspace_that_no_bundle_can_be_made_of_is_kept_as_it_is(
    a_house: House, tmp_path: Path, damage: str
) -> None:
    git = a_house.workspace.path / ".git"
    a_house.workspace.commit("Count on", {"more.py": "COUNT = 9\n"})
    a_house.write("new.txt", "new")
    if damage == "gone":
        shutil.rmtree(git)
    elif damage == "link":
        os.rename(git, tmp_path / "elsewhere")
        git.symlink_to(tmp_path / "elsewhere")
    elif damage == "objects":
        for folder in (git / "objects").glob("??"):
            shutil.rmtree(folder)
    elif damage == "nested":
        a_house.workspace.git("init", "--quiet", "nested")
        a_house.write("nested/new.txt", "new")
    else:
        (git / damage).write_bytes(b"\0broken")
    kept = await a_house.kept()
    assert kept.kind == "workspace"
    again = await a_house.restored(kept)
    assert (again.path / "new.txt").read_text() == "new"
    assert (again.path / "more.py").read_text() == "COUNT = 9\n"
    if damage == "nested":
        assert (again.path / "nested" / "new.txt").read_text() == "new"
        again.git("fsck", "--full")


async def test_a_full_disk_refuses_the_delete_and_loses_nothing(a_small_disk: Path, a_repository: Made) -> None:
    house = House(a_small_disk / "data", a_repository)
    await house.open()
    house.write("new.txt", "new")
    with open(a_small_disk / "filler", "wb", buffering=0) as filler:
        with pytest.raises(OSError, match="space"):
            while filler.write(bytes(4096)):
                pass
    before = _files(house.workspace.path)
    with pytest.raises(StorageFull):
        await house.keep()
    assert _files(house.workspace.path) == before
    assert await house.deleted.all() == []
    (a_small_disk / "filler").unlink()
    assert (await house.bundle()).files == 1
    house.store.close()


async def test_a_folder_that_cannot_be_written_refuses_the_delete(a_house: House) -> None:
    a_house.write("new.txt", "new")
    a_house.folders.all_deleted.write_text("a file in its place")
    with pytest.raises(WorkNotKept):
        await a_house.keep()
    assert (a_house.workspace.path / "new.txt").exists()


async def test_a_workspace_that_moved_and_may_not_be_on_disk_is_put_back(
    a_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_house.write("new.txt", "new")
    # What no bundle can be made of is moved as it is.
    a_house.workspace.path.joinpath(".git/index").write_text("no index")
    synchronize = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        synchronize(descriptor)

    with monkeypatch.context() as failing, pytest.raises(WorkNotKept):
        failing.setattr(os, "fsync", fail)
        await a_house.keep()
    assert (a_house.workspace.path / "new.txt").read_text() == "new"
    assert (await a_house.kept()).kind == "workspace"


async def test_a_removal_that_was_cut_short_is_not_taken_for_work(a_house: House) -> None:
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    assert await a_house.keep() == kept
    content = Path(kept.path).read_bytes()
    a_house.workspace.path.mkdir()
    a_house.write("half", "half")
    assert await a_house.keep() == kept
    assert Path(kept.path).read_bytes() == content


async def test_a_bundle_older_than_30_days_is_gone(a_house: House) -> None:
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    await _age(a_house, kept, 29.9)
    await a_house.deleted.sweep()
    assert [kept.id for kept in await a_house.deleted.all()] == [CHAT]
    await _age(a_house, kept, 30.1)
    await a_house.deleted.sweep()
    assert await a_house.deleted.all() == []
    assert not a_house.folders.deleted(CHAT).exists()


async def test_a_clock_that_was_wrong_for_a_while_takes_nothing_away(
    a_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_hub.hub.deleted.DOUBT", 3)
    monkeypatch.setattr("agent_hub.hub.deleted.SWEEP_INTERVAL", 0.01)
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    await _age(a_house, kept, 400)
    a_house.deleted.start()
    await asyncio.sleep(0.1)
    await _age(a_house, kept, 1)
    await asyncio.sleep(4)
    assert [kept.id for kept in await a_house.deleted.all()] == [CHAT]
    await _age(a_house, kept, 400)
    async with asyncio.timeout(60):
        while await a_house.deleted.all():
            await asyncio.sleep(0.05)
    await a_house.deleted.close()


async def test_what_is_to_be_kept_for_ever_never_expires(a_house: House) -> None:
    a_house.deleted = DeletedChats(a_house.store, a_house.folders, float("inf"))
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    await a_house.deleted.sweep()
    assert kept.expires_at is None and await a_house.deleted.all() == [kept]


async def _age(house: House, kept: DeletedChat, days: float) -> None:
    aged = kept.model_copy(update={"deleted_at": now() - timedelta(days=days)})
    (house.folders.deleted(CHAT) / "kept.json").write_text(aged.model_dump_json())


async def test_a_project_s_clone_stays_while_kept_work_builds_on_it(a_house: House, a_repository: Made) -> None:
    a_house.write("new.txt", "new")
    kept = await a_house.bundle()
    await a_house.deleted.remove_project(PROJECT)
    await a_house.store.projects.delete(PROJECT)
    await a_house.deleted.sweep()
    shutil.rmtree(a_repository.path)
    assert (await a_house.restored(kept)).git("status", "--porcelain") == "?? new.txt"
    await a_house.deleted.remove(CHAT)
    assert not a_house.folders.project(PROJECT).exists()


async def test_the_clone_of_a_project_that_nobody_deleted_is_never_removed(a_house: House) -> None:
    """A store that was lost knows no project, and workspaces that are there still borrow from the clone.

    A deletion that was cut short leaves its mark, and the project.
    """
    (a_house.folders.project(PROJECT) / "deleted").touch()
    await a_house.deleted.sweep()
    (a_house.folders.project(PROJECT) / "deleted").unlink()
    await a_house.store.projects.delete(PROJECT)
    await a_house.deleted.sweep()
    a_house.workspace.git("fsck", "--full")


async def test_where_nothing_is_to_be_kept_nothing_is(a_house: House) -> None:
    a_house.write("new.txt", "new")
    assert await DeletedChats(a_house.store, a_house.folders, 0).keep(a_house.chat, a_house.workspace.path) is None
    assert not a_house.folders.all_deleted.exists()


async def test_what_is_not_kept_is_not_found(a_house: House) -> None:
    for ask in (a_house.deleted.get, a_house.deleted.content, a_house.deleted.remove):
        with pytest.raises(NotFound):
            await ask("dddd")


# -- in a hub


async def test_a_chat_deleted_by_force_can_be_had_back(a_process_hub: RunningHub, a_repository: Made) -> None:
    hub = a_process_hub.hub
    project = await a_process_hub.ready(a_repository)
    chat = await a_process_hub.start(project, name="Count", env={"API_KEY": "hidden"})
    (Path(chat.workspace) / "new.txt").write_text("new")
    await hub.chats.delete(chat.id, force=True)
    (kept,) = await hub.deleted.all()
    assert (kept.name, kept.project_name, kept.files, kept.commits) == ("Count", "widgets", 1, 0)
    assert "hidden" not in kept.model_dump_json()
    assert not hub.folders.chat(chat.id).exists()
    again = await a_process_hub.settled((await hub.new_chats.restore(chat.id)).id)
    assert (again.name, again.id != chat.id) == ("Count", True)
    assert Made(Path(again.workspace)).git("status", "--porcelain") == "?? new.txt"
    assert await hub.deleted.all() == []


async def test_a_chat_restored_by_two_at_once_is_one_chat(a_process_hub: RunningHub, a_repository: Made) -> None:
    hub = a_process_hub.hub
    chat = await a_process_hub.start(await a_process_hub.ready(a_repository))
    (Path(chat.workspace) / "new.txt").write_text("new")
    await hub.chats.delete(chat.id, force=True)
    outcomes = await asyncio.gather(*(hub.new_chats.restore(chat.id) for _ in range(2)), return_exceptions=True)
    (again,) = [outcome for outcome in outcomes if isinstance(outcome, Chat)]
    assert [type(outcome) for outcome in outcomes if outcome is not again] == [Conflict]
    assert [one.id for one in hub.store.chats] == [again.id]


async def test_a_chat_of_a_deleted_project_says_how_it_can_be_had_back(
    a_process_hub: RunningHub, a_repository: Made
) -> None:
    hub = a_process_hub.hub
    project = await a_process_hub.ready(a_repository)
    chat = await a_process_hub.start(project)
    (Path(chat.workspace) / "new.txt").write_text("new")
    await hub.projects.delete(project.id, force=True)
    with pytest.raises(Conflict, match="git fetch"):
        await hub.new_chats.restore(chat.id)
    assert len(await hub.deleted.all()) == 1


async def test_a_chat_whose_work_cannot_be_kept_stays(a_process_hub: RunningHub, a_repository: Made) -> None:
    hub = a_process_hub.hub
    chat = await a_process_hub.start(await a_process_hub.ready(a_repository))
    (Path(chat.workspace) / "new.txt").write_text("new")
    hub.folders.all_deleted.write_text("a file in its place")
    with pytest.raises(WorkNotKept):
        await hub.chats.delete(chat.id, force=True)
    stays = hub.store.chats[chat.id]
    assert (stays.status, stays.error and stays.error.code) == (ChatStatus.exited, "work_not_kept")
    assert (Path(chat.workspace) / "new.txt").read_text() == "new"
    hub.folders.all_deleted.unlink()
    await hub.chats.delete(chat.id, force=True)
    assert len(await hub.deleted.all()) == 1


RESTORE = """
import asyncio, os, signal, sys
from pathlib import Path
from agent_hub.engines.process import ProcessEngine
from agent_hub.hub.hub import Hub, Settings

root, chat, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
kept = root / "deleted" / chat

async def restore():
    hub = Hub(Settings(data_dir=root, root=root, base_image="any"), ProcessEngine(root / "processes"))
    steps = iter(range(step))
    def audit(event, arguments):
        changes = ("os.rename", "os.mkdir", "os.symlink", "os.remove", "os.rmdir", "os.link")
        if (event in changes or event == "open" and arguments[2] & os.O_CREAT) and next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(audit)
    await hub.new_chats.restore(chat)
    # What is begun after this is a chat's start.
    os._exit(0)

asyncio.run(restore())
"""


async def test_a_hub_that_is_killed_at_any_step_of_a_restore_loses_no_folder(
    a_house: House, tmp_path: Path, a_small_codex: Path
) -> None:
    """Before each change of the file system, and after the last one."""
    a_house.write("new.txt", "new")
    (a_house.workspace.path / "nested").mkdir()
    Made(a_house.workspace.path / "nested").git("init", "--quiet")
    assert (await a_house.kept()).kind == "workspace"
    shutil.rmtree(a_house.folders.chat(CHAT))
    a_house.store.close()
    outcomes: list[str] = []
    ended = False
    while not ended:
        root = tmp_path / f"killed{len(outcomes)}"
        shutil.copytree(a_house.root, root, symlinks=True)
        program = [sys.executable, "-c", RESTORE, str(root), CHAT, str(len(outcomes))]
        done = await asyncio.to_thread(subprocess.run, program, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        ended = done.returncode == 0
        hub = Hub(Settings(data_dir=root, root=root, base_image="any"), ProcessEngine(root / "processes"))
        await hub.start(_no_gateway)
        found = [Path(kept.path) for kept in await hub.deleted.all()] + [
            Path(chat.workspace) for chat in hub.store.chats
        ]
        await hub.close()
        assert len(found) == 1, (len(outcomes), found)
        assert Made(found[0]).git("status", "--porcelain").splitlines() == ["?? nested/", "?? new.txt"]
        assert [path for path in (root / "chats").glob("*") if path not in found[0].parents] == []
        outcomes.append(found[0].parent.parent.name)
    assert set(outcomes) == {"deleted", "chats"} and outcomes == sorted(outcomes, reverse=True), outcomes


async def _no_gateway() -> str:
    return "http://127.0.0.1:1"
