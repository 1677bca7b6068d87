"""The real Codex, in a container of the agent layer, against the stand-in for a model."""

from __future__ import annotations

import asyncio
import os
import select
import shlex
import stat
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ptyprocess
import pyte
import pytest

from agent_hub.agents import AGENTS
from agent_hub.agents.base import AGENT_HOME, RUN, WORKSPACE, Warm
from agent_hub.agents.conversation import Conversation, Listener
from agent_hub.errors import AgentUnavailable
from agent_hub.models import Chat, EnvVar, now
from tests.container.conftest import HOST, LABEL

CODEX = AGENTS["codex"]
PROMPT = "Ask Codex to do anything"
SOCKETS = "/tmp/codex-daemon-1000"


class Screen:
    """A terminal of 80 × 24 that shows what is drawn and answers no queries, as where nobody watches."""

    def __init__(self, command: list[str]) -> None:
        self._process = ptyprocess.PtyProcess.spawn(command, dimensions=(24, 80))
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, text: str, timeout: float = 120.0) -> str:
        """The screen, once `text` shows on it."""
        self._pump(lambda: text in self.text, timeout)
        assert text in self.text, self.text
        return self.text

    def wait_for_no(self, text: str, timeout: float = 120.0) -> str:
        """The screen, once `text` shows on it no more."""
        self._pump(lambda: text not in self.text, timeout)
        assert text not in self.text, self.text
        return self.text

    def wait_for_end(self, timeout: float = 120.0) -> int:
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
        # Not select(2): other tests of the same process may hold a thousand files open.
        readable = select.poll()
        readable.register(self._process.fd, select.POLLIN)
        while not enough() and time.monotonic() < end:
            if readable.poll(50):
                try:
                    data = os.read(self._process.fd, 65536)
                except OSError:
                    return True
                if not data:
                    return True
                self.output += data
                self._stream.feed(data)
        return False


@pytest.fixture
def chat(model, host) -> Chat:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(host), "OPENAI_MODEL": "stand-in-1"}
    return Chat(id="c1", project="p1", name="A chat", agent="codex", env=env)


@dataclass(frozen=True)
class Opened:
    """A chat's container, and its terminal."""

    container: str
    screen: Screen

    def docker(self, *command: str) -> str:
        done = subprocess.run(["docker", *command, self.container], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def run_chat(image, chat_folders):
    """Start a chat's container as the hub does: no capabilities, its folders, the agent's own command."""
    opened: list[Opened] = []
    subprocess.run(["git", "init", "-q", str(chat_folders["workspace"])], check=True)

    def start(chat: Chat, command: Sequence[str]) -> Opened:
        CODEX.prepare(chat, chat_folders["agent"])
        tell(chat, chat_folders["run"])
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "1000:1000", *map(str, chat_folders.values())], check=True)
        name = f"agent-hub-test-{uuid.uuid4().hex[:12]}"
        run = ["docker", "run", "--rm", "-it", "--init", "--name", name, "--label", LABEL]
        run += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--add-host", f"{HOST}:host-gateway"]
        targets = {"workspace": WORKSPACE, "agent": AGENT_HOME, "run": f"{RUN}:ro", "sockets": SOCKETS}
        for folder, target in targets.items():
            run += ["-v", f"{chat_folders[folder]}:{target}"]
        for variable, value in CODEX.environment(chat).items():
            run += ["-e", f"{variable}={value}"]
        opened.append(Opened(name, Screen([*run, image, *command])))
        return opened[-1]

    yield start
    for one in opened:
        one.screen.close()
    subprocess.run(["docker", "rm", "-f", *(one.container for one in opened)], capture_output=True, timeout=60)


def tell(chat: Chat, run: Path) -> None:
    """What the hub writes for a container to read."""
    exports = [f"export {variable.name}={shlex.quote(variable.value or '')}" for variable in chat.env]
    files = {"environment": "\n".join(exports), **CODEX.files(chat)}
    for name, text in files.items():
        (run / name).write_text(text + "\n")
        (run / name).chmod(0o600)
        if os.getuid() == 0:
            os.chown(run / name, 1000, 1000)


@pytest.fixture
async def claim() -> AsyncIterator[Callable[[Warm, Chat], Awaitable[Conversation]]]:
    """Gives a spare to a chat; its conversation."""
    claimed: list[Conversation] = []

    async def claim(warm: Warm, chat: Chat) -> Conversation:
        claimed.append(await warm.claim(chat, "1", Listener()))
        return claimed[-1]

    yield claim
    for conversation in claimed:
        await conversation.close()


