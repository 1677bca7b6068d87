"""Secrets that are planted in a hub which is used in every way, and looked for in all that it shows and leaves behind.

Each search also looks for a marker that was put there on purpose: one that finds nothing at all proves nothing.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import tarfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest
import websocket
from docker.models.containers import Container

from agent_hub.errors import AgentHubError, TurnFailed
from agent_hub.models import SignIn
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.server.openapi import ROUTES
from tests.conftest import Repository
from tests.notebook.server import DOCKER, Server
from tests.security.scene import searched
from tests.standins.chatgpt_server import ChatGPTServer
from tests.standins.github_app_server import GitHubAppServer
from tests.standins.github_server import Token
from tests.standins.model_server import ModelServer

OPENAI = "sk-proj-planted0of1a2persons3openai4account-Kx7Qf2"
GITHUB = "github_pat_11PLANTED0of1a2persons3github4account_9xQ"
OF_PROJECT = "planted-in-a-projects-variable-5f2c81"
OF_CHAT = "planted-in-a-chats-variable-77d0a3"

MARKER = "heron-that-is-here-on-purpose"
LIMIT = 120.0

CALLBACK = "api/connections/github/app/callback"

# It lasts until it was looked at, and tells whether it was given a token.
A_GH = f"""
mkdir -p /tmp/own
printf '#!/bin/sh\\ntest -n "$GH_ENTERPRISE_TOKEN" && sleep 0.3 && echo {MARKER}\\n' >/tmp/own/gh
chmod +x /tmp/own/gh
PATH=$PATH:/tmp/own gh api user
"""


class Quoting:
    """An API that refuses every request, and quotes all of it as it does."""

    def __enter__(self) -> Quoting:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said = json.dumps({"error": {"message": f"Wrong: {self.headers}", "code": "invalid_api_key"}}).encode()
                self.send_response(401)
                self.send_header("Content-Type", "application/json")
                self.send_header("OpenAI-Asked", self.headers.get("Authorization", ""))
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class CommandLines:
    """The command lines of this machine, its containers' too, looked at all the time."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._enough.wait(0.005):
            # Not by a glob, which a process that ends meanwhile can break.
            for name in os.listdir("/proc"):
                if not name.isdigit():
                    continue
                try:
                    self.seen.add(
                        Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    )
                except OSError:
                    continue

    def __enter__(self) -> CommandLines:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(10)


@contextmanager
def events_of(server: Server) -> Iterator[list[str]]:
    """Every event that the panel is sent, as it comes."""
    url = f"{server.url.replace('http', 'ws', 1)}agent-hub/api/events"
    connection = websocket.create_connection(url, header=[f"Authorization: token {server.token}"], timeout=LIMIT)
    told: list[str] = []

    def listen() -> None:
        try:
            while text := connection.recv():
                told.append(text if isinstance(text, str) else text.decode())
        except (OSError, websocket.WebSocketException):
            return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield told
    connection.close()
    thread.join(10)


@dataclass
class Seen:
    """What was seen of the hub, by the place where it was."""

    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, place: str, text: str | bytes) -> None:
        self.places.setdefault(place, []).append(text if isinstance(text, str) else text.decode(errors="replace"))

    def with_any(self, secret: str) -> list[str]:
        """Where it was seen."""
        return [place for place, texts in self.places.items() if any(secret in text for text in texts)]


class Api:
    """The REST API, whose every answer is kept."""

    def __init__(self, server: Server, seen: Seen) -> None:
        self._seen = seen
        self._client = httpx.Client(
            base_url=f"{server.url}agent-hub/",
            headers={"Authorization": f"token {server.token}"},
            trust_env=False,
            timeout=LIMIT,
        )

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        answer = self._client.request(method, path, json=None if body is None else dict(body))
        self._seen.add("answers", f"{answer.status_code} {answer.headers} {answer.text}")
        return answer

    def close(self) -> None:
        self._client.close()

    def read_all(self, ids: Mapping[str, str]) -> None:
        """Every GET route, for what there is."""
        for method, path, *_ in ROUTES:
            if method != "get":
                continue
            id = next((id for part, id in ids.items() if f"api/{part}/{{id}}" in path), "")
            at = path.replace("{id}", id).replace("{number}", "1").replace("{path}", "README.md")
            self("get", f"{at}?q=a" if at.endswith("search") else at)


