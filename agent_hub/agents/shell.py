"""A plain shell: a chat without an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from agent_hub.agents.base import Agent
from agent_hub.models import Chat


class ShellAgent(Agent):
    """The login shell of the image: bash where it has one, else sh. It has no conversation, and takes no prompt."""

    name: ClassVar[str] = "shell"
    title: ClassVar[str] = "Shell"

    def command(self, chat: Chat) -> Sequence[str]:
        return ("sh", "-c", 'exec "$(command -v bash || command -v sh)" -l')

    def environment(self, chat: Chat) -> Mapping[str, str]:
        return {}

    def prepare(self, chat: Chat, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)

    def thread(self, home: Path) -> str:
        return ""
