"""Git in a chat's container, which asks the hub for what its project's private repository takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from agent_hub.models import ConnectGitHub, NewProject, Project
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.hub.test_gateway_codex import found_in
from tests.standins.github_server import GitHubServer, Token

TOKEN = "github_pat_11AAAAAAA0plantedtokenofaperson_9xQ"


@pytest.fixture
async def github(a_hub: RunningHub, tmp_path: Path) -> AsyncIterator[GitHubServer]:
    """A GitHub that the hub and its containers find at one address."""
    address, _ = await a_hub.hub.engine.gateway_address()
    token = Token("heron", frozenset({"heron/widgets", "heron/other"}))
    with GitHubServer(tmp_path / "github", {TOKEN: token}, host=address) as running:
        yield running


async def a_private_project(hub: RunningHub, url: str) -> Project:
    project = await hub.hub.projects.add(NewProject(url=url, agent="shell"))
    await hub.ended_build(project.id)
    return hub.hub.store.projects[project.id]


async def git(container: Container, *arguments: str) -> tuple[int, str]:
    ended = await asyncio.to_thread(container.exec_run, ["git", *arguments], workdir="/workspace")
    return ended.exit_code, ended.output.decode()


async def test_a_chat_fetches_and_pushes_with_plain_git_and_nothing_is_kept_there(
    a_hub: RunningHub, github: GitHubServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    other = github.add("heron/other", a_repository.path)
    await a_hub.hub.github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": github.url}))
    project = await a_private_project(a_hub, url)
    assert project.build is not None and project.build.error is None
    chat = await a_hub.start(project)
    container = docker_engine.containers.get(chat.container)
    assert await git(container, "fetch", "--quiet") == (0, "")
    assert (await git(container, "commit", "--quiet", "--allow-empty", "-m", "From a chat"))[0] == 0
    code, said = await git(container, "push", "origin", "HEAD:refs/heads/from-a-chat")
    assert code == 0, said
    bare = Repository(github.root / "heron/widgets.git")
    assert bare.git("log", "-1", "--format=%s", "from-a-chat") == "From a chat"

    # The same account may read that one too; the chat is of another project.
    code, said = await git(container, "ls-remote", other)
    assert code != 0 and TOKEN not in said
    assert await found_in(container, TOKEN) == [] and TOKEN not in str(container.attrs)

    await a_hub.hub.github.disconnect()
    assert (await git(container, "fetch"))[0] != 0
