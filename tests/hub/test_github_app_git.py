"""A private repository by a GitHub App: it becomes a project, and Git in its chat's container reaches it alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from agent_hub.errors import NotConnected
from agent_hub.models import MakeApp, NewProject, Project
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.hub.test_gateway_codex import found_in
from tests.standins.github_app_server import AnApp, GitHubAppServer

CALLBACK = "http://127.0.0.1:8888/agent-hub/api/connections/github/app/callback"


@pytest.fixture
async def github(a_hub: RunningHub, tmp_path: Path) -> AsyncIterator[GitHubAppServer]:
    """A GitHub that the hub and its containers find at one address."""
    address, _ = await a_hub.hub.engine.gateway_address()
    with GitHubAppServer(tmp_path / "github", host=address) as running:
        yield running


async def connected(hub: RunningHub, github: GitHubAppServer) -> AnApp:
    form = hub.hub.github.make_app(MakeApp.model_validate({"url": github.url, "callback": CALLBACK}))
    await hub.hub.github.app_made(*github.make(form.action, form.manifest))
    return github.apps[1]


async def a_private_project(hub: RunningHub, url: str) -> Project:
    project = await hub.hub.projects.add(NewProject(url=url, agent="shell"))
    build = await hub.ended_build(project.id)
    assert build.error is None, build.error
    return hub.hub.store.projects[project.id]


async def git(container: Container, *arguments: str) -> tuple[int, str]:
    ended = await asyncio.to_thread(container.exec_run, ["git", *arguments], workdir="/workspace")
    return ended.exit_code, ended.output.decode()


async def test_a_chat_fetches_and_pushes_by_an_app_and_reaches_no_other_repository_of_it(
    a_hub: RunningHub, github: GitHubAppServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    other = github.add("heron/other", a_repository.path)
    app = await connected(a_hub, github)
    with pytest.raises(NotConnected, match="installations/new"):
        await a_hub.hub.projects.add(NewProject(url=url, agent="shell"))
    github.install(app.id, "heron/widgets", "heron/other")
    # So short that each request needs one of its own, as an hour later.
    github.lifetime = 30
    chat = await a_hub.start(await a_private_project(a_hub, url))
    container = docker_engine.containers.get(chat.container)
    assert await git(container, "fetch", "--quiet") == (0, "")
    for token in github.installed.values():
        token.revoked = True
    assert (await git(container, "commit", "--quiet", "--allow-empty", "-m", "From a chat"))[0] == 0
    code, said = await git(container, "push", "origin", "HEAD:refs/heads/from-a-chat")
    assert code == 0, said
    assert Repository(github.root / "heron/widgets.git").git("log", "-1", "--format=%s", "from-a-chat") == "From a chat"

    assert (await git(container, "ls-remote", other))[0] != 0
    pushing = [token for token in github.installed.values() if token.permissions == {"contents": "write"}]
    assert pushing and all(token.repositories == {"heron/widgets"} for token in pushing)
    secrets = [app.pem.splitlines()[5], *github.installed]
    assert [secret for secret in secrets if secret in str(container.attrs) or await found_in(container, secret)] == []

    await a_hub.hub.github.disconnect()
    assert (await git(container, "fetch"))[0] != 0


async def test_an_app_that_may_only_read_is_refused_a_push(
    a_hub: RunningHub, github: GitHubAppServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    app = await connected(a_hub, github)
    github.install(app.id, "heron/widgets", contents="read")
    chat = await a_hub.start(await a_private_project(a_hub, url))
    container = docker_engine.containers.get(chat.container)
    assert await git(container, "fetch", "--quiet") == (0, "")
    assert (await git(container, "push", "origin", "HEAD:refs/heads/from-a-chat"))[0] != 0
    assert Repository(github.root / "heron/widgets.git").git("branch", "--list", "from-a-chat") == ""
