"""What a container may use of the machine."""

from __future__ import annotations

from agent_hub.engines.base import Engine, Limits
from agent_hub.models import Resources

PIDS = 4096
"""Processes and threads, where nothing else is said: a bomb of them ends there, and few programs need as many."""

SHARE = 0.9
"""Of a machine's cores and memory, where nothing else is said: one chat alone never takes the rest from the person."""


class ContainerLimits:
    """The limits of a chat's container, and of the one in which its project's setup script runs.

    Parameters
    ----------
    engine
        Whose machines they are of.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._machine: Limits | None = None

    def forget(self) -> None:
        """Ask anew next time: an engine that comes back can have another machine."""
        self._machine = None

    async def of(self, resources: Resources) -> Limits:
        """What was asked for, and the hub's own limits in place of what was not."""
        if self._machine is None:
            self._machine = await self._look()
        return Limits(
            cpus=resources.cpus or self._machine.cpus,
            memory=resources.memory or self._machine.memory,
            pids=resources.pids or PIDS,
        )

    async def _look(self) -> Limits:
        nodes = await self._engine.nodes()
        # Of the smallest: nobody has said yet on which one a container comes to be.
        return Limits(
            cpus=max(0.01, round(min(node.cpus for node in nodes) * SHARE, 2)),
            memory=int(min(node.memory for node in nodes) * SHARE),
        )
