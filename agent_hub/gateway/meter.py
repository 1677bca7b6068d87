"""Counts the tokens of a model's answer while it passes by."""

from __future__ import annotations

import json
from typing import Any

from agent_hub.models import Usage

LONGEST = 16 * 2**20
"""Bytes of one line, or of an answer in one piece, that are looked at."""

MARK = b'"usage"'

TOKEN_ASKED, TOKEN_ANSWERED = 4, 100
"""Bytes of a question, and of a streamed answer with all that is around each word, that are taken for a token."""


class Meter:
    """What an answer says of its tokens, of either of OpenAI's APIs, streamed or in one piece.

    Source: https://platform.openai.com/docs/api-reference/responses-streaming, and `usage` of Chat Completions.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._skipping = False
        self._answered = 0
        self._whole: bytearray | None = None
        self.usage: Usage | None = None

    def gather(self) -> None:
        """The answer is in one piece: it is read at its end, since OpenAI writes one over many lines."""
        self._whole = bytearray()

    def guess(self, asked: int) -> Usage:
        """About what an answer has taken that says nothing of it: one that broke off, or of an API that never does.

        Parameters
        ----------
        asked
            Bytes of the question.
        """
        given, made = asked // TOKEN_ASKED, self._answered // TOKEN_ANSWERED
        return Usage(input=given, cached_input=0, output=made, reasoning=0, total=given + made)

    def feed(self, data: bytes) -> None:
        """Take the next piece, however it is cut."""
        self._answered += len(data)
        if self._whole is not None and len(self._whole) + len(data) <= LONGEST:
            self._whole += data
            return
        # Longer than one that is gathered: what is told on one line is still found.
        self._whole, data = None, bytes(self._whole or b"") + data
        end = data.rfind(b"\n")
        if end < 0:
            self._add(data)
            return
        if self._skipping:
            lines, self._skipping = data[data.find(b"\n") : end], False
        else:
            lines = bytes(self._line) + data[:end]
        self._line.clear()
        self._take(lines)
        self._add(data[end + 1 :])

    def end(self) -> None:
        """There is no more."""
        whole, self._whole = self._whole, None
        if whole is not None:
            if MARK in whole:
                self._read(bytes(whole))
            if self.usage is None:
                # Events after all, whatever it was called.
                self._take(bytes(whole))
            return
        self._take(bytes(self._line))
        self._line.clear()

    def _add(self, piece: bytes) -> None:
        if self._skipping or len(self._line) + len(piece) > LONGEST:
            self._skipping = True
            self._line.clear()
        else:
            self._line += piece

    def _take(self, lines: bytes) -> None:
        # Most lines are a word of the answer, and say nothing of its tokens: they are not even told apart.
        if MARK not in lines:
            return
        for line in lines.split(b"\n"):
            if MARK in line:
                self._read(line)

    def _read(self, line: bytes) -> None:
        try:
            told = json.loads(line.removeprefix(b"data:"))
        except (ValueError, RecursionError):
            return
        if isinstance(told, dict):
            inner = told.get("response")
            found = (inner if isinstance(inner, dict) else told).get("usage")
            if isinstance(found, dict):
                self.usage = _usage(found)


def _usage(told: dict[str, Any]) -> Usage:
    def count(*path: str) -> int:
        value: Any = told
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, int) and 0 <= value < 2**53 else 0

    given = count("input_tokens") or count("prompt_tokens")
    made = count("output_tokens") or count("completion_tokens")
    return Usage(
        input=given,
        cached_input=count("input_tokens_details", "cached_tokens") or count("prompt_tokens_details", "cached_tokens"),
        output=made,
        reasoning=count("output_tokens_details", "reasoning_tokens")
        or count("completion_tokens_details", "reasoning_tokens"),
        total=count("total_tokens") or given + made,
    )
