"""Files as one archive, made as it is sent: it costs no memory and no disk, however large they are."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent_hub.hub.artifact_files import file_name, free_name

CHUNK = 2**20

_FIRST = datetime(1980, 1, 1)
"""The earliest time that an archive can tell."""


@dataclass(frozen=True)
class Member:
    """A file of the archive."""

    name: str
    path: Path
    changed_at: datetime


def named_apart(names: Iterable[str]) -> list[str]:
    """The names as files can have them that lie in one folder of any system, of which many know no case."""
    taken: set[str] = set()
    apart = []
    for name in names:
        apart.append(free_name(file_name(name), lambda name: _as_compared(name) in taken))
        taken.add(_as_compared(apart[-1]))
    return apart


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """The archive, piece by piece. Blocks. A file that is deleted before its turn is left out.

    Nothing is packed: pictures and films are already, and what reads the archive is most often the same machine.
    """
    gathered = _Gathered()
    with zipfile.ZipFile(gathered, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            changed_at = max(member.changed_at.astimezone().replace(tzinfo=None), _FIRST)
            about = zipfile.ZipInfo(member.name, changed_at.timetuple()[:6])
            about.external_attr = 0o644 << 16
            try:
                file = member.path.open("rb")
            except FileNotFoundError:
                continue
            # Nobody has said how much is to come, so it may be more than the older format has digits for.
            with file, archive.open(about, "w", force_zip64=True) as entry:
                while chunk := file.read(CHUNK):
                    entry.write(chunk)
                    yield gathered.taken()
    yield gathered.taken()


class _Gathered:
    """What the archive has written since it was last taken. It cannot be gone back in, as a connection cannot."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _as_compared(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
