"""What a card shows of a chat, as JSON: words and HTML are decided here, and the page puts them in their places."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from agent_hub.models import (
    Approval,
    Chat,
    ChatStatus,
    Command,
    FileChanges,
    Item,
    ItemStatus,
    Message,
    Reasoning,
    Turn,
)
from agent_hub.models import TurnStatus as Status
from agent_hub.notebook.markdown import to_html
from agent_hub.notebook.plain import head, tail, visible
from agent_hub.notebook.turn_display import asked_for

MOST_CHARACTERS = 10_000
"""Of a command's output, or of a change of files; :attr:`Turn.events` has all of it."""

MOST_ITEMS = 100
"""Of one turn."""

SHORT = 300

TURN_WORDS = {
    Status.queued: ("waiting", "Queued"),
    Status.running: ("running", "Running"),
    Status.waiting: ("asks", "Waiting for you"),
    Status.completed: ("done", "Finished"),
    Status.failed: ("failed", "Failed"),
    Status.interrupted: ("ended", "Interrupted"),
}
_CHAT_WORDS = {
    ChatStatus.queued: ("waiting", "Starting"),
    ChatStatus.starting: ("running", "Starting"),
    ChatStatus.stopping: ("running", "Stopping"),
    ChatStatus.exited: ("ended", "Exited"),
    ChatStatus.failed: ("failed", "Failed"),
    ChatStatus.unknown: ("ended", "Unknown"),
    ChatStatus.deleting: ("running", "Deleting"),
}
_ITEM_MARKS = {
    ItemStatus.running: "running",
    ItemStatus.completed: "done",
    ItemStatus.failed: "failed",
    ItemStatus.declined: "ended",
}
_LIVE = (ChatStatus.queued, ChatStatus.starting, ChatStatus.running, ChatStatus.unknown)


def state(chat: Chat, current: Turn | None) -> tuple[str, str]:
    """A mark, and the word for how a chat is: of one that runs, how its agent is."""
    if chat.status is ChatStatus.running:
        return ("done", "Ready") if current is None else TURN_WORDS[current.status]
    return chat_words(chat)


def chat_words(chat: Chat) -> tuple[str, str]:
    """The same of one that does not run."""
    mark, word = _CHAT_WORDS[chat.status]
    if chat.status is ChatStatus.exited and chat.exit_code:
        word = f"Exited ({chat.exit_code})"
    if chat.place:
        word = f"Starting · queue place {chat.place}"
    return mark, word


def chat_view(chat: Chat, project: str, current: Turn | None, speaks: bool) -> dict[str, Any]:
    """The chat itself."""
    mark, word = state(chat, current)
    runs = chat.status in _LIVE
    working = current is not None and current.status in (Status.running, Status.waiting)
    error = "" if chat.error is None else f"{chat.error.message} {chat.error.hint}"
    return {
        "chat": chat.id,
        "name": visible(chat.name),
        "about": visible(" · ".join(part for part in (project, chat.agent, chat.model) if part)),
        "agent": visible(chat.agent.capitalize()),
        "mark": mark,
        "word": word,
        "reason": visible(chat.reason),
        "error": visible(error),
        "since": _time(current.started_at) if working and current and runs else "",
        "send": speaks and runs,
        "interrupt": speaks and runs and working,
        "stop": runs,
        "start": chat.status in (ChatStatus.exited, ChatStatus.failed),
        "speaks": speaks,
    }


def turn_view(turn: Turn, items: Iterable[Item] = ()) -> dict[str, Any]:
    """A turn without its items; of `items`, those that its approvals are about are named there."""
    known = {item.id: item for item in items}
    mark, word = TURN_WORDS[turn.status]
    return {
        "number": turn.number,
        "prompt": visible(head(turn.prompt, MOST_CHARACTERS)),
        "mark": mark,
        "word": word,
        "since": _time(turn.started_at),
        "seconds": turn.seconds if turn.status.ended else None,
        "tokens": turn.usage.total if turn.usage else 0,
        "error": visible(f"{turn.error.message} {turn.error.hint}".strip()) if turn.error else "",
        "ended": turn.status.ended,
        "asks": [_approval(approval, known.get(approval.item)) for approval in turn.approvals],
    }


def item_view(number: int, item: Item) -> dict[str, Any]:
    """An item of a turn; what can be long is its ``body``: HTML of Markdown, else text."""
    view: dict[str, Any] = {
        "turn": number,
        "item": item.id,
        "kind": item.type,
        "mark": _ITEM_MARKS[item.status],
        "title": "",
        "fact": "",
        "seconds": None,
        "body": "",
    }
    if isinstance(item, Message | Reasoning):
        view["title"] = "" if isinstance(item, Message) else "Thought"
        view["body"] = to_html(item.text)
    elif isinstance(item, Command):
        failed = bool(item.exit_code) or item.status is ItemStatus.failed
        running = item.status is ItemStatus.running
        view["title"] = visible(head(item.command, SHORT))
        view["mark"] = "failed" if failed else view["mark"]
        ended = item.status.value if item.exit_code is None else f"exit {item.exit_code}"
        view["fact"] = "running" if running else ended
        view["seconds"] = item.seconds
        view["body"] = visible(tail(item.text, MOST_CHARACTERS))
        if len(item.command) > SHORT:
            view["body"] = f"$ {visible(item.command[:MOST_CHARACTERS])}\n{view['body']}"
    elif isinstance(item, FileChanges):
        view["title"] = visible(head(", ".join(change.path for change in item.changes), SHORT))
        view["fact"] = _count(len(item.changes))
        texts = (f"{change.kind} {change.path}\n{change.diff}" for change in item.changes)
        view["body"] = visible(head("\n".join(texts), MOST_CHARACTERS))
    else:
        view["title"] = visible(head(item.title, SHORT))
        view["body"] = visible(tail(item.text, MOST_CHARACTERS))
    return view


def _approval(approval: Approval, item: Item | None) -> dict[str, str]:
    return {
        "approval": approval.id,
        "what": "Run this command?" if approval.kind == "command" else "Change these files?",
        "about": visible(head(asked_for(approval, item), MOST_CHARACTERS)),
        "where": visible(approval.directory),
        "why": visible(head(approval.reason, SHORT)),
    }


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
