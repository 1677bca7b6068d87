"""A Jupyter server on which one person has two chats and many secrets, and an agent in one chat that wants them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import httpx
import psutil
from docker.models.containers import Container

from agent_hub.notebook.chat import Chat
from tests.conftest import Repository
from tests.notebook.server import DOCKER, Server
from tests.standins.github_app_server import AnApp, GitHubAppServer
from tests.standins.github_server import Token
from tests.standins.model_server import ModelServer

OPENAI_KEY = "sk-proj-planted-openai-key-4Hq8"
GITHUB_TOKEN = "github_pat_11AAAAAAA0plantedtokenofaperson_4Hq8"
OWN_VARIABLE = "planted-for-this-very-chat-4Hq8"
WHOLE_DISK = "planted-on-the-disk-4Hq8"


@dataclass
class Scene:
    """What the tests of an evil agent look at."""

    server: Server
    model: ModelServer
    github: GitHubAppServer
    evil: Chat
    victim: Chat
    container: Container
    """The evil chat's."""
    unhindered: Container
    """Of the same image, with all that Docker can give away: what gets nowhere in the chat works in there."""
    secrets: Mapping[str, str]
    """What the agent wants, by what it is."""

    def run(self, script: str) -> tuple[int, str]:
        """Run a script as the agent; how it ended, and what it printed."""
        done = self.evil.run(["bash", "-c", script], timeout=120, show=False)
        return done.exit_code, done.output

    def run_unhindered(self, script: str) -> tuple[int, str]:
        """Run the same where nothing stops it."""
        done = self.unhindered.exec_run(["bash", "-c", script])
        return done.exit_code, done.output.decode(errors="replace")

    def send(self, request: str) -> str:
        """Send the gateway what no client would, from the evil chat; all that it answers."""
        # In base64: whatever is sent gets there as it is.
        encoded = base64.b64encode(request.encode("latin-1")).decode()
        script = f"exec 3<>/dev/tcp/{self.gateway}/{self.port} && echo {encoded} | base64 -d >&3 && timeout 10 cat <&3"
        return self.run(script)[1]

    @property
    def gateway(self) -> str:
        return str(urlsplit(self._told("artifacts_url")).hostname)

    @property
    def port(self) -> int:
        return int(urlsplit(self._told("artifacts_url")).port or 0)

    @property
    def token(self) -> str:
        """The evil chat's own."""
        return self._told("token")

    @property
    def jupyter(self) -> int:
        """The port of the Jupyter server."""
        return int(urlsplit(self.server.url).port or 0)

    def _told(self, name: str) -> str:
        return (self.server.data / "chats" / self.evil.id / "run" / name).read_text().strip()

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the hub, as the person."""
        headers = {"Authorization": f"token {self.server.token}"}
        return httpx.request(method, f"{self.server.url}agent-hub/api/{path}", headers=headers, timeout=120, **options)

    @contextmanager
    def by_an_app(self) -> Iterator[AnApp]:
        """The person's account is a GitHub App on both repositories, in the place of the token, until this ends."""
        callback = "connections/github/app/callback"
        asked = {"url": self.github.url, "callback": f"{self.server.url}agent-hub/api/{callback}"}
        form = self.ask("POST", "connections/github/app", json=asked).raise_for_status().json()
        code, state = self.github.make(form["action"], form["manifest"])
        self.ask("GET", callback, params={"code": code, "state": state}).raise_for_status()
        app = list(self.github.apps.values())[-1]
        self.github.install(app.id, "heron/widgets", "heron/other")
        try:
            yield app
        finally:
            token = {"token": GITHUB_TOKEN, "url": self.github.url}
            self.ask("PUT", "connections/github", json=token).raise_for_status()

    def processes(self) -> list[psutil.Process]:
        """The Jupyter server and what it has started."""
        server = psutil.Process(self.server.pid)
        return [server, *server.children(recursive=True)]


def a_repository(folder: Path, name: str) -> Repository:
    """One with a single commit."""
    path = folder / name
    path.mkdir(parents=True)
    repository = Repository(path)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("config", "user.name", "Test")
    repository.git("config", "user.email", "test@localhost")
    repository.commit("Begin", {"README.md": f"# {name}\n"})
    return repository


