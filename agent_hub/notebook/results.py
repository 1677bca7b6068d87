"""What has come of a run's chats, as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError
from agent_hub.notebook import display
from agent_hub.notebook.packages import need
from agent_hub.notebook.run_state import seconds, status
from agent_hub.notebook.saved import everything, newest

if TYPE_CHECKING:
    import pandas

    from agent_hub import models
    from agent_hub.notebook.chat import Chat

METRICS = "metrics.json"
"""The file that agents leave their metrics in, unless another is asked for."""

AT_ONCE = 8
"""Chats that are asked side by side."""

METRICS_BYTES = 10_000_000

MOST_METRICS = 1000
"""Of one chat: each is a column of the table."""

_FACTS = ("status", "seconds", "tokens", "error", "chat")


def frame(chats: Sequence[Chat], metrics: str) -> pandas.DataFrame:
    """A row for each chat: its parameters, how it ended, the metrics in its file of that name, and its id."""
    pandas = need("pandas", "A table of results")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(lambda chat: _row(chat, metrics), chats))
    names = dict.fromkeys(name for row in rows for name in row if name not in _FACTS)
    return pandas.DataFrame(rows, columns=[*names, *_FACTS])


def _row(chat: Chat, metrics: str) -> dict[str, Any]:
    # What was last seen of it, where the chat is deleted meanwhile: the others' rows are no worse for that.
    turn: models.Turn | models.TurnSummary | None = chat._data.turn
    error: str | None = None
    found: dict[str, Any] = {}
    try:
        turn = _first_turn(chat)
        error = _error(chat, turn)
        found = metrics_of(chat, metrics)
    except AgentHubError as unread:
        error = error or unread.message
    row: dict[str, Any] = dict(chat.parameters)
    for name, value in found.items():
        # An agent chooses these names; a parameter or a fact of the same name stays what it is.
        row[f"{metrics.partition('.')[0]}.{name}" if name in row or name in _FACTS else name] = value
    facts = (
        status(chat._data, turn),
        seconds(turn),
        turn.usage.total if turn is not None and turn.usage is not None else None,
        error,
        chat.id,
    )
    return row | dict(zip(_FACTS, facts, strict=True))


def _first_turn(chat: Chat) -> models.Turn | models.TurnSummary | None:
    """The one that the run is about; a person may have gone on with the chat since."""
    newest = chat._data.turn
    if newest is None or (newest.number == 1 and newest.status.value not in ("failed", "interrupted")):
        return newest
    return chat.turns[0]._data


def _error(chat: Chat, turn: models.Turn | models.TurnSummary | None) -> str | None:
    """Why it did not do what it was asked for."""
    if turn is None:
        failure = chat._data.error
        return failure.message if failure is not None else None
    if turn.status.value not in ("failed", "interrupted"):
        return None
    failure = getattr(turn, "error", None)
    return failure.message if failure is not None else "It was interrupted."


def metrics_of(chat: Chat, name: str, most: int = METRICS_BYTES) -> dict[str, Any]:
    """What a chat has left in its file of metrics, values within values by the names of both; empty without one."""
    saved = newest(everything(chat.files, chat.artifacts, name), name)
    if saved is None:
        return {}
    if saved.size > most:
        raise AgentHubError(f"{name} is larger than {display.size(most)}.")
    content = saved.read_bytes()
    try:
        found = json.loads(content)
        flat = _flat(found) if isinstance(found, Mapping) else {name.partition(".")[0]: found}
    except (ValueError, RecursionError) as error:
        raise AgentHubError(f"{name} is no JSON that can be read: {error}.") from error
    if len(flat) > MOST_METRICS:
        raise AgentHubError(f"{name} holds {len(flat):,} values, and {MOST_METRICS:,} are the most of a table.")
    return flat


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Values within values by the names of both."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {f"{above}{name}": value}
    return flat
