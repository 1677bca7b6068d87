"""How objects look in a notebook: HTML in Lab's own colours, with fallbacks for every other front end.

Every value is escaped, and shown as what it is: names and file names come from repositories and agents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

from agent_hub.notebook.plain import visible

_STATUS_COLOURS = {
    "running": "var(--jp-brand-color1, #1976d2)",
    "building": "var(--jp-brand-color1, #1976d2)",
    "completed": "var(--jp-success-color1, #2e8b57)",
    "ready": "var(--jp-success-color1, #2e8b57)",
    "finished": "var(--jp-success-color1, #2e8b57)",
    "waiting": "var(--jp-warn-color1, #c77700)",
    "waiting for you": "var(--jp-warn-color1, #c77700)",
    "failed": "var(--jp-error-color1, #d32f2f)",
    "could not go on": "var(--jp-error-color1, #d32f2f)",
    "unknown": "var(--jp-warn-color1, #c77700)",
    "not isolated": "var(--jp-warn-color1, #c77700)",
}
_OTHER_COLOUR = "var(--jp-ui-font-color3, #8a8a8a)"
_QUIET = "color: var(--jp-ui-font-color2, inherit);"
_WARNING = "border-left: 4px solid var(--jp-warn-color1, #c77700); padding-left: 8px;"
_TABLE = (
    "border-collapse: collapse; color: var(--jp-ui-font-color1, inherit); font-size: var(--jp-ui-font-size1, 13px);"
)
_CELL = "text-align: left; padding: 2px 12px 2px 0; background: none; vertical-align: top;"
_LINE = "border-bottom: 1px solid var(--jp-border-color2, #8888);"

AS_IT_IS = 'class="mathjax_ignore tex2jax_ignore"'
"""Of an element whose text is nobody's Markdown: dollars in it are no formula, for Lab and for nbconvert."""


class Markup(str):
    """HTML that is safe to show as it is."""


def cell(value: Any) -> Markup:
    """A value as HTML."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, datetime):
        return whole(value.astimezone().strftime("%Y-%m-%d %H:%M"))
    return Markup(_safe("" if value is None else str(value)))


def status(word: str, more: str = "", like: str = "") -> Markup:
    """A status with its colour, or that of another word; the word says it too, for who does not see the colour."""
    colour = _STATUS_COLOURS.get(like or word, _OTHER_COLOUR)
    tail = f' <span style="{_QUIET}">{_safe(more)}</span>' if more else ""
    dot = f'<span style="color: {colour};" aria-hidden="true">●</span>'
    return Markup(f'<span style="white-space: nowrap;">{dot} {escape(word)}</span>{tail}')


def whole(text: str) -> Markup:
    """Text that stays on one line."""
    return Markup(f'<span style="white-space: nowrap;">{_safe(text)}</span>')


def code(text: str) -> Markup:
    """Text in the font of code."""
    return Markup(f"<code>{_safe(text)}</code>")


def quiet(text: str) -> Markup:
    """Text of less weight."""
    return Markup(f'<span style="{_QUIET}">{_safe(text)}</span>')


def card(title: str, rows: Iterable[tuple[str, Any]], warning: str = "") -> Markup:
    """One object: its title, a warning, and a line for each of its values that is not empty."""
    shown = [(label, cell(value)) for label, value in rows]
    lines = "".join(
        f'<tr style="background: none;"><td style="{_CELL} {_QUIET} white-space: nowrap;">{escape(label)}</td>'
        f'<td style="{_CELL}">{value}</td></tr>'
        for label, value in shown
        if value
    )
    above = f'<div style="{_WARNING}">{_safe(warning)}</div>' if warning else ""
    return Markup(
        f'<div><strong>{_safe(title)}</strong>{above}<table {AS_IT_IS} style="{_TABLE}">{lines}</table></div>'
    )


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> Markup:
    """Many objects, one in each line; `empty` is what is said where there are none."""
    lines = [
        '<tr style="background: none;">' + "".join(f'<td style="{_CELL}">{cell(value)}</td>' for value in row) + "</tr>"
        for row in rows
    ]
    if not lines:
        return Markup(f"<div>{quiet(empty)}</div>")
    head = "".join(f'<th style="{_CELL} {_LINE}">{escape(header)}</th>' for header in headers)
    return Markup(
        f'<table {AS_IT_IS} style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    )


def _safe(text: str) -> str:
    return escape(visible(text))


def size(count: int) -> str:
    """A number of bytes as people write it."""
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    number = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        number /= 1000
        if number < 999.5 or unit == "TB":
            break
    return f"{number:.1f} {unit}" if number < 9.95 else f"{number:.0f} {unit}"


def duration(seconds: float) -> str:
    """Seconds as ``m:ss``, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
