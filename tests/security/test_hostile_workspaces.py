from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent_hub.hub import unsaved, workspaces
from tests.conftest import Repository


async def test_a_pipe_where_git_looks_for_patterns_ends_the_look_and_counts_as_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unsaved, "CHECK_TIMEOUT", 0.5)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=20)
    os.mkfifo(tmp_path / ".gitignore")
    async with asyncio.timeout(60):
        assert await unsaved.unsaved_work(tmp_path)


async def test_any_number_of_submodules_ends_the_look_and_counts_as_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unsaved, "TOTAL_TIMEOUT", 1.0)
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True, timeout=20)
    lines = "".join(f"160000 {'1' * 40}\tmodule-{number}\n" for number in range(2000))
    subprocess.run([*git, "update-index", "--index-info"], input=lines, text=True, check=True, timeout=20)
    for number in range(2000):
        shutil.copytree(tmp_path / ".git" / "info", tmp_path / f"module-{number}" / ".git")
    (tmp_path / ".git" / "info" / "exclude").write_text("*\n")
    async with asyncio.timeout(60):
        assert await unsaved.unsaved_work(tmp_path)


async def test_a_damaged_branch_counts_as_unsaved_work(tmp_path: Path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "a").write_text("a")
    for arguments in (["init", "-q"], ["add", "a"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *arguments], check=True, timeout=20)
    (tmp_path / ".git" / "refs" / "heads" / "damaged").write_text("1" * 40 + "\n")
    assert await unsaved.unsaved_work(tmp_path)


async def test_a_workspace_shares_no_file_with_the_project_s_clone_or_the_person_s_repository(
    tmp_path: Path, a_repository: Repository
):
    clone = workspaces.Repository(tmp_path / "repository.git", str(a_repository.path))
    await clone.refresh(lambda line: None)
    await clone.check_out(tmp_path / "workspace")
    folders = (a_repository.path / ".git", clone.folder, tmp_path / "workspace")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert any("objects" in path.parts for path in files)
    assert [path for path in files if path.stat().st_nlink > 1] == []
