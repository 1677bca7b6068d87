"""A container as the Docker API writes it: how one is asked for, and what its state means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
from docker.types import DeviceRequest, LogConfig
from docker.types import Mount as BindMount

from agent_hub.engines.base import ContainerSpec, ContainerStatus, State

LOG = LogConfig(type="local", config={"max-size": "8m", "max-file": "1", "compress": "false"})
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


def create_arguments(api: docker.APIClient, spec: ContainerSpec) -> dict[str, Any]:
    """Arguments of the SDK's ``create_container`` for `spec`."""
    hardened = spec.privileges == "none"
    host = api.create_host_config(
        cap_drop=["ALL"] if hardened else None,
        security_opt=["no-new-privileges"] if hardened else None,
        init=True,
        pids_limit=spec.limits.pids,
        nano_cpus=round(spec.limits.cpus * 1e9) if spec.limits.cpus else None,
        mem_limit=spec.limits.memory,
        memswap_limit=spec.limits.memory,
        device_requests=[DeviceRequest(count=spec.gpus, capabilities=[["gpu"]])] if spec.gpus else None,
        # A bind mount whose source is missing is an error; a volume string would make an empty folder, as root.
        mounts=[BindMount(one.target, one.source, type="bind", read_only=one.read_only) for one in spec.mounts],
        network_mode="none" if spec.network == "none" else None,
        extra_hosts={GATEWAY_NAME: "host-gateway"} if spec.network == "default" else None,
        log_config=LOG,
    )
    return {
        "image": spec.image,
        "name": spec.name,
        "command": list(spec.command) or None,
        "entrypoint": list(spec.entrypoint) if spec.entrypoint is not None else None,
        "environment": dict(spec.env),
        "labels": dict(spec.labels),
        "user": spec.user or None,
        "working_dir": spec.workdir,
        "tty": spec.tty,
        # A closed terminal hangs up: an interactive shell ignores every other polite way to end it.
        "stop_signal": "SIGHUP" if spec.tty else None,
        "stdin_open": True,
        "host_config": host,
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
