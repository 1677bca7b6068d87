"""What others say, as it is written here: an agent's terminal in a terminal as it is, all else as text alone."""

from __future__ import annotations

import re
from collections.abc import Callable

RESET = "\x1bc"
"""What a replay of the hub's begins with, see ``History.replay``."""

_NOTE = re.compile(r"\r\n\x1b\[2m[^\x1b]*\x1b\[m\r\n")
"""A line of the hub's own, see ``Terminal.note``."""

_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
    r"|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z")


def on_a_screen(rows: Callable[[], int]) -> Callable[[str], str]:
    """What a terminal of so many rows is sent.

    A reset would take away what a person sees and can scroll back to, so the screen is scrolled up, and then cleared.
    """

    def show(text: str) -> str:
        if not text.startswith(RESET):
            return text
        up = "\n" * rows()
        return f"\x1b[?1049l\x1b[!p\x1b[{rows()};1H{up}\x1b[H\x1b[J{text.removeprefix(RESET)}"

    return show


def as_text() -> Callable[[str], str]:
    """What a pipe or a file gets: the text of what is printed from now on.

    A replay is left out: it paints a screen, of lines that were printed before.
    """
    held = ""

    def show(text: str) -> str:
        nonlocal held
        if text.startswith(RESET) or _NOTE.fullmatch(text):
            return ""
        text = held + text
        unfinished = _UNFINISHED.search(text)
        held = unfinished.group() if unfinished else ""
        return _CONTROL.sub("", text[: len(text) - len(held)])

    return show


def readable(text: str) -> str:
    """What agents, repositories and their builds say, without what would act on the terminal that it is printed in."""
    return "".join(filter(is_plain, _CONTROL.sub("", text)))


def is_plain(letter: str) -> bool:
    """Whether a terminal shows a letter, and does nothing else by it."""
    return letter.isprintable() or letter in "\n\t"
