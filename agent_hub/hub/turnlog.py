"""What is written down of a chat's turns: a file of each, which no container sees.

A turn that goes on is added to, event by event, in one write each: what a kill cuts off is the last line at most. One
that has ended is written anew, as short as it can be, with what it is in its first line.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from agent_hub.models import Turn, TurnChanged, TurnEvent
from agent_hub.models.transcript import Transcript

LONGEST = 128 * 2**20
"""Bytes of a turn that goes on, past which it is written anew: an agent may change the same few things without end."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC

_EVENT: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)


class TurnLog:
    """The files of one chat's turns. Every method blocks, for no longer than the size of what it reads or writes.

    Parameters
    ----------
    folder
        Made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def numbers(self) -> list[int]:
        """Which turns there are, oldest first."""
        with suppress(FileNotFoundError):
            names = os.listdir(self._folder)
            return sorted(int(name.removesuffix(".jsonl")) for name in names if name.removesuffix(".jsonl").isdigit())
        return []

    def append(self, number: int, events: Sequence[TurnEvent]) -> bool:
        """Add what happened in a turn; whether it should be written anew.

        Raises
        ------
        OSError
            It cannot be written, as where the disk is full; nothing of it is there.
        """
        data = b"".join(event.model_dump_json().encode() + b"\n" for event in events)
        try:
            file = self._open(number)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._open(number)
        try:
            end = os.lseek(file, 0, os.SEEK_END)
            if os.write(file, data) < len(data):
                # A line that is cut in the middle would take the next one with it.
                os.ftruncate(file, end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return end + len(data) > LONGEST
        finally:
            os.close(file)

    def replace(self, transcript: Transcript) -> None:
        """Write a turn anew. Raises :class:`OSError`; what was there is then still there."""
        path = self._path(transcript.head.number)
        new = path.with_suffix(".new")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            new.unlink(missing_ok=True)
            with open(os.open(new, _NEW, 0o600), "wb") as file:
                file.writelines(event.model_dump_json().encode() + b"\n" for event in transcript.events())
            os.replace(new, path)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def load(self, number: int) -> Turn | None:
        """A turn with its items, ``None`` where there is none of that number, or nothing can be read of it."""
        transcript: Transcript | None = None
        try:
            with self._path(number).open("rb") as file:
                for line in file:
                    event = _read(line)
                    if transcript is not None and event is not None:
                        transcript.take(event)
                    elif isinstance(event, TurnChanged):
                        transcript = Transcript(event.turn)
        except FileNotFoundError:
            return None
        return None if transcript is None else transcript.turn

    def head(self, number: int) -> Turn | None:
        """A turn without its items; quick where it has ended."""
        try:
            with self._path(number).open("rb") as file:
                event = _read(file.readline())
        except FileNotFoundError:
            return None
        if isinstance(event, TurnChanged) and event.turn.status.ended:
            return event.turn
        turn = self.load(number)
        return None if turn is None else turn.model_copy(update={"items": ()})

    def _open(self, number: int) -> int:
        return os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.jsonl"


def _read(line: bytes) -> TurnEvent | None:
    try:
        return _EVENT.validate_json(line)
    except ValidationError:
        return None
