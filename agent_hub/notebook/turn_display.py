"""How turns look in a notebook, with no kernel and no script: everything an agent says is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from agent_hub.notebook import display
from agent_hub.notebook.display import Markup
from agent_hub.notebook.markdown import to_html
from agent_hub.notebook.plain import head, tail, visible

if TYPE_CHECKING:
    from agent_hub import models

_BLOCK = (
    "white-space: pre-wrap; overflow-wrap: anywhere; max-height: 24em; overflow: auto; margin: 2px 0 6px 1.4em; "
    "padding: 4px 8px; border: 1px solid var(--jp-border-color2, #8888); border-radius: 2px; "
    "background: var(--jp-layout-color2, transparent); color: inherit; font-size: var(--jp-code-font-size, 12px);"
)
_TEXT = "overflow-wrap: anywhere; margin: 4px 0;"
_PROMPT = (
    "white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--jp-brand-color1, #1976d2); "
    "padding: 2px 0 2px 8px; margin: 4px 0;"
)
_TURN = "color: var(--jp-ui-font-color1, inherit); font-size: var(--jp-ui-font-size1, 13px);"
SHORT = 80
SHOWN = 10_000
"""Characters of one text: a notebook is saved with them, and :attr:`Turn.events` has all."""

SHOWN_ITEMS = 200_000
"""Characters of HTML of all that happened in a turn, the newest of it."""


def line(turn: models.Turn) -> str:
    """A turn in one line of plain text."""
    facts = ", ".join(_facts(turn))
    return f"Turn({turn.number}, {short(turn.prompt)!r}, {facts})"


def html(turn: models.Turn, last: int | None = None, room: int = SHOWN_ITEMS) -> Markup:
    """A turn with what happened in it: what was said in full, what was done folded.

    Parameters
    ----------
    last, room
        Steps, and characters, of that at most; the newest of it is shown where there is more.
    """
    prompt = _safe(head(turn.prompt, SHOWN))
    steps = _items(turn.items, len(turn.items) if last is None else last, room)
    parts = [f'<div {display.AS_IT_IS} style="{_PROMPT}">{prompt}</div>', *steps]
    for approval in turn.approvals:
        item = next((item for item in turn.items if item.id == approval.item), None)
        about = display.code(visible(asked_for(approval, item)))
        parts.append(f"<div>⏸ {_safe(approval.reason or 'The agent asks')}: {about}</div>")
    if turn.error is not None:
        parts.append(f"<div>{display.status('failed')} {_safe(f'{turn.error.message} {turn.error.hint}')}</div>")
    state = display.status(turn.status.value, " · ".join(_facts(turn)[1:]))
    return Markup(f'<div style="{_TURN}">{state}{"".join(parts)}</div>')


def table(turns: Iterable[models.Turn]) -> Markup:
    """Many turns, one in each line."""
    rows = (
        (
            turn.number,
            short(turn.prompt),
            display.status(turn.status.value),
            "" if turn.seconds is None else display.duration(turn.seconds),
            "" if turn.usage is None else f"{turn.usage.total:,}",
        )
        for turn in turns
    )
    return display.table(("Turn", "Prompt", "Status", "Time", "Tokens"), rows, "No turns yet: chat.send(prompt).")


def _items(items: Sequence[models.Item], last: int, room: int) -> list[str]:
    shown: list[str] = []
    for number, item in enumerate(reversed(items)):
        if room <= 0 or number >= last:
            earlier = f"… {len(items) - number:,} earlier steps: Turn.events has them."
            shown.append(f"<div>{display.quiet(earlier)}</div>")
            break
        shown.append(_item(item))
        room -= len(shown[-1])
    return shown[::-1]


def _item(item: models.Item) -> str:
    if item.type == "message":
        return f'<div style="{_TEXT}">{to_html(item.text)}</div>'
    if item.type == "reasoning":
        return _folded(display.quiet("Thought"), head(item.text, SHOWN)) if item.text else ""
    if item.type == "command":
        code = "" if item.exit_code in (None, 0) else f" — exit code {item.exit_code}"
        return _folded(f"{display.code(visible('$ ' + short(item.command)))}{escape(code)}", tail(item.text, SHOWN))
    if item.type == "files":
        names = visible(head(", ".join(change.path for change in item.changes), SHOWN))
        diffs = head("\n".join(change.diff for change in item.changes), SHOWN)
        return _folded(f"Changed {display.code(names)}", diffs)
    return _folded(_safe(short(item.title)), tail(item.text, SHOWN))


def _safe(text: str) -> str:
    return escape(visible(text))


def _folded(summary: str, text: str) -> str:
    if not text:
        return f'<div style="margin: 4px 0;">{summary}</div>'
    block = f'<pre style="{_BLOCK}">{_safe(text)}</pre>'
    return f'<details style="margin: 4px 0;"><summary>{summary}</summary>{block}</details>'


def _facts(turn: models.Turn) -> list[str]:
    facts = [turn.status.value]
    if turn.seconds is not None:
        facts.append(display.duration(turn.seconds))
    if turn.usage is not None:
        facts.append(f"{turn.usage.total:,} tokens")
    return facts


def asked_for(approval: models.Approval, item: models.Item | None) -> str:
    """What an agent asks for: its command, or the files that it wants to change, each on a line."""
    if approval.kind == "command" or item is None or item.type != "files":
        return approval.command
    return "\n".join(
        f"{change.kind} {change.path}" + (f" → {change.moved_to}" if change.moved_to else "") for change in item.changes
    )


def short(text: str) -> str:
    """Its first line, cut."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= SHORT else f"{first[:SHORT]}…"
