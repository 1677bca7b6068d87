"""What an API says as it refuses an account: that the key is unknown, or that it is not for this model."""

from __future__ import annotations

import asyncio
import json

import httpx

from agent_hub.models import plain_line, refusal_words

LONGEST_REFUSAL = 2**16
"""Bytes of a refusal that are read."""

REFUSAL_SECONDS = 5.0
"""How long they may take to come."""


async def words_of(answer: httpx.Response) -> str:
    """The message of a refusal in a line, which may quote what was asked; empty where there is none to be read.

    Parameters
    ----------
    answer
        Of which only the head was read.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(REFUSAL_SECONDS):
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > LONGEST_REFUSAL:
                    return ""
        said = json.loads(body)
    except (httpx.HTTPError, TimeoutError, ValueError, RecursionError):
        return ""
    return plain_line(refusal_words(said)) if isinstance(said, dict) else ""
