"""Git as the hub runs it."""

from __future__ import annotations

import asyncio

from agent_hub.hub import git


async def test_a_git_that_has_just_ended_is_killed_without_an_error() -> None:
    process = await asyncio.create_subprocess_exec("true", start_new_session=True)
    async with asyncio.timeout(10):
        await process.wait()
    # As where it has ended and nobody has heard of it yet: an error would take the place of a cancellation.
    git._kill(process)
    assert process.returncode == 0
