"""What a container may use of the machine."""

from __future__ import annotations

from agent_hub.engines.base import Limits
from agent_hub.models import Resources

PIDS = 4096
"""Processes and threads, where nothing else is said: a bomb of them ends there, and few programs need as many."""


def limits(resources: Resources) -> Limits:
    """The limits of a chat's container, and of the one in which its project's setup script runs."""
    return Limits(cpus=resources.cpus, memory=resources.memory, pids=resources.pids or PIDS)
