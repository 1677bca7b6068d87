"""The terminal that the command runs in."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub.cli.tty import Tty

OUTPUT_FLAGS = 1


@pytest.fixture
def terminal() -> Iterator[int]:
    """A terminal of which nobody reads what is written."""
    ours, theirs = os.openpty()
    yield theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "through a pipe"])
def test_lines_begin_at_the_left_where_text_comes_to_the_terminal_through_a_pipe(
    terminal: int, shown: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(terminal, closefd=False) as stdin, (tmp_path / "pipe").open("w") as pipe:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdin if shown else pipe)
        before = termios.tcgetattr(terminal)
        tty = Tty()
        with tty.raw():
            raw = termios.tcgetattr(terminal)
        # An agent's own lines have their returns; text has not.
        assert bool(raw[OUTPUT_FLAGS] & termios.OPOST) is not shown
        assert not raw[3] & termios.ICANON
        assert termios.tcgetattr(terminal) == before


def test_a_command_without_any_input_has_input_that_is_at_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "pipe").open("w") as pipe:
        monkeypatch.setattr(sys, "stdin", None)
        monkeypatch.setattr(sys, "stdout", pipe)
        tty = Tty()
        assert (tty.typed, os.read(tty.input, 1)) == (False, b"")
        os.close(tty.input)
