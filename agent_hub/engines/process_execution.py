"""A command that runs beside a container's program, where both are processes of this machine, and how it is ended."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from agent_hub.engines.base import INTERRUPT_GRACE, Executed, LogSink, OutputSink
from agent_hub.engines.output import OUTPUT_KEPT, LineSplitter
from agent_hub.engines.process_identity import ProcessIdentity

T = TypeVar("T")

KILL_TIMEOUT = 10.0
"""Seconds after which a killed process that is still there is an error."""


class InThread(Protocol):
    """Runs what blocks in a thread."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class Execution:
    """One command.

    Parameters
    ----------
    beside
        The commands that run beside the program; while it runs, this one is among them.
    on_line, on_output
        As of :meth:`Engine.execute`.
    """

    def __init__(
        self,
        in_thread: InThread,
        beside: set[ProcessIdentity],
        on_line: LogSink | None,
        on_output: OutputSink | None,
    ) -> None:
        self._in_thread = in_thread
        self._beside = beside
        self._splitter = LineSplitter(on_line or (lambda line: None))
        self._on_output = on_output

    async def run(self, command: Sequence[str], folder: str, env: Mapping[str, str]) -> Executed:
        """Run it to its end, or interrupt it where who waits is cancelled."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Executed(126 if isinstance(error, PermissionError) else 127, f"{error}\n")
        # None where it has ended already.
        identity = ProcessIdentity.of(process.pid)
        if identity is not None:
            self._beside.add(identity)
        try:
            kept = await self._read(process)
            code = await process.wait()
        except BaseException:
            if identity is not None:
                await asyncio.shield(asyncio.ensure_future(self._interrupt(identity, process)))
            raise
        finally:
            if identity is not None:
                self._beside.discard(identity)
        return Executed(code if code >= 0 else 128 - code, kept.decode(errors="replace"))

    async def _read(self, process: asyncio.subprocess.Process) -> bytearray:
        assert process.stdout is not None
        kept = bytearray()
        while part := await process.stdout.read(65536):
            self._splitter.feed(part)
            kept += part
            del kept[:-OUTPUT_KEPT]
            if self._on_output is not None:
                await self._on_output(part)
        self._splitter.close()
        return kept

    async def _interrupt(self, identity: ProcessIdentity, process: asyncio.subprocess.Process) -> None:
        # Whom it leaves behind is asked while it is there: later its number could be another session's.
        session = await self._in_thread(identity.session)
        await self._in_thread(lambda: identity.signal_session(signal.SIGINT))
        end = time.monotonic() + INTERRUPT_GRACE
        while identity.alive:
            session |= await self._in_thread(identity.session)
            if time.monotonic() > end:
                # What stands still starts nothing more while it is counted.
                await self._in_thread(lambda: identity.signal_session(signal.SIGSTOP))
                session |= await self._in_thread(identity.session)
                await self._in_thread(lambda: identity.signal_session(signal.SIGKILL))
                break
            await asyncio.sleep(0.05)
        for one in session:
            one.kill()
        assert process.stdout is not None
        # To its end, so that the pipe is closed; what has left the session may hold it open.
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERRUPT_GRACE):
                while await process.stdout.read(65536):
                    continue
        await asyncio.wait_for(process.wait(), KILL_TIMEOUT)
