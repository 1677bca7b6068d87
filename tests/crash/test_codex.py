"""A conversation with the real Codex, after everything but the disk was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from agent_hub.agents.codex_binary import codex_binary
from tests.conftest import Repository
from tests.crash.conftest import OpenServer
from tests.crash.server import Server
from tests.hub.running import CACHE
from tests.standins.model_server import ModelServer
from tests.terminals.viewing import Seen

HOST = "host.docker.internal"


@pytest.fixture
async def a_small_codex(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Here it is the real one."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return await codex_binary(CACHE, print)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A stand-in for a model, which containers reach at the bridge's address."""
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


async def shows(server: Server, chat: str, *texts: str, typed: str = "") -> None:
    """Wait until a chat's terminal shows each of the texts; then type a line, and wait until it shows that."""

    def look() -> None:
        viewer, seen = server.watch(chat), Seen("", 40, 120)
        try:
            viewer.resize(40, 120)
            for text in (*texts, typed):
                if text == typed:
                    viewer.write(typed)
                while text not in "\n".join(seen.lines):
                    seen.show(viewer.read())
            if typed:
                viewer.write("\r")
        finally:
            viewer.close()

    await asyncio.to_thread(look)


@pytest.mark.parametrize("spares", [pytest.param(0, id="started cold"), pytest.param(1, id="from a spare")])
async def test_after_a_reboot_a_codex_chat_goes_on_with_its_conversation(
    spares: int,
    open_server: OpenServer,
    a_repository: Repository,
    model: ModelServer,
    docker_engine: docker.DockerClient,
) -> None:
    server = await open_server(spares=spares)
    await server.start()
    await server.ready()
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
    project = await server.project(a_repository, agent="codex", env=env)
    if spares:
        await server.spare(project)
    chat = await server.chat(project, prompt="Remember the word heron")
    await shows(server, chat, "You said: Remember the word heron")
    workspace = Repository(server.data / "chats" / chat / "workspace")
    (workspace.path / "README.md").write_text("# Changed\n")
    (workspace.path / "kept.txt").write_text("kept")
    before = workspace.git("status", "--porcelain"), workspace.git("diff"), workspace.git("rev-parse", "HEAD")
    await server.kill()
    # What an engine knows after a reboot that it has not outlived.
    for name in await server.containers():
        docker_engine.api.remove_container(f"agent-hub-{name}", force=True)

    await server.start()
    await server.ready()
    ended = await server.until(f"api/chats/{chat}", "exited", "failed", "running")
    assert ended["status"] == "exited" and "workspace is kept" in ended["reason"] and ended["thread"], ended
    await server.post(f"api/chats/{chat}/start")
    again = await server.until(f"api/chats/{chat}", "running", "failed", "exited")
    assert (again["status"], again["thread"]) == ("running", ended["thread"]), again
    asked = len(model.turns)
    await shows(server, chat, "You said: Remember the word heron", "Ask Codex to do anything", typed="And what now?")
    (*_, turn) = await asyncio.to_thread(model.wait_for_turns, asked + 1)
    assert turn.prompts == ["Remember the word heron", "And what now?"]
    assert "You said: Remember the word heron" in str(turn.body["input"])
    await shows(server, chat, "You said: And what now?")
    assert (await server.get(f"api/chats/{chat}"))["thread"] == ended["thread"]
    after = workspace.git("status", "--porcelain"), workspace.git("diff"), workspace.git("rev-parse", "HEAD")
    assert after == before and (workspace.path / "kept.txt").read_text() == "kept"