async def say(chat: Chat, folders: Mapping[str, Path]) -> None:
    """Say a chat's first prompt, as the hub does."""
    async with asyncio.timeout(120):
        agent = await CODEX.converse(chat, folders["agent"], folders["sockets"], Listener())
    await agent.say("1", chat.prompt)
    await agent.close()


@pytest.fixture
def open_chat(run_chat, chat_folders):
    """A chat's terminal, from a cold start; its first prompt is said to its app-server."""

    def open(chat: Chat, *command: str) -> Screen:
        opened = run_chat(chat, command or CODEX.command(chat, ""))
        if chat.prompt and not chat.thread:
            asyncio.run(say(chat, chat_folders))
        return opened.screen

    return open


@pytest.fixture
async def make_spare(run_chat, chat_folders):
    """A spare whose first screen is painted, and what holds it for a claim."""
    held: list[Warm] = []

    async def make(spare: Chat) -> tuple[Opened, Warm]:
        opened = run_chat(spare, CODEX.spare_command(spare, ""))
        painted = asyncio.to_thread(opened.screen.wait_for, PROMPT)
        warm, _ = await asyncio.gather(CODEX.warm(spare, chat_folders["agent"], chat_folders["sockets"]), painted)
        held.append(warm)
        return opened, warm

    yield make
    for warm in held:
        await warm.close()


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


def test_without_a_key_codex_asks_by_the_gateway_and_shows_no_sign_in_of_its_own(open_chat, chat):
    shown = open_chat(chat.model_copy(update={"env": ()})).wait_for("Ask Codex to do anything")
    assert "Sign in" not in shown


def test_code_mode_has_the_program_it_needs(open_chat, chat, model):
    chat = chat.model_copy(
        update={
            "prompt": 'JS: text((await tools.exec_command({cmd: "echo js-$((40+2))"})).output)',
            "env": chat.env[:2],
        }
    )
    open_chat(chat).wait_for("Done:")
    assert "js-42" in model.turns[-1].outputs[0]


def with_env(chat: Chat, **env: str) -> Chat:
    return Chat.model_validate(
        chat.model_dump() | {"env": [*chat.env, *(EnvVar(name=n, value=v) for n, v in env.items())]}
    )


async def test_a_spare_becomes_the_chat_that_is_asked_for(
    make_spare, chat, model, chat_folders, thread, receiver, host, claim
):
    (chat_folders["run"] / "token").write_text("the-token\n")
    (chat_folders["run"] / "artifacts_url").write_text(f"{receiver.url(host)}\n")
    (chat_folders["workspace"] / "AGENTS.md").write_text("The word is MARMALADE.\n")
    opened, warm = await make_spare(chat)
    assert not model.turns
    opened.docker("pause")

    prompt = "RUN: echo $ONLY_NOW >made.txt && hub_artifact publish made.txt\nRUN: ONLY_NOW=2 bash -lc 'echo $ONLY_NOW'"
    asked = with_env(chat, ONLY_NOW="given at the claim")
    asked = asked.model_copy(update={"name": "The person's own", "model": "stand-in-2", "prompt": prompt})
    assert CODEX.fits(chat, asked)
    tell(asked, chat_folders["run"])
    opened.docker("unpause")
    claimed = await claim(warm, asked)

    screen = opened.screen
    await asyncio.to_thread(screen.wait_for, "Done:")
    await asyncio.to_thread(screen.wait_for, "The person's own")
    assert claimed.thread == thread()
    turns = model.turns
    assert turns[0].prompts == [prompt] and turns[0].body["model"] == "stand-in-2"
    assert turns[0].headers["authorization"] == f"Bearer {model.key}"
    assert "MARMALADE" in str(turns[0].body) and "hub_artifact publish PATH" in str(turns[0].body)
    assert (chat_folders["workspace"] / "made.txt").read_text() == "given at the claim\n"
    assert turns[2].outputs[1].endswith("\n2\n")
    assert receiver.published[0]["content"] == b"given at the claim\n"
    assert not any(request.asks_for_title for request in model.requests)


