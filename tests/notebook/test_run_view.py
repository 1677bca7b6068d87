"""What is shown of a run, from what the hub says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agent_hub.models import Chat, ChatStatus, ErrorBody, InRun, Run, TurnStatus, TurnSummary
from agent_hub.notebook import run_display
from agent_hub.notebook.run_card import MOST_NUMBERS, numbers
from agent_hub.notebook.run_view import MOST_ROWS, run_view

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def a_run(chats: int, concurrency: int = 2) -> Run:
    return Run(
        id="r", name="sweep", project="p", size=chats, chats=chats, done=0, concurrency=concurrency, created_at=BEGUN
    )


def a_chat(number: int, turn: TurnStatus | None, seconds: float = 0.0, lr: str = "0.1") -> Chat:
    ended = turn is not None and turn.ended
    at = BEGUN + timedelta(seconds=seconds) if ended else None
    return Chat(
        id=f"{number:012x}",
        name=f"sweep {number}",
        project="p",
        agent="codex",
        status=ChatStatus.queued if turn is None else ChatStatus.exited if ended else ChatStatus.running,
        created_at=BEGUN,
        run=InRun(id="r", name="sweep", number=number, size=9, concurrency=2, parameters={"lr": lr}, done=ended),
        turn=None if turn is None else TurnSummary(number=1, status=turn, prompt="", started_at=BEGUN, ended_at=at),
    )


@pytest.mark.parametrize(
    ("name", "best"),
    [("val_loss", 0.1), ("accuracy", 0.3), ("test/F1", 0.3), ("RMSE", 0.1), ("seconds", None), ("loss score", None)],
)
def test_the_best_value_is_marked_where_the_name_says_which_that_is(name: str, best: float | None) -> None:
    chats = [a_chat(number, TurnStatus.completed) for number in (1, 2, 3)]
    metrics = {chat.id: {name: value} for chat, value in zip(chats, (0.2, 0.1, 0.3), strict=True)}
    shown = [row["metrics"][0] for row in run_view(a_run(3), chats, metrics)["rows"]]
    assert [metric["text"] for metric in shown if metric["best"]] == ([] if best is None else [f"{best}"])


def test_one_value_is_not_the_best_of_any() -> None:
    chats = [a_chat(1, TurnStatus.completed), a_chat(2, None)]
    rows = run_view(a_run(2), chats, {chats[0].id: {"loss": 1.0}})["rows"]
    assert rows[0]["metrics"] == [{"text": "1", "best": False}] and rows[1]["metrics"] == [None]


def test_how_long_it_takes_is_told_from_those_that_have_ended() -> None:
    chats = [a_chat(1, TurnStatus.completed, 600), *(a_chat(number, None) for number in range(2, 6))]
    assert run_view(a_run(5), chats, {})["left"] == "about 20 min left"
    assert run_view(a_run(5), chats[1:], {})["left"] == ""
    assert run_view(a_run(5), chats[:1], {})["left"] == ""
    soon = [a_chat(1, TurnStatus.completed, 2), a_chat(2, None)]
    assert run_view(a_run(2), soon, {})["left"] == ""


def test_each_row_leads_to_what_can_be_done_with_it() -> None:
    turns = [TurnStatus.completed, TurnStatus.waiting, TurnStatus.running, None]
    view = run_view(a_run(4), [a_chat(number, turn) for number, turn in enumerate(turns, 1)], {})
    assert [row["act"] for row in view["rows"]] == ["open", "answer", "open", "cancel"]
    assert (view["done"], view["counts"]) == (1, "1 waiting for you · 1 running · 1 queued")


def test_a_row_says_why_its_chat_could_not_go_on() -> None:
    chats = [a_chat(number, TurnStatus.failed) for number in (1, 2)]
    turn = TurnSummary(number=1, status=TurnStatus.failed, reason="The budget\x07 is used up.")
    refused = ErrorBody(code="engine_error", message="The engine is away.")
    chats = [chats[0].model_copy(update={"turn": turn}), chats[1].model_copy(update={"error": refused})]
    reasons = [row["reason"] for row in run_view(a_run(3), [*chats, a_chat(3, None)], {})["rows"]]
    assert reasons == ["The budget␇ is used up.", "The engine is away.", ""]


def test_a_run_of_very_many_says_how_many_it_does_not_show() -> None:
    chats = [a_chat(number, None) for number in range(1, MOST_ROWS + 8)]
    view = run_view(a_run(len(chats)), chats, {})
    assert len(view["rows"]) == MOST_ROWS and view["more"].startswith("… and 7 more")
    assert "and 7 more" in run_display.text(a_run(len(chats)), chats)


def test_what_an_agent_or_a_grid_has_named_is_shown_as_what_it_is() -> None:
    chats = [a_chat(1, TurnStatus.completed, lr="<b>\u202e\n1"), a_chat(2, TurnStatus.completed)]
    metrics = {chat.id: {"<i>loss\x1b": 1.0} for chat in chats}
    shown = str(run_display.html(a_run(2), chats, metrics))
    assert not [text for text in ("<b>", "<i>", "\u202e", "\x1b") if text in shown]


def test_only_numbers_that_a_table_can_hold_are_taken_of_what_an_agent_left() -> None:
    left = {
        "loss": 0.5, "epochs": 4, "huge": 10**400, "nan": float("nan"), "done": True, "name": "heron", "x" * 300: 1.0,
    }  # fmt: skip
    assert dict(numbers(left)) == {"loss": 0.5, "epochs": 4.0}
    assert len(dict(numbers({f"metric {number}": number for number in range(1000)}))) == MOST_NUMBERS


def test_no_value_is_the_best_of_a_run_that_is_not_all_shown() -> None:
    chats = [a_chat(number, TurnStatus.completed) for number in range(1, MOST_ROWS + 2)]
    rows = run_view(a_run(len(chats)), chats, {chat.id: {"loss": 1.0} for chat in chats})["rows"]
    assert not any(row["metrics"][0]["best"] for row in rows)
