"""What a chat is called after its first prompt, at once and without asking a model."""

from __future__ import annotations

LONGEST = 60
"""Characters of a title, in a panel that is as wide."""


def title(prompt: str) -> str:
    """The first line of a prompt, cut at a word; empty where there is none."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "")
    line = "".join(char for char in line if char.isprintable()).strip()
    if len(line) <= LONGEST:
        return line
    return line[:LONGEST].rsplit(" ", 1)[0] + "…"
