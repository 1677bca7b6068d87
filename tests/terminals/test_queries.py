from __future__ import annotations

import time

import pytest

from agent_hub.terminals.queries import unasked


@pytest.mark.parametrize(
    "question",
    ["\x1b[6n", "\x1b]11;?\x07", "\x1b]4;1;?;2;?\x1b\\", "\x1bP$qm\x1b\\", "\x1b_Gi=1,a=q;AAAA\x1b\\", "\x1bZ"],
)
def test_a_question_is_left_out_and_what_is_around_it_is_not(question):
    assert unasked(f"before{question}after") == "beforeafter"


@pytest.mark.parametrize(
    "statement", ["\x1b]11;#fff\x07", "\x1b]8;;http://a/?b\x07", "\x1b_Ga=t;AAAA\x1b\\", "\x1b[6m?"]
)
def test_what_asks_nothing_stays(statement):
    assert unasked(f"before{statement}after") == f"before{statement}after"


@pytest.mark.parametrize(
    "endless", ["\x1b]4;" + "?" * 250_000, "\x1b_G" + "a=q" * 80_000, "\x1bP$q" + "\x07" * 250_000]
)
def test_a_question_that_never_ends_takes_no_longer_than_other_output(endless):
    began = time.process_time()
    assert unasked(endless) == endless
    assert time.process_time() - began < 5
