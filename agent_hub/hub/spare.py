"""A chat prepared ahead: a workspace cloned, a container started, its agent waiting for somebody to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from agent_hub.agents.base import Agent, Warm
from agent_hub.engines.base import Engine, Handle
from agent_hub.errors import AgentUnavailable
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.folders import Folders
from agent_hub.hub.launches import Launcher
from agent_hub.models import Spare, TerminalColours
from agent_hub.terminals.registry import Terminals
from agent_hub.terminals.terminal import Terminal

SETTLE = 0.25
"""Seconds without output after which a program's screen is taken to be drawn."""


@dataclass(eq=False)
class ReadySpare:
    """A spare that waits for its chat, and what is held of it."""

    spare: Spare
    handle: Handle
    terminal: Terminal
    warm: Warm | None
    told: Mapping[str, str]
    colours: TerminalColours | None
    """What its agent was told of people's screens as it drew its own."""
    ending: asyncio.Task[None] | None = None

    @property
    def paused(self) -> bool:
        """Whether its container is frozen: one whose agent runs would otherwise cost a little all the time."""
        return self.warm is not None

    async def let_go(self) -> None:
        """Hold nothing of it any more; its container goes on."""
        if self.ending is not None and self.ending is not asyncio.current_task():
            self.ending.cancel()
        if self.warm is not None:
            await self.warm.close()
        await self.terminal.close()


class SpareMaker:
    """Makes spares, from the workspace to the agent's first screen."""

    def __init__(
        self,
        folders: Folders,
        engine: Engine,
        agents: Mapping[str, Agent],
        launcher: Launcher,
        terminals: Terminals,
    ) -> None:
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self._launcher = launcher
        self._terminals = terminals

    async def make(self, spare: Spare, token: str) -> ReadySpare:
        """Make a spare that is stored already; what is left of one that fails is the caller's to remove.

        Raises
        ------
        AgentUnavailable
            Its container ended, or its agent does not come up.
        """
        handle, told = await self._launcher.prepare_spare(spare.chat, token)
        colours = self._terminals.palette.colours
        made = ReadySpare(spare, handle, self._terminals.make(spare.id), None, told, colours)
        try:
            made.terminal.connect(await self._engine.attach(handle))
            await to_its_end(self._engine.start(handle))
            ended = asyncio.create_task(self._engine.wait(handle))
            ready = asyncio.create_task(self._become_ready(spare))
            try:
                await asyncio.wait([ended, ready], return_when=asyncio.FIRST_COMPLETED)
                if not ready.done():
                    raise AgentUnavailable("Its container ended before it was ready.", "See what its terminal shows.")
                made.warm = ready.result()
            finally:
                for task in (ended, ready):
                    task.cancel()
            if made.warm is not None:
                await _settled(made.terminal)
                await self._engine.pause(handle)
        except BaseException:
            await made.let_go()
            raise
        return made

    async def _become_ready(self, spare: Spare) -> Warm | None:
        agent = self._agents[spare.chat.agent]
        if not agent.runs_ahead:
            await self._launcher.ready(spare.id)
            return None
        return await agent.warm(spare.chat, self._folders.agent_home(spare.id), self._folders.sockets(spare.id))


async def _settled(terminal: Terminal) -> None:
    """Wait until a program has drawn all of its first screen: until it has written nothing for a while."""
    last = None
    # Compared with itself: the clock that it is told by may be set meanwhile.
    while last != terminal.last_activity:
        last = terminal.last_activity
        await asyncio.sleep(SETTLE)
