"""What a cancelled task must still see through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: Awaitable[T]) -> T:
    """Await work that must not be left half-known: where this task is cancelled, it waits for the work first.

    A request to the engine goes on without whoever asked for it, so the container it makes would be missed by a
    cancelled start, and by the deletion that follows.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
