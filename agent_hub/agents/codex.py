"""OpenAI's Codex CLI, in its own terminal interface."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from agent_hub.agents.base import AGENT_HOME, TOKEN_FILE, WORKSPACE, Agent, Warm
from agent_hub.agents.codex_conversation import CodexConversation
from agent_hub.agents.codex_sessions import last_thread
from agent_hub.agents.codex_socket import find_socket, sockets_folder
from agent_hub.agents.codex_spare import WarmCodex
from agent_hub.agents.conversation import Conversation, Listener
from agent_hub.models import Chat

PUBLIC_API = "https://api.openai.com/v1"
"""Where an ``OPENAI_API_KEY`` is for, unless ``OPENAI_BASE_URL`` says otherwise."""

RUN_CODEX = "run-codex"
"""The program of the agent layer that Codex's terminal interface and its app-server are started by."""

KEY_FILE = "openai_key"
"""Where the key is, in :data:`~agent_hub.agents.base.RUN`."""

_COMMANDS = ("exec", "e", "review", "mcp", "debug", "features", "doctor", "help")
"""Codex's own commands that make sense in a chat: they are no client of an app-server, and end by themselves."""

_READ = 'exec cat "$AGENT_HUB_RUN/{}"'

_AT_START = re.compile(
    r"(?!OPENAI_(API_KEY|MODEL)$)((OPENAI|CODEX|RUST|OTEL|LC|SSL)_|"
    r"(PATH|HOME|SHELL|ENV|BASH_ENV|ZDOTDIR|LANG|LANGUAGE|TERM|COLORTERM|NO_COLOR|TZ)$|(?i:[a-z]+_proxy$))"
)
"""Variables that Codex, or the shell of its commands, takes in as it starts."""


