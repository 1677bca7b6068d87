"""The real Codex, in a container of the agent layer, against the stand-in for a model."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import ptyprocess
import pyte
import pytest

from agent_hub.agents import AGENTS
from agent_hub.agents.base import AGENT_HOME, RUN, WORKSPACE
from agent_hub.models import Chat
from tests.container.conftest import HOST, LABEL

CODEX = AGENTS["codex"]


class Screen:
    """A terminal of 80 × 24 that shows what is drawn and answers no queries, as where nobody watches."""

    def __init__(self, command: list[str]) -> None:
        self._process = ptyprocess.PtyProcess.spawn(command, dimensions=(24, 80))
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, text: str, timeout: float = 20.0) -> str:
        """The screen, once `text` shows on it."""
        self._pump(lambda: text in self.text, timeout)
        assert text in self.text, self.text
        return self.text

    def wait_for_end(self, timeout: float = 20.0) -> int:
        """The exit status of the program, once it has ended."""
        assert self._pump(lambda: False, timeout), f"still running:\n{self.text}"
        return int(self._process.wait())

    def type(self, text: str) -> None:
        self._process.write(text.encode())

    def close(self) -> None:
        self._process.close(force=True)

    def _pump(self, enough: Callable[[], bool], timeout: float) -> bool:
        """Draw until it is enough, or the program has ended, which is True, or time is up."""
        end = time.monotonic() + timeout
        while not enough() and time.monotonic() < end:
            if select.select([self._process.fd], [], [], 0.05)[0]:
                try:
                    data = os.read(self._process.fd, 65536)
                except OSError:
                    return True
                if not data:
                    return True
                self._stream.feed(data)
        return False


@pytest.fixture
def chat(model, host) -> Chat:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(host), "OPENAI_MODEL": "stand-in-1"}
    return Chat(id="c1", project="p1", name="A chat", agent="codex", env=env)


@pytest.fixture
def open_chat(image, chat_folders):
    """Start a chat's terminal as the hub does: no capabilities, its three folders, the agent's own command."""
    screens: list[Screen] = []
    names: list[str] = []
    subprocess.run(["git", "init", "-q", str(chat_folders["workspace"])], check=True)

    def start(chat: Chat, *command: str) -> Screen:
        CODEX.prepare(chat, chat_folders["agent"])
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "1000:1000", *map(str, chat_folders.values())], check=True)
        env = {variable.name: variable.value or "" for variable in chat.env} | dict(CODEX.environment(chat))
        names.append(f"agent-hub-test-{uuid.uuid4().hex[:12]}")
        run = ["docker", "run", "--rm", "-it", "--init", "--name", names[-1], "--label", LABEL]
        run += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--add-host", f"{HOST}:host-gateway"]
        for name, target in (("workspace", WORKSPACE), ("agent", AGENT_HOME), ("run", RUN)):
            run += ["-v", f"{chat_folders[name]}:{target}"]
        for name, value in env.items():
            run += ["-e", f"{name}={value}"]
        screens.append(Screen([*run, image, *(command or CODEX.command(chat))]))
        return screens[-1]

    yield start
    for screen in screens:
        screen.close()
    subprocess.run(["docker", "rm", "-f", *names], capture_output=True, timeout=60)


@pytest.fixture
def thread(chat_folders) -> Callable[[], str]:
    return lambda: CODEX.thread(chat_folders["agent"])


def test_the_first_screen_is_the_prompt_with_no_question_before_it(open_chat, chat, thread):
    screen = open_chat(chat)
    screen.wait_for("Ask Codex to do anything")
    shown = screen.wait_for("· /workspace")
    assert "stand-in-1" in shown.lower()
    for question in ("Trust", "Sign in", "pdate available", "Code Mode is unavailable"):
        assert question not in shown
    assert thread() == ""


def test_a_first_prompt_that_looks_like_an_option_runs_a_shell_command(open_chat, chat, model, chat_folders):
    prompt = "--version and -c too\nRUN: echo made-$((40+2)) | tee made.txt"
    screen = open_chat(chat.model_copy(update={"prompt": prompt}))
    screen.wait_for("Done:")
    made = chat_folders["workspace"] / "made.txt"
    assert made.read_text() == "made-42\n" and made.stat().st_uid == 1000
    turns = model.turns
    assert turns[0].prompts == [prompt] and "made-42" in turns[1].outputs[0]
    assert turns[0].headers["authorization"] == f"Bearer {model.key}" and turns[0].body["model"] == "stand-in-1"


def test_a_stopped_chat_resumes_its_conversation_by_id(open_chat, chat, model, thread):
    first = open_chat(chat.model_copy(update={"prompt": "remember the number 7"}))
    first.wait_for("You said: remember the number 7")
    first.wait_for("Worked for")
    first.type("\x03")
    assert first.wait_for_end() == 0
    started = thread()
    assert started

    second = open_chat(chat.model_copy(update={"prompt": "not sent again", "thread": started}))
    second.wait_for("You said: remember the number 7")
    second.wait_for("Ask Codex to do anything")
    second.type("and now?")
    second.wait_for("and now?")
    second.type("\r")
    second.wait_for("You said: and now?")
    assert model.turns[-1].prompts == ["remember the number 7", "and now?"]
    assert thread() == started


def test_without_a_key_codex_shows_its_own_sign_in(open_chat, chat):
    shown = open_chat(chat.model_copy(update={"env": ()})).wait_for("Sign in with ChatGPT")
    assert "another way" in shown


def test_code_mode_has_the_program_it_needs(open_chat, chat, model):
    chat = chat.model_copy(
        update={
            "prompt": 'JS: text((await tools.exec_command({cmd: "echo js-$((40+2))"})).output)',
            "env": chat.env[:2],
        }
    )
    open_chat(chat).wait_for("Done:")
    assert "js-42" in model.turns[-1].outputs[0]


def test_one_codex_exec_turn_runs_a_shell_command(image, run_in, chat, model, chat_folders):
    CODEX.prepare(chat, chat_folders["agent"])
    settings = list(CODEX.command(chat))[1:]
    subprocess.run(["chown", "-R", "1000:1000", str(chat_folders["agent"])], check=True)
    ended = run_in(
        image,
        ["codex", "exec", "--json", "--skip-git-repo-check", *settings, "--", "RUN: echo $((40+2))"],
        environment={variable.name: variable.value for variable in chat.env} | dict(CODEX.environment(chat)),
        volumes={str(chat_folders["agent"]): {"bind": AGENT_HOME, "mode": "rw"}},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    assert ended.code == 0, ended.output
    assert "turn.completed" in ended.output and "42" in model.turns[1].outputs[0]


def test_the_shell_agent_gives_the_image_s_login_shell(open_chat, chat):
    screen = open_chat(chat, *AGENTS["shell"].command(chat))
    screen.wait_for("$")
    screen.type("echo shell-$((40+2)) $0 $PWD\r")
    screen.wait_for("shell-42 /usr/bin/bash /workspace")
    screen.type("exit 3\r")
    assert screen.wait_for_end() == 3


def test_the_folder_holds_no_configuration_that_others_may_read(chat, tmp_path: Path):
    CODEX.prepare(chat, tmp_path / "agent")
    assert (tmp_path / "agent" / "config.toml").stat().st_mode & 0o777 == 0o600


def test_codex_knows_how_to_publish(open_chat, chat, model):
    open_chat(chat.model_copy(update={"prompt": "hello"})).wait_for("You said: hello")
    assert "hub_artifact publish PATH" in str(model.turns[0].body["input"])


def test_without_a_container_codex_s_commands_still_find_the_hub_s_programs(layers, chat, model, chat_folders):
    CODEX.prepare(chat, chat_folders["agent"])
    chat = chat.model_copy(update={"workspace": str(chat_folders["workspace"])})
    settings = list(CODEX.command(chat))[1:]
    env = {variable.name: variable.value or "" for variable in chat.env} | {
        "CODEX_HOME": str(chat_folders["agent"]),
        "AGENT_HUB_WORKSPACE": chat.workspace,
        "OPENAI_BASE_URL": model.base_url(),
        "PATH": "/usr/bin:/bin",
    }
    settings = [part.replace(HOST, "127.0.0.1") for part in settings]
    command = ["codex", "exec", "--skip-git-repo-check", *settings, "--", "RUN: command -v hub_artifact"]
    # As the hub starts a chat: what to run is in a file, and the entrypoint is called with nothing.
    (chat_folders["run"] / "command").write_text(f"set -- {shlex.join(command)}\n")
    env["AGENT_HUB_RUN"] = str(chat_folders["run"])
    tools = layers.context / "bin"
    subprocess.run([tools / "entrypoint"], env=env, stdin=subprocess.DEVNULL, check=True, timeout=60)
    assert str(tools / "hub_artifact") in model.turns[1].outputs[0]
