"""What Git of a chat asks, by way of the gateway: answered for its own project's repository, in the person's name."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from agent_hub.connections import github as connection
from agent_hub.connections.github_public import PublicRepositories
from agent_hub.gateway import git_proxy
from agent_hub.models import Chat, ConnectGitHub, MakeApp, NewProject, now
from tests.conftest import Repository
from tests.gateway.container import Container
from tests.hub.running import RunningHub
from tests.standins.github_app_server import GitHubAppServer
from tests.standins.github_server import GitHubServer, Token

TOKEN = "github_pat_11AAAAAAA0plantedtokenofaperson_9xQ"
REFS = "info/refs?service=git-upload-pack"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubServer]:
    token = Token("heron", frozenset({"heron/widgets", "heron/other"}))
    with GitHubServer(tmp_path / "github", {TOKEN: token}) as running:
        yield running


async def connect(hub: RunningHub, github: GitHubServer | str) -> None:
    url = github if isinstance(github, str) else github.url
    await hub.hub.github.connect(ConnectGitHub.model_validate({"token": TOKEN, "url": url}))


async def a_chat_of(hub: RunningHub, url: str) -> Chat:
    project = await hub.hub.projects.add(NewProject(url=url, agent="shell"))
    build = await hub.ended_build(project.id)
    assert build.error is None
    return await hub.start(hub.hub.store.projects[project.id])


def asking(hub: RunningHub, chat: Chat) -> httpx.AsyncClient:
    """Git of a chat, as far as it is HTTP."""
    container = Container.of(hub, chat)
    url = container.url.removesuffix("/artifacts")
    return httpx.AsyncClient(base_url=f"{url}/git/13/", auth=("chat", container.token), trust_env=False, timeout=60)


@pytest.fixture
async def chat(hub: RunningHub, github: GitHubServer, a_repository: Repository) -> Chat:
    """A chat of a private repository."""
    url = github.add("heron/widgets", a_repository.path)
    await connect(hub, github)
    return await a_chat_of(hub, url)


@pytest.fixture
async def git(hub: RunningHub, chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(hub, chat) as client:
        yield client


def host(github: GitHubServer) -> str:
    return github.url.removeprefix("http://")


async def test_git_without_a_container_fetches_and_pushes_by_way_of_the_hub(
    hub: RunningHub, github: GitHubServer, chat: Chat
) -> None:
    github.seen.clear()
    said = await hub.run(
        chat.id,
        "git config remote.origin.url && git fetch && git commit --quiet --allow-empty -m Chat && "
        "git push --quiet origin HEAD:refs/heads/from-a-chat && git log -1 --format='%an <%ae>' && echo do''ne",
    )
    assert said.split()[0] == f"{github.url}/heron/widgets.git" and "done" in said, said
    bare = Repository(github.root / "heron/widgets.git")
    assert bare.git("log", "-1", "--format=%s", "from-a-chat") == "Chat"
    proof = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert {shown for _, shown in github.seen} == {proof}
    assert TOKEN not in await hub.run(chat.id, "env; cat .git/config $AGENT_HUB_RUN/*; git config --list")


async def test_it_is_told_when_a_repository_was_used_last_and_what_for(
    hub: RunningHub, github: GitHubServer, chat: Chat, git: httpx.AsyncClient
) -> None:
    assert (await git.get(f"{host(github)}/heron/other/{REFS}")).status_code == 403
    assert hub.hub.gateway_status().last_uses == {}, "what was refused is no use"
    before = now()
    said = await hub.run(chat.id, "git fetch && git push --quiet origin HEAD:refs/heads/from-a-chat && echo do''ne")
    assert "done" in said, said
    assert before < hub.hub.gateway_status().last_uses[chat.project] < now()
    told = hub.hub.access_log.newest()
    assert {one.asked for one in told if not one.refused} == {"fetch heron/widgets", "push to heron/widgets"}
    assert [one.status for one in told if one.refused] == [403] and TOKEN not in str(told)
    await hub.hub.projects.delete(chat.project, force=True)
    assert hub.hub.gateway_status().last_uses == {}


async def test_a_chat_is_answered_as_git_asks(github: GitHubServer, git: httpx.AsyncClient) -> None:
    answer = await git.get(f"{host(github)}/heron/widgets/{REFS}", headers={"Git-Protocol": "version=2"})
    assert answer.headers["content-type"] == "application/x-git-upload-pack-advertisement"
    assert b"version 2" in answer.content and TOKEN not in str(answer.headers)
    for name in ("heron/widgets.git", "Heron/Widgets"):
        assert (await git.get(f"{host(github)}/{name}/{REFS}")).status_code == 200


async def test_lfs_asks_by_the_same_way(github: GitHubServer, git: httpx.AsyncClient) -> None:
    github.seen.clear()
    asked = ("objects/batch", "locks", "locks/verify", "locks/7/unlock")
    for path in asked:
        # The stand-in has no LFS, and says so.
        assert (await git.post(f"{host(github)}/heron/widgets.git/info/lfs/{path}", json={})).status_code == 404
    assert [path for path, _ in github.seen] == [f"/heron/widgets.git/info/lfs/{path}" for path in asked]
    assert (await git.post(f"{host(github)}/heron/widgets.git/info/lfs/objects/x", json={})).status_code == 400
    assert len(github.seen) == len(asked)


async def test_git_is_asked_who_it_is_first(github: GitHubServer, git: httpx.AsyncClient) -> None:
    git.auth = None
    answer = await git.get(f"{host(github)}/heron/widgets/{REFS}")
    assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path",
    [
        "{host}/heron/other/" + REFS,
        "{host}/heron/../heron/other/" + REFS,
        "{host}/heron/widgets/../other/" + REFS,
        "{host}/heron/widgets/%2e%2e/other/" + REFS,
        "{host}/heron/widgets.git/..%2f..%2fother/" + REFS,
        "{host}/heron//widgets/" + REFS,
        "{host}//heron/widgets/" + REFS,
        "{host}/heron/widgets/info/refs?service=git-upload-archive",
        "{host}/heron/widgets/info/refs?service=git-upload-pack&x=y",
        "{host}/heron/widgets/info/refs",
        "{host}/heron/widgets/HEAD",
        "{host}/heron/widgets/objects/info/packs",
        "{host}/heron/widgets/",
        "{host}/api/v3/user",
        "{host}@example.com/heron/widgets/" + REFS,
        "example.com/heron/widgets/" + REFS,
        "example.com%2f{host}/heron/widgets/" + REFS,
        "127.0.0.1/heron/widgets/" + REFS,
        "{host}/heron/widgets%00/" + REFS,
        "{host}/heron/widgets/" + REFS.replace("?", "%3f"),
    ],
)
async def test_a_chat_reaches_its_own_repository_alone(
    github: GitHubServer, git: httpx.AsyncClient, a_repository: Repository, path: str
) -> None:
    github.add("heron/other", a_repository.path)
    github.seen.clear()
    # As it stands: a client would resolve the dots itself.
    url = git.base_url.copy_with(raw_path=f"/git/13/{path.format(host=host(github))}".encode())
    answer = await git.get(url)
    assert answer.status_code in (400, 403, 404), answer.text
    assert github.seen == []


async def test_a_request_for_another_host_is_none_of_git_s(
    hub: RunningHub, github: GitHubServer, git: httpx.AsyncClient, chat: Chat
) -> None:
    github.seen.clear()
    reader, writer = await asyncio.open_connection(git.base_url.host, git.base_url.port)
    proof = base64.b64encode(f"chat:{Container.of(hub, chat).token}".encode()).decode()
    head = f"GET {github.url}/heron/widgets/{REFS} HTTP/1.1\r\nHost: {host(github)}\r\nAuthorization: Basic {proof}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode())
    async with asyncio.timeout(30):
        assert b" 404 " in (await reader.read()).splitlines()[0]
    writer.close()
    assert github.seen == []


async def test_a_chat_of_another_project_is_refused(
    hub: RunningHub, github: GitHubServer, chat: Chat, make_repository: Callable[[str], Repository]
) -> None:
    theirs = await a_chat_of(hub, github.add("heron/other", make_repository("other").path))
    async with asking(hub, theirs) as git:
        git.base_url = git.base_url.join("../11/")
        assert (await git.get(f"{host(github)}/heron/other/{REFS}")).status_code == 200
        refused = await git.get(f"../13/{host(github)}/heron/widgets/{REFS}")
    assert refused.status_code == 403 and "reaches heron/other by way of the hub" in refused.text


async def test_a_repository_that_begins_alike_is_reached_as_without_the_hub(
    github: GitHubServer, git: httpx.AsyncClient
) -> None:
    git.auth = None
    answer = await git.get(f"{host(github)}/heron/widgets-docs.git/{REFS}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{github.url}/heron/widgets-docs.git/{REFS}")
    assert (await git.get(f"example.com/heron/widgets-docs.git/{REFS}")).status_code == 401
    assert (await git.post(f"{host(github)}/heron/widgets-docs.git/git-upload-pack")).status_code == 401


async def test_a_chat_that_was_stopped_reaches_nothing_any_more(
    hub: RunningHub, github: GitHubServer, git: httpx.AsyncClient, chat: Chat
) -> None:
    await hub.hub.chats.stop(chat.id)
    github.seen.clear()
    refused = await git.get(f"{host(github)}/heron/widgets/{REFS}")
    assert refused.status_code == 403 and "of no chat that runs" in refused.text
    assert github.seen == []


async def test_a_token_that_is_refused_is_the_connection_s_problem_until_it_is_taken_again(
    hub: RunningHub, github: GitHubServer, git: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK_SECONDS", 0.0)
    known = github.tokens.pop(TOKEN)
    assert hub.hub.github.status.problem is None
    assert (await git.get(f"{host(github)}/heron/widgets/{REFS}")).status_code == 403
    await hub.until_true(lambda: hub.hub.github.status.problem is not None)
    problem = hub.hub.github.status.problem
    assert problem is not None and "refuses the token (401)" in problem.message
    github.tokens[TOKEN] = known
    assert (await git.get(f"{host(github)}/heron/widgets/{REFS}")).status_code == 200
    await hub.until_true(lambda: hub.hub.github.status.problem is None)


async def test_git_says_what_is_wrong_with_the_connection(
    hub: RunningHub, github: GitHubServer, chat: Chat, tmp_path: Path
) -> None:
    github.tokens.clear()
    assert "remote: Agent Hub: 127.0.0.1" in (said := await hub.run(chat.id, "git fetch")), said
    assert "refuses the account that is connected. Look at" in said
    github.redirect = "http://127.0.0.1:9"
    assert "has moved this repository" in await hub.run(chat.id, "git fetch")
    github.redirect = ""
    github.tokens[TOKEN] = Token("heron", frozenset())
    assert "may not see it" in await hub.run(chat.id, "git fetch")
    await hub.hub.github.disconnect()
    path = hub.hub.folders.run(chat.id) / "gitconfig"
    await hub.until_true(lambda: "insteadOf" not in path.read_text())
    assert "Agent Hub" not in await hub.run(chat.id, "GIT_TERMINAL_PROMPT=0 git fetch")


async def test_a_personal_token_is_handed_to_no_chat(
    hub: RunningHub, github: GitHubServer, git: httpx.AsyncClient, chat: Chat
) -> None:
    url = git.base_url.copy_with(raw_path=b"/github-token")
    refused = await git.post(url)
    assert refused.status_code == 403 and "Connect a GitHub App" in refused.text and TOKEN not in refused.text
    assert (await git.post(url, auth=("chat", "nonsense"))).status_code == 403
    await hub.hub.github.disconnect()
    assert "Connections page" in (await git.post(url)).text
    gone = git.base_url.copy_with(raw_path=b"/git-credential")
    assert (await git.post(gone, content=f"protocol=http\nhost={host(github)}\n")).status_code == 404


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[GitHubAppServer]:
    with GitHubAppServer(tmp_path / "apps") as running:
        yield running


async def test_where_github_does_not_say_whether_it_is_public_git_finds_out(
    hub: RunningHub, apps: GitHubAppServer, a_repository: Repository
) -> None:
    url = apps.add("heron/widgets", a_repository.path)
    callback = "http://127.0.0.1:8888/agent-hub/api/connections/github/app/callback"
    form = hub.hub.github.make_app(MakeApp.model_validate({"url": apps.url, "callback": callback}))
    await hub.hub.github.app_made(*apps.make(form.action, form.manifest))
    apps.public.add("heron/widgets")
    chat = await a_chat_of(hub, url)
    apps.limited_without_name = True
    hub.hub.github._public = PublicRepositories()
    async with asking(hub, chat) as git:
        assert (await git.get(f"{host(apps)}/heron/widgets/{REFS}")).status_code == 200
        apps.public.clear()
        refused = await git.get(f"{host(apps)}/heron/widgets/{REFS}")
    assert refused.status_code == 409 and "is not installed on heron/widgets" in refused.text
    assert "/installations/new" in refused.text


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def upstream(hub: RunningHub, repository: Repository, answer: Answer) -> AsyncIterator[httpx.AsyncClient]:
    """Git of a chat whose project is ``heron/widgets`` of a GitHub that answers so."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/api/v3/user" in head.splitlines()[0]:
            body = json.dumps({"login": "heron", "id": 1}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        else:
            await answer(reader, writer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        name = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await connect(hub, f"http://{name}")
        project = await hub.ready(repository)
        await hub.hub.store.projects.change(project.id, url=f"http://{name}/heron/widgets")
        async with asking(hub, await hub.start(hub.hub.store.projects[project.id])) as git, asyncio.timeout(120):
            git.base_url = git.base_url.join(f"{name}/heron/widgets/")
            yield git


async def test_a_git_that_goes_away_ends_what_was_asked_for_it(hub: RunningHub, a_repository: Repository) -> None:
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nPACK")
        while await reader.read(65536):
            continue
        ended.set()

    async with upstream(hub, a_repository, answer) as git:
        async with git.stream("POST", "git-upload-pack", content=b"0000") as told:
            assert await anext(told.aiter_raw()) == b"PACK"
        await ended.wait()


async def still(count: Callable[[], int]) -> int:
    """What is counted, once it has not grown for a while."""
    before = -1
    while (now := count()) != before or now == 0:
        before = now
        await asyncio.sleep(0.5)
    return now


async def test_who_sends_faster_than_the_other_side_reads_is_made_to_wait(
    hub: RunningHub, a_repository: Repository
) -> None:
    whole, sent = 2**27, 0
    read, received, answered = asyncio.Event(), 0, 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < whole:
            sent += 2**20
            yield bytes(2**20)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received, answered
        await read.wait()
        piece = b""
        while not piece.endswith(b"0\r\n\r\n"):
            piece = await reader.read(2**20)
            received += len(piece)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while answered < whole:
            writer.write(bytes(2**20))
            await writer.drain()
            answered += 2**20

    async with upstream(hub, a_repository, answer) as git:
        request = git.build_request("POST", "git-receive-pack", content=pieces())
        asked = asyncio.create_task(git.send(request, stream=True))
        assert await still(lambda: sent) < whole / 2
        read.set()
        told = await asked
        assert received >= whole
        assert await still(lambda: answered) < whole / 2
        assert sum([len(piece) async for piece in told.aiter_raw()]) == whole
        await told.aclose()


def peak() -> int:
    """The most memory that this process has held since it was last forgotten, in bytes."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


async def test_a_large_push_and_fetch_pass_through_without_being_held(
    hub: RunningHub, github: GitHubServer, chat: Chat
) -> None:
    commit = "head -c 67108864 /dev/urandom >large && git add large && git commit --quiet -m Large"
    assert await hub.run(chat.id, commit) == ""
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    said = await hub.run(chat.id, "git push --quiet origin HEAD:refs/heads/large && echo pu''shed")
    assert said == "pushed\n"
    assert Repository(github.root / "heron/widgets.git").git("cat-file", "-s", "large:large") == "67108864"
    said = await hub.run(chat.id, "git clone --quiet --branch large $(git config remote.origin.url) again && ls again")
    assert "large" in said.split()
    assert peak() - before < 32 * 2**20


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, REFS) for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "POST")]
    + [
        ("GET", "git-upload-pack"),
        ("GET", "git-receive-pack"),
        ("DELETE", "info/lfs/locks"),
        ("GET", "info/lfs/locks/verify"),
    ],
)
async def test_what_git_asks_in_no_such_way_is_not_asked(
    github: GitHubServer, git: httpx.AsyncClient, method: str, path: str
) -> None:
    github.seen.clear()
    answer = await git.request(method, f"{host(github)}/heron/widgets/{path}")
    assert answer.status_code in (400, 405) and github.seen == []


async def test_a_header_that_is_no_ascii_is_left_out(github: GitHubServer, git: httpx.AsyncClient) -> None:
    answer = await git.get(f"{host(github)}/heron/widgets/{REFS}", headers={"User-Agent": "é".encode()})
    assert answer.status_code == 200


async def test_a_host_that_quotes_the_proof_tells_it_to_no_chat(hub: RunningHub, a_repository: Repository) -> None:
    proof = base64.b64encode(f"x-access-token:{TOKEN}".encode())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 No\r\n\r\nIt was " + TOKEN.encode() + b", by Basic " + proof)

    async with upstream(hub, a_repository, answer) as git:
        told = (await git.get(REFS)).text
    assert told.startswith("It was github_pat_...") and TOKEN not in told and proof.decode() not in told


@pytest.mark.parametrize("method", ["HEAD", "PUT", "POST"])
async def test_an_answer_that_nobody_takes_is_closed(
    hub: RunningHub, a_repository: Repository, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    # As if any method were one of Git's.
    monkeypatch.setitem(git_proxy._METHODS, "git-receive-pack", (method,))
    answered, heard, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hear(answer: httpx.Response) -> None:
        heard.set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nPACK")
        await writer.drain()
        answered.set()
        with suppress(ConnectionError):
            while await reader.read(65536):
                continue
        ended.set()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"0000"
        if method == "POST":
            # The hub reads no answer before it has sent on the whole of a body.
            await answered.wait()
            raise ConnectionError("gone in the middle")
        await heard.wait()

    async with upstream(hub, a_repository, answer) as git:
        hub.gateway._git.event_hooks = {"response": [hear]}
        with suppress(ConnectionError):
            await git.request(method, "git-receive-pack", content=pieces())
        async with asyncio.timeout(10):
            await ended.wait()
