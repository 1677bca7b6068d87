"""How runs look in a notebook, with no kernel and no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from agent_hub.notebook import display
from agent_hub.notebook.display import Markup
from agent_hub.notebook.run_view import Metrics, run_view

if TYPE_CHECKING:
    from agent_hub import models

_COLOURS = {"running": "running", "done": "ready", "failed": "failed", "asks": "waiting for you"}


def line(run: models.Run, chats: Sequence[models.Chat]) -> str:
    """A run in one line of plain text; `chats` may not have been looked at yet."""
    view = run_view(run, chats, {})
    return f"Runs({run.name!r}, {view['done']} of {view['of']} finished)"


def text(run: models.Run, chats: Sequence[models.Chat]) -> str:
    """A run as plain text: a line for each of its chats."""
    view = run_view(run, chats, {})
    lines = [line(run, chats)]
    for row in view["rows"]:
        values = ", ".join(
            f"{name}={value}" for name, value in zip(view["parameters"], row["values"], strict=True) if value
        )
        lines.append(f"  {row['number']:3}  {row['word']:16} {_time(row):>8} {_tokens(row):>9}  {values}".rstrip())
    return "\n".join([*lines, *filter(None, [view["more"]])])


def html(run: models.Run, chats: Sequence[models.Chat], metrics: Metrics | None = None, note: str = "") -> Markup:
    """A run as a bar, and a table with a row for each of its chats."""
    view = run_view(run, chats, metrics or {})
    rows = [
        (
            row["number"],
            *row["values"],
            display.status(row["word"], like=_COLOURS.get(row["mark"], "-")),
            _time(row),
            _tokens(row),
            *map(_metric, row["metrics"]),
        )
        for row in view["rows"]
    ]
    heads = ("#", *view["parameters"], "Status", "Time", "Tokens", *view["metrics"])
    table = display.table(heads, rows, "")
    more = "".join(f"<div>{display.quiet(text)}</div>" for text in (view["more"], note) if text)
    return Markup(f"<div>{_head(view)}{table}{more}</div>")


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


def _head(view: dict[str, Any]) -> str:
    head = f"<strong>{escape(view['name'])}</strong> {view['done']} of {view['of']} finished"
    return f"<div>{head} {display.quiet(view['counts'])}<br>{_bar(view['done'], view['of'], '100%')}</div>"


def _bar(done: int, of: int, width: str = "8em") -> str:
    return f'<progress max="{max(of, 1)}" value="{done}" style="width: {width};">{done} of {of}</progress>'


def _time(row: dict[str, Any]) -> str:
    if row["since"]:
        return display.duration((datetime.now(UTC) - datetime.fromisoformat(row["since"])).total_seconds())
    return "" if row["seconds"] is None else display.duration(row["seconds"])


def _tokens(row: dict[str, Any]) -> str:
    return f"{row['tokens']:,}" if row["tokens"] else ""


def _metric(metric: dict[str, Any] | None) -> Markup | str:
    if metric is None:
        return ""
    return Markup(f"<strong>{escape(metric['text'])}</strong>") if metric["best"] else str(metric["text"])
