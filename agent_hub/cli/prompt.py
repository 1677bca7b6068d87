"""Prompts as commands take them."""

from __future__ import annotations

import sys


def read_prompt(given: str) -> str:
    """What was given, or where that is ``-``, what standard input has."""
    return sys.stdin.read() if given == "-" else given
