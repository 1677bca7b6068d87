"""Copies of a file."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent_hub.hub import file_copies
from agent_hub.hub.file_copies import AHEAD, PIECE, copy


@dataclass
class Desk:
    """A file and two empty ones."""

    folder: Path
    source: int
    targets: list[int]

    def write(self, content: bytes) -> None:
        os.truncate(self.source, 0)
        os.pwrite(self.source, content, 0)

    def written(self) -> list[bytes]:
        return [(self.folder / name).read_bytes() for name in ("first", "second")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:

        def opened(name: str) -> int:
            file = os.open(tmp_path / name, os.O_RDWR | os.O_CREAT)
            stack.callback(os.close, file)
            return file

        yield Desk(tmp_path, opened("source"), [opened("first"), opened("second")])


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 2 * AHEAD * PIECE + 3])
def test_all_of_a_file_is_in_each_copy(desk: Desk, size: int) -> None:
    # No piece is another's, whose place it could take.
    content = os.urandom(size)
    desk.write(content)
    assert copy(desk.source, desk.targets, size)
    assert desk.written() == [content, content]


def test_a_file_that_grows_is_copied_as_far_as_was_asked(desk: Desk) -> None:
    content = os.urandom(3 * PIECE)
    desk.write(content)
    for size in (6, 2 * PIECE + 1):
        assert copy(desk.source, desk.targets, size)
        assert desk.written() == [content[:size], content[:size]]


def test_a_file_that_is_shorter_is_no_copy(desk: Desk) -> None:
    desk.write(b"short")
    assert not copy(desk.source, desk.targets, PIECE)
    assert not copy(desk.source, desk.targets, 2 * PIECE)


def test_a_copy_that_is_not_wanted_any_more_ends(desk: Desk) -> None:
    desk.write(bytes(20 * PIECE))
    answers = iter([True] * 3 + [False])
    asked = []

    def is_wanted() -> bool:
        asked.append(True)
        return next(answers)

    # Blocks that are shared are there at once.
    is_shared = copy(desk.source, desk.targets, 20 * PIECE, is_wanted)
    assert (is_shared, len(asked)) in [(False, 4), (True, 0)]


def test_copies_of_a_file_that_is_written_to_are_the_same(desk: Desk) -> None:
    size = 40 * PIECE
    desk.write(bytes(size))
    done = threading.Event()

    def scribble() -> None:
        number = 0
        while not done.is_set():
            number += 1
            os.pwrite(desk.source, number.to_bytes(8, "big") * (size // 8), 0)

    scribbling = threading.Thread(target=scribble)
    scribbling.start()
    try:
        for _ in range(5):
            assert copy(desk.source, desk.targets, size)
            first, second = desk.written()
            assert len(first) == size and first == second
    finally:
        done.set()
        scribbling.join()


@pytest.mark.parametrize("shares_once", [False, True])
def test_copies_of_shared_blocks_are_the_same_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, shares_once: bool
) -> None:
    size = 4 * PIECE
    desk.write(bytes(size))
    shared = []

    def share(target: int, request: int, source: int) -> int:
        if shares_once and shared:
            raise OSError(errno.EOPNOTSUPP, "no more")
        shared.append(target)
        os.pwrite(target, os.pread(source, 2 * size, 0), 0)
        # At once it is written to again.
        desk.write(len(shared).to_bytes(1, "big") * size)
        return 0

    monkeypatch.setattr(file_copies.fcntl, "ioctl", share)
    assert copy(desk.source, desk.targets, size)
    assert desk.written() == [bytes(size), bytes(size)] and len(shared) == 2 - shares_once


def test_a_file_that_has_grown_when_its_blocks_are_shared_is_no_copy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(bytes(2 * PIECE + 1))

    def share(target: int, request: int, source: int) -> int:
        os.pwrite(target, os.pread(source, 4 * PIECE, 0), 0)
        return 0

    monkeypatch.setattr(file_copies.fcntl, "ioctl", share)
    assert not copy(desk.source, desk.targets, 2 * PIECE)


def test_a_disk_that_is_full_is_told(desk: Desk) -> None:
    desk.write(bytes(20 * PIECE))
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        for targets in ([full, desk.targets[0]], [desk.targets[0], full]):
            with pytest.raises(OSError, match="space") as caught:
                copy(desk.source, targets, 20 * PIECE)
            assert caught.value.errno == errno.ENOSPC
    finally:
        os.close(full)
