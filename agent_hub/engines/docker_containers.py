"""A container as the Docker API writes it: how one is asked for, and what its state means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agent_hub.engines.base import ContainerSpec, ContainerStatus, State

LOG = {"Type": "local", "Config": {"max-size": "8m", "max-file": "1", "compress": "false"}}
"""Bounded: a full-screen program writes without end, and its log is no scrollback."""

GATEWAY_NAME = "host.docker.internal"
"""What a container calls the machine it runs on."""

STATES: Mapping[str, State] = {
    "created": "starting",
    "restarting": "starting",
    "running": "running",
    "paused": "running",
    "removing": "exited",
    "exited": "exited",
    "stopped": "exited",
    "dead": "exited",
}


def create_body(spec: ContainerSpec, network: str, runtime: str = "") -> bytes:
    """The body of a request that creates `spec`.

    Parameters
    ----------
    network
        That it is on, where `spec` wants one.
    runtime
        Empty for the engine's own.
    """
    config = _config(spec, network, runtime)
    return json.dumps({name: value for name, value in config.items() if value is not None}).encode()


def _config(spec: ContainerSpec, network: str, runtime: str) -> dict[str, Any]:
    return {
        "Image": spec.image,
        "Cmd": list(spec.command) or None,
        "Entrypoint": list(spec.entrypoint) if spec.entrypoint is not None else None,
        "Env": [f"{name}={value}" for name, value in spec.env.items()],
        "Labels": dict(spec.labels),
        "User": spec.user or None,
        "WorkingDir": spec.workdir,
        "Tty": spec.tty,
        # A closed terminal hangs up: an interactive shell ignores every other polite way to end it.
        "StopSignal": "SIGHUP" if spec.tty else None,
        "OpenStdin": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": {
            name: value for name, value in _host_config(spec, network, runtime).items() if value is not None
        },
    }


def _host_config(spec: ContainerSpec, network: str, runtime: str) -> dict[str, Any]:
    hardened = spec.privileges == "none"
    return {
        "CapDrop": ["ALL"] if hardened else None,
        "SecurityOpt": ["no-new-privileges"] if hardened else None,
        "Runtime": runtime or None,
        "Init": True,
        "PidsLimit": spec.limits.pids,
        "NanoCpus": round(spec.limits.cpus * 1e9) if spec.limits.cpus else None,
        "Memory": spec.limits.memory,
        "MemorySwap": spec.limits.memory,
        "DeviceRequests": [{"Count": spec.gpus, "Capabilities": [["gpu"]]}] if spec.gpus else None,
        # A bind mount whose source is missing is an error; a volume string would make an empty folder, as root.
        "Mounts": [
            {"Type": "bind", "Source": one.source, "Target": one.target, "ReadOnly": one.read_only}
            for one in spec.mounts
        ],
        "NetworkMode": "none" if spec.network == "none" else network,
        "ExtraHosts": [f"{GATEWAY_NAME}:host-gateway"] if spec.network == "default" else None,
        "LogConfig": LOG,
    }


def status_of(found: Mapping[str, Any]) -> ContainerStatus:
    """The state in an inspected container."""
    state = found["State"]
    told = str(state.get("Status", ""))
    failed_start = told == "created" and bool(state.get("Error"))
    meaning: State = "exited" if failed_start else STATES.get(told, "running" if state.get("Running") else "exited")
    if meaning != "exited":
        return ContainerStatus(meaning)
    reason = "out of memory" if state.get("OOMKilled") else str(state.get("Error") or "")
    return ContainerStatus("exited", int(state.get("ExitCode") or 0), reason)


def given_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """The labels that say something: an empty one marks one that a committed image must not hand on."""
    return {name: value for name, value in (labels or {}).items() if value != ""}
