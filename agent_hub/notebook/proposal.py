"""What the hub proposes for a repository, in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_hub.notebook import display

if TYPE_CHECKING:
    from agent_hub import models

NOTHING = "nothing"


class Proposal:
    """How a project of a repository could be set up, and why. Nothing was built; :meth:`Hub.propose` makes it."""

    def __init__(self, data: models.Proposal) -> None:
        self._data = data

    @property
    def base(self) -> str:
        """An image's tag, or a path in the repository; empty for the hub's default."""
        return self._data.base

    @property
    def setup(self) -> str:
        """A script that installs what the repository needs; empty where there is nothing to install."""
        return self._data.setup

    @property
    def gpus(self) -> int | None:
        """How many each chat is to have; None: none."""
        return self._data.gpus

    @property
    def reasons(self) -> dict[str, str]:
        """Why, by the name of what is proposed; for what no file asks for there is none."""
        data = self._data
        found = {"base": data.base_reason, "setup": data.setup_reason, "gpus": data.gpus_reason}
        return {name: reason for name, reason in found.items() if reason}

    def __repr__(self) -> str:
        return f"Proposal(base={self.base!r}, setup={self.setup!r}, gpus={self.gpus!r})"

    def _repr_html_(self) -> str:
        def line(value: Any, name: str) -> display.Markup:
            shown = display.code(str(value)) if value else display.quiet(NOTHING)
            return display.Markup(f"{shown} {display.quiet(self.reasons.get(name, ''))}")

        return display.card(
            "Proposal",
            [
                ("Base", line(self.base or "the hub’s default", "base")),
                ("Setup script", line(self.setup, "setup")),
                ("GPUs", line(self.gpus, "gpus")),
            ],
        )
