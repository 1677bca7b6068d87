"""A build's log: a file on disk, and a live view of it for whoever watches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from agent_hub.models import LogLine, now

LINE_LENGTH = 4000
"""Characters kept of one line; a build that prints megabytes without a newline must not fill the memory."""

MAX_LINES = 200_000
"""Lines kept of one build; what comes after is counted, and said in a last line."""

SECRET_LENGTH = 4
"""Characters of the shortest text that is left out: without a shorter one, half of a log would be stars."""

TAIL = 20
"""Lines of a step's end that a failure repeats."""

BATCH = 500
"""Lines sent to a viewer in one message at most."""


class BuildLog:
    """The log of one build.

    It is written line by line as ``<ISO time> <step> <text>``, flushed at each, so that a crash loses none of it. The
    file is the truth: viewers read it back, and are only woken by new lines.

    Parameters
    ----------
    path
        The file, written anew.
    secrets
        Texts that are left out of every line: a setup script is traced, and a trace shows the values of variables.
    """

    def __init__(self, path: Path, secrets: Sequence[str] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: TextIO | None = open(path, "w", encoding="utf-8", errors="replace")
        self._grown = asyncio.Event()
        # The longest first: one secret may begin with another.
        self._secrets = sorted((secret for secret in secrets if len(secret) >= SECRET_LENGTH), key=len, reverse=True)
        self._lines = 0
        self._dropped = 0
        self._step = 0
        self._tail: deque[str] = deque(maxlen=TAIL)

    @property
    def step(self) -> int:
        """Number of the step that runs now, from 1."""
        return self._step

    @step.setter
    def step(self, number: int) -> None:
        self._step = number
        self._tail.clear()

    def write(self, text: str) -> None:
        """Add a line under the step that runs now."""
        if self._file is None:
            return
        if self._lines >= MAX_LINES:
            self._dropped += 1
            return
        self._append(text)

    def close(self) -> None:
        """No line comes any more: viewers are told the end."""
        if self._file is None:
            return
        if self._dropped:
            self._append(f"[{self._dropped} more lines were left out]")
        with suppress(OSError):
            self._file.close()
        self._file = None
        self._wake()

    def tail(self) -> list[str]:
        """The last lines of the step that runs now, :data:`TAIL` at most."""
        return list(self._tail)

    async def follow(self) -> AsyncIterator[tuple[int, list[LogLine]]]:
        """Batches of lines from the first on, each with the number of its first line, until the log is closed."""
        sent = 0
        with open(self.path, encoding="utf-8", errors="replace") as file:
            while True:
                grown, open_still = self._grown, self._file is not None
                batch: list[LogLine] = []
                while len(batch) < BATCH and (text := file.readline()):
                    batch.append(parse_line(text))
                if batch:
                    yield sent, batch
                    sent += len(batch)
                elif not open_still:
                    return
                else:
                    await grown.wait()

    def _append(self, text: str) -> None:
        assert self._file is not None
        clean = text
        for secret in self._secrets:
            clean = clean.replace(secret, "***")
        clean = clean.replace("\r", " ").replace("\n", " ")
        if len(clean) > LINE_LENGTH:
            clean = clean[:LINE_LENGTH] + f" [{len(clean) - LINE_LENGTH} more characters]"
        self._tail.append(clean)
        try:
            self._file.write(f"{now().isoformat(timespec='milliseconds')} {self.step} {clean}\n")
            self._file.flush()
        except OSError:
            # A full disk ends a build by what the build itself cannot write, not by what is told of it.
            self._dropped += 1
            return
        self._lines += 1
        self._wake()

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()


def parse_line(text: str) -> LogLine:
    """Read back one line of the file. One that a full disk cut short is shown as it is."""
    time, step, rest = (text.rstrip("\n").split(" ", 2) + ["", ""])[:3]
    try:
        return LogLine(time=datetime.fromisoformat(time), step=int(step), text=rest)
    except ValueError:
        return LogLine(time=now(), step=0, text=text.rstrip("\n"))


def read_log(path: Path) -> list[LogLine]:
    """Every line of a log, whether its build runs or ended long ago; empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [parse_line(line) for line in file if line.strip()]
    except FileNotFoundError:
        return []
