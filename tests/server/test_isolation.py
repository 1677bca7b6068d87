"""The options that say how far chats are kept apart from the machine."""

from __future__ import annotations

from typing import Any

import pytest

from agent_hub.hub.hub import Hub


@pytest.fixture
def hub_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.mark.parametrize(
    "hub_options",
    [{"engine_class": engine, "runtime": "runsc"} for engine in ("agent_hub.engines.docker.DockerEngine", None)],
    indirect=True,
)
def test_a_runtime_that_docker_lacks_is_said_in_the_status_and_runs_no_chat_without_it(
    docker_engine: object, a_server: Any
) -> None:
    found = a_server.web_app.settings["agent_hub"]
    assert isinstance(found, Hub)
    engine = found.status().engine
    assert (engine.kind, engine.reachable) == ("docker", False)
    assert "no runtime 'runsc'" in engine.message and "--AgentHub.runtime" in engine.message


@pytest.mark.parametrize("hub_options", [{"runtime": "runsc"}], indirect=True)
def test_a_runtime_without_docker_is_refused(a_server: Any) -> None:
    assert not isinstance(a_server.web_app.settings.get("agent_hub"), Hub)
    assert "ProcessEngine has no runtimes" in str(a_server.web_app.settings["agent_hub_failure"])
