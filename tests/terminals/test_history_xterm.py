"""A replay, and one of what a killed server left, show in xterm.js what all of the output shows there."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub.terminals.history import History
from agent_hub.terminals.journal import Journal
from tests.terminals.test_screen_xterm import RECORDING, STREAMS
from tests.terminals.xterm import HEADLESS, Xterm

DIFFERENT = {
    "scroll": "what a program scrolls off by a control sequence, xterm.js does not keep",
    "two screens of wrapped lines": "the first row does not go on from a line above it",
}


@pytest.fixture(scope="module")
def xterm() -> Iterator[Xterm]:
    if not HEADLESS.parents[1].is_dir():
        pytest.skip("the front end's packages are not installed: bin/setup --test")
    xterm = Xterm()
    yield xterm
    xterm.close()


def both(folder: Path, output: bytes, rows: int, columns: int) -> Iterator[bytes]:
    history = History(journal=Journal(folder), size=(rows, columns))
    history.append(output)
    yield history.replay().encode()
    yield History(journal=Journal(folder)).replay().encode()


STEPS = [
    pytest.param(output, id=name)
    for name, output in STREAMS.items()
    if isinstance(output, bytes) and name not in DIFFERENT
]


@pytest.mark.parametrize("output", STEPS)
def test_a_replay_leaves_xterm_as_the_output_did(xterm: Xterm, tmp_path: Path, output: bytes) -> None:
    wanted = xterm.run(6, 20, output)
    for replay in both(tmp_path, output, 6, 20):
        assert xterm.run(6, 20, replay) == wanted


@pytest.mark.parametrize("part", range(1, 13))
def test_a_codex_session_is_replayed_with_all_that_scrolled_off(xterm: Xterm, tmp_path: Path, part: int) -> None:
    recording = gzip.decompress(RECORDING.read_bytes())
    output = recording[: len(recording) * part // 12]
    wanted = xterm.run(40, 120, output)
    for replay in both(tmp_path, output, 40, 120):
        assert xterm.run(40, 120, replay) == wanted
