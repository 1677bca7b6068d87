"""What Codex's app-server tells of a turn, as the hub's own models.

The agent can say anything here: what is not of the expected form is left out, and nothing raises.
Source: ``codex app-server generate-json-schema`` of Codex 0.169.0.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent_hub.models import Command, FileChange, FileChanges, Item, ItemStatus, Message, Reasoning, ToolCall, Usage

ID_LENGTH = 200
PATH_LENGTH = 4096
COMMAND_LENGTH = 32 * 1024
REASON_LENGTH = 4096

PARSED_LENGTH = 8192
"""Of a command, to be taken out of its shell: what takes it apart needs time that grows with the square of it."""

LONGEST_MS = 10**12
_STATUSES = {
    "inProgress": ItemStatus.running,
    "completed": ItemStatus.completed,
    "failed": ItemStatus.failed,
    "declined": ItemStatus.declined,
}
_TITLES = {
    "mcpToolCall": "Tool",
    "dynamicToolCall": "Tool",
    "webSearch": "Web search",
    "imageView": "Image",
    "imageGeneration": "Image",
    "plan": "Plan",
    "contextCompaction": "Context compacted",
    "enteredReviewMode": "Review",
    "exitedReviewMode": "Review",
    "collabAgentToolCall": "Agent",
}


def text(value: Any) -> str:
    """The value, where it is text, without lone surrogates: they fit into no JSON that is sent on."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def name(value: Any) -> str:
    """An id, cut to a length that no id has."""
    return text(value)[:ID_LENGTH]


def short(value: Any, most: int) -> str:
    """The value, where it is text, with its end left out, and said to be, where it is too long."""
    whole = text(value)
    over = len(whole) - most
    return f"{whole[:most]}… ({over:,} more characters)" if over > 0 else whole


def prompt(item: Mapping[str, Any]) -> str:
    """What a person said, of an item that is a user's message."""
    content = item.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "\n".join(text(part.get("text")) for part in parts if part.get("type") == "text")


def item(told: Any, ended: bool) -> Item | None:
    """An item, ``None`` where it is none that a person is shown.

    Parameters
    ----------
    ended
        Items of most kinds do not say so themselves.
    """
    if not isinstance(told, dict) or not name(told.get("id")):
        return None
    status = _STATUSES.get(text(told.get("status")), ItemStatus.completed if ended else ItemStatus.running)
    base: dict[str, Any] = {"id": name(told.get("id")), "status": status}
    kind = text(told.get("type"))
    try:
        match kind:
            case "agentMessage":
                return Message(**base, text=text(told.get("text")))
            case "reasoning":
                return Reasoning(**base, text="\n\n".join(_texts(told.get("summary"))))
            case "commandExecution":
                return _command(told, base)
            case "fileChange":
                return FileChanges(**base, changes=_changes(told.get("changes")))
            case _ if kind in _TITLES:
                return ToolCall(**base, title=_title(kind, told), text=text(told.get("text")))
    except ValidationError:
        pass
    return None


def usage(tokens: Any, window: Any) -> Usage:
    """A count of tokens."""
    told = tokens if isinstance(tokens, dict) else {}

    def count(key: str) -> int:
        value = told.get(key)
        return max(0, value) if isinstance(value, int) else 0

    return Usage(
        input=count("inputTokens"),
        cached_input=count("cachedInputTokens"),
        output=count("outputTokens"),
        reasoning=count("reasoningOutputTokens"),
        total=count("totalTokens"),
        context_window=window if isinstance(window, int) and window > 0 else 0,
    )


def _command(told: Mapping[str, Any], base: Mapping[str, Any]) -> Command:
    code, took = told.get("exitCode"), told.get("durationMs")
    return Command(
        **base,
        command=command(told),
        directory=short(told.get("cwd"), PATH_LENGTH),
        text=text(told.get("aggregatedOutput")),
        exit_code=code if isinstance(code, int) else None,
        seconds=took / 1000 if isinstance(took, int | float) and 0 <= took < LONGEST_MS else None,
    )


def command(told: Mapping[str, Any]) -> str:
    """What is run, of an item or of a request for an approval."""
    return short(plain_command(text(told.get("command"))), COMMAND_LENGTH)


def plain_command(line: str) -> str:
    """What is run, without the shell that Codex runs it in: ``/bin/bash -lc 'make test'`` is ``make test``."""
    if len(line) > PARSED_LENGTH:
        return line
    try:
        words = shlex.split(line)
    except ValueError:
        return line
    is_shell = len(words) == 3 and words[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh") and words[1] in ("-c", "-lc")
    return words[2] if is_shell else line


def _changes(told: Any) -> tuple[FileChange, ...]:
    changes = []
    for change in told if isinstance(told, list) else []:
        kind = change.get("kind") if isinstance(change, dict) else None
        if isinstance(kind, dict) and kind.get("type") in ("add", "delete", "update"):
            path, moved = short(change.get("path"), PATH_LENGTH), short(kind.get("move_path"), PATH_LENGTH)
            change = {"path": path, "diff": text(change.get("diff")), "moved_to": moved}
            changes.append(FileChange(kind=kind["type"], **change))
    return tuple(changes)


def _title(kind: str, told: Mapping[str, Any]) -> str:
    what = text(told.get("tool")) or text(told.get("query")) or text(told.get("path"))
    return f"{_TITLES[kind]}: {what[:ID_LENGTH]}" if what else _TITLES[kind]


def _texts(told: Any) -> list[str]:
    return [text(part) for part in told if text(part)] if isinstance(told, list) else []
