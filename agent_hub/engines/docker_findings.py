"""What a Docker engine says of itself that a hub has to know before it relies on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from agent_hub.engines.docker_connection import DockerConnection
from agent_hub.engines.docker_own_container import OwnContainer
from agent_hub.engines.http import EngineAddress
from agent_hub.errors import AgentHubError, EngineUnavailable
from agent_hub.models.base import plain_line
from agent_hub.models.findings import Finding

OLDEST_API = (1, 41)
"""Of Docker 20.10, the first that can tell a container where its machine is."""

CLOCKS_APART = 60.0
"""Seconds by which an engine's clock may differ; tokens of GitHub Apps are good within as much."""


class Component(BaseModel):
    """A part of an engine."""

    name: str = Field(default="", alias="Name")


class EngineInfo(BaseModel):
    """Of the answers to ``/version`` and ``/info`` what is looked at; what an engine leaves out is well."""

    api: str = Field(default="", alias="ApiVersion")
    release: str = Field(default="", alias="Version")
    system: str = Field(default="", alias="OperatingSystem")
    time: str = Field(default="", alias="SystemTime")
    memory_limits: bool = Field(default=True, alias="MemoryLimit")
    cpu_limits: bool = Field(default=True, alias="CPUCfsQuota")
    process_limits: bool = Field(default=True, alias="PidsLimit")
    bridged_packets: bool = Field(default=True, alias="BridgeNfIptables")
    security: list[str] | None = Field(default=None, alias="SecurityOptions")
    components: list[Component] | None = Field(default=None, alias="Components")

    @property
    def is_podman(self) -> bool:
        """Whether it is Podman, which speaks Docker's API."""
        return any(one.name == "Podman Engine" for one in self.components or ())

    def at_least(self, *version: int) -> bool:
        """Whether it speaks an API of that version."""
        return _numbers(self.api) >= version


async def look(
    engine: DockerConnection,
    own_container: Callable[[], Awaitable[OwnContainer | None]],
    check_runtime: Callable[[], Awaitable[None]],
) -> list[Finding]:
    """Ask an engine, and look at what it answers.

    Parameters
    ----------
    own_container
        Finds the hub's own, where it is in one of this engine's.
    check_runtime
        Raises where the runtime that was asked for cannot be had.
    """
    try:
        version = await engine.version()
        said = {**(await engine.call("GET", "/info") or {}), **version}
        found = list(engine_findings(engine.address, said, await own_container()))
        await check_runtime()
    except EngineUnavailable as error:
        reason = plain_line(str(error.details.get("reason", "")))
        message = f"{error.message} ({reason})" if reason else error.message
        return [Finding(subject="Engine", state="problem", message=message, remedy=error.hint)]
    except AgentHubError as error:
        return [Finding(subject="Engine", state="problem", message=error.message, remedy=error.hint)]
    return found


def engine_findings(address: EngineAddress, said: dict[str, Any], own: OwnContainer | None) -> Iterator[Finding]:
    """Look at what an engine has answered.

    Parameters
    ----------
    said
        The fields of both its answers.
    own
        The hub's own container, where it is in one of this engine's.
    """
    try:
        info = EngineInfo.model_validate(said)
    except ValidationError as error:
        field = error.errors()[0]["loc"][0]
        yield Finding(
            subject="Engine",
            state="problem",
            message=f"What answers at {_place(address)} is no Docker engine: it says no {field} that can be read.",
            remedy="Name another in DOCKER_HOST.",
        )
        return
    yield _engine(address, info)
    if not address.local and address.tls is None:
        yield Finding(
            subject="Engine's door",
            state="warning",
            message=f"{address.host}:{address.port} asks nobody who they are: whoever reaches it is root there.",
            remedy="Use TLS (DOCKER_TLS_VERIFY, DOCKER_CERT_PATH), or forward the engine's socket with ssh -L.",
        )
    if own is not None:
        yield Finding(
            subject="Own container",
            state="ok",
            message=f"The hub is in the container {plain_line(own.name)}; paths are named as the engine's machine "
            "names them.",
        )
    yield _isolation(info)
    yield _limits(info)
    yield from _clock(info)


def _place(address: EngineAddress) -> str:
    return address.path or f"{address.host}:{address.port}"


def _engine(address: EngineAddress, info: EngineInfo) -> Finding:
    name = plain_line(f"{'Podman' if info.is_podman else 'Docker'} {info.release}")
    if not info.at_least(*OLDEST_API):
        return Finding(
            subject="Engine",
            state="problem",
            message=f"{name} at {_place(address)} is too old (API {plain_line(info.api)}).",
            remedy="Install Docker 20.10 or newer.",
        )
    return Finding(subject="Engine", state="ok", message=f"{name} answers at {_place(address)}.")


def _isolation(info: EngineInfo) -> Finding:
    lacking, remedies = [], []
    if info.is_podman:
        lacking.append("chats reach each other's ports, since Podman's networks know no rule against it")
        remedies.append("Use Docker where that matters.")
    # Later engines say no more whether it is so.
    elif not info.bridged_packets and not info.at_least(1, 48):
        lacking.append("chats may reach each other's ports, since the kernel asks no firewall on a bridge")
        remedies.append("Run 'modprobe br_netfilter' and 'sysctl net.bridge.bridge-nf-call-iptables=1'.")
    if info.security is not None and not any(one.startswith("name=seccomp") for one in info.security):
        lacking.append("no filter keeps agents from rare calls of the kernel")
        remedies.append("Start the engine with its seccomp profile.")
    if lacking:
        message = f"Chats are apart, but {'; '.join(lacking)}."
        return Finding(subject="Isolation", state="warning", message=message, remedy=" ".join(remedies))
    return Finding(subject="Isolation", state="ok", message="Chats are apart from this machine and from each other.")


def _limits(info: EngineInfo) -> Finding:
    held = {"memory": info.memory_limits, "processors": info.cpu_limits, "processes": info.process_limits}
    lacking = [name for name, is_held in held.items() if not is_held]
    if lacking:
        return Finding(
            subject="Limits",
            state="warning",
            message=f"The engine cannot limit {' and '.join(lacking)}: one chat can take all of the machine's.",
            remedy="Turn on these control groups in the kernel (cgroup_enable=memory swapaccount=1).",
        )
    return Finding(subject="Limits", state="ok", message="Memory, processors and processes can be limited.")


def _clock(info: EngineInfo) -> Iterator[Finding]:
    try:
        there = datetime.fromisoformat(info.time)
    except ValueError:
        return
    apart = abs((datetime.now(UTC) - there.astimezone(UTC)).total_seconds())
    if apart > CLOCKS_APART:
        yield Finding(
            subject="Clock",
            state="warning",
            message=f"The engine's clock and this machine's are {apart:.0f} s apart: certificates and tokens may fail.",
            remedy="Set both by NTP (timedatectl set-ntp true).",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal() and len(part) < 6)
