"""What is written of a terminal's output."""

from __future__ import annotations

from agent_hub.cli.shown import as_text, on_a_screen


def test_a_pipe_gets_text_alone():
    show = as_text()
    assert show("\x1b[31mred\x1b[m\r\n\x1b]0;title\x07done\r\n") == "red\ndone\n"


def test_a_sequence_that_is_cut_in_two_is_left_out_all_the_same():
    show = as_text()
    assert show("one\x1b[3") + show("1mtwo\x1b") + show("]0;ti") + show("tle\x07three") == "onetwothree"


def test_a_pipe_gets_no_replay_and_no_line_of_the_hubs_own():
    show = as_text()
    assert show("\x1bcbefore") + show("\r\n\x1b[2mThe agent exited (3).\x1b[m\r\n") + show("now") == "now"


def test_a_replay_leaves_what_was_on_the_screen_to_be_scrolled_back_to():
    shown = on_a_screen(lambda: 4)("\x1bcpainted")
    assert "\x1bc" not in shown
    assert "\x1b[4;1H\n\n\n\n\x1b[H\x1b[J" in shown and shown.endswith("painted")


def test_a_terminal_gets_everything_else_as_it_is():
    assert on_a_screen(lambda: 4)("\x1b[31mred\x1b[m") == "\x1b[31mred\x1b[m"
