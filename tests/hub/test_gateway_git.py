"""Git in a chat's container reaches its project's private repository, and nothing of the person's is there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import docker
import pytest
from docker.models.containers import Container

from agent_hub.models import Chat, ConnectGitHub, NewProject, Project
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import RunningHub
from tests.hub.test_gateway_codex import found_in
from tests.standins.github_server import GitHubServer, Token

TOKEN = "github_pat_11AAAAAAA0plantedtokenofaperson_9xQ"
HERON = Token("heron", frozenset({"heron/widgets", "heron/other"}), name="Grey Heron", email="heron@example.com")


@pytest.fixture(autouse=True)
def no_git_of_a_person_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))


@pytest.fixture
async def github(a_hub: RunningHub, tmp_path: Path) -> AsyncIterator[GitHubServer]:
    """A GitHub that the hub and its containers find at one address."""
    address, _ = await a_hub.hub.engine.gateway_address()
    with GitHubServer(tmp_path / "github", {TOKEN: HERON}, host=address) as running:
        yield running


async def connect(hub: RunningHub, github: GitHubServer) -> None:
    await hub.hub.github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": github.url}))


async def a_private_project(hub: RunningHub, url: str) -> Project:
    project = await hub.hub.projects.add(NewProject(url=url, agent="shell"))
    build = await hub.ended_build(project.id)
    assert build.error is None, build.error
    return hub.hub.store.projects[project.id]


async def run(container: Container, script: str) -> str:
    """What a script prints, and says, in a workspace; it must succeed."""
    code, said = await ended(container, script)
    assert code == 0, said
    return said.strip()


async def ended(container: Container, script: str) -> tuple[int, str]:
    done = await asyncio.to_thread(container.exec_run, ["sh", "-ec", script], workdir="/workspace")
    return done.exit_code, done.output.decode()


def container_of(chat: Chat, engine: docker.DockerClient) -> Container:
    return engine.containers.get(chat.container)


async def test_a_chat_fetches_pushes_and_clones_with_plain_git_and_the_person_s_token_is_nowhere(
    a_hub: RunningHub, github: GitHubServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    other = github.add("heron/other", a_repository.path)
    await connect(a_hub, github)
    chat = await a_hub.start(await a_private_project(a_hub, url))
    container = container_of(chat, docker_engine)
    assert await run(container, "git config remote.origin.url") == url
    traced = await run(container, "GIT_TRACE_CURL=1 GIT_TRACE_PACKET=1 GIT_TRACE_REDACT=0 git fetch")
    assert "version 2" in traced and "Authorization: Basic" in traced
    assert TOKEN not in traced
    await run(container, "git commit --quiet --allow-empty -m 'From a chat'; git push origin HEAD:refs/heads/chat")
    bare = Repository(github.root / "heron/widgets.git")
    assert bare.git("log", "-1", "--format=%s, %cn <%ae>", "chat") == "From a chat, Grey Heron <heron@example.com>"
    shallow = f"git clone --quiet --depth 1 {url.removesuffix('.git')} /tmp/shallow; git -C /tmp/shallow log --oneline"
    assert len((await run(container, shallow)).splitlines()) == 1
    ssh = f"git ls-remote git@{urlsplit(url).hostname}:heron/widgets.git main"
    assert (await run(container, ssh)).startswith(a_repository.head)

    # The same account may read that one too; the chat is of another project.
    code, said = await ended(container, f"GIT_TERMINAL_PROMPT=0 git ls-remote {other}")
    assert code != 0 and TOKEN not in said
    host = urlsplit(url).netloc
    asked = f"printf 'protocol=http\\nhost={host}\\npath=heron/widgets.git\\n\\n' | git credential fill"
    code, said = await ended(container, f"export GIT_TERMINAL_PROMPT=0; {asked}")
    assert code != 0 and TOKEN not in said
    assert await found_in(container, TOKEN) == [] and TOKEN not in str(container.attrs)

    await a_hub.hub.github.disconnect()
    assert (await ended(container, "GIT_TERMINAL_PROMPT=0 git fetch"))[0] != 0


async def test_a_public_repository_that_begins_alike_is_cloned_as_ever(
    a_hub: RunningHub, github: GitHubServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    public = github.add("heron/widgets-docs", a_repository.path)
    github.public.add("heron/widgets-docs")
    await connect(a_hub, github)
    container = container_of(await a_hub.start(await a_private_project(a_hub, url)), docker_engine)
    github.seen.clear()
    assert "README.md" in await run(container, f"git clone --quiet {public} /tmp/docs; ls /tmp/docs")
    assert {shown for _, shown in github.seen} == {""}


async def test_git_of_a_chat_is_as_ever_where_nothing_is_connected(
    a_hub: RunningHub, github: GitHubServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    github.public.add("heron/widgets")
    container = container_of(await a_hub.start(await a_private_project(a_hub, url)), docker_engine)
    assert await run(container, "git fetch; git remote get-url origin") == url
    assert await run(container, "git config --get-regexp '^(url|credential|http)' || echo none") == "none"
    await run(container, "git commit --quiet --allow-empty -m 'By nobody'")
    assert await run(container, "git log -1 --format='%an <%ae>'") == "Agent Hub <agent-hub@localhost>"


async def test_a_chat_that_runs_gets_to_its_repository_once_github_is_connected(
    a_hub: RunningHub, github: GitHubServer, a_repository: Repository, docker_engine: docker.DockerClient
) -> None:
    url = github.add("heron/widgets", a_repository.path)
    github.public.add("heron/widgets")
    chat = await a_hub.start(await a_private_project(a_hub, url))
    github.public.clear()
    container = container_of(chat, docker_engine)
    assert (await ended(container, "GIT_TERMINAL_PROMPT=0 git fetch"))[0] != 0
    await connect(a_hub, github)
    told = a_hub.hub.folders.run(chat.id) / "gitconfig"
    await a_hub.until_true(lambda: "insteadOf" in told.read_text())
    await run(container, "git fetch; git commit --quiet --allow-empty -m Known")
    assert await run(container, "git log -1 --format='%an <%ae>'") == "Grey Heron <heron@example.com>"
    # What the chat itself says is stronger.
    await run(container, "git config user.name Crane; git commit --quiet --allow-empty -m Own")
    assert await run(container, "git log -1 --format='%an <%ae>'") == "Crane <heron@example.com>"


async def test_a_chat_finds_the_next_hub_at_another_address(
    open_hub: OpenHub,
    opened: list[RunningHub],
    tmp_path: Path,
    a_repository: Repository,
    docker_engine: docker.DockerClient,
) -> None:
    first = await open_hub()
    address, _ = await first.hub.engine.gateway_address()
    with GitHubServer(tmp_path / "github", {TOKEN: HERON}, host=address) as github:
        await connect(first, github)
        chat = await first.start(await a_private_project(first, github.add("heron/widgets", a_repository.path)))
        port = urlsplit(first.gateway.url).port
        await first.close()
        opened.remove(first)
        with socket.create_server((address, port)):
            second = await open_hub()
        assert urlsplit(second.gateway.url).port != port
        await run(container_of(chat, docker_engine), "git fetch; git push --quiet origin HEAD:refs/heads/after")
