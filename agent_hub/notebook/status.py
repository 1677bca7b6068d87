"""The hub's status in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_hub.notebook import display

if TYPE_CHECKING:
    from agent_hub import models

NOT_ISOLATED = "Nothing is isolated: agents run as plain processes of the server's machine, with all that you may do."


class HubStatus:
    """What the hub runs on, as of the moment it was asked."""

    def __init__(self, url: str, data: models.Status) -> None:
        self._url = url
        self._data = data

    @property
    def version(self) -> str:
        """The hub's version."""
        return self._data.version

    @property
    def engine(self) -> str:
        """The container engine, as a person calls it."""
        return self._data.engine.name

    @property
    def reachable(self) -> bool:
        """Whether the container engine answers."""
        return self._data.engine.reachable

    @property
    def isolated(self) -> bool:
        """Whether agents run in containers."""
        return self._data.engine.isolated

    @property
    def message(self) -> str:
        """What the hub says about its engine."""
        return self._data.engine.message

    @property
    def gpus(self) -> tuple[models.Gpu, ...]:
        """The GPUs that chats may ask for."""
        return self._data.gpus

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents that a chat can run."""
        return tuple(agent.name for agent in self._data.agents)

    def summary(self) -> str:
        """The state in a word or two: running, not isolated, or no engine."""
        if not self.reachable:
            return "no engine"
        return "running" if self.isolated else "not isolated"

    def __repr__(self) -> str:
        text = f"HubStatus({self._url!r}, {self.summary()}, engine={self.engine!r}, agents={', '.join(self.agents)})"
        return text if self.isolated else f"{text}\n{NOT_ISOLATED}"

    def _repr_html_(self) -> str:
        return display.card(
            "Agent Hub",
            [
                ("Server", self._url),
                ("Status", display.status(self.summary(), self.message if self.isolated else "")),
                ("Engine", self.engine),
                ("GPUs", ", ".join(gpu.name for gpu in self.gpus)),
                ("Agents", ", ".join(self.agents)),
                ("Default base", self._data.default_base),
                ("Version", self.version),
            ],
            warning="" if self.isolated else NOT_ISOLATED,
        )
