"""How runs look in a notebook, with no kernel and no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from agent_hub.notebook import display
from agent_hub.notebook.display import Markup

if TYPE_CHECKING:
    from agent_hub import models

MOST_ROWS = 100
"""What goes into a notebook at most: its output is saved with it."""

SHORT = 40

_WORDS = {"completed": "finished", "waiting": "waiting for you"}


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


def line(run: models.Run, chats: Sequence[models.Chat]) -> str:
    """A run in one line of plain text; `chats` may not have been looked at yet."""
    done = sum(chat.run is not None and chat.run.done for chat in chats) if chats else run.done
    return f"Runs({run.name!r}, {done} of {len(chats) or run.chats} finished)"


def text(run: models.Run, chats: Sequence[models.Chat]) -> str:
    """A run as plain text: a line for each of its chats."""
    lines = [line(run, chats)]
    for chat in chats[:MOST_ROWS]:
        values = ", ".join(f"{name}={_short(value)}" for name, value in _parameters(chat).items())
        lines.append(f"  {_number(chat):3}  {_word(chat):16} {_time(chat):>8} {_tokens(chat):>9}  {values}".rstrip())
    return "\n".join(lines + _more(chats))


def html(run: models.Run, chats: Sequence[models.Chat]) -> Markup:
    """A run as a bar, and a table with a row for each of its chats."""
    names = list(dict.fromkeys(name for chat in chats for name in _parameters(chat)))
    rows = [
        (
            _number(chat),
            *(_short(_parameters(chat).get(name)) for name in names),
            display.status(_word(chat)),
            _time(chat),
            _tokens(chat),
        )
        for chat in chats[:MOST_ROWS]
    ]
    table = display.table(("#", *names, "Status", "Time", "Tokens"), rows, "Its chats are deleted.")
    more = "".join(f"<div>{display.quiet(text)}</div>" for text in _more(chats))
    return Markup(f"<div>{_head(run, chats)}{table}{more}</div>")


def table(runs: Iterable[models.Run]) -> Markup:
    """Many runs, one in each line."""
    rows = (
        (
            run.name,
            Markup(f"{_bar(run.done, run.chats)} {run.done} of {run.chats}"),
            run.created_at,
            display.code(run.id),
        )
        for run in runs
    )
    return display.table(("Run", "Finished", "Begun", "Id"), rows, "No runs yet: hub.map(prompt, grid) begins one.")


def _head(run: models.Run, chats: Sequence[models.Chat]) -> str:
    done = sum(chat.run is not None and chat.run.done for chat in chats)
    counts = Counter(_word(chat) for chat in chats)
    counts.pop("finished", 0)
    facts = " · ".join(f"{count} {word}" for word, count in counts.items())
    head = f"<strong>{escape(run.name)}</strong> {done} of {len(chats)} finished"
    return f"<div>{head} {display.quiet(facts)}<br>{_bar(done, len(chats), '100%')}</div>"


def _bar(done: int, of: int, width: str = "8em") -> str:
    return f'<progress max="{max(of, 1)}" value="{done}" style="width: {width};">{done} of {of}</progress>'


def _word(chat: models.Chat) -> str:
    said = status(chat, chat.turn)
    return _WORDS.get(said, said)


def _time(chat: models.Chat) -> str:
    passed = seconds(chat.turn)
    return "" if passed is None else display.duration(passed)


def _tokens(chat: models.Chat) -> str:
    return "" if chat.turn is None or chat.turn.usage is None else f"{chat.turn.usage.total:,}"


def _parameters(chat: models.Chat) -> dict[str, models.Parameter]:
    return chat.run.parameters if chat.run is not None else {}


def _number(chat: models.Chat) -> int:
    return chat.run.number if chat.run is not None else 0


def _short(value: models.Parameter) -> str:
    said = " ".join(str(value).split())
    return said if len(said) <= SHORT else f"{said[:SHORT]}…"


def _more(chats: Sequence[models.Chat]) -> list[str]:
    left = len(chats) - MOST_ROWS
    return [f"… and {left} more: .results() has all of them."] if left > 0 else []
