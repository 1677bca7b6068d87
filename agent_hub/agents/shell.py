"""A plain shell: a chat without an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from agent_hub.agents.base import Agent
from agent_hub.models import Chat

START = """
shell=$(command -v bash || command -v sh)
exec "$shell" -lc '
    case ":$PATH:" in *":$AGENT_HUB_PATH:"*) ;; *) PATH=$AGENT_HUB_PATH:$PATH ;; esac
    exec "$0" "$@"
' "$shell" "$@"
"""
"""A login shell, then the shell itself: many a system's login files set PATH anew, and the hub's programs with it."""


class ShellAgent(Agent):
    """The login shell of the image: bash where it has one, else sh. It has no conversation, and takes no prompt."""

    name: ClassVar[str] = "shell"
    title: ClassVar[str] = "Shell"

    def command(self, chat: Chat, gateway: str) -> Sequence[str]:
        # Later it is a shell to go on in: what it ran at first is done.
        return ("sh", "-c", START, "sh", *(chat.arguments if chat.started_at is None else ()))

    def environment(self, chat: Chat) -> Mapping[str, str]:
        return {}

    def files(self, chat: Chat) -> Mapping[str, str]:
        return {}

    def prepare(self, chat: Chat, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)

    def thread(self, home: Path) -> str:
        return ""