@dataclass(frozen=True)
class Planted:
    """A hub that all was done with, what was seen of it, and what it was to keep to itself."""

    server: Server
    seen: Seen
    tokens: tuple[str, ...]
    """Those of its chats."""
    account: tuple[str, ...]
    """All that the ChatGPT account was ever proved with: tokens, and codes of which tokens were made."""
    token_of_running: str
    app: tuple[str, ...]
    """What a GitHub App is: the lines of its key, and what else GitHub gave with it."""
    proofs: tuple[str, ...]
    """All that the hub ever proved itself to GitHub with, and the tokens that the App has made, one for ``gh``."""
    with_github_token: tuple[str, ...]
    """The files that held the personal token, while it was what the hub used."""


@pytest.fixture(scope="module")
def planted(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: docker.DockerClient, base_image: str
) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "source").mkdir()
    repository = Repository(folder / "source")
    for command in (["init", "--quiet", "--initial-branch=main"], ["config", "user.name", "T"],
                    ["config", "user.email", "t@localhost"]):  # fmt: skip
        repository.git(*command)
    repository.commit("Begin", {"README.md": f"{MARKER}\n"})
    bridge = docker_engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    token = Token("heron", frozenset({"heron/widgets"}))
    chatgpt = ChatGPTServer(bridge)
    options = (
        f"--AgentHub.base_image={base_image}",
        "--AgentHub.spares=1",
        "--Application.log_level=DEBUG",
        f"--AgentHub.openai_issuer={chatgpt.url}",
        f"--AgentHub.chatgpt_url={chatgpt.backend}",
    )
    seen = Seen()
    with (
        ModelServer(key=OPENAI) as model,
        chatgpt,
        Quoting() as quoting,
        GitHubAppServer(folder / "github", {GITHUB: token}, host=bridge) as github,
        Server(folder, DOCKER, *options) as server,
        CommandLines() as lines,
    ):
        url = github.add("heron/widgets", repository.path)
        hub, api = server.hub(), Api(server, seen)
        with events_of(server) as told, closing(api):
            _sign_in(hub, api, chatgpt, docker_engine, folder, seen)
            tokens = _use(hub, api, server, seen, model, quoting, github, url)
            _use_account(hub, api, chatgpt)
            with_github_token = tuple(_kept(server.data, GITHUB))
            app = _use_app(hub, api, server, seen, github)
            chat = next(iter(hub.chats.values()))
            proofs = {shown.partition(" ")[2] for _, shown in github.seen if shown} | set(github.installed)
            sought = [OPENAI, GITHUB, *chatgpt.given, *app, *sorted(proofs)]
            _look_into(docker_engine, chat, sought, seen)
            _look_at_the_engine(docker_engine, folder, seen)
            running = (server.data / "chats" / chat.id / "run" / "token").read_text().strip()
        for text in told:
            seen.add("events", text)
        for line in lines.seen:
            seen.add("command lines", line)
        seen.add("log", server.log)
        given = tuple(chatgpt.given)
        yield Planted(server, seen, tokens, given, running, app, tuple(sorted(proofs)), with_github_token)
        for project in server.hub().projects.values():
            project.delete(force=True)


def _sign_in(hub: Hub, api: Api, chatgpt: ChatGPTServer, engine: docker.DockerClient, folder: Path, seen: Seen) -> None:
    """Sign in with ChatGPT, by the real Codex in its container."""
    assert api("post", "api/connections/openai/sign-in", {"method": "device"}).status_code == 202

    def state(wanted: str) -> SignIn:
        end = time.monotonic() + LIMIT
        while (sign_in := hub.connections.openai.status.sign_in) is None or sign_in.state != wanted:
            assert time.monotonic() < end, sign_in
            time.sleep(0.05)
        return sign_in

    code = state("waiting").code
    (container,) = _containers(engine, folder, "agent-hub.sign-in")
    seen.add("docker inspect", json.dumps(container.attrs) + json.dumps(container.top()))
    chatgpt.confirm(code)
    state("done")
    seen.add("notebook", f"{hub.connections!r} {hub.connections._repr_mimebundle_()}")
    assert hub.connections.openai.status.kind == "chatgpt"


