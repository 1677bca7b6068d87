"""What an API says as it refuses an account, read for a person."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from agent_hub.gateway.refusal import LONGEST_REFUSAL, words_of


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "Missing scopes: model.request"}}', "Missing scopes: model.request"),
        (b'{"detail": "No subscription"}', "No subscription"),
        (b'{"error": "plain words"}', "plain words"),
        ('{"error": {"message": "two\\nlines \u202e"}}'.encode(), "two lines"),
        (b'{"error": {"message": 7}}', ""),
        (b"<html>", ""),
        (b"[" * LONGEST_REFUSAL, ""),
        (b'{"detail": "' + b"x" * LONGEST_REFUSAL + b'"}', ""),
    ],
    ids=["OpenAI's", "ChatGPT's", "words", "lines", "a number", "no JSON", "without end", "too long"],
)
async def test_the_words_of_a_refusal_are_found_in_any_of_its_forms(body: bytes, said: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for begin in range(0, len(body), 1000):
            yield body[begin : begin + 1000]

    assert await words_of(httpx.Response(401, content=pieces())) == said
