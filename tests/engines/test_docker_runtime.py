"""Whether a runtime can be used, by what an engine says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from agent_hub.engines import docker_runtime
from agent_hub.errors import EngineError

RUNC: dict[str, Any] = {"path": "runc"}


def info(**runsc: Any) -> dict[str, Any]:
    return {"Runtimes": {"runc": RUNC, "gvisor": {"path": "/usr/bin/runsc", **runsc}}}


def test_a_runtime_that_the_engine_lacks_is_named() -> None:
    docker_runtime.check("runc", info())
    with pytest.raises(EngineError, match="no runtime 'kata'; it has gvisor, runc"):
        docker_runtime.check("kata", info())


def test_gvisor_that_keeps_sockets_to_itself_is_refused_before_a_chat_waits_for_its_agent() -> None:
    for args in ({}, {"runtimeArgs": None}, {"runtimeArgs": ["--platform=ptrace", "--host-uds=open"]}):
        with pytest.raises(EngineError, match="would not hear") as caught:
            docker_runtime.check("gvisor", info(**args))
        assert "--host-uds=all" in caught.value.hint
    docker_runtime.check("gvisor", info(runtimeArgs=["--platform=ptrace", "--host-uds=all"]))
    docker_runtime.check("gvisor", info(runtimeArgs=["--fsgofer-host-uds"]))


@pytest.mark.parametrize(
    ("runtime", "shared"),
    [("", True), ("runc", True), ("io.containerd.runc.v2", True), ("crun", True), ("runsc", False), ("kata", False)],
)
def test_what_has_a_kernel_of_its_own_is_known(runtime: str, shared: bool) -> None:
    assert docker_runtime.shares_kernel(runtime) is shared
