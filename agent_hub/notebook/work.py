"""What became of a chat's changes that a person took over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_hub.notebook import display

if TYPE_CHECKING:
    from agent_hub import models


class Commit:
    """A commit of all that was not committed in a chat."""

    def __init__(self, data: models.WorkCommit) -> None:
        self.id = data.commit
        self.branch = data.branch
        self.left_out = data.left_out

    def __repr__(self) -> str:
        return f"Commit({self.id[:12]!r}, {f'branch={self.branch!r}' if self.branch else 'on no branch'})"

    def _repr_html_(self) -> str:
        return display.card(
            "Committed",
            [
                ("Commit", display.code(self.id[:12])),
                ("Branch", self.branch or "none: a commit alone"),
                ("Left out", ", ".join(self.left_out)),
            ],
        )


class Branch:
    """A branch with all that a chat has changed.

    ``repository`` holds it as ``ref``. Where that is the hub's own clone of a project elsewhere, ``fetch`` is the
    command that brings it into any other; else it is empty.
    """

    def __init__(self, data: models.WorkBranch) -> None:
        self.name = data.name
        self.commit = data.commit
        self.repository = data.repository
        self.ref = data.ref
        self.fetch = data.fetch
        self.left_out = data.left_out

    def __repr__(self) -> str:
        return f"Branch({self.name!r}, {self.commit[:12]!r}, in {self.repository!r})" + (
            f"\nFetch it with: {self.fetch}" if self.fetch else ""
        )

    def _repr_html_(self) -> str:
        return display.card(
            self.name,
            [
                ("Commit", display.code(self.commit[:12])),
                ("Repository", display.code(self.repository)),
                ("Fetch it with", display.code(self.fetch) if self.fetch else ""),
                ("Left out", ", ".join(self.left_out)),
            ],
        )


class Applied:
    """A chat's changes in a checkout, where they are not committed.

    ``files`` are those that were changed in ``to``, ``unchanged`` those that were so already.
    """

    def __init__(self, data: models.WorkApplied) -> None:
        self.to = data.to
        self.files = data.files
        self.unchanged = data.unchanged
        self.left_out = data.left_out

    def __repr__(self) -> str:
        lines = [f"Applied({len(self.files)} file{'s' * (len(self.files) != 1)}, to {self.to!r})"]
        return "\n".join(lines + [f"  {file}" for file in self.files[:50]])

    def _repr_html_(self) -> str:
        return display.card(
            "Applied, and not committed",
            [
                ("Checkout", display.code(self.to)),
                ("Changed", ", ".join(self.files[:100]) or "nothing"),
                ("As it was already", ", ".join(self.unchanged[:100])),
                ("Left out", ", ".join(self.left_out)),
            ],
        )
