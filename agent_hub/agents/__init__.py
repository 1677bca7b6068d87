"""What runs in a chat's container."""

from __future__ import annotations

from agent_hub.agents.base import Agent
from agent_hub.agents.codex import CodexAgent
from agent_hub.agents.shell import ShellAgent
from agent_hub.errors import InvalidInput

AGENTS: dict[str, Agent] = {agent.name: agent for agent in (CodexAgent(), ShellAgent())}
"""Every agent, by name."""


def agent(name: str) -> Agent:
    """The agent of that name.

    Raises
    ------
    InvalidInput
        There is none.
    """
    try:
        return AGENTS[name]
    except KeyError:
        known = ", ".join(sorted(AGENTS))
        raise InvalidInput(f"There is no agent {name[:80]!r}.", f"Choose one of: {known}.", field="agent") from None
