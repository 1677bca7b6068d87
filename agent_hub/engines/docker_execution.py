"""A command that runs in a container beside its program, and how it is ended.

The engine has no way to end one: what its connection leaves behind goes on. So a shell tells the command's pid first,
as the container counts it, and then becomes the command. It leads a session, and a second command signals all of that.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from agent_hub.engines.base import INTERRUPT_GRACE
from agent_hub.engines.docker_connection import DockerConnection
from agent_hub.engines.http import Answer
from agent_hub.errors import AgentHubError

BEGIN = 'echo $$; exec "$@"'

SIGNAL = """
[ "$2" != KILL ] || kill -s KILL "$1"
for again in 1 2 3 4 5 6 7 8 9; do
    found=
    for stat in /proc/[0-9]*/stat; do
        read -r line <"$stat" || continue
        # The name is in brackets and may hold anything; after it come the state, the parent, the group and the session.
        set -- "$1" "$2" "${line%% *}" ${line##*) }
        if [ "$7" = "$1" ] && [ "$4" != Z ]; then
            found=yes
            kill -s "$2" "$3"
        fi
    done
    [ "$found$2" = yesKILL ] || break
done 2>/dev/null
"""
"""Signals the session `$1` with `$2`; kills until there is none left. The leader first, which would start the next.

It needs no program but the shell: an image may have no ``ps``.
"""

LONGEST_START = 4096
"""Bytes in which a shell tells its pid, whatever it complains about before."""

END_TIMEOUT = 10.0
"""Seconds after which a command that was killed, and is still there, is left to its container."""


class Execution:
    """One command in a container."""

    def __init__(self, engine: DockerConnection, container: str) -> None:
        self._engine = engine
        self._container = container
        self._path = ""
        self._starting: asyncio.Task[None] | None = None
        self._answer: Answer | None = None
        self._frames: AsyncIterator[tuple[int, bytes]] | None = None
        self._begun: list[tuple[int, bytes]] = []
        self._session = ""
        self._user: dict[str, Any] = {}

    async def start(self, command: Sequence[str], options: dict[str, Any]) -> None:
        """Start it. Raises the hub's own errors."""
        self._user = {"User": options["User"]} if "User" in options else {}
        body = {**options, "AttachStdout": True, "AttachStderr": True, "Cmd": ["sh", "-c", BEGIN, "sh", *command]}
        made = await self._engine.call("POST", f"/containers/{self._container}/exec", None, json.dumps(body).encode())
        self._path = f"/exec/{made['Id']}"
        # A request that is cut off may have been heard: who gives up has to know what to end.
        self._starting = asyncio.ensure_future(self._start())
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        mode = {"Detach": False, "Tty": False}
        self._answer = await self._engine.request("POST", f"{self._path}/start", None, mode, upgrade=True)
        self._frames = self._answer.frames()
        told, size = b"", 0
        async for output, part in self._frames:
            size += len(part)
            if output == 1:
                told += part
            else:
                self._begun.append((output, part))
            match = re.match(rb"([0-9]{1,10})\n", told)
            # The agent may have put something else in the place of the shell, which may write without end.
            if match or size > LONGEST_START:
                self._session = match[1].decode() if match else ""
                self._begun.append((1, told[match.end() :] if match else told))
                return

    async def frames(self) -> AsyncIterator[tuple[int, bytes]]:
        """What it writes, as it comes: 1 or 2 for the output, and the bytes."""
        assert self._frames is not None, "it has started"
        for output, part in self._begun:
            if part:
                yield output, part
        async for output, part in self._frames:
            yield output, part

    async def exit_code(self) -> int:
        """Its exit code, once it has ended; it may close its outputs long before."""
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            found = await self._look()
            if not found["Running"] and found["ExitCode"] is not None:
                return int(found["ExitCode"])
            pause = min(max(pause * 2, 0.01), 1.0)

    async def interrupt(self) -> None:
        """End it, and what it has started in its session; no error where that cannot be done."""
        if self._starting is None:
            return
        with suppress(AgentHubError, OSError, TimeoutError):
            async with asyncio.timeout(END_TIMEOUT):
                await self._starting
                # What it still writes is taken, so that it does not wait for a reader instead of ending.
                draining = asyncio.ensure_future(self._drain())
                try:
                    await self._end()
                finally:
                    draining.cancel()

    async def _end(self) -> None:
        if not self._session:
            return
        await self._signal("INT")
        end = time.monotonic() + INTERRUPT_GRACE
        while (await self._look())["Running"] and time.monotonic() < end:
            await asyncio.sleep(0.05)
        # Also what it has left behind, such as a program in the background, which no interrupt reaches.
        await self._signal("KILL")
        while (await self._look())["Running"]:
            await asyncio.sleep(0.05)

    async def _signal(self, name: str) -> None:
        beside = Execution(self._engine, self._container)
        try:
            # As the same user: without capabilities not even root may signal another's.
            await beside.start(["sh", "-c", SIGNAL, "sh", self._session, name], self._user)
            await beside._drain()
        finally:
            beside.close()

    async def _drain(self) -> None:
        with suppress(OSError):
            while self._answer is not None and await self._answer.reader.read(65536):
                continue

    async def _look(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._engine.call("GET", f"{self._path}/json")
        return found

    def close(self) -> None:
        """Give back its connection."""
        if self._answer is not None:
            self._answer.close()
