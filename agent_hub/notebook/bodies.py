"""What a page has of the long part of each item, so that it is told only what is new in it."""

from __future__ import annotations

from typing import Any


class Bodies:
    """The bodies of items, as a page has them."""

    def __init__(self) -> None:
        self._sent: dict[tuple[int, str], str] = {}

    def whole(self, view: dict[str, Any]) -> dict[str, Any]:
        """The view of an item with all of its body that pages have."""
        return view | {"body": self._sent.setdefault((view["turn"], view["item"]), view["body"])}

    def since(self, view: dict[str, Any]) -> dict[str, Any]:
        """The view of an item, with only that of its body which pages do not have."""
        key = (view["turn"], view["item"])
        before, body = self._sent.get(key, ""), view["body"]
        self._sent[key] = body
        same = _common(before, body)
        # A page counts in UTF-16.
        return view | {"keep": len(body[:same].encode("utf-16-le", "surrogatepass")) // 2, "body": body[same:]}

    def forget_before(self, first: int) -> None:
        """Of turns before that one, pages have nothing any more."""
        self._sent = {key: body for key, body in self._sent.items() if key[0] >= first}


def _common(before: str, after: str) -> int:
    """How many characters two texts begin with alike."""
    if after.startswith(before):
        return len(before)
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[:middle] == after[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