async def test_a_claimed_chat_that_was_killed_resumes_and_says_its_first_prompt_once(
    make_spare, open_chat, chat, model, thread, claim
):
    opened, warm = await make_spare(chat)
    asked = chat.model_copy(update={"prompt": "remember the number 7"})
    assert thread() == "", "nobody has said anything yet"
    claimed = await claim(warm, asked)
    await asyncio.to_thread(opened.screen.wait_for, "Worked for")
    opened.docker("kill")
    await asyncio.to_thread(opened.screen.wait_for_end)
    with pytest.raises(AgentUnavailable):
        await claim(warm, asked)

    screen = open_chat(asked.model_copy(update={"thread": thread()}))
    await asyncio.to_thread(screen.wait_for, "You said: remember the number 7")
    await asyncio.to_thread(screen.wait_for, PROMPT)
    assert thread() == claimed.thread and len(model.turns) == 1


async def test_a_path_of_the_chat_s_own_does_not_hide_the_hub_s_programs(make_spare, chat, model, claim):
    chat = with_env(chat, PATH="/opt/mine:/usr/bin:/bin")
    opened, warm = await make_spare(chat)
    prompt = "RUN: command -v hub_artifact; echo $PATH"
    await claim(warm, chat.model_copy(update={"prompt": prompt}))
    await asyncio.to_thread(opened.screen.wait_for, "Done:")
    found, path = model.turns[1].outputs[0].splitlines()[-2:]
    assert found == "/opt/agent-hub/bin/hub_artifact" and "/opt/mine:/usr/bin" in path


async def test_a_chat_that_was_claimed_without_a_prompt_resumes_as_well(make_spare, open_chat, chat, thread, claim):
    opened, warm = await make_spare(chat)
    claimed = await claim(warm, chat.model_copy(update={"name": "Nothing said"}))
    await asyncio.to_thread(opened.screen.wait_for, "Nothing said")
    opened.docker("kill")

    screen = open_chat(chat.model_copy(update={"thread": claimed.thread}))
    await asyncio.to_thread(screen.wait_for, "Nothing said")
    screen.type("hello")
    await asyncio.to_thread(screen.wait_for, "hello")
    screen.type("\r")
    await asyncio.to_thread(screen.wait_for, "You said: hello")
    assert thread() == claimed.thread


async def test_what_a_person_begins_anew_is_what_is_resumed(make_spare, claim, chat, thread):
    opened, warm = await make_spare(chat)
    claimed = await claim(warm, chat.model_copy(update={"prompt": "the first"}))
    screen = opened.screen
    await asyncio.to_thread(screen.wait_for, "Worked for")
    first = claimed.thread
    assert thread() == first
    screen.type("/new")
    await asyncio.to_thread(screen.wait_for, "/new")
    screen.type("\r")
    await asyncio.to_thread(screen.wait_for_no, "You said: the first")
    screen.type("the second")
    await asyncio.to_thread(screen.wait_for, "the second")
    screen.type("\r")
    await asyncio.to_thread(screen.wait_for, "You said: the second")
    assert thread() == claimed.thread != first


def test_without_an_app_server_a_chat_works_in_its_terminal_alone(open_chat, chat, chat_folders):
    # Codex refuses a folder for its sockets that others may look into. What a killed one left is not taken for it.
    chat_folders["sockets"].chmod(0o755)
    os.mknod(chat_folders["agent"] / "app-server.sock", 0o700 | stat.S_IFSOCK)
    screen = open_chat(chat)
    screen.wait_for(PROMPT)
    screen.type("hello")
    screen.wait_for("hello")
    screen.type("\r")
    screen.wait_for("You said: hello")
    assert b"Codex's app-server did not start" in screen.output


async def test_a_paused_spare_is_let_go_at_once_and_goes_on(make_spare, chat, chat_folders, claim):
    opened, warm = await make_spare(chat)
    opened.docker("pause")
    async with asyncio.timeout(10):
        await warm.close()
    opened.docker("unpause")
    again = await CODEX.warm(chat, chat_folders["agent"], chat_folders["sockets"])
    await claim(again, chat.model_copy(update={"prompt": "still there"}))
    await asyncio.to_thread(opened.screen.wait_for, "You said: still there")
    await again.close()


async def test_a_key_is_in_no_configuration_of_a_container(make_spare, chat, model):
    opened, _ = await make_spare(chat)
    assert model.key not in opened.docker("inspect")


def test_the_shell_agent_gives_the_image_s_login_shell(open_chat, chat):
    screen = open_chat(chat, *AGENTS["shell"].command(chat, ""))
    screen.wait_for("$")
    screen.type("echo shell-$((40+2)) $0 $PWD\r")
    screen.wait_for("shell-42 /usr/bin/bash /workspace")
    screen.type("exit 3\r")
    assert screen.wait_for_end() == 3


