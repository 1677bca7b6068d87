"""The real Codex in gVisor's kernel, where the engine has it with ``--host-uds=all`` in its ``runtimeArgs``."""

from __future__ import annotations

import docker
import pytest

from agent_hub.agents.codex_binary import codex_binary
from agent_hub.engines import docker_runtime
from agent_hub.engines.docker import DockerEngine
from agent_hub.errors import EngineError
from agent_hub.models import Command, NewChat, TurnStatus
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import CACHE
from tests.hub.test_conversations import codex_project, ended, model
from tests.hub.test_spares import spares
from tests.standins.model_server import ModelServer

__all__ = ["model"]


@pytest.fixture
def gvisor(docker_engine: docker.DockerClient) -> str:
    """The name of the runtime."""
    info = docker_engine.info()
    for name, described in info["Runtimes"].items():
        if described.get("path", "").endswith("/runsc"):
            try:
                docker_runtime.check(name, info)
            except EngineError:
                continue
            return str(name)
    pytest.skip("this engine has no gVisor with --host-uds=all")


async def test_codex_runs_ahead_is_heard_and_calls_tools_in_a_kernel_of_its_own(
    gvisor: str, open_hub: OpenHub, a_repository: Repository, model: ModelServer
) -> None:
    await codex_binary(CACHE, print)
    hub = await open_hub(engine=DockerEngine(runtime=gvisor), spares=1)
    project = await codex_project(hub, a_repository, model)
    (spare,) = await spares(hub, project)
    chat = await hub.hub.new_chats.add(NewChat(project=project.id, prompt="RUN: cat /proc/version"))
    assert chat.id == spare
    turn = await ended(hub, chat.id, 1)
    assert turn.status is TurnStatus.completed
    (command,) = (item for item in turn.items if isinstance(item, Command))
    # The kernel that gVisor says it is, whatever the machine's.
    assert command.text.startswith("Linux version 4.4.0")


async def test_a_chat_of_a_shell_starts_and_none_is_prepared_ahead_of_it_there(
    gvisor: str, open_hub: OpenHub, a_repository: Repository
) -> None:
    hub = await open_hub(engine=DockerEngine(runtime=gvisor), spares=1)
    project = await hub.ready(a_repository, agent="shell")
    chat = await hub.start(project)
    assert (await hub.run(chat.id, "echo runs; cat /proc/version")).startswith("runs\nLinux version 4.4.0")
    assert hub.hub.store.projects[project.id].spares == 0 and len(await hub.containers()) == 1
