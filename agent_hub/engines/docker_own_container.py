"""The container that the hub itself runs in, where it runs in one of the engine that it asks."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from agent_hub.engines.base import ENGINES_OWN
from agent_hub.engines.docker_connection import DockerConnection
from agent_hub.errors import AgentHubError, EngineUnavailable, InvalidMount

MOUNTS = Path("/proc/self/mountinfo")
CONTROL_GROUPS = Path("/proc/self/cgroup")

GIVEN_FILES = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
"""Files that an engine puts into a container, from a folder of its own that is named by the container's id."""

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SHORT_ID = re.compile(r"[0-9a-f]{12}")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class OwnMount:
    """A folder of the engine's machine, or a volume, that the hub's container sees.

    Parameters
    ----------
    source
        On the engine's machine.
    target
        In the container.
    is_volume
        The engine's own folder, which it has made for this and nothing else.
    """

    source: PurePosixPath
    target: PurePosixPath
    is_volume: bool = False


@dataclass(frozen=True)
class OwnContainer:
    """The hub's own container, as the engine describes it.

    Parameters
    ----------
    mounts
        What of the engine's machine it sees.
    covered
        Every place in it where something is mounted, whatever that is.
    on_host_network
        It has the network of the engine's machine.
    addresses
        Its own on each network, by the network's id.
    published
        Its ports that the engine's machine passes on by the same number, each with the address that it does so at.
    """

    id: str
    name: str
    mounts: tuple[OwnMount, ...] = ()
    covered: frozenset[PurePosixPath] = frozenset()
    on_host_network: bool = False
    addresses: Mapping[str, str] | None = None
    published: frozenset[tuple[int, str]] = frozenset()

    def host_path(self, path: str) -> str:
        """What the engine's machine calls a path of this container.

        Raises
        ------
        InvalidMount
            The engine's machine has no such path, or not the one that is meant.
        """
        wanted = PurePosixPath(path)
        # What lies on top is what is seen there: a tmpfs below a mounted folder is nothing of that folder.
        top = next((one for one in (wanted, *wanted.parents) if one in self.covered), PurePosixPath("/"))
        mount = next((one for one in self.mounts if one.target == top), None)
        if mount is None:
            raise InvalidMount(
                f"The hub runs in the container {self.name}, and {path} is in none of the folders that it was started "
                "with: the engine cannot give it to a chat.",
                self._remedy(),
            )
        below = sorted(str(place) for place in self.covered if wanted in place.parents)
        if below:
            # A tmpfs as well: it may be there to cover what the machine has.
            raise InvalidMount(
                f"{path} holds {below[0]}, which is mounted there in the hub's container alone: a chat would find what "
                "the engine's machine has in its place.",
                "Mount the folders that the chat needs, one by one.",
            )
        source = mount.source / wanted.relative_to(mount.target)
        held = [] if mount.is_volume else [own for own in map(PurePosixPath, ENGINES_OWN) if _touches(source, own)]
        if held:
            raise InvalidMount(
                f"{path} is {source} on the engine's machine, and holds, or is within, the engine's own {held[0]}, "
                "which would make the agent root there, or give it what others' containers hold.",
                "Mount the folders that the chat needs, one by one.",
            )
        return str(source)

    def _remedy(self) -> str:
        folders = sorted(str(one.target) for one in self.mounts if not one.target.name.endswith(".sock"))
        known = f"Give a folder below {' or '.join(folders)}, or start" if folders else "Start"
        return f"{known} the container with it as well (docker run -v FOLDER:FOLDER)."


async def find_own_container(engine: DockerConnection) -> OwnContainer | None:
    """The container of this process, or ``None`` where it is in none of this engine's.

    A process that runs beside an engine within the same container is in none of that engine's: it sees what the engine
    sees, as on a machine.
    """
    if not MOUNTS.exists():
        return None
    mounted = read_mounts(MOUNTS.read_text(errors="replace"))
    groups = CONTROL_GROUPS.read_text(errors="replace") if CONTROL_GROUPS.exists() else ""
    for id in _candidates(mounted, groups):
        try:
            found = await engine.call("GET", f"/containers/{id}/json")
        except EngineUnavailable:
            raise
        except AgentHubError:
            continue
        own = own_container(found, mounted)
        if own is not None:
            return await _of_its_network(engine, own, found, mounted)
    return None


