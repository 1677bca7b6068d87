"""What an agent puts into its workspace against the person who reads and writes files there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub.errors import AgentHubError, InvalidInput, TooLarge
from agent_hub.hub import patterns, workspace_files
from agent_hub.hub.workspace_files import WorkspaceFiles

SECRET = "the person's\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text(SECRET)
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def files(workspace: Path, tmp_path: Path) -> WorkspaceFiles:
    return WorkspaceFiles(workspace, tmp_path / "uploads")


def write(files: WorkspaceFiles, path: str, content: bytes) -> None:
    upload = files.receive(path)
    try:
        upload.write(content)
        upload.finish()
    finally:
        upload.discard()


def test_a_link_is_named_and_followed_nowhere(files: WorkspaceFiles, workspace: Path, outside: Path):
    (workspace / "file").symlink_to(outside / "secret")
    (workspace / "folder").symlink_to(outside)
    (workspace / "real").mkdir()
    (workspace / "real" / "up").symlink_to("../..")
    assert [(entry.name, entry.type) for entry in files.entries("")] == [
        ("file", "link"),
        ("folder", "link"),
        ("real", "folder"),
    ]
    for path in ("file", "folder/secret", "real/up/outside/secret"):
        with pytest.raises(InvalidInput, match="link"):
            files.open(path)
        with pytest.raises(InvalidInput, match="link"):
            write(files, path, b"the agent's")
    for path in ("folder/secret", "real/up/outside/secret"):
        with pytest.raises(InvalidInput, match="link"):
            files.entry(path)
        with pytest.raises(InvalidInput, match="link"):
            files.remove(path)
        with pytest.raises(AgentHubError):
            files.make_folder(f"{path}/new", parents=True, exist_ok=True)
    with pytest.raises(InvalidInput, match="link"):
        files.entries("folder")
    with pytest.raises(InvalidInput, match="link"):
        files.glob("folder", "*")
    assert [entry.path for entry in files.glob("", "**/*")] == ["file", "folder", "real", "real/up"]
    files.remove("file")
    assert (outside / "secret").read_text() == SECRET and os.listdir(outside) == ["secret"]


def test_a_link_in_the_place_of_the_workspace_is_not_followed(files: WorkspaceFiles, workspace: Path, outside: Path):
    workspace.rmdir()
    workspace.symlink_to(outside)
    for ask in (lambda: files.entries(""), lambda: files.open("secret"), lambda: write(files, "a", b"")):
        with pytest.raises(AgentHubError):
            ask()
    assert os.listdir(outside) == ["secret"]


def test_what_is_no_plain_file_holds_nothing_up(workspace: Path):
    os.mkfifo(workspace / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(workspace / "socket"))
    # In a process of its own: a thread that a pipe holds cannot be ended.
    read = (
        "import sys; from pathlib import Path; from agent_hub.hub.workspace_files import WorkspaceFiles\n"
        "from agent_hub.errors import InvalidInput\n"
        "files = WorkspaceFiles(Path(sys.argv[1]), Path(sys.argv[1] + '.uploads'))\n"
        "for path in ('pipe', 'socket'):\n"
        "    for ask in (files.open, files.receive, files.entries):\n"
        "        try: ask(path)\n"
        "        except InvalidInput: print('refused')\n"
        "    files.remove(path)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", read, str(workspace)], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout.split() == ["refused"] * 6 and not list(workspace.iterdir())


@pytest.fixture
def swapping(workspace: Path, outside: Path) -> Iterator[None]:
    """An agent that goes on putting a link out of the workspace in the place of a folder, and taking it back."""
    (workspace / "folder").mkdir()
    (workspace / "folder" / "secret").write_text("the agent's\n")
    (workspace / "link").symlink_to(outside)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            os.rename(workspace / "folder", workspace / "aside")
            os.rename(workspace / "link", workspace / "folder")
            os.rename(workspace / "folder", workspace / "link")
            os.rename(workspace / "aside", workspace / "folder")

    agent = threading.Thread(target=swap)
    agent.start()
    yield
    over.set()
    agent.join(20)


def test_a_folder_that_turns_into_a_link_leads_nowhere_else(
    files: WorkspaceFiles, workspace: Path, outside: Path, swapping: None
):
    read, refused = 0, 0
    for _ in range(2000):
        try:
            with files.open("folder/secret") as file:
                assert file.read() == b"the agent's\n"
            write(files, "folder/secret", b"the agent's\n")
            assert {entry.path for entry in files.glob("folder", "**/*")} <= {"folder/secret"}
            read += 1
        except AgentHubError:
            refused += 1
    assert (outside / "secret").read_text() == SECRET and os.listdir(outside) == ["secret"]
    assert read and refused, "the agent was at work"


def test_folders_without_end_are_looked_into_to_a_bound(
    files: WorkspaceFiles, workspace: Path, monkeypatch: pytest.MonkeyPatch
):
    here = workspace
    for _ in range(patterns.DEPTH + 20):
        here = here / "d"
        here.mkdir()
    assert len(files.glob("", "**/d")) == patterns.DEPTH + 1
    monkeypatch.setattr(patterns, "LOOKS", 50)
    with pytest.raises(TooLarge):
        files.glob("", "**/d")


def test_files_without_number_are_refused(files: WorkspaceFiles, workspace: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workspace_files, "MOST_ENTRIES", 10)
    for number in range(11):
        (workspace / str(number)).touch()
    with pytest.raises(TooLarge):
        files.entries("")
    with pytest.raises(TooLarge):
        files.glob("", "*")


def test_a_pattern_costs_no_time_without_end(files: WorkspaceFiles, workspace: Path):
    (workspace / ("a" * 250)).touch()
    assert files.glob("", "*a" * 200 + "b") == []
    with pytest.raises(InvalidInput):
        files.glob("", "a" * 2000)


def test_a_time_that_no_calendar_has_is_shown_as_the_first(files: WorkspaceFiles, workspace: Path):
    (workspace / "a").touch()
    for seconds in (2**33, -(2**31)):
        os.utime(workspace / "a", (seconds, seconds))
        assert files.entry("a").modified.year > 0


def test_a_file_that_is_written_is_there_in_one_instant(files: WorkspaceFiles, workspace: Path):
    (workspace / "a").write_bytes(b"1" * 1000)
    upload = files.receive("a")
    upload.write(b"2" * 500)
    assert (workspace / "a").read_bytes() == b"1" * 1000 and os.listdir(workspace) == ["a"]
    upload.write(b"2" * 500)
    upload.finish()
    upload.discard()
    assert (workspace / "a").read_bytes() == b"2" * 1000


def test_a_full_disk_is_said_and_leaves_the_file_as_it_was(a_full_disk: Path):
    workspace = a_full_disk / "workspace"
    workspace.mkdir()
    (workspace / "a").write_bytes(b"before")
    with pytest.raises(AgentHubError, match="full"):
        write(WorkspaceFiles(workspace, a_full_disk / "uploads"), "a", b"x" * 2**21)
    assert (workspace / "a").read_bytes() == b"before" and not os.listdir(a_full_disk / "uploads")


@pytest.fixture
def a_full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system to fill")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True, timeout=10)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)


def test_what_a_killed_hub_was_receiving_is_gone_at_the_next_start(tmp_path: Path):
    for chat in ("a", "b"):
        (tmp_path / chat / "uploads").mkdir(parents=True)
        (tmp_path / chat / "workspace").mkdir()
        (tmp_path / chat / "uploads" / "half").write_text("half")
    workspace_files.forget_uploads(tmp_path)
    assert not list(tmp_path.glob("*/uploads")) and len(list(tmp_path.glob("*/workspace"))) == 2
