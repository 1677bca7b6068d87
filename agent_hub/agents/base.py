"""The agent seam: what runs in a chat's container.

An agent is a program with a terminal. It is given its own folder on the host, seen in the container at
:data:`AGENT_HOME`, for its configuration, its login and its record of the conversation; the folder outlives the
container, which is how a conversation is resumed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from agent_hub.models import Chat

WORKSPACE = "/workspace"
"""Where a container sees the chat's workspace."""

AGENT_HOME = "/hub/agent"
"""Where a container sees the agent's own folder."""

RUN = "/hub/run"
"""Where a container sees, read-only, what the hub tells it while it runs: its token, and the gateway's address."""

TOOLS = "/opt/agent-hub"
"""Where an image keeps the agent layer: ``bin/``, and ``seed/``, the files that the setup script made."""


class Agent(ABC):
    """A program that works in a chat."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def command(self, chat: Chat) -> Sequence[str]:
        """What the terminal runs: a new conversation, or the one in ``chat.thread`` where that is set."""

    @abstractmethod
    def environment(self, chat: Chat) -> Mapping[str, str]:
        """Variables that the program needs, beside the chat's own."""

    @abstractmethod
    def prepare(self, chat: Chat, home: Path) -> None:
        """Write the configuration into the agent's folder, before every start. Blocks: call it in a thread."""

    @abstractmethod
    def thread(self, home: Path) -> str:
        """The id of the conversation that the folder holds, empty where there is none. Blocks."""