def test_the_shell_agent_runs_what_it_is_given_once(open_chat, chat):
    given = chat.model_copy(update={"arguments": ("-c", 'echo ran-$((40+2)) "$1"; exit 4', "sh", "two words")})
    screen = open_chat(given, *AGENTS["shell"].command(given, ""))
    screen.wait_for("ran-42 two words")
    assert screen.wait_for_end() == 4
    again = given.model_copy(update={"started_at": now()})
    assert AGENTS["shell"].command(again, "") == AGENTS["shell"].command(chat, "")


def test_arguments_of_the_person_s_own_follow_the_settings(open_chat, chat, model):
    given = chat.model_copy(update={"arguments": ("--no-alt-screen", "Say heron")})
    open_chat(given).wait_for("You said: Say heron")
    assert model.turns[-1].prompts == ["Say heron"]


def test_another_of_codex_s_commands_runs_by_itself_and_ends_the_chat(open_chat, chat, chat_folders):
    given = chat.model_copy(update={"arguments": ("exec", "--skip-git-repo-check", "Say crane")})
    screen = open_chat(given)
    screen.wait_for("You said: Say crane")
    assert screen.wait_for_end() == 0
    assert not (chat_folders["agent"] / "app-server.log").exists()


def test_the_folder_holds_no_configuration_that_others_may_read(chat, tmp_path: Path):
    CODEX.prepare(chat, tmp_path / "agent")
    assert (tmp_path / "agent" / "config.toml").stat().st_mode & 0o777 == 0o600


def test_codex_knows_how_to_publish(open_chat, chat, model):
    open_chat(chat.model_copy(update={"prompt": "hello"})).wait_for("You said: hello")
    assert "hub_artifact publish PATH" in str(model.turns[0].body["input"])


@pytest.fixture
def bare_chat(layers, chat, model, chat_folders, userland):
    """A chat without a container, whose folders have paths of their own; it is started as the hub does."""
    chat = chat.model_copy(update={"workspace": str(chat_folders["workspace"])})
    address = {"OPENAI_BASE_URL": model.base_url()}
    env = [v.model_copy(update={"value": address.get(v.name, v.value)}) for v in chat.env]
    screens: list[Screen] = []

    def start(prompt: str, *, spare: bool = False) -> tuple[Chat, Screen]:
        bare = chat.model_copy(update={"env": tuple(env), "prompt": prompt})
        home = chat_folders["agent"]
        os.chown(home, os.getuid(), os.getgid())
        CODEX.prepare(bare, home)
        tell(bare, chat_folders["run"])
        program, *rest = CODEX.spare_command(bare, "") if spare else CODEX.command(bare, "")
        command = shlex.join([userland.shell, str(layers.context / "bin" / program), *rest])
        # As the hub starts a chat: what to run is in a file, and the entrypoint is called with nothing.
        (chat_folders["run"] / "command").write_text(f"set -- {command}\n")
        variables = {"CODEX_HOME": home, "AGENT_HUB_WORKSPACE": bare.workspace, "AGENT_HUB_RUN": chat_folders["run"]}
        variables |= {"PATH": userland.path, "TERM": "xterm-256color"}
        entrypoint = [userland.shell, str(layers.context / "bin" / "entrypoint")]
        screens.append(Screen(["env", "-i", *(f"{name}={value}" for name, value in variables.items()), *entrypoint]))
        if prompt:
            asyncio.run(say(bare, chat_folders))
        return bare, screens[-1]

    yield start
    for screen in screens:
        screen.close()


def test_without_a_container_codex_s_commands_still_find_the_hub_s_programs(bare_chat, model, layers):
    _, screen = bare_chat("RUN: command -v hub_artifact")
    screen.wait_for("Done:")
    assert str(layers.context / "bin" / "hub_artifact") in model.turns[1].outputs[0]


async def test_without_a_container_a_spare_is_claimed_as_well(bare_chat, model, chat_folders, claim):
    bare, screen = bare_chat("", spare=True)
    await asyncio.to_thread(screen.wait_for, PROMPT)
    warm = await CODEX.warm(bare, chat_folders["agent"], chat_folders["sockets"])
    asked = with_env(bare, ONLY_NOW="at the claim").model_copy(update={"prompt": "RUN: echo $ONLY_NOW"})
    tell(asked, chat_folders["run"])
    await claim(warm, asked)
    await asyncio.to_thread(screen.wait_for, "Done:")
    await warm.close()
    assert model.turns[1].outputs[0].endswith("\nat the claim\n")
