from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.container.conftest import BIN, Userland


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work space"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    folder = tmp_path / "seed"
    (folder / "node_modules" / ".bin").mkdir(parents=True)
    (folder / "node_modules" / ".bin" / "tool").symlink_to("../tool.js")
    (folder / "node_modules" / "tool.js").write_text("seed")
    (folder / ".venv").mkdir()
    (folder / "-dash and space").write_text("seed")
    (folder / "package.json").write_text("seed")
    return folder


@pytest.fixture
def enter(workspace: Path, seed: Path, tmp_path: Path, userland: Userland):
    def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
        paths = {"AGENT_HUB_WORKSPACE": str(workspace), "AGENT_HUB_SEED": str(seed), "AGENT_HUB_RUN": str(tmp_path)}
        return subprocess.run(
            [userland.shell, str(BIN / "entrypoint"), *(command or ("true",))],
            env={"PATH": userland.path} | paths | env,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


def test_a_new_workspace_gets_what_the_setup_script_made(enter, workspace):
    ended = enter()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (workspace / "node_modules" / ".bin" / "tool").read_text() == "seed"
    assert (workspace / ".venv").is_dir() and (workspace / "-dash and space").read_text() == "seed"
    assert (workspace / ".git" / "agent-hub-seeded").exists()


def test_no_file_of_the_workspace_is_ever_replaced(enter, workspace):
    (workspace / "package.json").write_text("mine")
    (workspace / "node_modules").mkdir()
    (workspace / "node_modules" / "tool.js").symlink_to("/nowhere")
    (workspace / ".venv").write_text("a file where the seed has a folder")
    assert enter().returncode == 0
    assert (workspace / "package.json").read_text() == "mine"
    assert (workspace / "node_modules" / "tool.js").is_symlink()
    assert (workspace / "node_modules" / ".bin" / "tool").is_symlink()
    assert (workspace / ".venv").is_file()


def test_what_a_person_deleted_stays_deleted(enter, workspace):
    enter()
    (workspace / "package.json").unlink()
    enter()
    assert not (workspace / "package.json").exists()


def test_a_copy_that_was_cut_short_is_finished_by_the_next_start(enter, workspace):
    partial = workspace / ".git" / "agent-hub-seeded.partial"
    partial.mkdir()
    (partial / "half").write_text("half")
    enter()
    assert not partial.exists() and (workspace / "node_modules" / "tool.js").exists()


def test_a_folder_without_git_is_seeded_once_too(enter, workspace):
    (workspace / ".git").rmdir()
    enter()
    (workspace / "package.json").unlink()
    enter()
    assert (workspace / ".venv").is_dir() and not (workspace / "package.json").exists()


def test_the_command_runs_in_the_workspace_with_its_arguments_as_they_are(enter, workspace):
    ended = enter("sh", "-c", 'pwd; printf "%s\\n" "$@"; exit 7', "sh", "a b", "", "*")
    assert ended.returncode == 7
    assert ended.stdout.split("\n") == [str(workspace), "a b", "", "*", ""]


def test_the_command_finds_the_gateway_and_the_hub_s_programs(enter, tmp_path):
    (tmp_path / "token").write_text("t0k")
    (tmp_path / "artifacts_url").write_text("http://here/\n")
    script = 'echo "$AGENT_HUB_ARTIFACT_TOKEN $AGENT_HUB_ARTIFACTS_URL"; command -v hub_artifact'
    ended = enter("sh", "-c", script)
    assert ended.stdout.splitlines() == ["t0k http://here/", str(BIN / "hub_artifact")]


def test_a_chat_s_variables_may_have_any_name(enter, tmp_path):
    (tmp_path / "environment").write_text("command export run=1\ncommand export bin=2\n")
    (tmp_path / "command").write_text("set -- sh -c 'echo $run $bin; command -v hub_artifact'\n")
    assert enter().stdout.splitlines() == ["1 2", str(BIN / "hub_artifact")]


def test_a_chat_s_variables_reach_codex_as_they_are(tmp_path):
    codex = tmp_path / "codex"
    codex.write_text('#!/bin/sh\n[ "$1" != app-server ] || exit 1\necho "$mode $server $log"\n')
    codex.chmod(0o755)
    variables = {"mode": "fast", "server": "here", "log": "all"}
    ended = subprocess.run(
        [BIN / "run-codex", "new"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CODEX_HOME": str(tmp_path)} | variables,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.stdout == "fast here all\n"


def test_the_usual_start_forks_nothing(enter, seed):
    enter()
    ended = enter("/bin/true", PATH="/nowhere")
    assert (ended.returncode, ended.stderr) == (0, ""), "nothing was looked for on PATH"


def test_a_program_that_is_not_there_is_named(enter):
    ended = enter("no-such-agent")
    assert ended.returncode == 127 and "no-such-agent" in ended.stderr
