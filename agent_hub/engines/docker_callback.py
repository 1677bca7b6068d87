"""Where the hub listens for what its containers ask, and what they call that place."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from agent_hub.engines.docker_connection import DockerConnection
from agent_hub.engines.docker_containers import GATEWAY_NAME
from agent_hub.engines.docker_network import APART, ContainerNetwork
from agent_hub.engines.docker_own_container import OwnContainer
from agent_hub.engines.http import EngineAddress
from agent_hub.errors import AgentHubError

ANYWHERE = "0.0.0.0"
"""All addresses: those of the hub's own container."""


async def callback_address(
    engine: DockerConnection, network: ContainerNetwork, own: OwnContainer | None, port: int, told: str
) -> tuple[str, str]:
    """Where the gateway listens, and what containers call it.

    Parameters
    ----------
    network
        That containers are on.
    own
        The hub's own container, where it is in one.
    port
        That the gateway was told to listen on; 0 for a free one.
    told
        What containers are told in any case.

    Raises
    ------
    AgentHubError
        The hub is in a container that others do not reach.
    """
    if own is None or own.on_host_network:
        networks = await engine.sdk(lambda api: api.networks(names=["bridge"]))
        return await engine.in_thread(partial(gateway_address, engine.address, networks))
    if told:
        return ANYWHERE, GATEWAY_NAME
    mode = await network.mode()
    found = await engine.call("GET", f"/networks/{'bridge' if mode == 'default' else mode}")
    address = (own.addresses or {}).get(str(found["Id"]))
    if address and not _is_apart(found):
        return address, address
    if port and await _is_passed_on(engine, own, port):
        return ANYWHERE, GATEWAY_NAME
    raise _unreachable(own, found["Name"], port, await _gateway_of_the_bridge(engine))


def _is_apart(network: Mapping[str, Any]) -> bool:
    options = network.get("Options") or {}
    return any(options.get(name) == value for name, value in APART.items())


async def _is_passed_on(engine: DockerConnection, own: OwnContainer, port: int) -> bool:
    """Whether containers reach a port of the hub's container by the engine's machine."""
    at = {address for number, address in own.published if number == port}
    if at & {"", ANYWHERE, "::", await _gateway_of_the_bridge(engine)}:
        return True
    if not at & {"127.0.0.1", "::1"}:
        return False
    # There the name leads to the loopback of the machine around the engine's own.
    info = await engine.call("GET", "/info")
    return str(info.get("OperatingSystem", "")).startswith("Docker Desktop")


async def _gateway_of_the_bridge(engine: DockerConnection) -> str:
    """The address of the engine's machine that :data:`GATEWAY_NAME` leads to."""
    bridge = await engine.call("GET", "/networks/bridge")
    return next(iter(_gateways(bridge)), "172.17.0.1")


def _unreachable(own: OwnContainer, network: str, port: int, gateway: str) -> AgentHubError:
    number = port or 8765
    lacking = f"its port {port} is not published where they look" if port else "no port of it is known to be published"
    return AgentHubError(
        f"Chats cannot reach the hub: it runs in the container {own.name}, chats are on the network {network!r}, which "
        f"lets nothing through to it, and {lacking}.",
        f"Start the container with --network host, or with -p {gateway}:{number}:{number} and "
        f"--AgentHub.gateway_port={number}; or say with --AgentHub.gateway_base_url what they find it by.",
    )


def gateway_address(engine: EngineAddress, networks: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Where the gateway of a hub on a machine listens, and what containers call it. Blocks.

    An engine on this machine gives its bridge's own address, which nothing but containers and this machine reaches.
    Where that address is none of this machine's (Docker Desktop runs its engine in a virtual machine), Docker brings
    ``host.docker.internal`` to this machine's loopback. An engine elsewhere gets the address of this machine that its
    connection comes from.
    """
    if not engine.local:
        address = _towards(engine.host, engine.port)
        return address, address
    for network in networks:
        for bridge in _gateways(network):
            if network.get("Name") == "bridge" and _is_ours(bridge):
                return bridge, GATEWAY_NAME
    return "127.0.0.1", GATEWAY_NAME


def _gateways(network: Mapping[str, Any]) -> list[str]:
    parts = (network.get("IPAM") or {}).get("Config") or ()
    found = [str(part.get("Gateway") or _first_host(part.get("Subnet"))) for part in parts]
    return [address for address in found if address]


def _first_host(subnet: str | None) -> str:
    # An engine that chose its subnet itself tells no gateway: it is the first address.
    return str(next(ipaddress.ip_network(subnet).hosts())) if subnet else ""


def _is_ours(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return bool(address)


def _towards(host: str, port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))
        except OSError:
            return "0.0.0.0"
        return str(probe.getsockname()[0])
