"""Work that has no event loop's form, beside one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function of the synchronous library gives, without holding up the event loop.

    Reading, writing and converting files takes a thread whoever does it, so there is one way of doing it and not two;
    what waits for an agent stays on the loop, where a thousand such waits take no thread. A task that is cancelled ends
    once the work does, so that nothing goes on behind it, or with files that its caller has closed.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise
