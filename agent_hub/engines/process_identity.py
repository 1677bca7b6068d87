"""Who a process is: a pid alone can be another process's by now, and ending that one would be a disaster."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, by its pid and the time it started at, in clock ticks since the machine did."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The process that has this pid now, ended but not yet reaped as well; ``None`` where none has."""
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else None

    @property
    def alive(self) -> bool:
        """True while this very process runs."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[19]) == self.started and fields[0] not in ("Z", "X")

    def signal_session(self, number: signal.Signals) -> None:
        """Signal every process of the session that this process leads, where it is still this process."""
        fields = _stat(self.pid)
        if fields and int(fields[19]) == self.started:
            signal_members(self.pid, number)

    def session(self) -> set[ProcessIdentity]:
        """Every process of the session that this process leads, where it is still this process."""
        return set(_members(self.pid)) if self.alive else set()

    def kill(self) -> None:
        """End it at once, where it is still this process."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGKILL)


def signal_members(session: int, number: signal.Signals) -> None:
    """Signal every process of a session. Call it while its leader is there, if only as a zombie that holds the pid."""
    for one in _members(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, number)


def _members(session: int) -> Iterator[ProcessIdentity]:
    for entry in Path("/proc").iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields and int(fields[3]) == session and fields[0] != "Z":
            yield ProcessIdentity(int(entry.name), int(fields[19]))


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat after the name: state, parent, group, session… start time at 19."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name is in brackets and may hold anything, brackets as well.
    return text.rpartition(")")[2].split()
