"""Much output: how fast it comes, what a slow viewer costs, and what a late one is sent."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyte

from tests.bench.bench import Bench, Stage
from tests.bench.figures import MEBIBYTES, MEGABYTES, Bar, Figure
from tests.bench.line import Line, until
from tests.bench.server import MEBIBYTE, Server
from tests.bench.viewer import Viewer, output

ROWS, COLUMNS = 24, 80
SERVE = "stty raw -echo; printf 'SER''VING'; while IFS= read -r _; do cat {}; done\r"
END = "\x1b[1;1HThe first row\x1b[12;30Hthe middle\x1b[24;1H\x1b[2KThe end"
TAIL_BYTES = 64 * 1024
"""Of a program's output, enough to fill a screen many times over."""

SLOW_BYTES_PER_SECOND = 400_000
SLOW_TURN = 0.02
SLOW_BUFFER = 64 * 1024
QUIET_SECONDS = 3.0
SAMPLE_SECONDS = 0.02
LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Output:
    """What a program prints: numbered lines, and then something in the midst of the screen."""

    path: Path
    size: int
    digest: str
    screen: list[str]

    @classmethod
    def make(cls, path: Path, size: int) -> Output:
        """Write it to a file."""
        digest = hashlib.sha256()
        tail = b""
        with path.open("wb") as file:
            for number in range(size // 64):
                # 64 bytes, with letters of more than one byte, one of them beyond the first plane.
                line = f"{number:09d} Zeile für Zeile, {'.' * 27} 100 € 🪶\r\n".encode()
                file.write(line)
                digest.update(line)
                tail = (tail + line)[-TAIL_BYTES:] if number > size // 64 - 2048 else b""
            file.write(END.encode())
            digest.update(END.encode())
        return cls(path, path.stat().st_size, digest.hexdigest(), screen((tail + END.encode()).decode()))

    def serve(self, line: Line, workspace: Path) -> None:
        """Make a chat's shell print it whenever it gets a line feed, byte by byte as it is."""
        os.link(self.path, workspace / self.path.name)
        line.write(SERVE.format(self.path.name))
        until(line, lambda seen: "SERVING" in seen)


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """All through one chat, which a quick viewer reads to the end each time."""
    printed = Output.make(bench.folder / "output", bench.scale.output_bytes)
    name = f"{bench.scale.output_bytes / 1e6:g} MB"
    with stage.raw.chat() as raw, stage.hub.chat() as hub:
        # A new terminal has the size of whoever watched another one last.
        hub.line.resize(ROWS, COLUMNS)
        printed.serve(raw.line, raw.workspace)
        printed.serve(hub.line, hub.workspace)
        raw_speeds, hub_speeds, whole = [], [], True
        for _ in range(bench.scale.few_runs):
            raw_speeds.append(_read_raw(raw.line.write, raw.line.fill, printed))
            speed, digest = _read_all(hub.line, printed)
            hub_speeds.append(speed)
            whole = whole and digest == printed.digest
        bar = Bar(ratio_least=0.85)
        claims = {"every byte": whole}
        yield Figure(f"{name} through the terminal, p50", MEGABYTES, hub_speeds, raw_speeds, bar=bar, claims=claims)
        yield _slow(stage.server, hub.id, hub.line, printed, name)
        yield _late(stage.server, hub.id, printed, name)


def screen(text: str) -> list[str]:
    """What a terminal shows after this output."""
    shown = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(shown).feed(text)
    return [row.rstrip() for row in shown.display]


def _read_raw(write: Callable[[str], None], fill: Callable[[], bytes], printed: Output) -> float:
    left = printed.size
    started = time.perf_counter()
    write("\n")
    while left > 0:
        left -= len(fill())
    return printed.size / (time.perf_counter() - started) / 1e6


def _read_all(line: Viewer, printed: Output) -> tuple[float, str]:
    """MB/s of the program's own bytes, and their digest. Messages are taken apart once the clock has stopped."""
    started = time.perf_counter()
    line.write("\n")
    while not line.ends_with(b'The end"]'):
        line.fill()
    seconds = time.perf_counter() - started
    digest = hashlib.sha256()
    for message in line.messages():
        digest.update((output(message) or "").encode())
    return printed.size / seconds / 1e6, digest.hexdigest()


def _slow(server: Server, chat: str, quick: Viewer, printed: Output, name: str) -> Figure:
    """One more viewer, which reads slowly all the while and until it has seen the end."""
    before = server.memory
    memory = [before]
    with closing(server.watch(chat, SLOW_BUFFER)) as line:
        done = threading.Event()
        seen = bytearray()
        slow = threading.Thread(target=_read_slowly, args=(line, seen, done))
        slow.start()
        quickly = threading.Thread(target=_read_all, args=(quick, printed))
        quickly.start()
        while quickly.is_alive():
            memory.append(server.memory)
            time.sleep(SAMPLE_SECONDS)
        done.set()
        while slow.is_alive():
            memory.append(server.memory)
            time.sleep(SAMPLE_SECONDS)
    claims = {"its final screen is the program's own": screen(_since_reset(seen.decode())) == printed.screen}
    what = f"a viewer reading 0.4 MB/s during {name}: more server memory"
    return Figure(what, MEBIBYTES, [max(memory) - before], bar=Bar(most=8), claims=claims)


def _read_slowly(line: Viewer, seen: bytearray, done: threading.Event) -> None:
    """Collect what a slow viewer is shown, until nothing more comes after all was printed."""
    line.wait(QUIET_SECONDS)
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            line.fill(int(SLOW_BYTES_PER_SECOND * SLOW_TURN))
        except TimeoutError:
            if done.is_set():
                return
        for message in line.messages():
            seen += (output(message) or "").encode()
        time.sleep(SLOW_TURN)


def _late(server: Server, chat: str, printed: Output, name: str) -> Figure:
    """A viewer that comes once all is over."""
    with closing(server.watch(chat)) as line:
        line.wait(QUIET_SECONDS)
        before, seen = line.received, ""
        try:
            while True:
                seen += "".join(output(message) or "" for message in line.messages())
                line.fill()
        except TimeoutError:
            pass
        sent = (line.received - before) / MEBIBYTE
    claims = {"its screen is right": screen(_since_reset(seen)) == printed.screen}
    return Figure(f"to open a terminal with {name} behind it", MEBIBYTES, [sent], bar=Bar(most=1), claims=claims)


def _since_reset(text: str) -> str:
    """What decides the screen: a reset forgets all that was before."""
    return text[max(text.rfind("\x1bc"), 0) :]
