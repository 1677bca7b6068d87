"""The network that containers are on."""

from __future__ import annotations

import asyncio
import json
import random

from agent_hub.engines.docker_connection import DockerConnection
from agent_hub.errors import AgentHubError, EngineError, EngineUnavailable

NETWORK = "agent-hub"
"""The name of the network that is made where nothing else is asked for."""

APART = {"com.docker.network.bridge.enable_icc": "false"}
"""Containers on one bridge do not reach each other."""

TURNS = 5
"""How often it is tried, where others make the same network at the same time."""

PAUSE_SECONDS = 0.2
"""How long is waited the first time for what the others do."""


class ContainerNetwork:
    """The network that containers are on.

    Parameters
    ----------
    engine
        Whose network.
    name
        Of the network. One that is not there is made, as a bridge on which containers reach the internet and this
        machine, and not each other. Hubs that share an engine share it.
    """

    def __init__(self, engine: DockerConnection, name: str) -> None:
        self._engine = engine
        self._name = name
        self._id = ""

    async def mode(self) -> str:
        """What a container's ``NetworkMode`` is to be.

        Raises
        ------
        EngineError
            The network is not there, and the engine cannot make it.
        """
        if self._name == "bridge":
            return "default"
        # Looked at each time: whoever prunes an engine's networks removes the one that no container is on.
        if self._id and await self._is_there():
            return self._id
        if await self._is_podman():
            return "default"
        found = await self._find()
        self._id = found[0] if found else await self._make()
        return self._id

    async def _is_podman(self) -> bool:
        # Its bridges know no such option; without root its containers have no bridge in common at all.
        version = await self._engine.version()
        return any(part.get("Name") == "Podman Engine" for part in version.get("Components") or ())

    async def _is_there(self) -> bool:
        try:
            await self._engine.call("GET", f"/networks/{self._id}")
        except EngineUnavailable:
            raise
        except AgentHubError:
            return False
        return True

    async def _find(self) -> list[str]:
        """The networks of that name, the first made first: where two make one at once, the name is not unique."""
        query = {"filters": json.dumps({"name": [self._name]})}
        # The engine's filter takes a part of a name.
        found = [one for one in await self._engine.call("GET", "/networks", query) if one["Name"] == self._name]
        if any(one["Driver"] in ("host", "null") for one in found):
            raise EngineError(
                f"The network {self._name!r} is no bridge: chats would be on the machine's own, or on none.",
                "Name another with --AgentHub.network, or leave it out.",
            )
        return [str(one["Id"]) for one in sorted(found, key=lambda one: (one["Created"], one["Id"]))]

    async def _make(self) -> str:
        for turn in range(TURNS):
            made = await self._create()
            found = await self._find()
            if len(found) > 1:
                # Docker starts nothing on a network whose name another one has. Whoever sees another removes its own,
                # also an older one: the other may have looked when there was nothing to see, and gone on.
                if made:
                    await self._engine.call("DELETE", f"/networks/{made}")
                # If each has removed its own, one is the first to make another.
                await asyncio.sleep(random.uniform(0.5, 1.0) * PAUSE_SECONDS * 2**turn)
                found = await self._find()
            if found:
                return found[0]
        raise EngineError(f"The engine has the network {self._name!r} at one moment and not at the next.", "Try again.")

    async def _create(self) -> str:
        """The id of a new network of that name; empty where the engine says that there is one."""
        body = {"Name": self._name, "Driver": "bridge", "CheckDuplicate": True, "Options": APART}
        try:
            return str((await self._engine.call("POST", "/networks/create", None, json.dumps(body).encode()))["Id"])
        except EngineUnavailable:
            raise
        except AgentHubError as error:
            if not await self._find():
                raise EngineError(
                    f"The engine cannot make the network {self._name!r}, which keeps chats apart: {error.message}",
                    "Mend that, or start with --AgentHub.network=bridge: chats then reach each other's ports.",
                ) from error
            return ""