def _use_account(hub: Hub, api: Api, chatgpt: ChatGPTServer) -> None:
    """Have the account answer a chat, after its tokens were renewed, and refuse one."""
    assert api("put", "api/connections/openai/use", {"kind": "chatgpt"}).status_code == 200
    chatgpt.end_access()
    api("post", "api/connections/openai/check")
    chat = next(iter(hub.chats.values()))
    assert chat.send(f"Say {MARKER}").wait(LIMIT).status == "completed"
    assert len(chatgpt.renewals) == 1


def _use_app(hub: Hub, api: Api, server: Server, seen: Seen, github: GitHubAppServer) -> tuple[str, ...]:
    """Have a GitHub App answer a chat, in the place of the token, and then be of no use; what it is."""
    asked = {"url": github.url, "callback": f"{server.url}agent-hub/{CALLBACK}"}
    form = api("post", "api/connections/github/app", asked).json()
    code, state = github.make(form["action"], form["manifest"])
    assert api("get", f"{CALLBACK}?code={code}&state=wrong").status_code == 403
    assert api("get", f"{CALLBACK}?code={code}&state={state}").status_code == 200
    app = github.apps[1]
    installation = github.install(app.id, "heron/widgets")
    chat = next(iter(hub.chats.values()))
    for script in ("git fetch && echo fetched", A_GH):
        said = chat.run(script).output
        assert "fetched" in said or MARKER in said, said
    assert {"contents": "write", "pull_requests": "write", "issues": "write"} in [
        token.permissions for token in github.installed.values()
    ], "gh was given one of its own"
    installation.suspended = True
    assert chat.run("git fetch").exit_code
    app.revoked = True
    api("post", "api/connections/github/check")
    with pytest.raises(AgentHubError) as refused:
        hub.add_project(f"{github.url}/heron/other.git", progress=False)
    seen.add("tracebacks", "".join(traceback.format_exception(refused.value)))
    seen.add("notebook", f"{hub.connections!r} {hub.connections._repr_mimebundle_()}")
    for path in ("status", "connections/github", "connections/gateway", "connections/gateway/log"):
        api("get", f"api/{path}")
    # The last line may be so short that it is found anywhere.
    lines = [line for line in app.pem.splitlines() if len(line) == 64]
    return (*lines, app.client_secret, app.webhook_secret, code)


def _use(
    hub: Hub,
    api: Api,
    server: Server,
    seen: Seen,
    model: ModelServer,
    quoting: Quoting,
    github: GitHubAppServer,
    url: str,
) -> tuple[str, ...]:
    """Do with the hub what can be done, well and badly; the tokens of its chats."""
    tokens: list[str] = []

    def connect(base: str, verify: bool = True) -> httpx.Response:
        return api("put", "api/connections/openai", {"api_key": OPENAI, "base_url": base, "verify": verify})

    def keep_token(chat: Chat) -> None:
        tokens.append((server.data / "chats" / chat.id / "run" / "token").read_text().strip())

    assert connect(quoting.url).status_code == 400
    assert connect("http://127.0.0.1:9/v1").status_code == 502
    assert connect(f"http://{OPENAI}@127.0.0.1/").status_code == 400
    assert connect(model.base_url()).status_code == 200
    # Somebody may be signed in by then, and chats go on with what they use.
    assert api("put", "api/connections/openai/use", {"kind": "key"}).status_code == 200
    api("post", "api/connections/openai/check")
    for base in (quoting.url, "http://127.0.0.1:9", github.url):
        api("put", "api/connections/github", {"token": GITHUB, "url": base})
    api("post", "api/connections/github/check")

    project = hub.add_project(
        url, name="widgets", agent="codex", model="stand-in-1", progress=False,
        setup=f"echo {MARKER} > built.txt; echo {MARKER}; env",
        env=[{"name": "OF_PROJECT", "value": OF_PROJECT, "secret": True}],
    )  # fmt: skip
    chat = hub.new_chat(project, f"RUN: echo {MARKER}", env=[{"name": "OF_CHAT", "value": OF_CHAT, "secret": True}])
    chat.wait_ready()
    keep_token(chat)
    assert chat.turn.wait(LIMIT).status == "completed"
    # Both reach the chat: what is looked for was there to be found.
    held = chat.run('test -n "$OF_PROJECT" -a -n "$OF_CHAT" && echo both; git fetch && hub_artifact publish README.md')
    assert "both" in held.output, held.output
    chat.run(f"sh -c 'sleep 0.3; : {MARKER}'")

    # The API goes away, and refuses a chat and quotes what it was asked with.
    for base in ("http://127.0.0.1:9/v1", quoting.url):
        connect(base, verify=False)
        api("post", "api/connections/openai/check")
    with pytest.raises(TurnFailed, match="Wrong: Host") as failed:
        chat.send("Say heron").wait(LIMIT)
    seen.add("tracebacks", "".join(traceback.format_exception(failed.value)))
    connect(model.base_url())
    assert chat.send(f"Say {MARKER}").wait(LIMIT).status == "completed"

    _show(hub, chat, seen)
    for wrong in (
        {"project": project.id, "env": [{"name": "A B", "value": OF_CHAT, "secret": True}]},
        {"env": OF_CHAT},
    ):
        assert api("post", "api/chats", wrong).status_code == 400
    with pytest.raises(AgentHubError) as refused:
        hub.new_chat(project, mounts="/no/such:/here", env={"OF_CHAT": OF_CHAT})
    seen.add("tracebacks", "".join(traceback.format_exception(refused.value)))

    chat.stop()
    chat.start()
    chat.wait_ready()
    keep_token(chat)
    gone = hub.new_chat(project, env=[{"name": "OF_CHAT", "value": OF_CHAT, "secret": True}])
    gone.wait_ready()
    keep_token(gone)
    gone.run("echo work > work.txt")
    gone.delete(force=True)
    (deleted,) = api("get", "api/deleted").json()
    (artifact,) = api("get", f"api/chats/{chat.id}/artifacts").json()
    ids = {"projects": project.id, "chats": chat.id, "terminals": chat.id, "deleted": deleted["id"]}
    api.read_all(ids | {"artifacts": artifact["id"]})
    return tuple(tokens)


