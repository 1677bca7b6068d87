"""``agent_cli``'s commands against a server that runs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub.cli import completions
from agent_hub.cli.chat import find_chat, stop
from agent_hub.cli.stop import command as stop_command
from agent_hub.notebook.client import Hub
from tests.cli.commands import LIMIT, Commands
from tests.cli.person import COMMAND
from tests.conftest import Repository
from tests.notebook.server import Server


@pytest.fixture
def project(commands: Commands, hub: Hub, a_repository: Repository) -> str:
    return hub.add_project(a_repository.path, agent="shell", progress=False).name


@pytest.fixture
def chat(commands: Commands, project: str) -> Iterator[str]:
    """A shell that runs."""
    started = commands.ask("new", project, "--name", "The shell")
    yield started["id"]
    commands.run("stop", started["id"])


def test_a_chat_from_its_start_to_its_end(commands: Commands, hub: Hub, project: str) -> None:
    started = commands.ask("new", project, "--name", "A job", "--", "-c", "echo heron; read line; exit 3")
    assert started["arguments"] == ["-c", "echo heron; read line; exit 3"]
    assert started["name"] == "A job"
    hub.chats["A job"].wait_ready()
    done = commands.run("attach", "A job", "--json", typed="x\n")
    assert done.returncode == 3
    assert json.loads(done.stdout.splitlines()[-1])["exit_code"] == 3
    logs = commands.ask("logs", started["id"])
    assert "heron" in logs["terminal"]
    listed = commands.ask("ls")
    assert [(one["id"], one["status"]) for one in listed["chats"]] == [(started["id"], "exited")]
    assert [one["name"] for one in listed["projects"]] == [project]


def test_a_list_is_for_people(commands: Commands, chat: str, project: str) -> None:
    done = commands.run("ls")
    assert done.returncode == 0
    assert [line.split()[:3] for line in done.stdout.splitlines() if project in line and "ready" in line]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(chat)]
    assert line.endswith("The shell") and project in line


def test_a_folder_becomes_a_project_as_a_chat_is_asked_for(
    commands: Commands, hub: Hub, a_repository: Repository
) -> None:
    data = a_repository.path / "data"
    done = commands.run("new", str(data), "--agent", "shell", "--env-var", "API_TOKEN=s3cret", "--memory", "1g")
    assert done.returncode == 0, done.stderr
    chat = hub.chats[done.stdout.strip()]
    assert chat.project.url == str(a_repository.path)
    assert [(one.name, one.secret) for one in chat._data.env] == [("API_TOKEN", True)]
    assert chat._data.resources.memory == 2**30
    assert commands.run("new", str(a_repository.path), "--agent", "shell").returncode == 0
    assert len(hub.projects) == 1


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--memory", "8x"), 1, "'8x' is no amount of memory"),
        (("--ro-mount", "data"), 1, "'data' is no mount"),
        (("--env-var", "NOT_SET_HERE"), 1, "no variable of that name is set here"),
        (("--agent", "nobody"), 1, "There is no agent 'nobody'. Choose one of: codex, shell."),
        (("--cpus", "-1"), 2, "--cpus"),
        (("--setup-script", "/gone.sh"), 2, "No such file or directory"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_had_is_refused_before_anything_is_built(
    commands: Commands, hub: Hub, a_repository: Repository, options: tuple[str, ...], code: int, said: str
) -> None:
    path = str(a_repository.path)
    commands.ask("new", path, "--agent", "shell", "--", "-c", "true")
    head = a_repository.commit("Add more", {"more.txt": "more\n"})
    done = commands.run("new", path, *options)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    (project,) = hub.projects.values()
    assert project._data.build is not None and project._data.build.commit != head


@pytest.mark.parametrize("name", ["nowhere", "./nowhere", "../nowhere", "~nobody-of-that-name/repository"])
def test_a_folder_that_is_not_here_is_told_as_one(commands: Commands, hub: Hub, name: str) -> None:
    for arguments, code in ((("new", name), 1), (("--project", name), 125)):
        done = commands.run(*arguments)
        assert done.returncode == code
        assert f"agent_cli: There is no folder '{name}' here, and it is no Git URL." in done.stderr


def test_a_new_commit_is_in_the_next_chat_and_another_branch_has_its_own_project(
    commands: Commands, hub: Hub, a_repository: Repository
) -> None:
    path = str(a_repository.path)
    first = commands.ask("new", path, "--agent", "shell")
    head = a_repository.commit("Add more", {"more.txt": "more\n"})
    second = commands.ask("new", path, "--agent", "shell")
    assert second["project"] == first["project"]
    assert hub.chats[second["id"]].wait_ready().files["more.txt"].read_text() == "more\n"
    a_repository.git("switch", "--quiet", "feature")
    third = commands.ask("new", path, "--agent", "shell")
    assert third["project"] != first["project"]
    feature = hub.chats[third["id"]].wait_ready()
    assert feature._data.commit == a_repository.git("rev-parse", "feature") != head


def test_stop_waits_until_a_chat_does_not_run(commands: Commands, hub: Hub, chat: str) -> None:
    (stopped,) = commands.ask("stop", chat)
    assert (stopped["status"], stopped["reason"]) == ("exited", "stopped")
    again = commands.run("stop", chat)
    assert again.returncode == 0 and "does not run" in again.stderr
    refused = commands.run("attach", chat)
    assert refused.returncode == 125
    assert f"agent_cli attach --start {chat}" in refused.stderr


def test_a_chat_that_ends_by_itself_as_it_is_to_be_stopped_keeps_no_other_from_it(
    commands: Commands, hub: Hub, project: str, chat: str
) -> None:
    known = find_chat(hub._transport, chat)
    # Seen as it ran, by now it does not.
    commands.ask("stop", chat)
    assert stop(hub._transport, known).status == "exited"
    twice = commands.ask("new", project)["id"]
    assert [one["status"] for one in commands.ask("stop", twice, twice)] == ["exited", "exited"]


def test_a_shell_takes_no_prompt_and_says_so(commands: Commands, chat: str) -> None:
    done = commands.run("send", chat, "Fix it")
    assert done.returncode == 1
    assert "takes no prompts" in done.stderr and "Traceback" not in done.stderr


def test_what_a_chat_has_published_is_listed_and_saved(commands: Commands, hub: Hub, chat: str, tmp_path: Path) -> None:
    script = "printf one > a.txt; printf two > b.txt; hub_artifact publish a.txt b.txt"
    hub.chats[chat].wait_ready().run(script).check()
    assert {one["name"] for one in commands.ask("artifacts", chat)} == {"a.txt", "b.txt"}
    folder = tmp_path / "saved"
    (saved,) = commands.ask("artifacts", chat, "b.txt", "--save", str(folder))
    assert saved["saved"] == str(folder / "b.txt")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("b.txt", "two")]
    refused = commands.run("artifacts", chat, "--save", str(folder))
    assert refused.returncode == 2 and "--force" in refused.stderr
    assert not (folder / "a.txt").exists()
    hub.chats[chat].run("hub_artifact publish a.txt --name .bash_profile").check()
    (hidden,) = commands.ask("artifacts", chat, ".bash_profile", "--save", str(folder))
    assert hidden["saved"] == str(folder / "_.bash_profile")
    unknown = commands.run("artifacts", chat, "c.txt")
    assert unknown.returncode == 1 and "Did you mean 'b.txt'?" in unknown.stderr


def test_an_unknown_chat_is_answered_with_the_one_that_may_be_meant(commands: Commands, chat: str) -> None:
    done = commands.run("logs", "The shel")
    assert done.returncode == 1
    assert done.stderr == "agent_cli: No chat has the id or the name 'The shel'. Did you mean 'The shell'?\n"


def test_without_a_server_every_command_says_how_to_get_one(commands: Commands, nowhere: Path, tmp_path: Path) -> None:
    for command in ("ls", "new x", "attach x"):
        done = subprocess.run(
            [str(COMMAND), *command.split(), "--data-dir", str(tmp_path / "none")],
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert done.returncode in (1, 125), command
        assert "agent_cli --project PATH" in done.stderr, command
    assert not (tmp_path / "none").exists()


def test_an_error_of_the_machines_is_told_in_words(
    commands: Commands, chat: str, a_repository: Repository, tmp_path: Path
) -> None:
    folder = tmp_path / "file" / "folder"
    folder.parent.write_text("in the way")
    in_the_way = f"agent_cli: {folder}: Not a directory.\n"
    saved = commands.run("artifacts", chat, "--save", str(folder))
    assert (saved.returncode, saved.stderr) == (1, in_the_way)
    path = str(a_repository.path)
    # Where the agent's exit code is awaited, 1 would be one of the agent's.
    unused = {"AGENT_HUB_URL": "", "AGENT_HUB_DATA_DIR": str(folder)}
    kept = commands.run("--project", path, **unused)
    assert (kept.returncode, kept.stderr) == (125, in_the_way)
    without = commands.run("--project", path, PATH=str(tmp_path))
    assert (without.returncode, "There is no git on this machine." in without.stderr) == (125, True)


def test_what_cannot_be_meant_is_refused_before_anything_begins(commands: Commands, project: str) -> None:
    for arguments, said in (
        ((), "Say which project"),
        (("--project", "x", "ls"), "leave out"),
        (("--agent", "shell", "ls"), "stands after it"),
        (("--project", "x", "--resume", "--", "-c"), "for a new chat"),
        (("new", project, "--base", "debian"), "set up already"),
        (("logs", "x", "--terminal", "--build"), "Choose one"),
    ):
        done = commands.run(*arguments)
        assert done.returncode == 2 and said in done.stderr, (arguments, done.stderr)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(commands: Commands, shell: str) -> None:
    done = commands.run("completion", shell)
    assert done.returncode == 0 and "_AGENT_CLI_COMPLETE" in done.stdout


def completed(commands: Commands, *words: str, **environment: str) -> list[str]:
    """What bash is offered in the place of the last of these words."""
    typed = {"COMP_WORDS": " ".join(["agent_cli", *words]), "COMP_CWORD": str(len(words))}
    return commands.run(_AGENT_CLI_COMPLETE="bash_complete", **typed, **environment).stdout.splitlines()


def test_a_shell_completes_names_and_paths(commands: Commands, chat: str, project: str) -> None:
    assert completed(commands, "stop", "The") == ["plain,'The shell'"]
    assert completed(commands, "--resume", "The") == ["plain,'The shell'"]
    assert completed(commands, "new", project[:2]) == [f"plain,{project}"]
    for words, kind in (
        (("--project", "sr"), "dir"),
        (("new", "../sr"), "dir"),
        (("--setup-script", "sr"), "file"),
        (("new", "--base", "sr"), "file"),
        (("artifacts", chat, "--save", "sr"), "dir"),
    ):
        assert completed(commands, *words) == [f"{kind},{words[-1]}"], words


@pytest.mark.timeout(30)
def test_a_shell_waits_for_no_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completions, "PATIENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ctx = stop_command.make_context("stop", ["--url", url, "--token", "x"], resilient_parsing=True)
        assert completions.chats(ctx, stop_command.params[0], "") == []


def test_help_waits_for_nothing_that_takes_long_to_import() -> None:
    code = "import sys; import agent_hub.cli.main; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [str(COMMAND.with_name("python")), "-c", code], check=True, capture_output=True, text=True, timeout=LIMIT
    ).stdout.split()
    assert {"httpx", "pydantic", "asyncio", "websockets", "jupyter_core"}.isdisjoint(loaded)


def test_a_project_s_chat_is_one_of_the_server_that_one_works_in(
    server: Server, hub: Hub, a_repository: Repository, tmp_path: Path
) -> None:
    left_out = ("AGENT_HUB_URL", "AGENT_HUB_TOKEN", "AGENT_HUB_DATA_DIR")
    environment = {name: value for name, value in (os.environ | server.environment).items() if name not in left_out}
    done = subprocess.run(
        [str(COMMAND), "--project", str(a_repository.path), "--agent", "shell"],
        input="exit 5\n",
        capture_output=True,
        text=True,
        timeout=LIMIT,
        cwd=server.root,
        env=environment | {"JUPYTER_DATA_DIR": str(tmp_path / "jupyter")},
    )
    assert done.returncode == 5, (done.stdout, done.stderr)
    assert f"using the hub that runs at {server.url}" in done.stderr
    assert [chat.exit_code for chat in hub.chats.values()] == [5]
