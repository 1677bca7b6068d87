from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from agent_hub.gateway.listener import Gateway
from agent_hub.hub.hub import Hub
from tests.hub.running import RunningHub

LIMIT = 60.0

T = TypeVar("T")
Run = Callable[[Awaitable[T]], T]


@pytest.fixture
def hub_options() -> dict[str, Any]:
    """Options of the hub beside those of every server here."""
    return {}


@pytest.fixture
def jp_server_config(tmp_path: Path, hub_options: dict[str, Any], a_small_codex: Path) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"agent_hub": True}},
        "AgentHub": {
            "data_dir": str(tmp_path / "hub"),
            "engine_class": "agent_hub.engines.process.ProcessEngine",
            **hub_options,
        },
    }


@pytest.fixture
def run(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Run[Any]:
    """Runs a story on the loop that the server runs on."""

    async def limited(story: Awaitable[Any]) -> Any:
        async with asyncio.timeout(LIMIT):
            return await story

    return lambda story: jp_asyncio_loop.run_until_complete(limited(story))


@pytest.fixture
def a_server(jp_serverapp: Any, run: Run[Any]) -> Any:
    """A Jupyter server with the extension started."""
    run(jp_serverapp.extension_manager.start_all_extensions())
    return jp_serverapp


@pytest.fixture
def gateway(a_server: Any) -> Gateway:
    (app,) = a_server.extension_manager.extension_apps["agent_hub"]
    assert app._gateway is not None
    return app._gateway


@pytest.fixture
def hub(a_server: Any, gateway: Gateway, run: Run[Any]) -> Any:
    """The server's hub; what a test left there is gone after it."""
    found = a_server.web_app.settings.get("agent_hub")
    assert isinstance(found, Hub), a_server.web_app.settings.get("agent_hub_failure")
    running = RunningHub(found, gateway)
    yield running
    run(running.clear())
