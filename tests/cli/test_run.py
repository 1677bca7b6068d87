"""``agent_cli --project`` on a real engine, in a real terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import docker

from tests.cli.person import COMMAND, Person
from tests.cli.tmux import Tmux
from tests.conftest import Repository
from tests.notebook.server import Server

LIMIT = 180.0


def start(terminal: Tmux, repository: Repository, *options: str) -> None:
    """Begin a chat with a shell in it, and wait for its prompt."""
    terminal.type(f"agent_cli --project {repository.path} --agent shell {' '.join(options)}; echo code=$?")
    terminal.shows("/workspace#" if os.geteuid() == 0 else "/workspace$")


def process_of(person: Person) -> int:
    """The command's process."""
    found = subprocess.run(
        ["pgrep", "-f", f"{COMMAND} --project .*{person.folder.parent}"], capture_output=True, text=True, check=True
    )
    return int(found.stdout.split()[0])


def until_gone(person: Person, engine: docker.DockerClient) -> None:
    """Wait until none of the person's containers runs."""
    deadline = time.monotonic() + LIMIT
    while person.containers(engine, all=False):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_terminal_is_the_agents_until_it_ends(
    person: Person, terminal: Tmux, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    (a_repository.path / "draft.txt").write_text("not committed")
    start(terminal, a_repository)
    terminal.type("git log --format=%s | head -1; ls draft.txt")
    terminal.shows("Add data")
    terminal.shows("cannot access 'draft.txt'")
    terminal.type("stty size")
    terminal.shows("30 100")
    terminal.resize(20, 70)
    terminal.type("clear; stty size")
    terminal.shows("20 70")
    # Ctrl-C is the agent's.
    # Said by who is to be interrupted: between two commands the shell would be, and goes on with the second.
    terminal.type("clear; sh -c 'echo asle''ep; exec sleep 1000'")
    terminal.shows("asleep")
    terminal.press("C-c")
    terminal.type("echo interrupted=$?")
    terminal.shows("interrupted=130")
    terminal.type("echo kept > note.txt; exit 3")
    terminal.shows("code=3")
    # The terminal is the person's again: what is typed is shown, and a line is a line.
    terminal.type("clear; stty -a | grep -o ' -*echo ' | tr -d ' '")
    terminal.until(lambda shown: "echo" in shown.splitlines())
    person.ends_its_hub()
    # And the chat is there to go on with.
    terminal.type(f"clear; agent_cli --project {a_repository.path} --resume; echo code=$?")
    terminal.shows("/workspace")
    terminal.type("clear; cat note.txt; exit")
    terminal.shows("kept")
    terminal.shows("code=0")
    assert person.containers(docker_engine, all=False) == []


def test_what_is_not_committed_is_told(person: Person, a_repository: Repository) -> None:
    (a_repository.path / "draft.txt").write_text("not committed")
    done = person.run("--project", str(a_repository.path), "--agent", "shell", typed="exit 4\n")
    assert done.returncode == 4
    assert "1 file is changed and not committed" in done.stderr
    assert "\x1b" not in done.stdout and "exit 4" in done.stdout


def test_a_signal_stops_the_chat_and_leaves_the_terminal_as_it_was(
    person: Person, terminal: Tmux, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    start(terminal, a_repository)
    terminal.type("echo kept > note.txt")
    # A full-screen program that hides the cursor, and takes every key.
    terminal.type(r"printf '\033[?1049h\033[?25l\033[?1000h'; echo full''screen; sleep 1000")
    terminal.shows("fullscreen")
    os.kill(process_of(person), signal.SIGTERM)
    shown = terminal.shows("code=143")
    assert "fullscreen" not in shown
    until_gone(person, docker_engine)
    person.ends_its_hub()
    terminal.type("clear; stty -a | grep -o ' -*echo ' | tr -d ' '")
    terminal.until(lambda shown: "echo" in shown.splitlines())
    (note,) = person.data.glob("chats/*/workspace/note.txt")
    assert note.read_text() == "kept\n"


def test_a_terminal_that_goes_away_takes_its_chat_with_it(
    person: Person, a_repository: Repository, docker_engine: docker.DockerClient, tmp_path: Path
) -> None:
    with Tmux(tmp_path, person.environment) as window:
        start(window, a_repository)
        command = process_of(person)
    # A shell that is told sends it on, beside the system's own.
    with suppress(ProcessLookupError):
        os.kill(command, signal.SIGHUP)
    until_gone(person, docker_engine)


def test_a_chat_that_is_left_goes_on_and_is_found_again(
    person: Person, terminal: Tmux, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    start(terminal, a_repository)
    terminal.type("clear; echo still''here")
    terminal.shows("stillhere")
    terminal.press("C-p", "C-q")
    shown = terminal.shows("code=0")
    assert re.search(r"to come back: agent_cli attach \w+", shown)
    assert len(person.containers(docker_engine, all=False)) == 1
    terminal.type(f"clear; agent_cli --project {a_repository.path} --resume; echo code=$?")
    terminal.shows("stillhere")
    terminal.type("exit 5")
    terminal.shows("code=5")


def test_two_terminals_work_with_one_hub(person: Person, terminal: Tmux, a_repository: Repository) -> None:
    start(terminal, a_repository)
    done = person.run("--project", str(a_repository.path), "--agent", "shell", typed="exit 6\n")
    assert done.returncode == 6
    assert "using the hub that runs" in done.stderr
    terminal.type("exit 7")
    terminal.shows("code=7")


def test_a_snapshot_that_a_server_has_built_is_used_as_it_is(
    person: Person, docker_server: Server, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    script = a_repository.path.parent / "prepare.sh"
    script.write_text("touch prepared.txt\n")
    project = docker_server.hub().add_project(a_repository.path, setup=script.read_text(), progress=False)
    snapshot = project.snapshot
    assert snapshot is not None
    options = ("--agent", "shell", "--setup-script", str(script))
    done = person.run("--project", str(a_repository.path), *options, "--", "-c", "ls prepared.txt")
    assert done.returncode == 0, done.stderr
    assert "prepared.txt" in done.stdout and "ready, built before" in done.stderr
    (container,) = person.containers(docker_engine)
    assert container.attrs["Config"]["Image"] == snapshot.image
    project.delete(force=True)
    container.remove(force=True, v=True)
    docker_engine.images.remove(snapshot.image)


def test_a_folder_that_is_no_repository_is_refused(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    done = person.run("--project", str(folder))
    assert done.returncode == 125
    assert done.stderr.startswith(f"agent_cli: {folder} is no Git repository.")
    assert "git init" in done.stderr
