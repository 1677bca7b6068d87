"""OpenAI's Codex CLI, in its own terminal interface."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from agent_hub.agents.base import AGENT_HOME, WORKSPACE, Agent
from agent_hub.models import Chat

PUBLIC_API = "https://api.openai.com/v1"
"""Where an ``OPENAI_API_KEY`` is for, unless ``OPENAI_BASE_URL`` says otherwise."""

FIRST_LINE = 4 * 1024 * 1024
"""Characters of a conversation's first line that are read; one that is longer is no conversation."""

_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


class CodexAgent(Agent):
    """Codex. What the hub decides is passed on the command line, so the files in its folder are the person's to change.

    A chat whose environment has ``OPENAI_API_KEY`` uses that; another shows Codex's own login in its terminal, and the
    login stays in the agent's folder. ``OPENAI_BASE_URL`` and ``OPENAI_MODEL`` are honoured.
    """

    name: ClassVar[str] = "codex"
    title: ClassVar[str] = "Codex"

    def command(self, chat: Chat) -> Sequence[str]:
        command = ["codex"]
        if chat.thread:
            command.append("resume")
        for key, value in _settings(chat).items():
            command += ["-c", f"{key}={value}"]
        if chat.thread:
            command += ["--", chat.thread]
        elif chat.prompt:
            command += ["--", chat.prompt]
        return command

    def environment(self, chat: Chat) -> Mapping[str, str]:
        return {"CODEX_HOME": AGENT_HOME}

    def files(self, chat: Chat) -> Mapping[str, str]:
        return {}

    def prepare(self, chat: Chat, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        _write_once(home / "config.toml", _CONFIG)
        _write_once(home / "AGENTS.md", _INSTRUCTIONS)

    def thread(self, home: Path) -> str:
        newest = max(_conversations(home / "sessions"), default=(0, ""))
        return newest[1]


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
"""


_INSTRUCTIONS = """\
To hand a file over to the person, as a result to look at or to keep, run `hub_artifact publish PATH`. They see it in
JupyterLab at once; the same name published again is a new version. Publish results they asked for, not every file.
"""


def _write_once(path: Path, text: str) -> None:
    """Write a file that only its owner reads; one that is there is the person's, and stays."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _settings(chat: Chat) -> dict[str, str]:
    """Codex's settings as TOML values, by their dotted key."""
    env = {variable.name: variable.value or "" for variable in chat.env}
    settings = {
        # The container is the sandbox; Codex's own cannot start in one.
        "sandbox_mode": _toml("danger-full-access"),
        "approval_policy": _toml("never"),
        # A dotted key cannot hold a path. Without a container the workspace is seen by its own path.
        "projects": _table({path: '{trust_level="trusted"}' for path in (WORKSPACE, chat.workspace) if path}),
    }
    model = chat.model or env.get("OPENAI_MODEL", "")
    if model:
        settings["model"] = _toml(model)
    if env.get("OPENAI_API_KEY"):
        settings |= {
            "model_provider": _toml("hub"),
            "model_providers.hub.name": _toml("OpenAI API"),
            "model_providers.hub.base_url": _toml(env.get("OPENAI_BASE_URL") or PUBLIC_API),
            "model_providers.hub.env_key": _toml("OPENAI_API_KEY"),
            "model_providers.hub.wire_api": _toml("responses"),
        }
    return settings


def _toml(text: str) -> str:
    """A TOML string. JSON's escapes are TOML's as well, once DEL is escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_toml(key)}={value}" for key, value in values.items()) + "}"


def _conversations(sessions: Path) -> Iterator[tuple[int, str]]:
    """When each conversation with a person was last written to, and its id; not those that Codex has with itself."""
    for path in sessions.glob("*/*/*/rollout-*.jsonl"):
        try:
            # The agent may have put anything here: a pipe would hold the hub up, a link lead it elsewhere.
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), encoding="utf-8") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    continue
                first = json.loads(file.readline(FIRST_LINE))
                written = status.st_mtime_ns
        except (OSError, ValueError, RecursionError):
            continue
        meta = first.get("payload") if isinstance(first, dict) and first.get("type") == "session_meta" else None
        if isinstance(meta, dict) and meta.get("thread_source", "user") == "user":
            thread = meta.get("id")
            if isinstance(thread, str) and _THREAD.fullmatch(thread):
                yield written, thread
