from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from agent_hub.terminals.terminal import Terminal
from tests.terminals.programs import Pty


@pytest.fixture
async def programs() -> AsyncIterator[Callable[..., Awaitable[Pty]]]:
    """Starts programs on a PTY, and ends them after the test."""
    started: list[Pty] = []

    async def start(*command: str) -> Pty:
        started.append(await Pty.start(*(command or ("bash", "--norc", "--noprofile"))))
        return started[-1]

    yield start
    for program in started:
        await program.kill()


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminal = Terminal("chat")
    yield terminal
    await terminal.close()
