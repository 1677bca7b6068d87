"""What stands in for a container's file system and environment where there is no container."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent_hub.errors import InvalidMount
from agent_hub.models import Mount

OWN = {"/workspace": "workspace", "/hub": "hub", "/opt/agent-hub": "opt/agent-hub", "/home/agent": "home"}
"""Paths of a container that a container's folder stands in for, where nothing is mounted."""

INHERITED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR")
"""Variables of the hub that its programs see; no others, since the hub's own hold the server's tokens."""

INHERITED_PREFIXES = ("LC_", "SSL_CERT_")

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


def check_mounts(mounts: Sequence[Mount]) -> None:
    """Raise :class:`~agent_hub.errors.InvalidMount` for what only a container could have. Blocks."""
    for mount in mounts:
        if not Path(mount.source).exists():
            raise InvalidMount(f"There is no {mount.source} to mount.", "Check its path on this machine.")
        hubs_own = mount.target == "/workspace" or mount.target.startswith("/hub/")
        if not hubs_own and os.path.normpath(mount.target) != os.path.normpath(mount.source):
            raise InvalidMount(
                f"{mount.source} cannot be seen as {mount.target} without a container engine.",
                "Mount it to its own path, or install Docker: a mount to another path needs it.",
            )


class PathMap:
    """From paths of the container to paths of this machine.

    Parameters
    ----------
    folder
        The container's own folder.
    mounts
        What it was given.
    """

    def __init__(self, folder: Path, mounts: Sequence[Mount]) -> None:
        targets = {target: str(folder / name) for target, name in OWN.items()}
        targets |= {mount.target.rstrip("/"): mount.source for mount in mounts}
        # The longest first, so that a mount under /hub wins over /hub itself.
        self._targets = sorted(targets.items(), key=lambda pair: -len(pair[0]))

    def path(self, value: str) -> str:
        """`value` as a path of this machine, where it is one of the container's own; else as it is."""
        for target, source in self._targets:
            if value == target or value.startswith(target + "/"):
                return source + value[len(target) :]
        return value

    def arguments(self, values: Sequence[str]) -> list[str]:
        """Each argument as :meth:`path`."""
        return [self.path(value) for value in values]

    def environment(self, given: Mapping[str, str], host: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program: a few of the host's variables, and those it was given, rewritten.

        The image's ``bin`` comes first on the PATH.
        """
        kept = {name: value for name, value in host.items() if _inherited(name)}
        own = {name: self.path(value) for name, value in given.items()}
        search = given.get("PATH") or host.get("PATH") or os.defpath
        tools = self.path("/opt/agent-hub/bin")
        own["PATH"] = os.pathsep.join([tools, *(self.path(entry) for entry in search.split(os.pathsep))])
        return {"TERM": "xterm-256color", **kept, **own}


def _inherited(name: str) -> bool:
    return name in INHERITED or name.startswith(INHERITED_PREFIXES) or name.lower() in PROXIES
