"""What runs the containers of a Docker engine: runc, or what gives each a kernel of its own, as gVisor and Kata do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from agent_hub.errors import EngineError

_SOCKETS = frozenset({"--host-uds=all", "-host-uds=all", "--fsgofer-host-uds", "-fsgofer-host-uds"})
"""What tells gVisor to pass Unix sockets on; see ``runsc flags``."""


def shares_kernel(runtime: str) -> bool:
    """Whether containers by this runtime, empty for the engine's own, have the kernel of the engine's machine."""
    return not runtime or "runc" in runtime or "crun" in runtime


def check(runtime: str, info: Mapping[str, Any]) -> None:
    """Look whether an engine has a runtime, and whether a hub can use it.

    Parameters
    ----------
    info
        What the engine says of itself.

    Raises
    ------
    EngineError
        No agent would run by it, or be heard.
    """
    known = info.get("Runtimes") or {}
    if runtime not in known:
        raise EngineError(
            f"The container engine has no runtime {runtime!r}; it has {', '.join(sorted(known))}.",
            "Install it and tell Docker of it, or change --AgentHub.runtime.",
        )
    described = known[runtime]
    is_gvisor = PurePath(described.get("path") or "").name == "runsc"
    if is_gvisor and _SOCKETS.isdisjoint(described.get("runtimeArgs") or ()):
        raise EngineError(
            f"The runtime {runtime!r} is gVisor, and keeps sockets to itself: the hub would not hear its agents.",
            'Add "--host-uds=all" to its runtimeArgs in Docker\'s daemon.json, and let Docker read that again.',
        )