def _show(hub: Hub, chat: Chat, seen: Seen) -> None:
    """All that a notebook shows of it."""
    for shown in (hub, hub.status, hub.projects, hub.chats, chat, chat.project, chat.turns, chat.turn, chat.artifacts):
        seen.add("notebook", repr(shown))
        for name in ("_repr_html_", "_repr_mimebundle_"):
            make: Callable[[], object] | None = getattr(shown, name, None)
            if make is not None:
                seen.add("notebook", str(make()))


def _look_into(engine: docker.DockerClient, chat: Chat, sought: list[str], seen: Seen) -> None:
    """Every file and every process of a chat's container, as its own root sees them."""
    (container,) = engine.containers.list(filters={"label": f"agent-hub.chat={chat.id}"})
    script = searched([MARKER, *sought])
    seen.add("container", container.exec_run(["bash", "-c", script], user="0:0").output)


def _kept(data: Path, *secrets: str) -> list[str]:
    """The files that hold any of these, each of which, or a folder that it is in, is its owner's alone."""
    found = []
    for path in sorted(data.rglob("*")):
        if not path.is_file() or path.is_relative_to(data / "cache"):
            continue
        content = path.read_bytes()
        if any(secret.encode() in content for secret in secrets):
            within = [path, *path.parents]
            assert any(above.stat().st_mode & 0o077 == 0 for above in within[: within.index(data)]), path
            found.append(str(path.relative_to(data)).replace("hub.db-wal", "hub.db"))
    return found


def _containers(engine: docker.DockerClient, folder: Path, label: str) -> list[Container]:
    """Those with a label that see the hub's folder: other hubs of these tests use the same engine."""
    found = engine.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    mounts = ((one, one.attrs.get("Mounts", [])) for one in found)
    return [one for one, all in mounts if any(Path(mount.get("Source", "/")).is_relative_to(folder) for mount in all)]


def _look_at_the_engine(engine: docker.DockerClient, folder: Path, seen: Seen) -> None:
    """Containers and images of this hub, as the engine tells of them, and the layers of the images."""
    for container in _containers(engine, folder, "agent-hub.hub"):
        seen.add("docker inspect", json.dumps(container.attrs))
        top = container.top() if container.status == "running" else {}
        seen.add("docker inspect", json.dumps(top))
        image = container.image
        assert image is not None
        seen.add("docker inspect", json.dumps(image.attrs))
        seen.add("docker history", json.dumps(image.history()))
        saved = subprocess.run(["docker", "save", str(image.id)], check=True, capture_output=True, timeout=LIMIT)
        for member in _files(saved.stdout):
            seen.add("image layers", member)


