"""How a chat with its conversation looks in a notebook that has no kernel, and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from agent_hub.models import Chat, Turn
from agent_hub.notebook import display, turn_display
from agent_hub.notebook.card_view import state
from agent_hub.notebook.conversation import current
from agent_hub.notebook.display import Markup
from agent_hub.notebook.plain import visible

_COLOURS = {"running": "running", "done": "ready", "failed": "failed", "asks": "not isolated"}
_FRAME = (
    "border: 1px solid var(--jp-border-color2, #8888); padding: 8px 12px; max-width: 60em; "
    "color: var(--jp-ui-font-color1, inherit); font-size: var(--jp-ui-font-size1, 13px);"
)

SHOWN = 400_000
"""Characters of HTML of all turns: a notebook is saved with them, and they are made anew as often as something ends."""


def html(chat: Chat, turns: Sequence[Turn], older: int, artifacts: str, note: str = "") -> Markup:
    """The chat, its newest turns in full, the last one open, and what it has published."""
    mark, word = state(chat, current(turns))
    head = (
        f"<div {display.AS_IT_IS}><strong>{escape(visible(chat.name))}</strong> "
        f"{display.quiet(' · '.join(part for part in (chat.agent, chat.model) if part))} "
        f"{display.status(word, visible(chat.reason), _COLOURS.get(mark, ''))}</div>"
    )
    parts = [head]
    if note:
        parts.append(f"<div>{display.quiet(note)}</div>")
    if chat.error is not None:
        parts.append(f"<div>{display.status('failed')} {escape(f'{chat.error.message} {chat.error.hint}')}</div>")
    if older:
        parts.append(f"<div>{display.quiet(f'{older} older turns: chat.turns')}</div>")
    shown: list[str] = []
    room = SHOWN
    for turn in reversed(turns):
        part = str(turn_display.html(turn, room=min(room, turn_display.SHOWN_ITEMS)))
        room -= len(part)
        if shown:
            summary = f"{display.quiet(f'[{turn.number}]')} {escape(visible(turn_display.short(turn.prompt)))}"
            part = f"<details><summary {display.AS_IT_IS}>{summary}</summary>{part}</details>"
        shown.append(part)
    parts += reversed(shown)
    if artifacts:
        parts.append(f"<div>{artifacts}</div>")
    return Markup(f'<div style="{_FRAME}">{"".join(parts)}</div>')


def text(chat: Chat, turns: Sequence[Turn], note: str = "") -> str:
    """The same in plain text: what was asked for and said."""
    _, word = state(chat, current(turns))
    lines = [f"Chat({visible(chat.name)!r}, {note or word})"]
    for turn in turns:
        lines += ["", f"[{turn.number}] {visible(turn.prompt)}"]
        lines += [visible(turn.text)] if turn.text else [f"({turn.status.value})"]
    return "\n".join(lines)
