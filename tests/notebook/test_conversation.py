"""A conversation put together of what is told and what was asked for, in whatever order the two come."""

from __future__ import annotations

from datetime import UTC, datetime

from agent_hub.models import ItemChanged, Message, TextAdded, Turn, TurnChanged, TurnStatus
from agent_hub.notebook.conversation import MOST_TURNS, Conversation

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def turn(number: int, status: TurnStatus, text: str = "") -> Turn:
    items = (Message(id="m", text=text),) if text else ()
    return Turn(chat="c", number=number, status=status, items=items, created_at=BEGAN)


def test_what_was_asked_for_takes_no_place_of_what_was_told_meanwhile() -> None:
    conversation = Conversation()
    conversation.take_heads([turn(1, TurnStatus.running)])
    conversation.take_all([turn(1, TurnStatus.running, "Say")])
    conversation.take(TextAdded(number=1, item="m", text=" heron"))
    conversation.take_heads([turn(1, TurnStatus.queued)])
    conversation.take_turn(turn(1, TurnStatus.running, "Sa"))
    assert [turn.text for turn in conversation.turns] == ["Say heron"]
    conversation.take(TurnChanged(turn=turn(1, TurnStatus.completed)))
    conversation.take_turn(turn(1, TurnStatus.running, "Sa"))
    assert conversation.turns == [turn(1, TurnStatus.completed, "Say heron")] and conversation.missing is None


def test_a_turn_that_ended_while_nothing_was_told_is_asked_for() -> None:
    conversation = Conversation()
    conversation.take_all([turn(1, TurnStatus.running, "Say")])
    conversation.take_all([turn(1, TurnStatus.completed)])
    assert conversation.missing == turn(1, TurnStatus.completed)
    # Until that is there, what is known is shown; an answer from before the end is none.
    conversation.take_turn(turn(1, TurnStatus.running, "Say"))
    assert conversation.missing is not None and conversation.turns == [turn(1, TurnStatus.completed, "Say")]
    conversation.take_turn(turn(1, TurnStatus.completed, "Say heron"))
    assert conversation.missing is None and conversation.turns == [turn(1, TurnStatus.completed, "Say heron")]


def test_a_turn_that_was_seen_before_it_was_told_is_told_from_its_beginning() -> None:
    conversation = Conversation()
    conversation.take_heads([turn(1, TurnStatus.running)])
    conversation.take_turn(turn(1, TurnStatus.running, "Say heron"))
    conversation.take_all([])
    conversation.take(TurnChanged(turn=turn(1, TurnStatus.running)))
    conversation.take(ItemChanged(number=1, item=Message(id="m")))
    for text in ("Say", " heron", " again"):
        conversation.take(TextAdded(number=1, item="m", text=text))
    assert [turn.text for turn in conversation.turns] == ["Say heron again"]


def test_the_newest_turns_are_kept_in_their_order_however_they_come() -> None:
    conversation = Conversation()
    heads = [turn(number, TurnStatus.completed) for number in range(1, 16)]
    conversation.take_all(heads[:12])
    for head in heads[12:]:
        conversation.take(TurnChanged(turn=head))
    conversation.take_turn(turn(14, TurnStatus.completed, "late"))
    conversation.take_turn(turn(2, TurnStatus.completed, "gone"))
    assert [one.number for one in conversation.turns] == list(range(6, 16))
    assert conversation.older == 15 - MOST_TURNS and conversation.current == heads[-1]
    conversation.take_turn(turn(9, TurnStatus.completed, "asked for"))
    assert conversation.turns[3].text == "asked for" and conversation.missing == heads[11]