def _files(archive: bytes) -> Iterator[bytes]:
    """Names, links and contents of a tar's files, of the tars in it as well."""
    if archive[:2] == b"\x1f\x8b":
        archive = gzip.decompress(archive)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            yield f"{member.name} {member.linkname} {member.pax_headers}".encode()
            file = tar.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            content = file.read()
            if member.name.endswith(("layer.tar", ".tar.gz")) or "blobs/" in member.name and _is_tar(content):
                yield from _files(content)
            # Of Debian's own programs, and of Codex, nothing was told.
            elif len(content) < 2**20:
                yield content


def _is_tar(content: bytes) -> bool:
    return content[:2] == b"\x1f\x8b" or content[257:262] == b"ustar"


CONTROLS = {
    "log": "Agent Hub",
    "events": MARKER,
    "answers": MARKER,
    "notebook": MARKER,
    "tracebacks": "/no/such",
    "container": MARKER,
    "docker inspect": "agent-hub.hub",
    "docker history": "entrypoint",
    "image layers": MARKER,
    "command lines": MARKER,
}


@pytest.mark.parametrize(("place", "control"), CONTROLS.items())
def test_what_is_in_a_place_is_found_there(planted: Planted, place: str, control: str) -> None:
    assert place in planted.seen.with_any(control)


@pytest.mark.parametrize("secret", [OPENAI, GITHUB, OF_PROJECT, OF_CHAT], ids=["openai", "github", "project", "chat"])
def test_a_secret_is_in_nothing_that_the_hub_shows_or_leaves_behind(planted: Planted, secret: str) -> None:
    assert planted.seen.with_any(secret) == []


def test_a_chats_token_is_in_nothing_that_the_hub_shows_or_leaves_behind(planted: Planted) -> None:
    assert len(set(planted.tokens)) == 3
    assert [planted.seen.with_any(token) for token in planted.tokens] == [[], [], []]


def test_what_proves_a_chatgpt_account_is_in_nothing_that_the_hub_shows_or_leaves_behind(planted: Planted) -> None:
    assert len(planted.account) >= 5
    assert [planted.seen.with_any(secret) for secret in planted.account] == [[]] * len(planted.account)
    kept = [
        str(path.relative_to(planted.server.data))
        for path in sorted(planted.server.data.rglob("*"))
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in planted.account)
    ]
    assert kept == ["secrets/chatgpt.json"]


def test_what_a_github_app_is_is_in_nothing_that_the_hub_shows_or_leaves_behind(planted: Planted) -> None:
    assert len(planted.app) > 20
    assert [planted.seen.with_any(secret) for secret in planted.app] == [[]] * len(planted.app)
    assert _kept(planted.server.data, *planted.app) == ["secrets/github_app.json"]


def test_what_the_hub_proves_itself_to_github_with_is_nowhere_not_even_once_gh_was_given_it(planted: Planted) -> None:
    own = [secret for secret in planted.proofs if secret.startswith("ghs_")]
    assert len(own) >= 2 and len(planted.proofs) > 2 * len(own)
    assert [planted.seen.with_any(secret) for secret in planted.proofs] == [[]] * len(planted.proofs)
    assert _kept(planted.server.data, *planted.proofs) == []


def test_secrets_are_in_the_files_that_keep_them_alone_and_those_are_their_owners(planted: Planted) -> None:
    data = planted.server.data
    assert data.stat().st_mode & 0o777 == 0o700

    assert _kept(data, OPENAI) == ["secrets/openai.json"]
    assert planted.with_github_token == ("secrets/github.json",)
    # An App has taken its place.
    assert _kept(data, GITHUB) == []
    # Variables are what a chat is made of: they are in the store, and in what a chat that runs reads.
    for secret in (OF_PROJECT, OF_CHAT):
        names = set(_kept(data, secret))
        assert "hub.db" in names
        assert all(name == "hub.db" or re.fullmatch(r"chats/\w+/run/environment", name) for name in names)
    # A token is good for one run of a chat.
    for token in planted.tokens:
        assert [name.rpartition("/run/")[2] for name in _kept(data, token)] == ["token"] * (
            token == planted.token_of_running
        )
