"""What is shown of a run, as JSON: words are decided here, and a page or a saved notebook puts them in their places."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent_hub.models import TurnStatus
from agent_hub.notebook.card_view import TURN_WORDS, chat_words
from agent_hub.notebook.plain import visible
from agent_hub.notebook.run_state import is_done, number, parameters, seconds, status

if TYPE_CHECKING:
    from agent_hub import models

MOST_ROWS = 100
"""What goes into a notebook at most: its output is saved with it."""

MOST_METRICS = 3
"""Columns of the table; :meth:`Runs.results` has them all."""

SHORT = 40

LEAST_LEFT = 60.0
"""Seconds; of less, nobody needs to be told."""

LOWER_IS_BETTER = frozenset("loss error err rmse mse mae mape perplexity ppl nll wer cer fid".split())
HIGHER_IS_BETTER = frozenset(
    "accuracy acc score auc f1 r2 precision recall map iou miou dice bleu rouge lddt tm reward return".split()
)
"""Words in the name of a metric that say which of its values is the best. Where none does, none is marked."""

Metrics = Mapping[str, Mapping[str, float]]
"""By chat, the numbers that it has left, by name."""


def run_view(run: models.Run, chats: Sequence[models.Chat], metrics: Metrics) -> dict[str, Any]:
    """A run: how far it is, and a row for each of its chats."""
    shown = chats[:MOST_ROWS]
    left = len(chats) - MOST_ROWS
    metrics = {chat.id: metrics[chat.id] for chat in shown if chat.id in metrics}
    names = list(dict.fromkeys(name for chat in shown for name in parameters(chat)))
    found = list(dict.fromkeys(name for one in metrics.values() for name in one))[:MOST_METRICS]
    # Nobody has looked at those of a run that are not shown.
    best = {
        name: _best(name, [one[name] for one in metrics.values() if name in one]) if left <= 0 else None
        for name in found
    }
    return {
        "name": visible(run.name),
        "done": sum(map(is_done, chats)) if chats else run.done,
        "of": len(chats) or run.chats,
        "counts": _counts(chats),
        "left": _left(run, chats),
        "parameters": [_short(name) for name in names],
        "metrics": [_short(name) for name in found],
        "rows": [_row(chat, names, metrics.get(chat.id, {}), best) for chat in shown],
        "more": f"… and {left} more: .results() has all of them." if left > 0 else "",
        "going": not all(map(is_done, chats)),
    }


def _row(
    chat: models.Chat, names: Sequence[str], metrics: Mapping[str, float], best: Mapping[str, float | None]
) -> dict[str, Any]:
    mark, word = _words(chat)
    turn = chat.turn
    works = turn is not None and turn.ended_at is None and chat.status.value == "running"
    return {
        "chat": chat.id,
        "number": number(chat),
        "values": [_short(parameters(chat).get(name)) for name in names],
        "mark": mark,
        "word": word,
        "reason": visible(_reason(chat)),
        "since": turn.started_at.isoformat() if works and turn and turn.started_at else "",
        "seconds": seconds(turn) if turn is not None and turn.ended_at is not None else None,
        "tokens": 0 if turn is None or turn.usage is None else turn.usage.total,
        "metrics": [
            {"text": f"{metrics[name]:.4g}", "best": metrics[name] == best[name]} if name in metrics else None
            for name in best
        ],
        "act": "cancel" if chat.status.value == "queued" else "answer" if mark == "asks" else "open",
    }


def _words(chat: models.Chat) -> tuple[str, str]:
    """A mark, and how a run's chat fares in a word or two."""
    said = status(chat, chat.turn)
    if said == "queued" and chat.place:
        return "waiting", f"Queue place {chat.place}"
    if said == "starting":
        return "running", "Starting"
    return TURN_WORDS[TurnStatus(said)] if said in {one.value for one in TurnStatus} else chat_words(chat)


def _reason(chat: models.Chat) -> str:
    """Why it did not start, or could not go on."""
    if chat.error is not None:
        return chat.error.message
    return "" if chat.turn is None else chat.turn.reason


def _counts(chats: Sequence[models.Chat]) -> str:
    counts = Counter("queued" if mark == "waiting" else word.lower() for mark, word in map(_words, chats))
    counts.pop("finished", 0)
    return " · ".join(f"{count} {word}" for word, count in counts.items())


def _left(run: models.Run, chats: Sequence[models.Chat]) -> str:
    turns = (chat.turn for chat in chats if chat.turn is not None and chat.turn.status.value == "completed")
    took = [seconds(turn) or 0.0 for turn in turns]
    left = sum(not is_done(chat) for chat in chats)
    if not took or not left:
        return ""
    expected = math.ceil(left / run.concurrency) * sum(took) / len(took)
    return f"about {_about(expected)} left" if expected >= LEAST_LEFT else ""


def _about(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"


def _best(name: str, values: Sequence[float]) -> float | None:
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    if len(values) < 2 or bool(words & LOWER_IS_BETTER) == bool(words & HIGHER_IS_BETTER):
        return None
    return min(values) if words & LOWER_IS_BETTER else max(values)


def _short(value: models.Parameter) -> str:
    said = " ".join(visible(str(value)).split()) if value is not None else ""
    return said if len(said) <= SHORT else f"{said[:SHORT]}…"
