"""What is told of single requests that chats sent to the gateway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent_hub.connections.access_log import CHATS, LENGTH, WORDS, AccessLog


class Clock:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def test_the_newest_request_is_first_whatever_became_of_it() -> None:
    log = AccessLog(Clock())
    log.passed("a", "POST /v1/responses", "api.example.com", 200, 0.0421)
    log.refused("b", "GET /v1/files", 404, "Not that.")
    log.passed("a", "fetch lab/birds", "github.com", None, None, "refused")
    told = log.newest()
    assert [(one.chat, one.asked, one.host, one.status, one.ms, one.problem, one.refused) for one in told] == [
        ("a", "fetch lab/birds", "github.com", None, None, "refused", False),
        ("b", "GET /v1/files", "", 404, None, "Not that.", True),
        ("a", "POST /v1/responses", "api.example.com", 200, 42.1, "", False),
    ]


def test_an_agent_that_asks_without_end_hides_neither_what_was_refused_it_nor_what_others_did() -> None:
    log = AccessLog(Clock())
    log.refused("a", "GET /v1/files", 404, "Not that.")
    log.passed("b", "push to lab/birds", "github.com", 200, 0.1)
    for number in range(3 * LENGTH):
        log.passed("a", f"GET /v1/models/{number}", "api.example.com", 200, 0.1)
    told = log.newest()
    assert len(told) == LENGTH + 2 and told[-1].refused and told[-2].chat == "b"
    for number in range(3 * LENGTH):
        log.refused("a", f"GET /v1/files/{number}", 404, "Not that.")
    assert len(log.newest()) == 2 * LENGTH + 1
    for number in range(2 * CHATS):
        log.passed(f"chat-{number}", "GET /v1/models", "api.example.com", 200, 0.1)
    assert len(log.newest()) == CHATS


def test_what_is_asked_again_and_again_is_one_row_and_counted() -> None:
    log = AccessLog(Clock())
    for _ in range(30):
        log.refused("a", "GET /v1/models", 429, "Too much.")
    first = log.passed("a", "GET /v1/models", "api.example.com", 200, 0.1)
    log.passed("a", "GET /v1/models", "api.example.com", 200, 0.2)
    log.break_off(first, "it broke off")
    assert [(one.status, one.count, one.ms, one.problem) for one in log.newest()] == [
        (200, 2, 200.0, ""),
        (200, 1, 100.0, "it broke off"),
        (429, 30, None, "Too much."),
    ]


def test_words_of_an_agent_are_short_and_write_on_no_terminal() -> None:
    log = AccessLog(Clock())
    log.refused("a", "GET /\x1b[2J\u0336" + "x" * 10_000, 404, "No \x1b[2J\u202e" + "y" * 10_000)
    (told,) = log.newest()
    assert len(told.asked) == len(told.problem) == WORDS
    assert told.asked.startswith("GET /�[2J�x") and told.problem.startswith("No �[2J�y")


def test_an_answer_that_breaks_off_stays_the_one_request_that_it_was() -> None:
    log = AccessLog(Clock())
    first = log.passed("a", "POST /v1/responses", "api.example.com", 200, 0.1)
    log.passed("a", "GET /v1/models", "api.example.com", 200, 0.1)
    log.break_off(first, "it broke off")
    assert [(one.status, one.problem) for one in log.newest()] == [(200, ""), (200, "it broke off")]
