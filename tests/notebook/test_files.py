"""A chat's files in a notebook."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent_hub.errors import Conflict, InvalidInput, NotFound, TooLarge
from agent_hub.hub import workspace_files
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.files import WorkspacePath
from tests.conftest import Repository
from tests.notebook.server import Server

STRANGE = "ä ö/日本語 🦊/100% #1?&=+;'\"\\ \n.txt"


@pytest.fixture
def chat(hub: Hub, a_repository: Repository) -> Chat:
    project = hub.add_project(a_repository.path, agent="shell", progress=False)
    return hub.new_chat(project).wait_ready(60)


@pytest.fixture
def workspace(chat: Chat) -> Path:
    return Path(chat.workspace)


def test_a_file_is_read_and_written(chat: Chat, workspace: Path):
    assert chat.files["data/numbers.txt"].read_text() == "1\n2\n3\n"
    path = chat.files / "data" / "new.txt"
    assert not path.exists()
    assert path.write_text("grüße\n") == len("grüße\n".encode())
    assert (workspace / "data/new.txt").read_text() == "grüße\n" == path.read_text()
    assert path.write_bytes(b"") == 0
    assert path.read_bytes() == b""


def test_a_path_says_what_is_there(chat: Chat):
    files = chat.files
    file, folder = files["data/numbers.txt"], files["data"]
    assert (file.is_file(), file.is_dir(), folder.is_dir(), files.is_dir()) == (True, False, True, True)
    status = file.stat()
    assert (status.type, status.size) == ("file", 6)
    assert datetime.now(UTC) - status.modified < timedelta(minutes=5)
    assert "data/numbers.txt" in files and "nothing" not in files
    with pytest.raises(NotFound):
        files["nothing"].stat()


def test_a_path_is_as_one_of_pathlib(chat: Chat):
    path = chat.files / "data" / "a.tar.gz"
    assert (path.name, path.stem, path.suffix, path.parts) == ("a.tar.gz", "a.tar", ".gz", ("data", "a.tar.gz"))
    assert path.parent == chat.files["data"] == chat.files.joinpath("data") and path.parent.parent == chat.files
    assert str(path) == path.path == "data/a.tar.gz" and repr(path) == "WorkspacePath('data/a.tar.gz')"
    assert len({path, chat.files["data/a.tar.gz"]}) == 1


def test_a_folder_is_listed(chat: Chat):
    assert [path.path for path in chat.files.iterdir()] == [".git", "README.md", "data", "widgets.py"]
    assert [path.path for path in chat.files["data"]] == ["data/numbers.txt"]
    assert "numbers.txt" in chat.files["data"]._ipython_key_completions_()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["widgets.py"]),
        ("**/*.txt", ["data/deep/er/c.txt", "data/numbers.txt"]),
        ("*", ["README.md", "data", "widgets.py"]),
        ("data/*", ["data/deep", "data/numbers.txt"]),
        ("**", ["data", "data/deep", "data/deep/er"]),
        ("**/er/**/*.txt", ["data/deep/er/c.txt"]),
        ("data/**/[ab]*", []),
        (".git/HEAD", [".git/HEAD"]),
        ("*/*/*/?.txt", ["data/deep/er/c.txt"]),
        ("nothing/*", []),
    ],
)
def test_a_pattern_finds_files(chat: Chat, workspace: Path, pattern: str, found: list[str]):
    (workspace / "data/deep/er").mkdir(parents=True)
    (workspace / "data/deep/er/c.txt").touch()
    assert [path.path for path in chat.files.glob(pattern)] == found


def test_a_pattern_below_a_folder(chat: Chat):
    assert [path.path for path in chat.files["data"].glob("*.txt")] == ["data/numbers.txt"]


def test_folders_are_made_and_deleted(chat: Chat, workspace: Path):
    with pytest.raises(NotFound):
        (chat.files / "a" / "b").mkdir()
    with pytest.raises(NotFound, match=r"no 'a' in the workspace\. .*\.mkdir\(parents=True\)"):
        (chat.files / "a" / "b.txt").write_text("b")
    made = (chat.files / "a" / "b").mkdir(parents=True)
    assert (workspace / "a/b").is_dir() and made.is_dir()
    with pytest.raises(Conflict, match="already"):
        made.mkdir()
    made.mkdir(exist_ok=True)
    chat.files.mkdir(exist_ok=True)
    (made / "c").write_text("c")
    with pytest.raises(Conflict, match="not empty"):
        made.unlink()
    with pytest.raises(Conflict, match="already"):
        (made / "c").mkdir(exist_ok=True)
    (made / "c").unlink()
    made.unlink()
    made.unlink(missing_ok=True)
    with pytest.raises(NotFound):
        made.unlink()


def test_any_name_can_be_used(chat: Chat, workspace: Path):
    path = chat.files / STRANGE
    path.parent.mkdir(parents=True)
    path.write_text("x")
    assert (workspace / STRANGE).read_text() == "x" == path.read_text()
    assert list(path.parent) == [path] == list(chat.files.glob("**/100%*"))
    path.unlink()
    assert not (workspace / STRANGE).exists()


def test_a_name_that_is_no_text_can_be_seen(chat: Chat, workspace: Path):
    Path(os.fsdecode(os.fsencode(workspace) + b"/\xff.txt")).touch()
    assert "\\xff.txt" in [path.name for path in chat.files]
    assert "\\xff.txt" in [path.name for path in chat.files.glob("*.txt")]


@pytest.mark.parametrize("path", ["../secret", "data/../../secret", "/etc/passwd", "a\0b", "x" * 300, "a/" * 3000])
def test_a_path_leads_nowhere_else(chat: Chat, path: str):
    with pytest.raises(InvalidInput):
        chat.files[path].read_bytes()
    with pytest.raises(InvalidInput):
        chat.files[path].write_bytes(b"")


@pytest.mark.parametrize("path", ["../secret", "data/../../secret", "a//b", "./a", "data/."])
def test_a_path_that_a_client_of_its_own_sends_leads_nowhere_else(chat: Chat, workspace: Path, path: str):
    (workspace.parent / "secret").write_text("s")
    sent = f"chats/{chat.id}/files/{path.replace('.', '%2e').replace('/', '%2f')}"
    for ask in (chat._transport.content, chat._transport.delete):
        with pytest.raises(InvalidInput):
            ask(sent)
    assert (workspace.parent / "secret").exists()


def test_a_folder_is_no_file_and_a_file_no_folder(chat: Chat):
    with pytest.raises(InvalidInput, match="is a folder"):
        chat.files["data"].read_bytes()
    with pytest.raises(InvalidInput, match="is a folder"):
        chat.files["data"].write_text("")
    with pytest.raises(InvalidInput, match="is no folder"):
        list(chat.files["README.md"])
    with pytest.raises(InvalidInput, match="is no folder"):
        chat.files["README.md/a"].write_text("")
    with pytest.raises(InvalidInput):
        chat.files.write_text("")


def test_a_script_stays_one_when_it_is_written(chat: Chat, workspace: Path):
    script = workspace / "run.sh"
    script.touch(0o755)
    script.chmod(0o755)
    chat.files["run.sh"].write_text("#!/bin/sh\n")
    assert script.stat().st_mode & 0o777 == 0o755
    assert (script.stat().st_uid, script.stat().st_gid) == (workspace.stat().st_uid, workspace.stat().st_gid)


def test_what_the_agent_has_locked_is_said_to_be(chat: Chat, workspace: Path):
    if os.geteuid() == 0:
        pytest.skip("nothing is locked for root")
    (workspace / "README.md").chmod(0)
    with pytest.raises(Conflict, match="locked"):
        chat.files["README.md"].read_text()


def test_a_large_file_costs_no_memory(chat: Chat, workspace: Path, server: Server, tmp_path: Path):
    size = 500 * 2**20
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(size)
    with source.open("rb") as file:
        assert chat.files["large"].write_bytes(file) == size
    assert (workspace / "large").stat().st_size == size
    copy = chat.files["large"].save(tmp_path / "copy")
    assert copy.stat().st_size == size
    peak = Path(f"/proc/{server.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    assert int(peak) < 400_000, "kB of the server"


def test_what_is_too_large_is_refused_before_it_is_sent_whole(chat: Chat, tmp_path: Path):
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(workspace_files.LARGEST_FILE + 1)
    with source.open("rb") as file, pytest.raises(TooLarge):
        chat.files["large"].write_bytes(file)
    assert not chat.files["large"].exists()


def test_a_file_whose_sender_goes_away_is_not_written(chat: Chat, workspace: Path, server: Server):
    (workspace / "a").write_text("before")
    host, port = server.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        head = f"PUT /agent-hub/api/chats/{chat.id}/files/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n"
        connection.sendall(f"{head}Authorization: token {server.token}\r\n\r\nhalf".encode())
        uploads = workspace.parent / "uploads"
        until(lambda: uploads.is_dir() and any(path.stat().st_size for path in uploads.iterdir()))
    until(lambda: not any(uploads.iterdir()))
    assert (workspace / "a").read_text() == "before"


def test_a_stranger_s_bytes_are_not_taken(chat: Chat, workspace: Path, server: Server):
    host, port = server.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        head = f"PUT /agent-hub/api/chats/{chat.id}/files/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n"
        connection.sendall(f"{head}Authorization: token wrong\r\n\r\n".encode())
        assert b" 403 " in connection.recv(100)
    assert not (workspace.parent / "uploads").exists()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_files_of_a_chat_that_does_not_run_can_be_used_until_it_is_deleted(chat: Chat):
    chat.stop()
    chat.files["a.txt"].write_text("a")
    assert chat.files["a.txt"].read_text() == "a"
    path = chat.files["a.txt"]
    chat.delete(force=True)
    with pytest.raises(NotFound):
        path.read_text()
    with pytest.raises(NotFound):
        path.write_text("b")


def test_a_folder_is_shown_as_a_table(chat: Chat, workspace: Path):
    (workspace / "<script>alert(1)").touch()
    shown = chat.files._repr_mimebundle_()
    assert "README.md" in shown["text/plain"] and "data/" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    assert "6 bytes" in chat.files["data/numbers.txt"]._repr_mimebundle_()["text/html"]
    (workspace / "\x1b]0;heron\x07 \u202etxt.exe\nREADME.md").touch()
    shown = chat.files._repr_mimebundle_()
    for text in shown["text/plain"], shown["text/html"]:
        assert not set(text) & {"\x1b", "\x07", "\u202e"} and "⟨U+202E⟩txt.exe␊README.md" in text
    missing: WorkspacePath = chat.files["nothing"]
    assert "There is no" in missing._repr_mimebundle_()["text/plain"]


@pytest.fixture
def in_a_container(docker_server: Server, a_repository: Repository) -> Iterator[Chat]:
    project = docker_server.hub().add_project(a_repository.path, agent="shell", progress=False)
    yield docker_server.hub().new_chat(project).wait_ready(120)
    project.delete(force=True)


def test_a_chat_in_a_container_and_the_notebook_see_the_same_files(in_a_container: Chat):
    chat = in_a_container
    (chat.files / "in" / "put").mkdir(parents=True)
    (chat.files / "in" / "put" / "a.txt").write_text("from the notebook\n")
    done = chat.run("cat in/put/a.txt; echo more >> in/put/a.txt; mkdir out; echo x > out/b.txt")
    assert done.output == "from the notebook\n" and done.ok
    assert chat.files["in/put/a.txt"].read_text() == "from the notebook\nmore\n"
    assert [path.path for path in chat.files.glob("out/*")] == ["out/b.txt"]
    # Links are the container's: one to a file of the host leads nowhere.
    chat.run("ln -s /etc/passwd link; mkfifo pipe", check=True)
    for name in ("link", "pipe"):
        with pytest.raises(InvalidInput):
            chat.files[name].read_bytes()
