"""An agent that has been talked into stealing: what it tries from inside its container, and what it gets."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import httpx
import psutil
import pytest

from agent_hub.hub.tokens import token_hash
from tests.security.scene import GITHUB_TOKEN, OPENAI_KEY, OWN_VARIABLE, WHOLE_DISK, Scene, found, searched
from tests.standins.github_app_server import AnApp

SECRETS = (
    "the OpenAI key",
    "the person's GitHub token",
    "the Jupyter token",
    "a variable of the server's",
    "a variable of another project",
    "another chat's token",
    "another chat's file",
    "another chat's name, in the database",
    "an SSH key of the person's",
    "a file of the machine",
)


# -- reading


@pytest.fixture(scope="module")
def seen(scene: Scene) -> str:
    """What a search of everything that the agent can read has found."""
    output = scene.run(searched([*scene.secrets.values(), OWN_VARIABLE, scene.token]))[1]
    # What the chat does hold is found, in a file and in the environment of a process: the search is one.
    assert found(output, f"/hub/run/token:{scene.token}") and found(output, f"OWN_PASSWORD={OWN_VARIABLE}")
    assert any(line.startswith("/proc/") for line in found(output, OWN_VARIABLE))
    return output


def test_where_nothing_stops_it_the_same_search_finds_every_one(scene: Scene) -> None:
    folder = scene.server.folder.parent
    output = scene.run_unhindered(searched(list(scene.secrets.values()), f"/host{folder}"))[1]
    assert [what for what, secret in scene.secrets.items() if not found(output, secret)] == []


@pytest.mark.parametrize("what", SECRETS)
def test_it_finds_no_secret_in_any_file_variable_process_or_mount(scene: Scene, seen: str, what: str) -> None:
    assert set(scene.secrets) == set(SECRETS)
    assert found(seen, scene.secrets[what]) == []


def test_docker_itself_holds_no_secret_of_a_chat(scene: Scene) -> None:
    described = str(scene.container.attrs) + str(scene.container.image.attrs)
    assert "agent-hub.chat" in described
    for secret in (*scene.secrets.values(), OWN_VARIABLE, scene.token):
        assert secret not in described


def test_no_answer_to_the_person_and_no_line_of_the_log_holds_a_token_or_an_account(scene: Scene) -> None:
    paths = ("status", "chats", "projects", "runs", "deleted", f"chats/{scene.evil.id}", f"chats/{scene.victim.id}")
    answers = "".join(scene.ask("GET", path).text for path in paths) + scene.server.log
    assert scene.evil.id in answers
    own = (scene.server.data / "chats" / scene.victim.id / "run" / "token").read_text().strip()
    for secret in (OPENAI_KEY, GITHUB_TOKEN, scene.token, token_hash(scene.token), own, token_hash(own)):
        assert secret not in answers


def test_it_sees_its_own_folders_and_its_own_project_s_objects_alone(scene: Scene) -> None:
    chat = scene.server.data / "chats" / scene.evil.id
    objects = scene.server.data / "projects" / scene.evil.project.id / "repository.git" / "objects"
    mounts = {mount["Destination"]: (mount["Source"], mount["RW"]) for mount in scene.container.attrs["Mounts"]}
    assert mounts == {
        "/workspace": (str(chat / "workspace"), True),
        "/hub/agent": (str(chat / "agent"), True),
        "/hub/run": (str(chat / "run"), False),
        "/hub/objects": (str(objects), False),
    }
    for path in ("/hub/run/token", "/hub/objects/x"):
        code, said = scene.run(f"echo x >> {path}")
        assert code != 0 and "Read-only file system" in said
    assert scene.run("echo x > /workspace/x")[0] == 0


def test_it_sees_no_process_but_its_container_s(scene: Scene) -> None:
    look = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    assert "jupyter_server" not in scene.run(look)[1]
    assert "jupyter_server" in scene.run_unhindered(look)[1]


# -- the network of this machine

KERNEL_PORTS = 5
"""On which a kernel takes code, among others."""


def listening(scene: Scene) -> set[tuple[str, int]]:
    """Where the Jupyter server, its kernels and the hub listen."""
    connections = [one for process in scene.processes() for one in process.net_connections("tcp")]
    return {(one.laddr.ip, one.laddr.port) for one in connections if one.status == psutil.CONN_LISTEN}


def reached(scene: Scene, hosts: set[str], ports: set[int]) -> set[tuple[str, int]]:
    """Which of these the agent gets a connection to."""
    tries = "; ".join(
        f"timeout 3 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null && echo open {host} {port}"
        for host in sorted(hosts)
        for port in sorted(ports)
    )
    lines = [line.split() for line in scene.run(tries)[1].splitlines() if line.startswith("open ")]
    return {(host, int(port)) for _, host, port in lines}


def test_it_reaches_no_port_of_the_server_or_a_kernel_but_the_gateway(scene: Scene) -> None:
    kernel = scene.server.url + "api/kernels"
    headers = {"Authorization": f"token {scene.server.token}"}
    httpx.post(kernel, headers=headers, json={"name": "python3"}, timeout=60).raise_for_status()
    end = time.monotonic() + 60
    while len(ports := listening(scene)) < 2 + KERNEL_PORTS:
        assert time.monotonic() < end, ports
        time.sleep(0.1)
    assert scene.jupyter in {port for _, port in ports}
    addresses = {
        address.address
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    }
    (bound,) = {ip for ip, port in ports if port == scene.port}
    assert bound in addresses
    got = reached(scene, {*addresses, "127.0.0.1", scene.gateway}, {port for _, port in ports})
    assert got == {(bound, scene.port), (scene.gateway, scene.port)}


def test_it_reaches_no_port_of_another_chat(scene: Scene) -> None:
    # The other one serves what it should not, on all of its addresses.
    listens = (
        "use IO::Socket; $here = IO::Socket::INET->new(LocalPort => 9000, Listen => 5) or die;"
        "print {$_} qq(heard) while $_ = $here->accept"
    )
    scene.victim.run(["sh", "-c", f"perl -e '{listens}' >/dev/null 2>&1 &"], timeout=60, show=False)
    (container,) = docker.from_env().containers.list(filters={"label": f"agent-hub.chat={scene.victim.id}"})
    (address,) = (one["IPAddress"] for one in container.attrs["NetworkSettings"]["Networks"].values())
    end = time.monotonic() + 60
    while not answers(address, 9000):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert reached(scene, {address, container.name, f"{container.name}.agent-hub"}, {9000}) == set()


def answers(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), 5):
        return True
    return False


# -- the gateway

TRIES = {
    "a path with two slashes": "GET //etc/passwd",
    "a path that climbs": "GET /../../../../etc/passwd",
    "a path that climbs, encoded": "GET /..%2f..%2f..%2f..%2fetc%2fpasswd",
    "a path that climbs out of artifacts": "GET /artifacts/../../hub.db",
    "an address of Jupyter in full": "GET http://127.0.0.1:{jupyter}/api/status",
    "a tunnel to Jupyter": "CONNECT 127.0.0.1:{jupyter}",
    "Jupyter's API": "GET /api/contents",
    "Jupyter's API by its name": "GET /api/status|Host: 127.0.0.1:{jupyter}",
    "Jupyter's API, forwarded": "GET /api/status|X-Forwarded-Host: 127.0.0.1:{jupyter}|X-Forwarded-For: 127.0.0.1",
    "the hub's API": "GET /agent-hub/api/chats",
    "another chat's files": "GET /agent-hub/api/chats/{victim}/files/file",
    "another chat's terminal": "GET /agent-hub/terminals/websocket/{victim}|Upgrade: websocket|Connection: Upgrade",
    "the metadata of a cloud, in full": "GET http://169.254.169.254/latest/meta-data/",
    "the metadata of a cloud, by Git": "GET /git/16/169.254.169.254/latest/meta.git/info/refs?service=git-upload-pack",
    "another repository": "GET /git/11/{github}/heron/other.git/info/refs?service=git-upload-pack",
    "a file of the clone": "GET /git/13/{github}/heron/widgets.git/../../etc/passwd",
    "the API of GitHub": "GET /git/13/{github}/api/v3/user",
    "what the API has beside models": "GET /v1/files",
    "the keys of the organisation": "GET /v1/organization/admin_api_keys",
    "what the API has, by a climb": "GET /v1/models/../files",
    "what the API has, by an encoded climb": "GET /v1/models/..%2ffiles",
    "another server's models": "GET /v1/@169.254.169.254/models",
    "a token for the person's GitHub": "POST /github-token",
    "a file taken back": "DELETE /artifacts",
    "a file put": "PUT /artifacts?name=x",
    "a model put": "PUT /v1/models",
    "a trace": "TRACE /v1/models",
}


@pytest.mark.parametrize("what", TRIES)
def test_the_gateway_answers_nothing_but_what_it_is_for(scene: Scene, what: str) -> None:
    line, *extra = (
        TRIES[what]
        .format(jupyter=scene.jupyter, victim=scene.victim.id, github=scene.github.url.removeprefix("http://"))
        .split("|")
    )
    before = len(scene.model.requests), len(scene.github.seen), len(scene.server.hub().chats)
    asked = [f"{line} HTTP/1.1", f"Authorization: Bearer {scene.token}", "Content-Length: 0", *extra]
    asked += [] if any(name.startswith("Host:") for name in extra) else ["Host: x"]
    asked += [] if any(name.startswith("Connection:") for name in extra) else ["Connection: close"]
    answer = scene.send("\r\n".join([*asked, "", ""]))
    assert answer == "" or answer.split()[1].startswith("4"), answer
    assert "root:" not in answer
    for secret in scene.secrets.values():
        assert secret not in answer
    assert (len(scene.model.requests), len(scene.github.seen), len(scene.server.hub().chats)) == before


def test_a_list_of_artifacts_has_the_chats_own_alone(scene: Scene) -> None:
    for chat, name in ((scene.victim, "theirs.txt"), (scene.evil, "own.txt")):
        assert chat.run(f"sh -c 'echo heron >{name} && hub_artifact publish {name}'").exit_code == 0
    asked = f"GET /artifacts?chat={scene.victim.id} HTTP/1.1\r\nAuthorization: Bearer {scene.token}\r\nHost: x\r\n"
    answer = scene.send(f"{asked}Connection: close\r\n\r\n")
    assert "own.txt" in answer
    assert "theirs.txt" not in answer


def test_what_the_gateway_is_for_it_answers(scene: Scene) -> None:
    asked = f"GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {scene.token}\r\nConnection: close\r\n\r\n"
    answer = scene.send(asked)
    assert answer.split()[1] == "200", answer
    assert scene.model.requests[-1].path == "/v1/models"
    assert OPENAI_KEY not in answer


@pytest.mark.parametrize("what", ["none", "another", "the hash of its own", "one more character", "two"])
def test_a_token_that_is_not_the_chat_s_own_is_worth_nothing(scene: Scene, what: str) -> None:
    shown = {
        "none": [],
        "another": ["Authorization: Bearer guess"],
        "the hash of its own": [f"Authorization: Bearer {token_hash(scene.token)}"],
        "one more character": [f"Authorization: Bearer {scene.token}x"],
        # Joined by a comma, as HTTP has it: neither.
        "two": [f"Authorization: Bearer {scene.token}", "Authorization: Bearer guess"],
    }[what]
    for line in ("GET /v1/models", "POST /artifacts?name=x", "POST /github-token"):
        head = [f"{line} HTTP/1.1", "Host: x", "Content-Length: 0", "Connection: close", *shown]
        answer = scene.send("\r\n".join([*head, "", ""]))
        assert answer.split()[1] in ("400", "401", "403"), answer


SMUGGLED = {
    "a length and chunks": "Content-Length: {length}\r\nTransfer-Encoding: chunked",
    "chunks of another kind": "Transfer-Encoding: xchunked",
    "chunks in disguise": "Transfer-Encoding : chunked",
    "two lengths": "Content-Length: 0\r\nContent-Length: {length}",
    "a length with a sign": "Content-Length: +{length}",
    "a header over two lines": "X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: {length}",
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_no_request_hides_in_another(scene: Scene, what: str) -> None:
    hidden = f"GET /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {scene.token}\r\n\r\n"
    body = f"0\r\n\r\n{hidden}"
    head = ["POST /v1/responses HTTP/1.1", "Host: x", f"Authorization: Bearer {scene.token}", "Connection: close"]
    before = len(scene.model.requests)
    scene.send("\r\n".join([*head, SMUGGLED[what].format(length=len(body)), "", body]))
    came = scene.model.requests[before:]
    assert {request.path for request in came} <= {"/v1/responses"} and len(came) <= 1
    for request in scene.model.requests:
        assert request.headers["authorization"] == f"Bearer {OPENAI_KEY}"
        assert scene.token not in str(request)


# -- a GitHub App of the person's, on its own repository and on another


@pytest.fixture
def app(scene: Scene) -> Iterator[AnApp]:
    with scene.by_an_app() as made:
        # The other chat has used it, so the hub holds a token of the other repository.
        scene.victim.run("git fetch", check=True, show=False)
        assert {"heron/other"} in [token.repositories for token in scene.github.installed.values()]
        yield made


def test_it_finds_nothing_of_an_app_even_where_it_is_given_a_token_of_it(scene: Scene, app: AnApp) -> None:
    code, said = scene.run("cd /workspace && git fetch && echo fetched")
    assert code == 0 and "fetched" in said
    lines = [line for line in app.pem.splitlines() if len(line) > 40]
    secrets = [*lines, app.client_secret, app.webhook_secret, *scene.github.installed]
    seen = scene.run(searched([*secrets, scene.token]))[1]
    assert found(seen, f"/hub/run/token:{scene.token}")
    assert [secret for secret in secrets if found(seen, secret)] == []
    # Where nothing stops it, the key is found, in the one file that is for it.
    kept = f"/host{scene.server.data}"
    unhindered = scene.run_unhindered(searched(lines, kept))[1]
    assert {line.partition(":")[0] for line in found(unhindered, lines[3])} == {f"{kept}/secrets/github_app.json"}


OTHERS = {
    "another repository": "heron/other.git",
    "it without .git": "heron/other",
    "it with .git twice": "heron/other.git.git",
    "it in upper case": "HERON/OTHER.GIT",
    "it in mixed case": "Heron/Other.git",
    "its own with .git twice": "heron/widgets.git.git",
    "a climb": "heron/widgets.git/../other.git",
    "a climb without .git": "heron/widgets/../other",
    "a climb behind its own": "heron/widgets.git/info/refs/../../../other.git",
    "an encoded climb": "heron/widgets.git/%2e%2e/other.git",
    "an encoded slash": "heron%2fother.git",
    "encoded slashes": "heron%2Fwidgets.git%2F..%2Fother.git",
    "a slash, encoded twice": "heron%252fother.git",
    "an encoded dot": "heron/other%2egit",
    "an encoded letter": "heron/%6fther.git",
    "two slashes": "heron//other.git",
    "a backslash": "heron\\other.git",
    "an encoded zero": "heron/other.git%00heron/widgets.git",
    "a fragment": "heron/other.git#heron/widgets.git",
    "a name in front": "x@heron/other.git",
    "the list of installations": "api/v3/app/installations",
    "the list of installations, by a climb": "heron/widgets.git/../../api/v3/app/installations",
    "the list of repositories": "heron/widgets.git/../../api/v3/installation/repositories",
    "a token of the App": "api/v3/app/installations/1000/access_tokens",
}


def test_by_git_it_reaches_no_repository_but_its_own(scene: Scene, app: AnApp) -> None:
    host = scene.github.url.removeprefix("http://")

    def ask(name: str, length: int, *extra: str) -> str:
        line = f"GET /git/{length}/{host}/{name}/info/refs?service=git-upload-pack HTTP/1.1"
        proof = f"Authorization: Bearer {scene.token}"
        return scene.send("\r\n".join([line, proof, "Host: x", "Connection: close", *extra, "", ""]))

    # Of its own it is answered, however it writes the name.
    for name in ("heron/widgets.git", "heron/widgets", "HERON/Widgets.git"):
        assert ask(name, 13).split()[1] == "200"
    scene.github.seen.clear()
    got = {}
    for what, name in OTHERS.items():
        # The length is that of its own name, and that of the other's.
        for length in (13, 11):
            answer = ask(name, length)
            # What only begins like its own is no repository of this way: Git is sent to GitHub, as itself.
            location = answer.partition("Location: ")[2].split("\r")[0]
            beside = answer.split()[1:2] == ["302"] and location.startswith(f"{scene.github.url}/")
            if not (answer == "" or answer.split()[1].startswith("4") or beside):
                got[what] = answer
            for token in scene.github.installed:
                assert token not in answer
    assert got == {}
    at = f"/git/11/{host}/heron/other.git/info/refs"
    for header in (f"X-Original-URL: {at}", f"X-Rewrite-URL: {at}", f"X-Forwarded-Uri: {at}"):
        assert ask("heron/other.git", 11, header).split()[1] == "403"
    assert scene.github.seen == []

    for name in ("heron/other", "HERON/OTHER.git", "heron/widgets/../other.git", "heron%2fother.git"):
        assert scene.run(f"GIT_TERMINAL_PROMPT=0 git ls-remote {scene.github.url}/{name}")[0] != 0
    assert scene.run("cd /workspace && git ls-remote origin")[0] == 0


def test_its_credential_helper_proves_it_to_the_gateway_alone(scene: Scene, app: AnApp) -> None:
    github, gateway = (f"host={scene.github.url.removeprefix('http://')}", f"host={scene.gateway}:{scene.port}")

    def fill(*lines: str) -> str:
        asked = "\\n".join(["protocol=http", *lines, "", ""])
        return scene.run(f"cd /tmp; printf '{asked}' | GIT_TERMINAL_PROMPT=0 git credential fill")[1]

    for path in ("heron/widgets.git", "heron/other.git", "HERON/OTHER", "heron/widgets.git/../other.git"):
        assert "password=" not in fill(github, f"path={path}")
    own = [line for line in fill(gateway).splitlines() if line.startswith("password=")]
    assert own == [f"password={scene.token}"]


ASKED = {
    "a body": ("POST /github-token", '{{"repository": "heron/other", "repositories": ["other"]}}'),
    "a form": ("POST /github-token", "repository=heron/other&permissions=admin"),
    "a query": ("POST /github-token?repository=heron/other&repo=other&installation=1000", ""),
    "a path": ("POST /github-token/heron/other", ""),
    "an encoded path": ("POST /github-token%2fheron%2fother", ""),
    "a climb": ("POST /git/11/{host}/heron/other.git/../../../../../github-token", ""),
    "upper case": ("POST /GITHUB-TOKEN", ""),
    "another verb": ("GET /github-token", ""),
    "the App's own list": ("GET /agent-hub/api/connections/github", ""),
    "a form for an App of its own": ("POST /agent-hub/api/connections/github/app", "{{}}"),
    "an App of its own": ("GET /agent-hub/api/connections/github/app/callback?code=x&state=y", ""),
}


def test_what_gh_is_given_is_for_its_own_repository_however_it_is_asked_for(scene: Scene, app: AnApp) -> None:
    host = scene.github.url.removeprefix("http://")
    before = set(scene.github.installed)
    given = {}
    for what, (line, body) in ASKED.items():
        body = body.format()
        head = [f"{line.format(host=host)} HTTP/1.1", f"Authorization: Bearer {scene.token}", "Host: x"]
        answer = scene.send("\r\n".join([*head, f"Content-Length: {len(body)}", "Connection: close", "", body]))
        if answer.split()[1:2] == ["200"]:
            given[what] = answer.splitlines()[-1]
        else:
            assert answer == "" or answer.split()[1].startswith("4"), (what, answer)
            assert "ghs_" not in answer and str(app.slug) not in answer
    # What it says beside the path changes nothing; that it was given one shows that it was heard.
    assert set(given) == {"a body", "a form", "a query"}
    made = set(scene.github.installed) - before
    assert set(given.values()) <= made
    assert {(*scene.github.installed[token].repositories,) for token in made} == {("heron/widgets",)}
    assert all("administration" not in scene.github.installed[token].permissions for token in made)

    # And with what it was given it gets no further than that.
    token = given["a body"]

    def status(path: str) -> str:
        asked = f"--silent --output /dev/null --write-out '%{{http_code}}' -u x-access-token:{token}"
        return scene.run(f"curl {asked} {scene.github.url}/{path}")[1].strip()

    refs = "info/refs?service=git-upload-pack"
    assert status(f"heron/widgets.git/{refs}") == "200"
    assert status(f"heron/other.git/{refs}") == "404"
    assert status("api/v3/app/installations") == "401"
    listed = scene.run(
        f"curl --silent -H 'Authorization: Bearer {token}' {scene.github.url}/api/v3/installation/repositories"
    )[1]
    assert "heron/widgets" in listed and "heron/other" not in listed


# -- what the person and the hub read of it


def test_a_link_in_its_workspace_leads_the_person_nowhere(scene: Scene, tmp_path: Path) -> None:
    disk = scene.server.folder.parent / "disk"
    links = {"disk": str(disk), "root": "/", "proc": "/proc/self/root", "up": "../../../../../../.."}
    made = "; ".join(f"ln -sfn {target} {name}" for name, target in links.items())
    assert scene.run(f"cd /workspace; {made}; echo mine > plain")[0] == 0
    assert scene.ask("GET", f"chats/{scene.evil.id}/files/plain").content == b"mine\n"
    for path in ("disk", f"root{disk}", f"proc{disk}", f"up{disk}", "root/etc/shadow"):
        answer = scene.ask("GET", f"chats/{scene.evil.id}/files/{path}")
        assert answer.status_code == 400 and WHOLE_DISK not in answer.text and "root:" not in answer.text
    for path in (f"root{tmp_path}/planted", f"up{tmp_path}/planted", "disk"):
        assert scene.ask("PUT", f"chats/{scene.evil.id}/files/{path}", content=b"x").status_code == 400
    assert not list(tmp_path.iterdir()) and disk.read_text() == WHOLE_DISK
    assert WHOLE_DISK not in scene.ask("GET", f"chats/{scene.evil.id}/diff").text


def test_a_link_that_it_publishes_is_the_container_s_own_file(scene: Scene) -> None:
    disk = scene.server.folder.parent / "disk"
    script = f"cd /tmp; ln -sf {disk} disk; ln -sf /etc/hostname name; hub_artifact publish"
    code, said = scene.run(f"{script} disk")
    assert code != 0, said
    code, said = scene.run(f"{script} name")
    assert code == 0, said
    published = scene.ask("GET", f"chats/{scene.evil.id}/artifacts").json()
    (artifact,) = (one for one in published if one["name"] == "name")
    content = scene.ask("GET", f"artifacts/{artifact['id']}/content").text
    assert content.strip() == scene.container.attrs["Config"]["Hostname"] != socket.gethostname()
    path = scene.server.root / artifact["path"]
    assert path.is_file() and not path.is_symlink()


TRAPS = (
    "core.fsmonitor", "core.sshCommand", "core.editor", "core.pager", "core.askPass", "diff.external", "gpg.program",
    "diff.trap.command", "diff.trap.textconv", "filter.trap.clean", "filter.trap.smudge", "filter.trap.process",
    "merge.trap.driver", "credential.helper", "sequence.editor", "uploadpack.packObjectsHook", "core.gitProxy",
    "remote.origin.uploadpack", "remote.origin.receivepack", "core.alternateRefsCommand", "interactive.diffFilter",
)  # fmt: skip


def test_what_it_tells_git_in_its_workspace_runs_nothing_on_the_machine(scene: Scene, tmp_path: Path) -> None:
    chat = scene.server.hub().new_chat(scene.evil.project, name="trap").wait_ready()
    mark = tmp_path / "ran"
    traps = "; ".join(f"git config {name} 'touch {mark};'" for name in TRAPS)
    hooks = "post-checkout pre-commit post-index-change reference-transaction pre-push post-commit"
    script = (
        f"cd /workspace; {traps}; mkdir -p .git/hooks; for hook in {hooks}; do "
        f"printf '#!/bin/sh\\ntouch {mark}\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook; done; "
        "echo '* filter=trap diff=trap merge=trap' > .gitattributes; echo changed >> README.md; echo new > new"
    )
    done = chat.run(["bash", "-c", script], show=False)
    assert done.exit_code == 0, done.output
    # A plain Git falls for it.
    subprocess.run(["git", "-C", chat.workspace, "status"], capture_output=True, timeout=60, check=False)
    assert mark.exists()
    mark.unlink()

    for method, path, body in (
        ("GET", "diff", None),
        ("POST", "commit", {"message": "By the person"}),
        ("POST", "branch", {"name": "trap"}),
    ):
        answer = scene.ask(method, f"chats/{chat.id}/{path}", json=body)
        assert answer.status_code < 300, answer.text
    chat.run("echo more >> /workspace/README.md", check=True, show=False)
    chat.stop()
    assert scene.ask("DELETE", f"chats/{chat.id}").status_code == 409, "its unsaved work was looked at"
    chat.delete(force=True)
    assert not mark.exists()


def test_a_bomb_of_processes_ends_at_the_chat_s_limit(scene: Scene) -> None:
    assert scene.run("cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null")[1].strip() == "4096"
    chat = scene.server.hub().new_chat(scene.evil.project, name="bomb", pids=64).wait_ready()
    bomb = "perl -e 'while (defined(my $child = fork)) { if (!$child) { sleep 20; exit } $n++ } print $n'"
    done = chat.run(bomb, timeout=120, show=False)
    assert 0 < int(done.output) < 64
    assert scene.run("echo here")[1] == "here\n" and scene.server.hub().status.reachable
    chat.delete(force=True)
