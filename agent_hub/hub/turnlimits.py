"""How much of a turn is kept: an agent may say, and print, without end."""

from __future__ import annotations

from agent_hub.models import FileChanges, Item

ITEM_CHARACTERS = 256 * 1024
"""Most characters of an item's text; of a change to files, of all its diffs."""

TURN_CHARACTERS = 8 * 2**20
"""Most characters of all items of a turn."""

MOST_ITEMS = 2000
"""Most items of a turn."""

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
    text, over = cut(item.text, most)
    if over:
        item = item.model_copy(update={"text": text})
    if isinstance(item, FileChanges):
        changes, left = [], most
        for change in item.changes:
            diff, more = cut(change.diff, left)
            left -= len(change.diff) - more
            over += more
            changes.append(change.model_copy(update={"diff": diff}) if more else change)
        item = item.model_copy(update={"changes": tuple(changes)})
    return item, over


def size(item: Item) -> int:
    """The characters that count of an item."""
    diffs = sum(len(change.diff) for change in item.changes) if isinstance(item, FileChanges) else 0
    return len(item.text) + diffs