@contextmanager
def a_scene(folder: Path, engine: docker.DockerClient, base_image: str) -> Iterator[Scene]:
    """The server, its accounts connected, both chats running; all of it is gone in the end."""
    bridge = engine.networks.list(names=["bridge"])[0].attrs["IPAM"]["Config"][0]["Gateway"]
    person = Token("heron", frozenset({"heron/widgets", "heron/other"}), name="Heron", email="heron@example.com")
    server = Server(folder / "jupyter", DOCKER, f"--AgentHub.base_image={base_image}")
    keys = Path(server.environment["HOME"]) / ".ssh"
    keys.mkdir(parents=True)
    (keys / "id_ed25519").write_text("planted-ssh-key-4Hq8")
    (folder / "disk").write_text(WHOLE_DISK)
    with (
        ModelServer(key=OPENAI_KEY) as model,
        GitHubAppServer(folder / "github", {GITHUB_TOKEN: person}, host=bridge) as github,
        server,
    ):
        try:
            scene = _open(folder, server, model, github, engine)
            try:
                yield scene
            finally:
                scene.unhindered.remove(force=True)
        finally:
            for project in list(server.hub().projects.values()):
                project.delete(force=True)


def _open(
    folder: Path, server: Server, model: ModelServer, github: GitHubAppServer, engine: docker.DockerClient
) -> Scene:
    hub = server.hub()
    headers = {"Authorization": f"token {server.token}"}
    api = httpx.Client(base_url=f"{server.url}agent-hub/api/", headers=headers, timeout=60)
    with api:
        given: dict[str, Any] = {"api_key": OPENAI_KEY, "base_url": model.base_url()}
        api.put("connections/openai", json=given).raise_for_status()
        api.put("connections/github", json={"token": GITHUB_TOKEN, "url": github.url}).raise_for_status()
    urls = [github.add(f"heron/{name}", a_repository(folder, name).path) for name in ("widgets", "other")]
    mine = hub.add_project(urls[0], agent="shell", env={"OWN_PASSWORD": OWN_VARIABLE}, progress=False)
    other = hub.add_project(
        urls[1], agent="shell", env={"DB_PASSWORD": "planted-database-password-4Hq8"}, progress=False
    )
    victim = hub.new_chat(other, name="planted-name-of-a-chat-4Hq8").wait_ready()
    evil = hub.new_chat(mine, name="evil").wait_ready()
    (Path(victim.workspace) / "file").write_text("planted-file-of-another-chat-4Hq8")
    container = _container(engine, evil)
    unhindered = engine.containers.run(
        container.image.id,
        entrypoint=["sleep", "infinity"],
        user="0:0",
        cap_add=["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"],
        security_opt=["seccomp=unconfined", "apparmor=unconfined"],
        pid_mode="host",
        volumes=["/:/host:ro", "/dev:/dev", "/var/run/docker.sock:/var/run/docker.sock"],
        detach=True,
    )
    secrets = {
        "the OpenAI key": OPENAI_KEY,
        "the person's GitHub token": GITHUB_TOKEN,
        "the Jupyter token": server.token,
        "a variable of the server's": "planted-variable-of-the-server-4Hq8",
        "a variable of another project": "planted-database-password-4Hq8",
        "another chat's token": (server.data / "chats" / victim.id / "run" / "token").read_text().strip(),
        "another chat's file": "planted-file-of-another-chat-4Hq8",
        "another chat's name, in the database": "planted-name-of-a-chat-4Hq8",
        "an SSH key of the person's": "planted-ssh-key-4Hq8",
        "a file of the machine": WHOLE_DISK,
    }
    return Scene(server, model, github, evil, victim, container, unhindered, secrets)


def _container(engine: docker.DockerClient, chat: Chat) -> Container:
    (found,) = engine.containers.list(filters={"label": f"agent-hub.chat={chat.id}"})
    return found


def searched(values: list[str], root: str = "/") -> str:
    """A script that looks for values in every file and process it can read; what is found is a line."""
    # In base64: it must not find itself, nor the shell that runs it.
    encoded = base64.b64encode("\n".join(values).encode()).decode()
    files = f"grep -rsaoF --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev -f - {root}"
    processes = "grep -saoF -f - /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/mountinfo"
    return f"wanted={encoded}; echo $wanted | base64 -d | {files}; echo $wanted | base64 -d | {processes}; env; mount"


def found(output: str, value: str) -> list[str]:
    """Where a search has found a value."""
    return [line for line in output.splitlines() if value in line]
