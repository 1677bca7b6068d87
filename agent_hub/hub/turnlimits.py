"""How much of a turn is kept: an agent may say, and print, without end."""

from __future__ import annotations

from agent_hub.models import Command, FileChanges, Item

ITEM_CHARACTERS = 256 * 1024
"""Most characters of an item's text; of a change to files, of all its diffs."""

TURN_CHARACTERS = 8 * 2**20
"""Most characters of all items of a turn."""

MOST_ITEMS = 2000
"""Most items of a turn."""

MOST_TURNS = 5000
"""Most turns of a chat: all of them, without their items, are in memory while it runs."""

TYPED_CHARACTERS = 16 * 1024
"""Most characters of a prompt that was typed in the terminal, as the agent tells of it."""

MOST_APPROVALS = 20
"""Most that a turn waits for at once."""

PROBLEM_CHARACTERS = 4000
"""Most characters of what an agent says went wrong."""


def cut(text: str, most: int) -> tuple[str, int]:
    """A text with its middle left out where it is too long, and how many characters that were."""
    over = len(text) - most
    if over <= 0:
        return text, 0
    head = most // 2
    return f"{text[:head]}\n… {over} characters left out …\n{text[len(text) - (most - head) :]}", over


def cut_item(item: Item, most: int) -> tuple[Item, int]:
    """An item that is short enough, and how many characters of it were left out."""
    update: dict[str, object] = {}
    left, over = most, 0
    if isinstance(item, Command):
        update["command"], over = cut(item.command, left)
        left -= len(item.command) - over
    text, more = cut(item.text, left)
    over += more
    left -= len(item.text) - more
    if isinstance(item, FileChanges):
        changes = []
        for change in item.changes:
            names = len(change.path) + len(change.moved_to)
            if left < names:
                over += names + len(change.diff)
                continue
            diff, more = cut(change.diff, left - names)
            left -= names + len(change.diff) - more
            over += more
            changes.append(change.model_copy(update={"diff": diff}) if more else change)
        update["changes"] = tuple(changes)
    return (item.model_copy(update=update | {"text": text}) if over else item), over


def size(item: Item) -> int:
    """The characters that count of an item: those of which there may be many."""
    match item:
        case FileChanges():
            parts = [part for change in item.changes for part in (change.path, change.moved_to, change.diff)]
        case Command():
            parts = [item.command]
        case _:
            parts = []
    return len(item.text) + sum(map(len, parts))
