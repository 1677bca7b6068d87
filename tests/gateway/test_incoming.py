"""Files on their way to the disk."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path

import pytest

from agent_hub.gateway import incoming
from agent_hub.gateway.incoming import MOST_OF_ALL, IncomingFile

PIECE = bytes(2**16)
FILES = 100


class Disk:
    """One that writes nothing before it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may_write = threading.Event()
        write = IncomingFile._write

        def slowly(file: IncomingFile, pieces: list[bytes]) -> None:
            self.may_write.wait(30)
            write(file, pieces)

        monkeypatch.setattr(IncomingFile, "_write", slowly)


async def test_many_files_for_a_slow_disk_hold_up_nobody_else_and_take_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    taken = 0

    async def send(file: IncomingFile) -> str:
        nonlocal taken
        for _ in range(50):
            await file.take(PIECE)
            taken += len(PIECE)
        return await file.close()

    sending = [asyncio.create_task(send(IncomingFile(tmp_path / str(number)))) for number in range(FILES)]
    before = -1
    while before != taken:
        before = taken
        # In a thread, as much of the hub's is: it has its turn.
        async with asyncio.timeout(10):
            await asyncio.to_thread(int)
    assert taken <= MOST_OF_ALL + FILES * len(PIECE)
    assert not any(one.done() for one in sending)
    disk.may_write.set()
    wanted = hashlib.sha256(PIECE * 50).hexdigest()
    assert {await one for one in sending} == {wanted}
    assert IncomingFile._of_all == 0


async def test_what_is_given_up_makes_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    files = [IncomingFile(tmp_path / str(number)) for number in range(3)]
    for file in files:
        for _ in range(6):
            await file.take(PIECE)
        file.discard()
    disk.may_write.set()
    # Behind what is still being written.
    await asyncio.wrap_future(incoming._writers.submit(int))
    await asyncio.to_thread(int)
    async with asyncio.timeout(10):
        while IncomingFile._of_all or list(tmp_path.iterdir()):
            await asyncio.sleep(0)
