"""Where a container reaches the machine that the hub runs on."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from agent_hub.engines.docker_containers import GATEWAY_NAME
from agent_hub.engines.http import EngineAddress


def gateway_address(engine: EngineAddress, networks: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Where the hub's gateway listens, and what containers call it. Blocks.

    An engine on this machine gives its bridge's own address, which nothing but containers and this machine reaches.
    Where that address is none of this machine's (Docker Desktop runs its engine in a virtual machine), Docker brings
    ``host.docker.internal`` to this machine's loopback. An engine elsewhere gets the address of this machine that its
    connection comes from.
    """
    if not engine.local:
        address = _towards(engine.host, engine.port)
        return address, address
    for network in networks:
        for part in (network.get("IPAM") or {}).get("Config") or ():
            bridge = str(part.get("Gateway") or _first_host(part.get("Subnet")))
            if network.get("Name") == "bridge" and _is_ours(bridge):
                return bridge, GATEWAY_NAME
    return "127.0.0.1", GATEWAY_NAME


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
