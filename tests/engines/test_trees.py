from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from agent_hub.engines.trees import count_files, remove_tree
from agent_hub.hub.unsaved import unsaved_work

DEPTH = 3000
"""Deeper than Python calls, than files may be open in many a system, and than a path may be long."""


def deepen(folder: Path) -> None:
    """Make folders one in another, and a file in the last."""
    folder.mkdir(exist_ok=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("d", dir_fd=here)
        there = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(os.open("work", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    deepen(tmp_path / "deep")
    yield tmp_path / "deep"
    # pytest cannot: it removes folders of earlier runs by calls, one in another, and fails at the first that is deeper.
    subprocess.run(["rm", "-rf", tmp_path / "deep"], check=True, timeout=60)


def test_a_folder_is_removed_however_deep_it_is(deep: Path):
    remove_tree(deep)
    assert not deep.exists()


def test_a_folder_is_removed_whatever_modes_are_in_it_and_wherever_its_links_lead(tmp_path: Path):
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("stays")
    for name in ("a/b", "c", "empty"):
        (folder / name).mkdir(parents=True)
    (folder / "a/b/file").write_text("goes")
    (folder / "c/link").symlink_to(kept)
    (folder / "file-link").symlink_to(kept / "file")
    (folder / "dangling").symlink_to(folder / "nothing")
    os.mkfifo(folder / "c/pipe")
    for name, mode in (("a/b", 0), ("a", 0o400), ("c", 0o500), ("empty", 0o111)):
        (folder / name).chmod(mode)
    remove_tree(folder)
    assert not folder.exists()
    assert (kept / "file").read_text() == "stays"


def test_a_folder_that_is_not_there_is_removed_already(tmp_path: Path):
    remove_tree(tmp_path / "nothing")


def test_a_folder_that_two_remove_at_once_is_removed_for_both(tmp_path: Path):
    for turn in range(20):
        folder = tmp_path / str(turn)
        for number in range(30):
            (folder / str(number) / "a/b/c").mkdir(parents=True)
        with ThreadPoolExecutor(4) as people:
            for removed in [people.submit(remove_tree, folder) for _ in range(4)]:
                removed.result(timeout=20)
        assert not folder.exists()


def test_what_is_added_while_a_folder_is_removed_goes_too(tmp_path: Path):
    folder = tmp_path / "folder"
    end = time.monotonic() + 0.2

    def add() -> None:
        while time.monotonic() < end:
            with suppress(OSError):
                (folder / "a/b").mkdir(parents=True)
                (folder / "a/b/file").write_text("late")

    with ThreadPoolExecutor(1) as another:
        adding = another.submit(add)
        while not adding.done():
            remove_tree(folder)
        adding.result()
    remove_tree(folder)
    assert not folder.exists()


def test_a_link_is_no_folder_to_remove(tmp_path: Path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with pytest.raises(OSError):
        remove_tree(tmp_path / "link")
    assert (tmp_path / "kept").is_dir()


def test_what_cannot_be_looked_into_counts(deep: Path):
    assert count_files(deep) == 1
    assert count_files(deep / "nothing") == 1


async def test_work_is_seen_however_deep_it_is(tmp_path: Path):
    deepen(tmp_path / "workspace")
    assert await unsaved_work(tmp_path / "workspace")
    subprocess.run(["git", "init", "-q", str(tmp_path / "workspace")], check=True, timeout=20)
    assert await unsaved_work(tmp_path / "workspace")
    deepen(tmp_path / "workspace/.git/refs/heads")
    assert await unsaved_work(tmp_path / "workspace")
    remove_tree(tmp_path / "workspace")
