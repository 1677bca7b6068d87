"""Either end of a terminal, and what is typed and read at it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from typing import Protocol

ECHO_COMMAND = "stty raw -echo; printf 'ECHO''ES'; exec cat\r"
WARM_UP = 100

_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-Z\\^-~])|[\x0e\x0f]")
_PROMPT = re.compile(r"[$#]\s*$")


class Line(Protocol):
    """A viewer of the hub's, or a raw attach; both give up after a while without output."""

    def read(self) -> str: ...

    def write(self, text: str) -> None: ...

    def close(self) -> None: ...


def until(line: Line, enough: Callable[[str], bool]) -> str:
    """What the terminal showed, once it is enough."""
    seen = ""
    while not enough(seen):
        seen += line.read()
    return seen


def until_prompt(line: Line) -> None:
    """Wait until a shell's prompt is the last that shows."""
    until(line, lambda seen: _PROMPT.search(_SEQUENCE.sub("", seen)) is not None)


def make_echo(line: Line) -> None:
    """Turn a shell into a program that answers each byte with the same byte."""
    line.write(ECHO_COMMAND)
    until(line, lambda seen: "ECHOES" in seen)
    echo(line, WARM_UP)


def echo(line: Line, count: int) -> list[float]:
    """Milliseconds from each byte sent to the same byte received."""
    times = []
    for letter in itertools.islice(itertools.cycle("abcdefghijklmnopqrstuvwxyz"), count):
        started = time.perf_counter()
        line.write(letter)
        received = line.read()
        times.append((time.perf_counter() - started) * 1000)
        if received != letter:
            raise RuntimeError(f"{letter!r} came back as {received!r}.")
    return times
