"""A demo without a model: a script that answers a few prompts, so that the hub can be tried without an account."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from agent_hub.agents import demo_program
from agent_hub.agents.base import AGENT_HOME, Agent
from agent_hub.agents.conversation import Conversation, Listener
from agent_hub.agents.demo_conversation import DemoConversation
from agent_hub.models import Chat

PROGRAM = "demo.py"
"""What :mod:`~agent_hub.agents.demo_program` is called in the agent's folder."""

START = f"""
command -v python3 >/dev/null || {{
    echo "agent hub: the demo agent is a Python script, and there is no python3 here: choose a base that has it." >&2
    exit 127
}}
exec python3 -u "$AGENT_HUB_DEMO/{PROGRAM}" "$@"
"""


class DemoAgent(Agent):
    """The script. It remembers nothing itself: the hub's record of its turns is the conversation."""

    name: ClassVar[str] = "demo"
    title: ClassVar[str] = "Demo (a script, no model)"
    converses: ClassVar[bool] = True

    def command(self, chat: Chat, gateway: str) -> Sequence[str]:
        return ("sh", "-c", START, "sh", *chat.ask_before)

    def environment(self, chat: Chat) -> Mapping[str, str]:
        return {"AGENT_HUB_DEMO": AGENT_HOME}

    def files(self, chat: Chat) -> Mapping[str, str]:
        return {}

    def prepare(self, chat: Chat, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        # In the place of the one that is there, which may be an older hub's, or by now a link.
        descriptor, new = tempfile.mkstemp(dir=home)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(Path(demo_program.__file__).read_text(encoding="utf-8"))
        os.replace(new, home / PROGRAM)

    def thread(self, home: Path) -> str:
        return ""

    async def converse(self, chat: Chat, home: Path, sockets: Path, listener: Listener) -> Conversation:
        return await DemoConversation.join(home / demo_program.SOCKET, listener)
