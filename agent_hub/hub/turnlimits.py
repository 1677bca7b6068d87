"""How much of a turn is kept: an agent may say, and print, without end."""

from __future__ import annotations

from agent_hub.models import Command, FileChange, FileChanges, Item

ITEM_CHARACTERS = 256 * 1024
"""Most characters of an item's text; of a change to files, of all its diffs."""

TURN_CHARACTERS = 8 * 2**20
"""Most characters of all items of a turn."""

MOST_ITEMS = 2000
"""Most items of a turn."""

ITEM_COST = 200
"""Characters that an item, or a file of a change, counts as besides those of its texts."""

MOST_TURNS = 10_000
"""Most turns of a chat."""

MOST_AT_WORK = 8
"""Most turns that go on at once: an agent works on one, and may not say that it has ended."""

MOST_APPROVALS = 20
"""Most approvals that are waited for in a turn."""

PROMPTS_CHARACTERS = 16 * 2**20
"""Most characters of the prompts of all turns that an agent tells of by itself; they are kept in memory."""

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
    if isinstance(item, Command):
        short = {name: cut(getattr(item, name), max(most, ITEM_COST)) for name in ("command", "directory")}
        over += sum(more for _, more in short.values())
        item = item.model_copy(update={name: kept for name, (kept, _) in short.items()}) if over else item
    if isinstance(item, FileChanges):
        changes, left, room = [], most, most
        for change in item.changes:
            room -= _cost(change)
            if room < 0:
                over += _cost(change) + len(change.diff)
                continue
            diff, more = cut(change.diff, left)
            left -= len(change.diff) - more
            over += more
            changes.append(change.model_copy(update={"diff": diff}) if more else change)
        item = item.model_copy(update={"changes": tuple(changes)})
    return item, over


def size(item: Item) -> int:
    """The characters that count of an item."""
    count = ITEM_COST + len(item.text)
    if isinstance(item, FileChanges):
        count += sum(_cost(change) + len(change.diff) for change in item.changes)
    elif isinstance(item, Command):
        count += len(item.command) + len(item.directory)
    return count


def _cost(change: FileChange) -> int:
    return ITEM_COST + len(change.path) + len(change.moved_to)
