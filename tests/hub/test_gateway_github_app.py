"""A chat of a repository that a GitHub App is installed on: what Git, and ``gh``, get there."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from agent_hub.models import MakeApp
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.hub.test_gateway_codex import found_in
from tests.hub.test_gateway_git import a_private_project, container_of, ended, run
from tests.standins.github_app_server import GitHubAppServer

CALLBACK = "http://127.0.0.1:8888/agent-hub/api/connections/github/app/callback"

PRINTS_ITS_TOKEN = """
mkdir -p /tmp/own
printf '#!/bin/sh\\necho "$GH_HOST $GH_ENTERPRISE_TOKEN"\\n' >/tmp/own/gh
chmod +x /tmp/own/gh
PATH=$PATH:/tmp/own gh api user
"""


@pytest.fixture
async def github(a_hub: RunningHub, tmp_path: Path) -> AsyncIterator[GitHubAppServer]:
    """A GitHub whose App is installed on one of a person's two repositories."""
    address, _ = await a_hub.hub.engine.gateway_address()
    with GitHubAppServer(tmp_path / "github", host=address) as running:
        form = a_hub.hub.github.make_app(MakeApp.model_validate({"url": running.url, "callback": CALLBACK}))
        await a_hub.hub.github.app_made(*running.make(form.action, form.manifest))
        running.install(1, "heron/widgets")
        yield running


@pytest.fixture
async def container(
    a_hub: RunningHub, github: GitHubAppServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> Container:
    github.add("heron/other", a_repository.path)
    project = await a_private_project(a_hub, github.add("heron/widgets", a_repository.path))
    return container_of(await a_hub.start(project), docker_engine)


async def test_git_passes_by_the_hub_and_no_token_enters(container: Container, github: GitHubAppServer) -> None:
    await run(container, "git fetch; git commit --quiet --allow-empty -m App; git push origin HEAD:refs/heads/app")
    assert Repository(github.root / "heron/widgets.git").git("log", "-1", "--format=%s", "app") == "App"
    assert github.installed
    for token in github.installed:
        assert await found_in(container, token) == []


async def test_gh_gets_a_token_of_one_repository_for_one_call(container: Container, github: GitHubAppServer) -> None:
    host, token = (await run(container, PRINTS_ITS_TOKEN)).split()
    assert f"http://{host}" == github.url
    assert github.installed[token].repositories == {"heron/widgets"}
    assert await found_in(container, token) == []
    proof = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    code, _ = await ended(
        container,
        f"export GIT_TERMINAL_PROMPT=0; "
        f"git -c http.extraHeader='Authorization: Basic {proof}' ls-remote {github.url}/heron/other",
    )
    assert code != 0


async def test_what_anybody_may_read_is_fetched_without_an_app(
    a_hub: RunningHub, github: GitHubAppServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("ibis/open", a_repository.path)
    github.public.add("ibis/open")
    container = container_of(await a_hub.start(await a_private_project(a_hub, url)), docker_engine)
    await run(container, "git fetch; git clone --quiet . /tmp/copy")
    code, said = await ended(
        container, "git commit --quiet --allow-empty -m Mine; git push origin HEAD:refs/heads/mine"
    )
    assert code != 0 and "is not installed on ibis/open" in said
    assert not [shown for path, shown in github.seen if path.startswith("/ibis/open") and shown]
