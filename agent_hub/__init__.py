"""Coding agents in isolated containers, inside Jupyter.

In a notebook::

    from agent_hub import Hub

    hub = Hub()
"""

from __future__ import annotations

# Known to type checkers; `typing` alone would take longer to import than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from agent_hub.notebook.async_hub import AsyncHub
    from agent_hub.notebook.client import Hub
    from agent_hub.notebook.encoding import Pickle

__all__ = ["AsyncHub", "Hub", "Pickle"]


def __getattr__(name: str) -> Any:
    # Imported at first use: the server and the tools of this package need no HTTP client.
    if name == "Hub":
        from agent_hub.notebook.client import Hub

        return Hub
    if name == "AsyncHub":
        from agent_hub.notebook.async_hub import AsyncHub

        return AsyncHub
    if name == "Pickle":
        from agent_hub.notebook.encoding import Pickle

        return Pickle
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Bring ``%%agent`` to a notebook, on ``%load_ext agent_hub``."""
    from agent_hub.notebook.magics import load

    load(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "agent-hub-labextension"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from agent_hub.server.app import AgentHub

    return [{"module": "agent_hub", "app": AgentHub}]
