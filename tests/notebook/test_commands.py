"""Commands that a notebook runs in a chat's container."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent_hub.errors import CommandFailed, CommandTimedOut, Conflict, InvalidInput, NotFound
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from tests.conftest import Repository
from tests.notebook.kernel import Kernel
from tests.notebook.server import PROCESS, Server

ENV = {"GREETING": "grüße", "API_KEY": "sesame"}


@pytest.fixture(params=["process", "docker"])
def chat(request: pytest.FixtureRequest, a_repository: Repository) -> Iterator[Chat]:
    """A chat that runs, without a container and in one."""
    server = request.getfixturevalue("server" if request.param == "process" else "docker_server")
    hub = server.hub()
    project = hub.add_project(a_repository.path, agent="shell", progress=False, env=ENV)
    yield hub.new_chat(project).wait_ready(120)
    project.delete(force=True)


@pytest.fixture
def quick_chat(hub: Hub, a_repository: Repository) -> Chat:
    """A chat that runs, without a container."""
    project = hub.add_project(a_repository.path, agent="shell", progress=False, env=ENV)
    return hub.new_chat(project).wait_ready(60)


def until(done: Callable[[], object], timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_command_gives_its_exit_code_and_both_outputs_in_their_order(chat: Chat, capsys: pytest.CaptureFixture[str]):
    done = chat.run("echo one; echo two >&2; echo 'drei 🦊\u2028 é'; exit 3")
    assert (done.exit_code, done.ok) == (3, False)
    assert done.output == "one\ntwo\ndrei 🦊\u2028 é\n" == capsys.readouterr().out
    assert 0 < done.seconds < 60 and "exit code 3" in repr(done)


def test_a_command_runs_in_the_workspace_with_the_chat_s_variables_and_the_hub_s_programs(chat: Chat):
    done = chat.run("cat data/numbers.txt; echo $GREETING $API_KEY; command -v hub_artifact && git status --short")
    assert done.output.startswith("1\n2\n3\ngrüße sesame\n/") and done.exit_code == 0
    assert Path(chat.workspace, "README.md").exists()
    chat.run(["touch", "a name; with $signs"], check=True)
    assert Path(chat.workspace, "a name; with $signs").exists()


def test_a_command_is_bash_s_where_there_is_one(chat: Chat):
    assert chat.run("a=(1 2 3); echo ${#a[@]} $BASH_VERSION").output.startswith("3 5")


def test_output_comes_while_the_command_runs(chat: Chat):
    seen: list[str] = []

    def hear(text: str) -> None:
        seen.append(text)
        Path(chat.workspace, "go").touch()

    done = chat.run("echo begun; until [ -e go ]; do sleep 0.05; done; echo gone on", on_output=hear, show=False)
    assert seen[0] == "begun\n" and "".join(seen) == done.output


def test_a_command_that_takes_too_long_is_ended(chat: Chat):
    with pytest.raises(CommandTimedOut, match="within 10 seconds") as caught:
        chat.run("echo begun; sleep 4712 & sleep 4712", timeout=10, show=False)
    assert isinstance(caught.value, TimeoutError) and "begun" in "\n".join(caught.value.__notes__)
    assert running(chat, "sleep 4712") == 0


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_command(chat: Chat):
    def interrupt(text: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        chat.run("echo begun; sleep 4713 & sleep 4713", on_output=interrupt, show=False)
    until(lambda: running(chat, "sleep 4713") == 0)


def running(chat: Chat, command: str) -> int:
    """How many processes of the chat run a command."""
    first, rest = command[0], command[1:].replace(" ", ".")
    script = f"grep -c '^[{first}]{rest}' /proc/[0-9]*/cmdline 2>/dev/null | grep -vc ':0$'"
    return int(chat.run(script, show=False).output)


def test_a_flood_costs_no_memory(quick_chat: Chat, server: Server):
    done = quick_chat.run("head -c 300000000 /dev/zero | tr '\\0' 'x'", show=False)
    assert len(done.output) == 8 * 2**20
    peak = Path(f"/proc/{server.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    assert int(peak) < 400_000, "kB of the server"


def test_of_a_flood_not_all_is_shown(quick_chat: Chat, capsys: pytest.CaptureFixture[str]):
    quick_chat.run("head -c 2000000 /dev/zero | tr '\\0' 'x'")
    shown = capsys.readouterr().out
    assert len(shown) < 510_000 and "more output, which is not shown" in shown


def test_a_failure_is_raised_where_that_is_asked_for(quick_chat: Chat):
    with pytest.raises(CommandFailed, match="exited with 4") as caught:
        quick_chat.run("echo the-last-words; exit 4", check=True, show=False)
    assert caught.value.details["exit_code"] == 4 and "the-last-words" in caught.value.__notes__[0]
    assert quick_chat.run("true", check=True).ok


def test_what_cannot_be_a_command_is_refused(quick_chat: Chat):
    for bad, timeout in (("", None), ("a\0b", None), ("x" * 200_000, None), ("true", 0)):
        with pytest.raises(InvalidInput):
            quick_chat.run(bad, timeout=timeout)


def test_a_command_in_a_chat_that_starts_is_told_to_wait(hub: Hub, a_repository: Repository):
    project = hub.add_project(a_repository.path, agent="shell", setup="sleep 300", wait=False)
    with pytest.raises(Conflict, match=r"it is queued\. Wait until it does, .*wait_ready"):
        hub.new_chat(project).run("true")


def test_a_command_in_a_chat_that_does_not_run_is_refused(quick_chat: Chat, hub: Hub):
    quick_chat.stop()
    with pytest.raises(Conflict, match="does not run"):
        quick_chat.run("true")
    quick_chat.delete(force=True)
    with pytest.raises(NotFound):
        quick_chat.run("true")


def test_a_command_ends_with_its_chat(quick_chat: Chat):
    stopping: list[threading.Thread] = []

    def stop(text: str) -> None:
        stopping.append(threading.Thread(target=quick_chat.stop))
        stopping[0].start()

    done = quick_chat.run("echo begun; sleep 4714", on_output=stop, show=False)
    stopping[0].join(30)
    assert done.exit_code in (129, 137)


def test_a_command_ends_with_the_server(tmp_path: Path, a_repository: Repository):
    with Server(tmp_path / "ending", PROCESS) as server:
        project = server.hub().add_project(a_repository.path, agent="shell", progress=False)
        chat = server.hub().new_chat(project).wait_ready(60)
        ending: list[threading.Thread] = []

        def end(text: str) -> None:
            ending.append(threading.Thread(target=server.stop))
            ending[0].start()

        with pytest.raises(Exception, match="server") as caught:
            chat.run("echo $$ > pid; echo begun; sleep 4715", on_output=end, show=False)
        assert "begun" in "\n".join(caught.value.__notes__)
        ending[0].join(30)
        pid = Path(chat.workspace, "pid").read_text().strip()
        until(lambda: not Path("/proc", pid).exists())


def test_the_cell_shows_the_output_and_the_stop_button_ends_the_command(hub: Hub, kernel: Kernel, quick_chat: Chat):
    cell = kernel.start(f"from agent_hub import Hub\nHub().chats[{quick_chat.id!r}].run('echo begun; sleep 4716')")
    printed = kernel.prints(cell, "begun\n")
    kernel.interrupt()
    ran = kernel.finish(cell)
    assert "KeyboardInterrupt" in ran.error and printed + ran.printed == "begun\n"
    until(lambda: running(quick_chat, "sleep 4716") == 0)
