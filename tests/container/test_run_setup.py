from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.container.conftest import BIN, Userland


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def phase(userland: Userland):
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [userland.shell, str(BIN / "run-setup"), *map(str, arguments)]
        return subprocess.run(command, env={"PATH": userland.path}, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "code.py").write_text("code")
    (folder / ".gitignore").write_text("ignored\n*.egg-info\n")
    (folder / "package").mkdir()
    (folder / "package" / "a.py").write_text("a")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def workspace(source: Path, tmp_path: Path, phase) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    assert phase("copy", source, folder).returncode == 0
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder"
    folder.mkdir()
    return folder / "setup script"


def test_the_checkout_is_copied_whole(source, workspace, phase):
    assert git(workspace, "status", "--porcelain") == ""
    assert (workspace / "package" / "a.py").read_text() == "a"


def test_a_script_runs_in_the_workspace_and_shows_each_command(workspace, script, phase):
    script.write_text("pwd\ncat\nmade=1; test -n $made\n")
    ended = phase("run", workspace, script)
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines() == ["+ pwd", str(workspace), "+ cat", "+ made=1", "+ test -n 1"]


def test_the_outputs_of_a_script_are_one_in_the_order_they_were_written(workspace, script, phase):
    script.write_text("#!/bin/sh\nseq 3\necho no such compiler >&2\necho after\n")
    assert phase("run", workspace, script).stdout.splitlines() == ["1", "2", "3", "no such compiler", "after"]


def test_a_script_ends_at_its_first_failure_with_its_exit_code(workspace, script, phase):
    script.write_text("sh -c 'exit 41'\ntouch after\n")
    assert phase("run", workspace, script).returncode == 41
    assert not (workspace / "after").exists()


@pytest.mark.parametrize("line", ["#!/usr/bin/env python3", "#! /usr/bin/python3 -B"])
def test_a_shebang_is_honoured(workspace, script, line, phase):
    script.write_text(f"{line}\nimport os, sys\nprint(os.getcwd(), len(sys.argv))\n")
    script.chmod(0o444)
    ended = phase("run", workspace, script)
    assert (ended.stdout, ended.stderr) == (f"{workspace} 1\n", "")


def test_an_empty_script_succeeds(workspace, script, phase):
    script.write_text("")
    assert phase("run", workspace, script).returncode == 0


def test_what_the_script_made_moves_to_the_seed_and_the_workspace_is_emptied(workspace, tmp_path, phase):
    hostile = ("-rf", "with space", "new\nline", "quote'\"", "snö 🎉", "*", "--", "back\\slash")
    for name in hostile:
        (workspace / name).write_text(name)
    (workspace / "node_modules" / "deep").mkdir(parents=True)
    (workspace / "node_modules" / "deep" / "file").write_text("x")
    (workspace / "ignored").write_text("x")
    (workspace / "package" / "b.egg-info").mkdir()
    (workspace / "package" / "b.egg-info" / "PKG-INFO").write_text("x")
    (workspace / "package" / "link").symlink_to("/nowhere")
    (workspace / "code.py").write_text("a tracked change")
    seed = tmp_path / "the seed"
    ended = phase("seal", workspace, seed)
    assert (ended.returncode, ended.stderr) == (0, "")
    found = {str(path.relative_to(seed)) for path in seed.rglob("*") if not path.is_dir() or path.is_symlink()}
    assert found - {".git/info/exclude"} == set(hostile) | {
        "node_modules/deep/file",
        "ignored",
        "package/b.egg-info/PKG-INFO",
        "package/link",
    }
    assert list(workspace.iterdir()) == []


def test_a_chat_s_git_leaves_out_what_the_script_made_and_nothing_else(source, workspace, tmp_path, phase):
    for name in ("-rf", "!not", "#no", "*", "[a]", "new\nline", 'quote"', "trailing ", "back\\slash", "ignored", "snö"):
        (workspace / name).write_text("x")
    (workspace / "package" / "made").mkdir()
    (workspace / "package" / "made" / "deep").write_text("x")
    phase("seal", workspace, tmp_path / "seed")
    chat = tmp_path / "chat"
    git(tmp_path, "clone", "-q", "--template=", str(source), str(chat))
    seeded = {"AGENT_HUB_WORKSPACE": str(chat), "AGENT_HUB_SEED": str(tmp_path / "seed"), "PATH": "/usr/bin:/bin"}
    subprocess.run(["/bin/sh", str(BIN / "entrypoint"), "true"], env=seeded, check=True, timeout=30)
    assert (chat / "package" / "made" / "deep").exists() and (chat / "trailing ").exists()
    assert git(chat, "status", "--porcelain") == ""
    (chat / "a new file").write_text("x")
    (chat / "package" / "deep").write_text("x")
    assert git(chat, "status", "--porcelain", "-z").split("\0")[:-1] == ["?? a new file", "?? package/deep"]


def test_a_repository_within_the_workspace_moves_whole(workspace, tmp_path, phase):
    inner = workspace / "vendored"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "file").write_text("x")
    assert phase("seal", workspace, tmp_path / "seed").returncode == 0
    assert (tmp_path / "seed" / "vendored" / "file").exists() and (tmp_path / "seed" / "vendored" / ".git").is_dir()


def test_where_a_script_made_nothing_the_seed_is_empty(workspace, tmp_path, phase):
    assert phase("seal", workspace, tmp_path / "seed").returncode == 0
    assert list((tmp_path / "seed").iterdir()) == [] and list(workspace.iterdir()) == []


def test_a_checkout_without_git_is_told_from_what_the_script_made(source, tmp_path, phase):
    subprocess.run(["rm", "-rf", str(source / ".git")], check=True)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    assert phase("copy", source, workspace).returncode == 0
    (workspace / "made").write_text("x")
    assert phase("seal", workspace, tmp_path / "seed").returncode == 0
    assert {path.name for path in (tmp_path / "seed").iterdir()} == {".git", "made"}
    assert (tmp_path / "seed" / ".git" / "info" / "exclude").read_text() == "/made\n"


def test_a_wrong_call_changes_nothing(workspace, tmp_path, phase):
    for arguments in ((), ("seal", workspace), ("wipe", workspace, tmp_path)):
        assert phase(*arguments).returncode == 2
    assert (workspace / "code.py").exists()


def test_in_a_container_files_made_by_sudo_and_read_only_folders_reach_the_seed(image, run_in, source):
    script = (
        "run-setup copy /hub/source /workspace && cd /workspace"
        " && sudo sh -c 'mkdir rooted && touch rooted/file' && mkdir -p locked/in && touch locked/in/file"
        " && chmod -R a-w locked && run-setup seal /workspace /opt/agent-hub/seed && ls -A /workspace"
        " && cd /opt/agent-hub/seed && find . -name file -user agent"
    )
    options = {"volumes": {str(source): {"bind": "/hub/source", "mode": "ro"}}, "entrypoint": []}
    ended = run_in(image, ["sh", "-c", script], **options)
    assert ended.code == 0, ended.output
    assert sorted(ended.output.split()) == ["./locked/in/file", "./rooted/file"]
