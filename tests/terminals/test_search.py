from __future__ import annotations

import asyncio
import threading

import pytest

from agent_hub.errors import NotFound
from agent_hub.models import TerminalMatches
from agent_hub.terminals.history import History
from agent_hub.terminals.journal import Journal
from agent_hub.terminals.registry import Terminals
from tests.terminals.programs import LIMIT_SECONDS
from tests.terminals.viewing import numbered


@pytest.fixture
def history(tmp_path) -> History:
    return History(journal=Journal(tmp_path / "terminal"))


def find(history: History, query: str, limit: int = 100) -> TerminalMatches:
    return history.lines().find(query, limit, threading.Event())


def test_a_search_finds_a_line_that_has_long_scrolled_away(history):
    history.append(b"the \x1b[31mnee\x1b[1mdle\x1b[m\r\n")
    for number in range(300):
        history.append(numbered(1000 * number, 1000 * number + 1000))
        history.replay()
    found = find(history, "needle")
    assert [(match.line, match.text, match.spans) for match in found.matches] == [(1, "the needle", ((4, 10),))]
    assert found.lines == 300_001
    assert found.complete


def test_a_search_finds_what_a_killed_server_showed(history, tmp_path):
    history.append(b"the needle\r\n" + numbered(0, 1000))
    after = History(journal=Journal(tmp_path / "terminal"))
    assert [match.line for match in find(after, "needle").matches] == [1]


def test_a_search_without_a_journal_finds_what_is_in_memory():
    history = History()
    history.append(b"the needle\r\n" + numbered(0, 1000))
    assert [match.line for match in find(history, "needle").matches] == [1]


def test_what_is_on_the_screen_is_found(history):
    history.append(b"one\r\ntwo needles")
    found = find(history, "Needle")
    assert [(match.line, match.text) for match in found.matches] == [(2, "two needles")]
    assert found.lines == 2


def test_the_newest_is_found_first_and_each_line_once(history):
    history.append(numbered(0, 2000))
    found = find(history, "LINE 1")
    assert found.matches[0].text == "line 1999"
    assert found.matches[0].line == 2000
    assert not found.complete
    assert len(found.matches) == 100
    everything = find(history, "line 1", 5000)
    assert [match.line - 1 for match in everything.matches] == sorted(
        (number for number in range(2000) if str(number).startswith("1")), reverse=True
    )
    assert everything.complete


def test_where_a_match_is_counts_as_javascript_does(history):
    history.append("😀 Näh und nÄh\r\n".encode())
    (match,) = find(history, "näh").matches
    assert match.spans == ((3, 6), (11, 14))


@pytest.mark.parametrize("query", ["a.c", "(", "[", "\\", "$", "a  b"])
def test_a_search_is_for_plain_text(history, query):
    history.append(f"abc xyz {query} end\r\n".encode())
    (match,) = find(history, query).matches
    assert match.spans == ((8, 8 + len(query)),)


def test_a_very_long_line_is_cut_around_its_match(history):
    history.append(b"x" * 50_000 + b"needle" + b"y" * 10_000 + b"\r\n" * 30)
    (match,) = find(history, "needle").matches
    assert len(match.text) <= 2000
    ((start, end),) = match.spans
    assert match.text[start:end] == "needle"


def test_nothing_is_found_in_nothing(history):
    assert find(history, "needle").matches == ()


def test_a_cancelled_search_ends(history):
    history.append(numbered(0, 100_000))
    cancelled = threading.Event()
    cancelled.set()
    found = history.lines().find("line 5", 1000, cancelled)
    assert all(match.line > 100_000 - 24 for match in found.matches)


async def test_terminals_are_searched_by_name(tmp_path):
    terminals = Terminals(lambda name: tmp_path / name)
    terminals.get_or_create("chat").note("a needle")
    async with asyncio.timeout(LIMIT_SECONDS):
        found = await terminals.search("chat", "needle", 10)
        assert [match.text for match in found.matches] == ["a needle"]
        with pytest.raises(NotFound):
            await terminals.search("nobody", "needle", 10)
    await terminals.close()


def test_the_whole_text_is_every_line_without_its_colours(history):
    history.append(b"the \x1b[31mneedle\x1b[m\r\n" + numbered(0, 1000) + b"$ ")
    text = history.lines().text()
    assert text.startswith("the needle\n") and text.endswith("\n$\n")
    assert text.count("\n") == 1002
