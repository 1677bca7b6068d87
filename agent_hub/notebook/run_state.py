"""How a run's chat fares, from what the hub says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_hub import models


def status(chat: models.Chat, turn: models.TurnSummary | models.Turn | None) -> str:
    """How a run's chat fares with a turn: queued, starting, running, waiting, completed, failed, interrupted…"""
    if turn is not None and turn.status.value != "queued":
        return turn.status.value
    if chat.status.value in ("exited", "deleting"):
        return "interrupted"
    return "starting" if chat.status.value == "running" else chat.status.value


def seconds(turn: models.TurnSummary | models.Turn | None) -> float | None:
    """How long a turn has been worked on, or took."""
    if turn is None or turn.started_at is None:
        return None
    return ((turn.ended_at or datetime.now(UTC)) - turn.started_at).total_seconds()


def parameters(chat: models.Chat) -> dict[str, models.Parameter]:
    """What its prompt was filled in with."""
    return chat.run.parameters if chat.run is not None else {}


def is_done(chat: models.Chat) -> bool:
    """Whether its part of the run has ended, however."""
    return chat.run is None or chat.run.done


def to_stop(chats: Sequence[models.Chat]) -> Sequence[models.Chat]:
    """Those that have not ended, in the order to stop them."""
    # The last that wait first: one that works makes room for the next as it ends.
    going = (data for data in chats if not is_done(data))
    return sorted(going, key=lambda data: (data.status.value != "queued", -number(data)))


def number(chat: models.Chat) -> int:
    """Its place in the run, from 1."""
    return chat.run.number if chat.run is not None else 0