class CodexAgent(Agent):
    """Codex. What the hub decides is passed on the command line, so the files in its folder are the person's to change.

    It asks a model by way of the hub's gateway, with the chat's own token: no key is in the container. A chat whose
    environment has an ``OPENAI_API_KEY`` uses that instead, with ``OPENAI_BASE_URL``. ``OPENAI_MODEL`` is honoured.
    """

    name: ClassVar[str] = "codex"
    title: ClassVar[str] = "Codex"
    converses: ClassVar[bool] = True
    asks_openai: ClassVar[bool] = True
    runs_ahead: ClassVar[bool] = True

    def command(self, chat: Chat, gateway: str) -> Sequence[str]:
        if chat.thread:
            return (RUN_CODEX, "resume", *_options(chat, gateway), "--", chat.thread)
        own = ("--", *chat.arguments) if chat.arguments else ()
        if chat.arguments[:1] and chat.arguments[0] in _COMMANDS:
            return (RUN_CODEX, "alone", *_options(chat, gateway), *own)
        # The first prompt is said to the app-server, as every later one, and the terminal shows it.
        return (RUN_CODEX, "new", *_options(chat, gateway), *own)

    def environment(self, chat: Chat) -> Mapping[str, str]:
        return {"CODEX_HOME": AGENT_HOME}

    def files(self, chat: Chat) -> Mapping[str, str]:
        key = _env(chat).get("OPENAI_API_KEY")
        return {KEY_FILE: key} if key else {}

    @property
    def sockets(self) -> str:
        return sockets_folder()

    def prepare(self, chat: Chat, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        _write_once(home / "config.toml", _CONFIG)
        _write_once(home / "AGENTS.md", _INSTRUCTIONS)
        if chat.ask_before:
            _write_rules(home / "rules", chat.ask_before)

    def thread(self, home: Path) -> str:
        return last_thread(home)

    async def converse(self, chat: Chat, home: Path, sockets: Path, listener: Listener) -> Conversation:
        return await CodexConversation.join(lambda: find_socket(home, sockets), chat, listener)

    def spare_command(self, spare: Chat, gateway: str) -> Sequence[str]:
        return (RUN_CODEX, "spare", *_options(spare, gateway))

    def fits(self, spare: Chat, chat: Chat) -> bool:
        held, asked = _env(spare), _env(chat)
        return (
            spare.ask_before == chat.ask_before
            and not chat.arguments
            and _provider(held, "") == _provider(asked, "")
            and bool(_model(spare)) <= bool(_model(chat))
            # What Codex has, the commands that it runs have as well: it can be given a value anew, not taken away.
            and held.keys() <= asked.keys()
            # And they can read, in its process, a value that it was given before.
            and all(held[one.name] == asked[one.name] for one in spare.env if one.secret)
            and all(held.get(name) == asked.get(name) for name in held.keys() | asked.keys() if _AT_START.match(name))
        )

    async def warm(self, spare: Chat, home: Path, sockets: Path) -> Warm:
        return await WarmCodex.wait_for(lambda: find_socket(home, sockets), spare, _model)


_CONFIG = """\
# Codex's configuration in this chat. It is yours: the hub writes it once, and what the hub needs it passes to Codex
# on the command line.
check_for_update_on_startup = false

[analytics]
enabled = false

[features]
# The daemon copies Codex's whole program into this folder.
daemon_auto_start = false
# A refused connection would be retried for ever.
unbounded_connection_retries = false

# The tools publish_artifact and list_artifacts. A server has no more of Codex's environment than is named here.
[mcp_servers.agent_hub]
command = "artifacts-mcp"
env_vars = ["AGENT_HUB_RUN", "AGENT_HUB_WORKSPACE"]
# A large file may take its time.
tool_timeout_sec = 1800
"""


_INSTRUCTIONS = """\
To hand a file over to the person, as a result to look at or to keep, call the tool `publish_artifact`, or run
`hub_artifact publish PATH`. They see it in JupyterLab at once; the same name published again is a new version. Publish
results they asked for, not every file.
"""


def _write_once(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all; one that is there is the person's, and stays."""
    descriptor, new = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        os.unlink(new)


def _write_rules(folder: Path, commands: Sequence[str]) -> None:
    """Write once what Codex asks about: its execution policy, of which it reads every file of that folder."""
    if os.path.lexists(folder):
        # By now it is the agent's, which may have made it a link.
        return
    rules = (f'prefix_rule(pattern={json.dumps(shlex.split(command))}, decision="prompt")\n' for command in commands)
    # Whole or not at all: a folder without its file would be taken for one with it.
    new = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        _write_once(new / "agent-hub.rules", "".join(rules))
        new.rename(folder)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _env(chat: Chat) -> dict[str, str]:
    return {variable.name: variable.value or "" for variable in chat.env}


def _model(chat: Chat) -> str:
    """The model that a chat asks for, empty where that is left to Codex."""
    return chat.model or _env(chat).get("OPENAI_MODEL", "")


def _options(chat: Chat, gateway: str) -> list[str]:
    return [part for key, value in _settings(chat, gateway).items() for part in ("-c", f"{key}={value}")]


def _settings(chat: Chat, gateway: str) -> dict[str, str]:
    """Codex's settings as TOML values, by their dotted key."""
    settings = {
        # The container is the sandbox; Codex's own cannot start in one.
        "sandbox_mode": _toml("danger-full-access"),
        "approval_policy": _toml("on-request" if chat.ask_before else "never"),
        # It is made as a thread begins, which a spare's does before the chat's environment is known; and it would write
        # that, secrets too, below Codex's own folder.
        "features.shell_snapshot": "false",
        # A dotted key cannot hold a path. Without a container the workspace is seen by its own path.
        "projects": _table({path: '{trust_level="trusted"}' for path in (WORKSPACE, chat.workspace) if path}),
    }
    if model := _model(chat):
        settings["model"] = _toml(model)
    return settings | _provider(_env(chat), gateway)


def _provider(env: Mapping[str, str], gateway: str) -> dict[str, str]:
    """The settings of whom Codex asks: the gateway, or whom the chat has a key of its own for."""
    own = bool(env.get("OPENAI_API_KEY"))
    provider = {
        # The name "OpenAI" itself has a meaning to Codex.
        "name": _toml("OpenAI API"),
        "base_url": _toml((env.get("OPENAI_BASE_URL") or PUBLIC_API) if own else f"{gateway}/v1"),
        "wire_api": _toml("responses"),
        # From a file, so that it is in no container's configuration, and may come after Codex was started. A shell
        # finds it, because without a container the folder is another one.
        "auth.command": _toml("sh"),
        "auth.args": f"[{_toml('-c')}, {_toml(_READ.format(KEY_FILE if own else TOKEN_FILE))}]",
        "auth.timeout_ms": "5000",
        # Read for every request, so that the key of before is never used again.
        "auth.refresh_interval_ms": "1",
    }
    return {"model_provider": _toml("hub")} | {f"model_providers.hub.{key}": value for key, value in provider.items()}


def _toml(text: str) -> str:
    """A TOML string. JSON's escapes are TOML's as well, once DEL is escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_toml(key)}={value}" for key, value in values.items()) + "}"
