"""Commands that a person runs in a chat's container, beside its agent."""

from __future__ import annotations

import asyncio
import time

from agent_hub.agents.base import WORKSPACE
from agent_hub.engines.base import Engine, Handle, OutputSink
from agent_hub.errors import CommandTimedOut, Conflict
from agent_hub.hub.store import Store
from agent_hub.models import ChatStatus, CommandEvent, NewCommand

SHELL = """
if [ -r "${AGENT_HUB_RUN:-}/environment" ]; then . "$AGENT_HUB_RUN/environment"; fi
AGENT_HUB_PATH=$PATH
AGENT_HUB_ENVIRONMENT_READ=1
export AGENT_HUB_PATH AGENT_HUB_ENVIRONMENT_READ
shell=$(command -v bash || command -v sh)
exec "$shell" -lc '
    case ":$PATH:" in *":$AGENT_HUB_PATH:"*) ;; *) PATH=$AGENT_HUB_PATH:$PATH ;; esac
    exec "$0" -c "$1"
' "$shell" "$1" 2>&1
"""
"""The chat's variables, then a login shell, then the command. One output, so that all of it comes in its order.

Many a system's login files set PATH anew, and would lose what the image and the chat put there.
"""


class Commands:
    """What runs in containers for a person."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._running: set[asyncio.Task[CommandEvent]] = set()

    async def run(self, chat_id: str, new: NewCommand, on_output: OutputSink) -> CommandEvent:
        """Run a command to its end, in the chat's workspace; returns how it ended.

        Cancelling the task ends the command; see :meth:`~agent_hub.engines.base.Engine.execute`.

        Raises
        ------
        Conflict
            The chat does not run.
        CommandTimedOut
            It took too long, and was ended.
        """
        handle = await self._container(chat_id)
        task = asyncio.ensure_future(self._run(handle, new, on_output))
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)

    async def _run(self, handle: Handle, new: NewCommand, on_output: OutputSink) -> CommandEvent:
        started = time.monotonic()
        command = ["sh", "-c", SHELL, "sh", new.command]
        try:
            async with asyncio.timeout(new.timeout):
                done = await self._engine.execute(handle, command, on_output=on_output, workdir=WORKSPACE)
        except TimeoutError:
            raise CommandTimedOut(
                f"The command did not end within {new.timeout:g} seconds, and was ended.",
                "Give it a longer timeout, or none.",
                seconds=time.monotonic() - started,
            ) from None
        return CommandEvent(exit_code=done.exit_code, seconds=time.monotonic() - started)

    async def _container(self, chat_id: str) -> Handle:
        chat = self._store.chats[chat_id]
        if chat.status is ChatStatus.running:
            found = await self._engine.list({"agent-hub.hub": self._store.hub_id, "agent-hub.chat": chat_id})
            if found:
                return found[0]
        begins = chat.status in (ChatStatus.queued, ChatStatus.starting)
        remedy = "Wait until it does, in Python by chat.wait_ready()." if begins else "Start it, and try again."
        raise Conflict(f"This chat does not run: it is {chat.status.value}.", remedy)

    async def close(self) -> None:
        """End all of them."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
