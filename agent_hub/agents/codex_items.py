"""What Codex's app-server tells of a turn, as the hub's own models.

The agent can say anything here: what is not of the expected form is left out, and nothing raises.
Source: ``codex app-server generate-json-schema`` of Codex 0.169.0.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError

from agent_hub.models import (
    Command,
    FileChange,
    FileChanges,
    Item,
    ItemStatus,
    Message,
    Reasoning,
    ToolCall,
    Usage,
    refusal_words,
)

ID_LENGTH = 200

OBJECTS = 5
"""Beginnings of JSON that are tried in what Codex says of a failure."""

COMMAND_LENGTH = 32 * 1024
"""Characters of a command that are kept; a longer one is shown as it is, since to take it apart costs their square."""

PATH_LENGTH = 4096

MOST_CHANGES = 1000
"""Files of one change."""

LARGEST = 2**53 - 1
"""Of whole numbers, in a page as well."""

_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")

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


def thread(value: Any) -> str:
    """The id of a thread, which becomes an argument of a command; empty where it is none."""
    return value if isinstance(value, str) and _THREAD.fullmatch(value) else ""


def brief(value: Any, most: int) -> str:
    """The value, where it is text, of which it says how much is left out where it is too long."""
    whole = text(value)
    return whole if len(whole) <= most else f"{whole[:most]}… {len(whole) - most} characters left out …"


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


def problem(told: Any) -> str:
    """Why a turn failed, of its error. Codex tells what an API refused with as it came: of JSON, the words in it."""
    words = text(told.get("message")) if isinstance(told, dict) else ""
    for begun in islice(re.finditer(r'\{\s*"', words), OBJECTS):
        with suppress(ValueError, RecursionError):
            refused, _ = json.JSONDecoder().raw_decode(words, begun.start())
            return text(refusal_words(refused)) or words
    return words


def usage(tokens: Any, window: Any) -> Usage:
    """A count of tokens."""
    told = tokens if isinstance(tokens, dict) else {}

    def count(key: str) -> int:
        return max(0, _whole(told.get(key)) or 0)

    return Usage(
        input=count("inputTokens"),
        cached_input=count("cachedInputTokens"),
        output=count("outputTokens"),
        reasoning=count("reasoningOutputTokens"),
        total=count("totalTokens"),
        context_window=max(0, _whole(window) or 0),
    )


def _command(told: Mapping[str, Any], base: Mapping[str, Any]) -> Command:
    took = told.get("durationMs")
    return Command(
        **base,
        command=command(told.get("command")),
        directory=brief(told.get("cwd"), PATH_LENGTH),
        text=text(told.get("aggregatedOutput")),
        exit_code=_whole(told.get("exitCode")),
        seconds=took / 1000 if isinstance(took, int | float) and 0 <= took <= LARGEST else None,
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and abs(value) <= LARGEST else None


def command(told: Any) -> str:
    """What is run, as a person is shown it."""
    line = brief(told, COMMAND_LENGTH)
    return line if len(line) > COMMAND_LENGTH else plain_command(line)


def plain_command(line: str) -> str:
    """What is run, without the shell that Codex runs it in: ``/bin/bash -lc 'make test'`` is ``make test``."""
    try:
        words = shlex.split(line)
    except ValueError:
        return line
    is_shell = len(words) == 3 and words[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh") and words[1] in ("-c", "-lc")
    return words[2] if is_shell else line


def _changes(told: Any) -> tuple[FileChange, ...]:
    changes = []
    for change in told[:MOST_CHANGES] if isinstance(told, list) else []:
        kind = change.get("kind") if isinstance(change, dict) else None
        if isinstance(kind, dict) and kind.get("type") in ("add", "delete", "update"):
            path, moved = brief(change.get("path"), PATH_LENGTH), brief(kind.get("move_path"), PATH_LENGTH)
            diff = text(change.get("diff"))
            changes.append(FileChange(kind=kind["type"], path=path, diff=diff, moved_to=moved))
    return tuple(changes)


def _title(kind: str, told: Mapping[str, Any]) -> str:
    what = text(told.get("tool")) or text(told.get("query")) or text(told.get("path"))
    return f"{_TITLES[kind]}: {what[:ID_LENGTH]}" if what else _TITLES[kind]


def _texts(told: Any) -> list[str]:
    return [text(part) for part in told if text(part)] if isinstance(told, list) else []


@dataclass(frozen=True)
class Entry:
    """What Codex remembers of one item: something that was said to it, or that happened."""

    item: Item | None = None
    said: bool = False
    mark: str = ""
    prompt: str = ""

    @classmethod
    def of(cls, told: Any) -> Entry:
        if isinstance(told, dict) and told.get("type") == "userMessage":
            return cls(said=True, mark=name(told.get("clientId")), prompt=prompt(told))
        return cls(item(told, ended=True))

    @property
    def size(self) -> int:
        """Characters."""
        diffs = sum(len(change.diff) for change in self.item.changes) if isinstance(self.item, FileChanges) else 0
        return len(self.prompt) + diffs + (len(self.item.text) if self.item is not None else 0)
