"""What a chat has changed: seen, committed, made a branch, and put into a checkout."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent_hub.errors import AgentHubError, Conflict, GitError, InvalidInput
from agent_hub.hub import diffs, uncommitted, work
from agent_hub.hub.workspaces import Repository as Fetching
from agent_hub.models import (
    BuildState,
    ChangedFile,
    NewBranch,
    NewProject,
    Project,
    WorkApplied,
    WorkBranch,
    WorkCommit,
)
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.standins.git_server import GitServer


@dataclass
class Worked:
    """A chat whose agent has worked in it."""

    hub: RunningHub
    id: str
    workspace: Path

    @property
    def git(self) -> Repository:
        return Repository(self.workspace)

    async def diff(self) -> dict[str, ChangedFile]:
        return {file.path: file for file in (await self.hub.hub.work.diff(self.id)).files}

    async def branch(self, name: str = "", message: str = "") -> WorkBranch:
        return await self.hub.hub.work.branch(self.id, NewBranch(name=name, message=message))

    async def commit(self, message: str) -> WorkCommit:
        return await self.hub.hub.work.commit(self.id, message)

    async def apply(self, to: Path | str) -> WorkApplied:
        return await self.hub.hub.work.apply(self.id, str(to))


@pytest.fixture
async def project(a_process_hub: RunningHub, a_repository: Repository) -> Project:
    return await a_process_hub.ready(a_repository)


@pytest.fixture
async def chat(a_process_hub: RunningHub, project: Project) -> Worked:
    found = await a_process_hub.start(project, name="Count: the “things”!")
    made = Worked(a_process_hub, found.id, Path(found.workspace))
    made.git.git("config", "user.name", "Agent")
    made.git.git("config", "user.email", "agent@localhost")
    return made


def changed_everywhere(chat: Worked) -> None:
    """A commit, a change that is staged, one that is not, and a new file."""
    chat.git.commit("By the agent", {"committed.txt": "one\n", "widgets.py": "COUNT = 1\nMORE = 2\n"})
    (chat.workspace / "staged.txt").write_text("staged\n")
    chat.git.git("add", "staged.txt")
    (chat.workspace / "README.md").write_text("# Gadgets\n")
    (chat.workspace / "new.txt").write_text("new\n")
    (chat.workspace / "data" / "numbers.txt").unlink()


# -- the diff


async def test_a_chat_that_has_done_nothing_has_no_changes(chat: Worked, a_repository: Repository):
    diff = await chat.hub.hub.work.diff(chat.id)
    assert (diff.files, diff.uncommitted, diff.base, diff.head) == ((), False, a_repository.head, a_repository.head)


async def test_the_diff_has_what_is_committed_staged_changed_and_new(chat: Worked):
    changed_everywhere(chat)
    before = chat.git.git("status", "--porcelain"), chat.git.head
    files = await chat.diff()
    assert {path: (file.kind, file.added, file.removed) for path, file in files.items()} == {
        "README.md": ("update", 1, 1),
        "committed.txt": ("add", 1, 0),
        "data/numbers.txt": ("delete", 0, 3),
        "new.txt": ("add", 1, 0),
        "staged.txt": ("add", 1, 0),
        "widgets.py": ("update", 1, 0),
    }
    assert "-# Widgets\n+# Gadgets\n" in files["README.md"].patch and not any(file.cut for file in files.values())
    assert (chat.git.git("status", "--porcelain"), chat.git.head) == before
    assert [path for path in chat.workspace.parent.iterdir() if path.name.startswith("agent-hub-git")] == []


async def test_a_chat_is_deleted_whole_while_its_changes_are_looked_at(chat: Worked):
    looks = [asyncio.create_task(chat.diff()) for _ in range(8)]
    # The hub's own Git directory of a look is there.
    await chat.hub.until_true(lambda: any(chat.workspace.parent.glob("agent-hub-git-*")))
    await chat.hub.hub.chats.delete(chat.id, force=True)
    said = await asyncio.gather(*looks, return_exceptions=True)
    assert not chat.workspace.parent.exists() and chat.id not in chat.hub.hub.store.chats
    assert all(isinstance(word, (dict, AgentHubError)) for word in said), said


async def test_a_renamed_file_is_told_with_its_old_name(chat: Worked):
    chat.git.git("mv", "data/numbers.txt", "data/zahlen 🦊.txt")
    (file,) = (await chat.diff()).values()
    assert (file.kind, file.old_path, file.path) == ("rename", "data/numbers.txt", "data/zahlen 🦊.txt")


async def test_modes_links_and_strange_names_are_told(chat: Worked):
    (chat.workspace / "widgets.py").chmod(0o755)
    (chat.workspace / "README.md").unlink()
    (chat.workspace / "README.md").symlink_to("/etc/passwd")
    (chat.workspace / 'a"b\n\tc').write_text("x\n")
    (chat.workspace / "data" / "numbers.txt").unlink()
    (chat.workspace / "data").rmdir()
    (chat.workspace / "data").write_text("a file\n")
    files = await chat.diff()
    assert {path: file.kind for path, file in files.items()} == {
        "README.md": "update",
        'a"b\n\tc': "add",
        "data": "add",
        "data/numbers.txt": "delete",
        "widgets.py": "update",
    }
    assert "new mode 100755" in files["widgets.py"].patch
    assert "/etc/passwd" in files["README.md"].patch and "root:" not in files["README.md"].patch
    assert files["data"].patch.endswith("+a file\n")


async def test_a_binary_file_is_named_without_a_patch(chat: Worked):
    (chat.workspace / "picture.png").write_bytes(bytes(range(256)))
    (file,) = (await chat.diff()).values()
    assert (file.binary, file.patch, file.cut, file.added) == (True, "", False, 0)


async def test_what_is_too_long_is_cut_and_says_so(chat: Worked, monkeypatch: pytest.MonkeyPatch):
    (chat.workspace / "a.txt").write_text("x" * 70 + "\n")
    (chat.workspace / "long.txt").write_text("".join(f"{number}\n" for number in range(diffs.LONG + 1)))
    (chat.workspace / "wide.txt").write_text(f"{'y' * 1000}\n" * 1000)
    (chat.workspace / "z.txt").write_text("z\n")
    files = await chat.diff()
    assert {path: file.cut for path, file in files.items()} == {
        "a.txt": False,
        "long.txt": True,
        "wide.txt": True,
        "z.txt": False,
    }
    assert files["long.txt"].added == diffs.LONG + 1 and files["long.txt"].patch == ""
    assert 200_000 < len(files["wide.txt"].patch) <= diffs.PATCH_BYTES
    monkeypatch.setattr(diffs, "DIFF_BYTES", 5000)
    assert {path: file.cut for path, file in (await chat.diff()).items()} == {
        "a.txt": False,
        "long.txt": True,
        "wide.txt": True,
        "z.txt": True,
    }
    monkeypatch.setattr(diffs, "MOST_FILES", 3)
    diff = await chat.hub.hub.work.diff(chat.id)
    assert (len(diff.files), diff.more) == (3, 1)


async def test_what_is_left_out_is_named(chat: Worked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uncommitted, "FILE_BYTES", 1000)
    (chat.workspace / "huge").write_bytes(b"x" * 1001)
    subprocess.run(["git", "init", "-q", str(chat.workspace / "within")], check=True, timeout=20)
    Repository(chat.workspace / "within").git("config", "user.email", "a@b")
    Repository(chat.workspace / "within").git("config", "user.name", "a")
    Repository(chat.workspace / "within").commit("x", {"x": "x"})
    (chat.workspace / "small").write_text("x\n")
    diff = await chat.hub.hub.work.diff(chat.id)
    assert [file.path for file in diff.files] == ["small"] and diff.left_out == ("huge", "within/")
    (chat.workspace / "small").unlink()
    assert not (await chat.hub.hub.work.diff(chat.id)).uncommitted


async def test_what_git_ignores_is_no_change(chat: Worked):
    (chat.workspace / ".gitignore").write_text("*.log\n")
    (chat.workspace / "a.log").write_text("x")
    assert list(await chat.diff()) == [".gitignore"]


async def test_the_work_of_a_repository_without_a_commit_is_told(a_process_hub: RunningHub, tmp_path: Path):
    empty = tmp_path / "empty"
    subprocess.run(["git", "init", "-q", "-b", "main", str(empty)], check=True, timeout=20)
    found = await a_process_hub.start(await a_process_hub.ready(Repository(empty)))
    chat = Worked(a_process_hub, found.id, Path(found.workspace))
    assert await chat.diff() == {}
    with pytest.raises(Conflict, match="no commit"):
        await chat.branch("first")
    (chat.workspace / "a.txt").write_text("a\n")
    assert list(await chat.diff()) == ["a.txt"]
    made = await chat.commit("The first")
    assert chat.git.git("log", "--format=%s") == "The first" and made.branch == "main"
    assert chat.git.git("status", "--porcelain") == ""
    await chat.branch("first")
    assert Repository(empty).git("log", "--format=%s", "first") == "The first"


async def test_an_agent_s_hooks_filters_and_settings_have_no_part_in_it(
    chat: Worked, a_repository: Repository, tmp_path: Path
):
    ran = tmp_path / "ran"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "diff.x.textconv", "diff.x.command",
                "diff.external", "core.editor", "gpg.program", "merge.x.driver", "core.sshCommand"):  # fmt: skip
        chat.git.git("config", key, str(trap))
    chat.git.git("config", "commit.gpgsign", "true")
    (chat.workspace / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    (chat.workspace / "README.md").write_text("# Gadgets\n")
    for hook in ("pre-commit", "post-commit", "reference-transaction", "commit-msg", "post-index-change"):
        (chat.workspace / ".git/hooks").mkdir(exist_ok=True)
        (chat.workspace / ".git/hooks" / hook).symlink_to(trap)
    ran.unlink(missing_ok=True)
    assert "-# Widgets\n+# Gadgets\n" in (await chat.diff())["README.md"].patch
    await chat.commit("By the person")
    await chat.branch("mine")
    await chat.apply(a_repository.path)
    assert not ran.exists()


# -- the commit


async def test_a_commit_holds_everything_and_is_the_person_s(chat: Worked, monkeypatch: pytest.MonkeyPatch):
    changed_everywhere(chat)
    before = chat.git.head
    made = await chat.commit("Count things\n\nAll of them: “grüße”")
    assert chat.git.head == made.commit == chat.git.git("rev-parse", "HEAD") and made.branch == "main"
    assert chat.git.git("rev-parse", "HEAD~1") == before
    assert chat.git.git("log", "-1", "--format=%B") == "Count things\n\nAll of them: “grüße”"
    assert chat.git.git("log", "-1", "--format=%an") != "Agent"
    assert chat.git.git("status", "--porcelain") == ""
    assert chat.git.git("show", "HEAD:new.txt") == "new"
    assert chat.git.git("reflog", "-1", "--format=%gs") == "commit: Count things"
    chat.git.git("fsck", "--strict")
    diff = await chat.hub.hub.work.diff(chat.id)
    assert not diff.uncommitted and len(diff.files) == 6
    with pytest.raises(Conflict, match="nothing to commit"):
        await chat.commit("Again")
    (chat.workspace / "new.txt").write_text("newer\n")
    again = await chat.commit("Again")
    assert chat.git.git("rev-parse", "HEAD~1") == made.commit and chat.git.head == again.commit


async def test_a_commit_leaves_git_nothing_to_read_anew(chat: Worked):
    (chat.workspace / "new.txt").write_text("new\n")
    await chat.commit("New")
    assert chat.git.git("diff-files") == "" and chat.git.git("diff-index", "HEAD") == ""


async def test_a_commit_on_no_branch_and_on_one_of_many_parts(chat: Worked):
    chat.git.git("switch", "--quiet", "--create", "a/b/c")
    (chat.workspace / "one").write_text("1\n")
    assert (await chat.commit("One")).branch == "a/b/c"
    chat.git.git("pack-refs", "--all")
    chat.git.git("checkout", "--quiet", "--detach")
    (chat.workspace / "two").write_text("2\n")
    made = await chat.commit("Two")
    assert made.branch == "" and chat.git.git("rev-parse", "HEAD") == made.commit
    assert chat.git.git("log", "--format=%s", "-1", "a/b/c") == "One"
    chat.git.git("switch", "--quiet", "a/b/c")
    (chat.workspace / "three").write_text("3\n")
    await chat.commit("Three")
    assert chat.git.git("status", "--porcelain") == "" and chat.git.git("log", "--format=%s", "-2") == "Three\nOne"


async def test_a_commit_while_the_agent_s_git_is_at_work_is_refused(chat: Worked):
    (chat.workspace / "new.txt").write_text("new\n")
    for lock in ("index.lock", "refs/heads/main.lock"):
        (chat.workspace / ".git" / lock).touch()
        with pytest.raises(Conflict, match="at work"):
            await chat.commit("New")
        assert (chat.workspace / ".git" / lock).exists()
        (chat.workspace / ".git" / lock).unlink()
    await chat.commit("New")
    assert not list((chat.workspace / ".git").rglob("*.lock"))


async def test_what_the_agent_commits_meanwhile_is_never_lost(chat: Worked):
    """Many times over, an agent that commits beside a person who does."""
    over = asyncio.Event()

    async def agent() -> int:
        number = 0
        while not over.is_set():
            # At a pace that leaves the person a chance, and no telling when.
            script = f"sleep 0.{2 * number % 9}; echo {number} > agent.txt && git add agent.txt && "
            script += f"git commit -qm 'agent {number}'"
            done = await asyncio.create_subprocess_shell(script, cwd=chat.workspace, stderr=subprocess.DEVNULL)
            number += await done.wait() == 0
        return number

    working = asyncio.create_task(agent())
    mine, refused = 0, 0
    for number in range(40):
        (chat.workspace / f"mine-{number}.txt").write_text("mine\n")
        try:
            await chat.commit(f"mine {number}")
            mine += 1
        except Conflict:
            refused += 1
    over.set()
    theirs = await working
    subjects = chat.git.git("log", "--format=%s").splitlines()
    assert sum(subject.startswith("agent ") for subject in subjects) == theirs > 0
    assert sum(subject.startswith("mine ") for subject in subjects) == mine > 0 and refused
    chat.git.git("fsck", "--strict")


@pytest.mark.parametrize("where", ["HEAD", "index", "refs/heads/main", "refs/heads", "refs", "objects", "objects/pack",
                                   "logs/HEAD", "logs", ""])  # fmt: skip
async def test_a_link_in_an_agent_s_git_is_not_followed(chat: Worked, tmp_path: Path, where: str):
    outside = tmp_path / "outside"
    link = chat.workspace / ".git" / where
    if link.is_dir():
        os.rename(link, outside)
    else:
        outside.write_bytes(link.read_bytes() if link.exists() else b"the person's\n")
        link.unlink(missing_ok=True)
    link.symlink_to(outside)

    def seen() -> dict[str, bytes]:
        files = [path for path in outside.rglob("*") if path.is_file()] if outside.is_dir() else [outside]
        return {str(path): path.read_bytes() for path in files}

    before = seen()
    (chat.workspace / "new.txt").write_text("new\n")
    try:
        await chat.commit("New")
    except GitError:
        pass
    else:
        assert where in ("logs/HEAD", "logs")
    assert seen() == before


# -- a branch


async def test_a_branch_lands_in_the_project_s_repository_and_moves_nothing_there(
    chat: Worked, a_repository: Repository
):
    changed_everywhere(chat)
    (a_repository.path / "README.md").write_text("the person is at work\n")
    before = a_repository.git("status", "--porcelain"), a_repository.git("symbolic-ref", "HEAD"), a_repository.head
    made = await chat.branch("fix/count", "The rest")
    assert (made.repository, made.ref, made.fetch) == (str(a_repository.path), "refs/heads/fix/count", "")
    assert a_repository.git("log", "--format=%s", "-3", "fix/count") == "The rest\nBy the agent\nAdd data"
    assert a_repository.git("show", "fix/count:new.txt") == "new" and made.commit == a_repository.git(
        "rev-parse", "fix/count"
    )
    assert before == (
        a_repository.git("status", "--porcelain"), a_repository.git("symbolic-ref", "HEAD"), a_repository.head,
    )  # fmt: skip
    a_repository.git("fsck", "--strict")
    assert chat.git.git("status", "--porcelain") != "", "nothing is committed in the chat"


async def test_a_branch_without_a_name_gets_the_chat_s(chat: Worked, a_repository: Repository):
    (chat.workspace / "new.txt").write_text("new\n")
    assert (await chat.branch()).name == "agent-hub/count-the-things"
    assert (await chat.branch()).name == "agent-hub/count-the-things-2"
    assert a_repository.git("log", "-1", "--format=%s", "agent-hub/count-the-things") == "Count: the “things”!"


async def test_a_branch_that_is_there_is_never_moved(chat: Worked, a_repository: Repository):
    (chat.workspace / "new.txt").write_text("new\n")
    before = a_repository.git("for-each-ref")
    for name in ("main", "feature", "main/below"):
        with pytest.raises(Conflict):
            await chat.branch(name)
    assert a_repository.git("for-each-ref") == before


@pytest.mark.parametrize("name", ["-d", "a b", "a..b", "a.lock", "refs/heads/x", "@{-1}", "a\nb", "HEAD~1", "/x"])
async def test_a_name_that_is_none_is_refused(chat: Worked, name: str):
    with pytest.raises(InvalidInput):
        await chat.branch(name)


async def test_a_branch_of_a_project_elsewhere_is_in_the_hub_s_clone_and_stays(
    a_process_hub: RunningHub, a_repository: Repository, tmp_path: Path
):
    with GitServer(a_repository.path.parent) as server:
        url = server.url(a_repository.path)
        added = await a_process_hub.hub.projects.add(NewProject(url=url, agent="shell"))
        assert (await a_process_hub.ended_build(added.id)).state is BuildState.ready
        project = a_process_hub.hub.store.projects[added.id]
        found = await a_process_hub.start(project)
        chat = Worked(a_process_hub, found.id, Path(found.workspace))
        (chat.workspace / "new.txt").write_text("new\n")
        made = await chat.branch("mine")
        assert made.ref == "refs/agent-hub/branches/mine"
        await Fetching(a_process_hub.hub.folders.repository(project.id), url).refresh(lambda line: None)
        clone = tmp_path / "clone"
        subprocess.run(["git", "clone", "-q", url, str(clone)], check=True, timeout=30)
        subprocess.run(made.fetch, shell=True, cwd=clone, check=True, timeout=30, capture_output=True)
        assert Repository(clone).git("show", "mine:new.txt") == "new"
        with pytest.raises(Conflict):
            await chat.branch("mine")


async def test_objects_that_git_would_not_take_are_refused(chat: Worked, a_repository: Repository):
    """A commit with a file in ``.git``, as only an attacker makes one."""
    blob = chat.git.git("hash-object", "-w", "README.md")

    def tree(line: str) -> str:
        made = subprocess.run(
            ["git", "-C", str(chat.workspace), "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            input=line.encode("latin-1"), capture_output=True, check=True, timeout=20,
        )  # fmt: skip
        return made.stdout.decode().strip()

    hooks = tree(f"100755 post-checkout\0{bytes.fromhex(blob).decode('latin-1')}")
    top = tree(f"40000 .git\0{bytes.fromhex(hooks).decode('latin-1')}")
    commit = chat.git.git("commit-tree", "-p", "HEAD", "-m", "evil", top)
    (chat.workspace / ".git/refs/heads/main").write_text(f"{commit}\n")
    before = a_repository.git("for-each-ref")
    with pytest.raises(GitError):
        await chat.branch("evil")
    with pytest.raises((GitError, Conflict)):
        await chat.apply(a_repository.path)
    assert a_repository.git("for-each-ref") == before
    assert not (a_repository.path / ".git/post-checkout").exists()


# -- a checkout


async def test_changes_are_put_into_a_checkout_and_not_committed(chat: Worked, a_repository: Repository):
    changed_everywhere(chat)
    (chat.workspace / "run.sh").write_text("#!/bin/sh\n")
    (chat.workspace / "run.sh").chmod(0o755)
    (chat.workspace / "link").symlink_to("README.md")
    (chat.workspace / "picture.png").write_bytes(bytes(range(256)))
    head = a_repository.head
    done = await chat.apply(a_repository.path / "data")
    assert done.to == str(a_repository.path) and a_repository.head == head
    assert set(done.files) == {
        "README.md", "committed.txt", "data/numbers.txt", "link", "new.txt", "picture.png", "run.sh", "staged.txt",
        "widgets.py",
    }  # fmt: skip
    assert a_repository.git("diff", "--cached", "--name-only") == ""
    assert (a_repository.path / "widgets.py").read_text() == "COUNT = 1\nMORE = 2\n"
    assert not (a_repository.path / "data/numbers.txt").exists()
    assert (a_repository.path / "picture.png").read_bytes() == bytes(range(256))
    assert os.access(a_repository.path / "run.sh", os.X_OK) and os.readlink(a_repository.path / "link") == "README.md"
    again = await chat.apply(a_repository.path)
    assert again.files == () and set(again.unchanged) == set(done.files)


async def test_what_the_checkout_has_changed_itself_is_merged(chat: Worked, a_repository: Repository):
    lines = [f"{number}\n" for number in range(1, 21)]
    base = a_repository.commit("Lines", {"lines.txt": "".join(lines)})
    (chat.workspace / "data/numbers.txt").write_text("1\n2\n3\n4\n")
    (chat.workspace / "lines.txt").write_text("the agent's\n")
    (a_repository.path / "data/numbers.txt").write_text("0\n1\n2\n3\n")
    with pytest.raises(Conflict) as caught:
        await chat.apply(a_repository.path)
    assert caught.value.details["files"] == ["lines.txt"] and "lines.txt" in caught.value.message
    assert (a_repository.path / "data/numbers.txt").read_text() == "0\n1\n2\n3\n"
    (chat.workspace / "lines.txt").unlink()
    done = await chat.apply(a_repository.path)
    assert done.files == ("data/numbers.txt",) and a_repository.head == base
    assert (a_repository.path / "data/numbers.txt").read_text() == "0\n1\n2\n3\n4\n"


async def test_every_file_that_does_not_fit_is_named_and_nothing_changes(chat: Worked, a_repository: Repository):
    changed_everywhere(chat)
    (chat.workspace / "picture.png").write_bytes(b"\0mine")
    (a_repository.path / "picture.png").write_bytes(b"\0yours")
    (a_repository.path / "README.md").write_text("# Yours\n")
    (a_repository.path / "data/numbers.txt").write_text("yours\n")
    (a_repository.path / "new.txt").mkdir()
    before = a_repository.git("status", "--porcelain")
    with pytest.raises(Conflict) as caught:
        await chat.apply(a_repository.path)
    assert caught.value.details["files"] == ["README.md", "data/numbers.txt", "new.txt", "picture.png"]
    assert a_repository.git("status", "--porcelain") == before


async def test_a_checkout_s_links_lead_no_change_out_of_it(chat: Worked, a_repository: Repository, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (a_repository.path / "link").symlink_to(outside)
    (chat.workspace / "link").mkdir()
    (chat.workspace / "link/planted").write_text("the agent's\n")
    with pytest.raises(Conflict) as caught:
        await chat.apply(a_repository.path)
    assert caught.value.details["files"] == ["link/planted"] and not list(outside.iterdir())


@pytest.mark.parametrize("to", ["/", "relative", "/no/such/folder", "a\0b", ""])
async def test_what_is_no_checkout_is_refused(chat: Worked, to: str):
    with pytest.raises(InvalidInput):
        await chat.apply(to)


async def test_files_that_change_while_they_are_read_are_read_again(chat: Worked):
    """An agent that goes on writing while the hub looks: a look is whole, or says why not."""
    over = asyncio.Event()

    async def agent() -> None:
        script = "i=0; while :; do i=$((i+1)); echo $i > a.txt; rm -f b.txt; mkdir -p d; echo x > d/$i; rm -rf d; "
        script += "head -c $((i * 100 % 70000)) /dev/zero > b.txt; done"
        process = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=chat.workspace)
        await over.wait()
        process.kill()
        await process.wait()

    working = asyncio.create_task(agent())
    seen = 0
    for _ in range(20):
        try:
            assert set(await chat.diff()) <= {"a.txt", "b.txt"} | {f"d/{number}" for number in range(10**5)}
            seen += 1
        except (Conflict, GitError):
            continue
    over.set()
    await working
    assert seen > 10


async def test_a_workspace_that_holds_git_up_is_given_up(chat: Worked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uncommitted, "TIMEOUT", 1.0)
    monkeypatch.setattr(work, "TIMEOUT", 1.0)
    os.mkfifo(chat.workspace / ".gitignore")
    async with asyncio.timeout(30):
        with pytest.raises(GitError):
            await chat.diff()
    (chat.workspace / ".gitignore").unlink()
