"""The two keys that leave a chat."""

from __future__ import annotations

import pytest

from agent_hub.cli.keys import Keys

KITTY_P, KITTY_Q = b"\x1b[112;5u", b"\x1b[113;5u"


@pytest.mark.parametrize(
    "typed",
    [
        b"\x10\x11",
        KITTY_P + KITTY_Q,
        # With events: pressed, let go, and Ctrl let go and pressed again.
        b"\x1b[112;5:1u\x1b[112;5:3u\x1b[57442;1:3u\x1b[57442;5u\x1b[113;5:1u",
        # The lock of the numbers is on; a Russian layout; xterm's own way.
        b"\x1b[112;133u\x1b[113;133u",
        b"\x1b[1079::112;5u\x1b[1081::113;5u",
        b"\x1b[27;5;112~\x1b[27;5;113~",
    ],
)
def test_a_chat_is_left_in_whatever_way_a_terminal_tells_the_keys(typed: bytes) -> None:
    whole, pieces = Keys(), Keys()
    assert (whole.take(b"ls" + typed), whole.left) == (b"ls", True)
    cut = max(typed.rfind(b"\x1b"), 1)
    assert pieces.take(typed[:cut]) + pieces.take(typed[cut:]) == b""
    assert pieces.left


@pytest.mark.parametrize(
    "typed", [b"\x10\x10x", KITTY_P + b"\x1b[113;1u", b"\x11\x10\x1b[A", b"\x1b[112;6u\x11", b"\x1b"]
)
def test_all_else_reaches_the_agent(typed: bytes) -> None:
    keys = Keys()
    assert (keys.take(typed), keys.left) == (typed, False)


def test_the_first_key_waits_for_the_one_after_it() -> None:
    keys = Keys()
    assert keys.take(b"a\x10") == b"a"
    assert keys.take(b"b") == b"\x10b"
    assert not keys.left