async def _of_its_network(
    engine: DockerConnection, own: OwnContainer, found: Mapping[str, Any], mounted: Mapping[PurePosixPath, str]
) -> OwnContainer:
    """The container, with the network of another where it shares that one's."""
    mode = str((found.get("HostConfig") or {}).get("NetworkMode") or "")
    if not mode.startswith("container:"):
        return own
    other = await engine.call("GET", f"/containers/{mode.removeprefix('container:')}/json")
    return _described({**found, **{name: other.get(name) for name in ("NetworkSettings", "HostConfig")}}, mounted)


def own_container(found: Mapping[str, Any], mounted: Mapping[PurePosixPath, str]) -> OwnContainer | None:
    """What an inspected container says of this process's; ``None`` where it is another's, whose name is like its own.

    Parameters
    ----------
    found
        The engine's answer.
    mounted
        Of this process, as :func:`read_mounts` gives it.
    """
    own = _described(found, mounted)
    if not (found.get("State") or {}).get("Running") or any(one.target not in mounted for one in own.mounts):
        return None
    return own


def _described(found: Mapping[str, Any], mounted: Iterable[PurePosixPath]) -> OwnContainer:
    network = found.get("NetworkSettings") or {}
    host = found.get("HostConfig") or {}
    return OwnContainer(
        id=str(found["Id"]),
        name=str(found.get("Name") or found["Id"][:12]).lstrip("/"),
        mounts=tuple(_mounts(found.get("Mounts") or (), host.get("Mounts") or ())),
        covered=frozenset(mounted),
        on_host_network=host.get("NetworkMode") == "host",
        addresses={
            str(one["NetworkID"]): str(one["IPAddress"])
            for one in (network.get("Networks") or {}).values()
            if one.get("NetworkID") and one.get("IPAddress")
        },
        published=frozenset(_published(network.get("Ports") or {})),
    )


def _mounts(seen: Iterable[Mapping[str, Any]], asked: Iterable[Mapping[str, Any]]) -> Iterable[OwnMount]:
    # The engine tells a volume's own folder, also where the container sees a folder of it alone.
    within = {one.get("Target"): (one.get("VolumeOptions") or {}).get("Subpath") or "" for one in asked}
    for one in seen:
        if one.get("Type") in ("bind", "volume") and one.get("Source"):
            target = str(one["Destination"])
            source = PurePosixPath(one["Source"]) / within.get(target, "")
            # The kernel knows the place itself, where the engine was told a link to it: /var/run is /run.
            yield OwnMount(source, PurePosixPath(os.path.realpath(target)), one["Type"] == "volume")


def _published(ports: Mapping[str, Any]) -> Iterable[tuple[int, str]]:
    for port, places in ports.items():
        number, _, protocol = port.partition("/")
        for place in places or ():
            if protocol in ("", "tcp") and place.get("HostPort") == number:
                yield int(number), str(place.get("HostIp") or "")


def _candidates(mounted: Mapping[PurePosixPath, str], groups: str) -> list[str]:
    """The ids that this process's container may have, the surest first."""
    roots = [mounted.get(PurePosixPath(name), "") for name in GIVEN_FILES]
    found = [id for text in (*roots, groups) for id in _ID.findall(text)]
    # Docker names a container's machine after its id, where nothing else is asked for.
    if _SHORT_ID.fullmatch(name := socket.gethostname()):
        found.append(name)
    return list(dict.fromkeys(found))


def read_mounts(text: str) -> dict[PurePosixPath, str]:
    """Where this process sees something mounted, each with the folder of its file system that it is.

    Parameters
    ----------
    text
        Of ``/proc/self/mountinfo``.
    """
    found = {}
    for line in text.splitlines():
        parts = line.split(" ")
        if len(parts) > 5:
            found[PurePosixPath(_plain(parts[4]))] = _plain(parts[3])
    return found


def _touches(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Whether a folder holds another, or is in it."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def _plain(text: str) -> str:
    """A path of the kernel's without its escapes."""
    return _ESCAPE.sub(lambda code: chr(int(code[1], 8)), text)
