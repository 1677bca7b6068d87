"""What a terminal has shown, on disk: enough to show it again after the server was killed.

A journal's folder holds ``screen.<number>``, a checkpoint (one line of JSON, then what paints the screen as it was)
followed by all output since, as it came; and ``lines.<number>``, the lines that have left the screen, as they looked. A
checkpoint says how many of the lines were there: what the output after it moved off the screen is found by drawing it
again.

Output is written by plain writes as it comes. The kernel keeps what was written when the process is killed; nothing is
forced to the disk, so the newest seconds may be missing after a power cut.
"""

from __future__ import annotations

import errno
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

log = logging.getLogger(__name__)

JOURNAL_BYTES = 8 << 20
"""Most bytes on disk of one terminal."""

RETRY_SECONDS = 30.0
"""How long a journal that could not be written is left alone."""


@dataclass(frozen=True)
class Checkpoint:
    """A screen as it was: its size, what paints it, and what has left it of the line that goes on in its first row."""

    rows: int
    columns: int
    painted: bytes
    beginning: bytes = b""


@dataclass(frozen=True)
class Kept:
    """What a journal holds.

    `output` is all that the program wrote since the checkpoint, `lines` are the newest of those that had left the
    screen by then, each with its end. Without a readable checkpoint there is no output.
    """

    checkpoint: Checkpoint | None
    output: bytes
    lines: bytes


@dataclass(frozen=True)
class LineFile:
    """Lines on disk, up to the size that they had when somebody asked."""

    path: Path
    size: int

    def read(self) -> bytes:
        """The lines; none where the file was dropped since."""
        try:
            with self.path.open("rb") as file:
                return file.read(self.size)
        except OSError:
            return b""


