"""What runs in a chat's container."""

from __future__ import annotations

from collections.abc import Mapping

from agent_hub.agents.base import Agent
from agent_hub.agents.codex import CodexAgent
from agent_hub.agents.demo import DemoAgent
from agent_hub.agents.shell import ShellAgent
from agent_hub.errors import InvalidInput

AGENTS: dict[str, Agent] = {agent.name: agent for agent in (CodexAgent(), ShellAgent(), DemoAgent())}
"""Every agent, by name: chats that were made with one go on with it."""


def offered(demo: bool) -> Mapping[str, Agent]:
    """Those that new chats and projects may be given, by name.

    Parameters
    ----------
    demo
        With the one that is a script, and no agent.
    """
    return {name: agent for name, agent in AGENTS.items() if demo or name != DemoAgent.name}


def agent(name: str, among: Mapping[str, Agent] = AGENTS) -> Agent:
    """The agent of that name.

    Raises
    ------
    InvalidInput
        There is none.
    """
    try:
        return among[name]
    except KeyError:
        known = ", ".join(sorted(among))
        raise InvalidInput(f"There is no agent {name[:80]!r}.", f"Choose one of: {known}.", field="agent") from None