class Journal:
    """The journal of one terminal.

    Nothing here raises for a disk's sake: a terminal goes on without its journal, which says so once in the log and
    tries again later.

    Parameters
    ----------
    folder
        The journal's own; made when first needed.
    limit
        Most bytes of all files together, at least 1 MiB.
    """

    def __init__(self, folder: Path, limit: int = JOURNAL_BYTES) -> None:
        self._folder = folder
        self._output_limit = limit // 4
        self._segment_limit = limit // 16
        self._segments = 9
        self._screen: int | None = None
        self._screen_number = 0
        self._lines: int | None = None
        self._number = 0
        self._line_bytes = 0
        self._made = False
        self._failed_at: float | None = None
        self._warned = False
        self.output_bytes = 0
        """Bytes of output since the checkpoint."""

    @property
    def exists(self) -> bool:
        """Whether an earlier server has left something."""
        return bool(self._numbers("screen"))

    @property
    def holds_output(self) -> bool:
        """Whether what was appended is on disk."""
        return self._screen is not None

    # -- writing

    def append(self, data: bytes) -> bool:
        """Write output. False asks for a checkpoint that says what it came to: there is no room for it otherwise."""
        if self._failed_at is not None:
            return time.monotonic() - self._failed_at < RETRY_SECONDS
        if self.output_bytes + len(data) > self._output_limit:
            return False
        try:
            if self._screen is None:
                newest = self._newest_checkpoint()
                if newest is None:
                    return False
                self._screen = os.open(self._path("screen", newest.number), os.O_WRONLY | os.O_APPEND)
                self.output_bytes = os.fstat(self._screen).st_size
                if self.output_bytes + len(data) > self._output_limit:
                    return False
            _write(self._screen, data)
        except FileNotFoundError:
            return False
        except OSError as error:
            if self._screen is not None:
                with suppress(OSError):
                    os.ftruncate(self._screen, self.output_bytes)
            self._fail(error)
            return True
        self.output_bytes += len(data)
        return True

    def checkpoint(self, checkpoint: Checkpoint, ahead: bytes = b"", returned: int = 0) -> None:
        """Begin anew with the screen as it is.

        Parameters
        ----------
        ahead
            Output that came since, and is not on the screen yet.
        returned
            Bytes of the newest lines that the screen shows again.
        """
        painted = checkpoint.painted if len(checkpoint.painted) <= self._output_limit // 2 else b""
        try:
            self._prepare()
            header = _Header(
                rows=checkpoint.rows,
                columns=checkpoint.columns,
                painted=len(painted),
                beginning=checkpoint.beginning.decode("utf-8", "replace"),
                file=self._number,
                size=max(0, self._line_bytes - returned),
            )
            # A new file beside the old one, which goes once the new one is whole: one of the two can be read at any
            # time. To rename over the old one would make the file system write at once.
            self._screen_number = max(self._screen_number, *self._numbers("screen"), 0) + 1
            path = self._path("screen", self._screen_number)
            screen = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            try:
                _write(screen, header.model_dump_json().encode() + b"\n" + painted + ahead)
            except OSError:
                os.close(screen)
                path.unlink(missing_ok=True)
                raise
            if self._screen is not None:
                os.close(self._screen)
            self._screen, self.output_bytes = screen, len(ahead)
            for number in self._numbers("screen"):
                if number < self._screen_number:
                    self._path("screen", number).unlink(missing_ok=True)
        except OSError as error:
            self._fail(error)
            return
        if self._failed_at is not None:
            self._failed_at = None
            log.info("The journal in %s is written again", self._folder)

    def add_lines(self, lines: bytes) -> None:
        """Write lines that have left the screen, each with its end."""
        if self._failed_at is not None:
            return
        try:
            while lines:
                if self._lines is None:
                    self._prepare()
                    self._lines = os.open(
                        self._path("lines", self._number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
                    )
                room = self._segment_limit - self._line_bytes
                fitting = lines if len(lines) <= room else lines[: lines.rfind(b"\n", 0, max(room, 0)) + 1]
                if not fitting and not self._line_bytes:
                    # One line that is longer than a file may be: what is left of it is its beginning.
                    end = lines.index(b"\n") + 1 if b"\n" in lines else len(lines)
                    lines = lines[: room - 1] + b"\n" + lines[end:]
                    continue
                _write(self._lines, fitting)
                self._line_bytes += len(fitting)
                lines = lines[len(fitting) :]
                if lines:
                    self._next_segment()
        except OSError as error:
            self._fail(error)

    def _next_segment(self) -> None:
        if self._lines is not None:
            os.close(self._lines)
            self._lines = None
        self._number, self._line_bytes = self._number + 1, 0
        for number in self._numbers("lines"):
            if number <= self._number - self._segments:
                self._path("lines", number).unlink(missing_ok=True)

    def _prepare(self) -> None:
        """Make the folder, once: where somebody takes it away, nothing is kept. Go on after the newest line."""
        if not self._made:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._made = True
        self._find_end()

    def _find_end(self) -> None:
        if not self._number:
            self._number = max(self._numbers("lines"), default=1)
            with suppress(FileNotFoundError):
                self._line_bytes = self._path("lines", self._number).stat().st_size

    def _fail(self, error: OSError) -> None:
        self.close()
        self._failed_at = time.monotonic()
        if not self._warned:
            self._warned = True
            log.warning("The terminal of %s goes on without its journal: %s", self._folder.parent.name, error)

    def close(self) -> None:
        """Give back the files; what is appended later opens them again."""
        for descriptor in (self._screen, self._lines):
            if descriptor is not None:
                with suppress(OSError):
                    os.close(descriptor)
        self._screen = self._lines = None

    # -- reading

    def size(self) -> tuple[int, int] | None:
        """Rows and columns at the checkpoint, where there is one."""
        found = self._newest_checkpoint()
        return (found.header.rows, found.header.columns) if found is not None else None

    def load(self, line_bytes: int) -> Kept | None:
        """What an earlier server left, as far as it can be read, with at most `line_bytes` of lines.

        Lines that came after the checkpoint are dropped: who draws the output again gets them again.
        """
        found = self._newest_checkpoint()
        checkpoint, output = None, b""
        if found is not None:
            header, body = found.header, found.body
            checkpoint = Checkpoint(header.rows, header.columns, body[: header.painted], header.beginning.encode())
            output = body[header.painted :]
            self._cut(header.file, header.size)
        self._number = 0
        lines = self._newest_lines(line_bytes)
        # Lines are worth showing without the screen that came after them.
        return Kept(checkpoint, output, lines) if found is not None or lines else None

    def _newest_checkpoint(self) -> _Found | None:
        for number in reversed(self._numbers("screen")):
            with suppress(OSError):
                first, _, body = self._path("screen", number).read_bytes().partition(b"\n")
                header = _Header.parse(first)
                if header is not None and len(body) >= header.painted:
                    return _Found(number, header, body)
        return None

    def line_files(self) -> list[LineFile]:
        """The lines as they are now, oldest first; to be read in a thread."""
        if self._failed_at is not None:
            return []
        files = []
        for number in self._numbers("lines"):
            path = self._path("lines", number)
            with suppress(OSError):
                files.append(LineFile(path, path.stat().st_size))
        return files

    def _cut(self, number: int, size: int) -> None:
        """Drop the lines after a checkpoint."""
        with suppress(OSError):
            for other in self._numbers("lines"):
                if other > number:
                    self._path("lines", other).unlink(missing_ok=True)
            path = self._path("lines", number)
            if path.exists() and path.stat().st_size > size:
                os.truncate(path, size)

    def _newest_lines(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        left = limit
        for number in reversed(self._numbers("lines")):
            try:
                piece = self._path("lines", number).read_bytes()
            except OSError:
                continue
            if len(piece) > left:
                piece = piece[piece.find(b"\n", len(piece) - left) + 1 :]
                pieces.append(piece)
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(reversed(pieces))

    def _numbers(self, kind: str) -> list[int]:
        """Of the files of a kind, oldest first."""
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        parts = (name.removeprefix(kind + ".") for name in names if name.startswith(kind + "."))
        return sorted(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 16)

    def _path(self, kind: str, number: int) -> Path:
        return self._folder / f"{kind}.{number}"


class _Header(BaseModel):
    """The first line of a checkpoint's file: the screen, and how many lines were there."""

    rows: int = Field(ge=1, le=1000)
    columns: int = Field(ge=1, le=1000)
    painted: int = Field(ge=0)
    beginning: str
    file: int = Field(ge=0)
    size: int = Field(ge=0)

    @classmethod
    def parse(cls, line: bytes) -> _Header | None:
        try:
            return cls.model_validate_json(line)
        except ValidationError:
            return None


@dataclass(frozen=True)
class _Found:
    number: int
    header: _Header
    body: bytes


def _write(descriptor: int, data: bytes) -> None:
    if data and os.write(descriptor, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
