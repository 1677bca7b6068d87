"""``gh`` in a container: the real one, with a token of the hub's for one call, against a GitHub that speaks TLS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.standins.github_api import GitHubApi

CHAT, TOKEN = "the-token-of-a-chat", "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
ENTERPRISE = "github.example.com"


@pytest.fixture(scope="session")
def image_with_gh(layers):
    return layers.on(layers.base("RUN apt-get update && apt-get install -y --no-install-recommends gh"))


@pytest.fixture
def api(tmp_path: Path) -> Iterator[GitHubApi]:
    folder = tmp_path / "api"
    folder.mkdir()
    with GitHubApi(folder, ("api.github.com", ENTERPRISE), TOKEN) as running:
        yield running


@dataclass
class Gateway:
    """What a hub says to a chat that asks it for a token."""

    port: int
    status: int = 200
    answer: str = f"github.com\n{TOKEN}\n"
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked.append((self.path, self.headers["Authorization"]))
            self.send_response(told.status)
            self.end_headers()
            self.wfile.write(told.answer.encode())

        def log_message(self, format: str, *values: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    told = Gateway(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def gh(run_in, chat_folders, api, gateway, host):
    """Runs a script in the container of a chat of github.com/heron/widgets."""
    run = chat_folders["run"]
    (run / "token").write_text(CHAT)
    (run / "artifacts_url").write_text(f"http://{host}:{gateway.port}/artifacts")
    way = f"http://{host}:{gateway.port}/git/13/github.com/heron/widgets"
    (run / "gitconfig").write_text(f'[url "{way}"]\n\tinsteadOf = https://github.com/heron/widgets\n')
    begin = "cd /workspace; git init --quiet; git remote add origin https://github.com/heron/widgets.git; "

    def run_script(image: str, script: str, **env: str):
        return run_in(
            image,
            ["sh", "-c", begin + script],
            environment={
                "HTTPS_PROXY": f"http://{host}:{api.port}",
                "SSL_CERT_FILE": "/api/certificate.pem",
                "GH_NO_UPDATE_NOTIFIER": "1",
                **env,
            },
            volumes={
                str(run): {"bind": "/hub/run", "mode": "ro"},
                str(api.certificate): {"bind": "/api/certificate.pem", "mode": "ro"},
            },
        )

    return run_script


def test_gh_works_with_a_token_that_is_in_its_own_environment_alone(image_with_gh, gh, gateway, api):
    ended = gh(
        image_with_gh,
        "gh api user --jq .login && gh repo view --json nameWithOwner --jq .nameWithOwner && gh auth status; "
        'grep -rlsF -e "$A$B" / --exclude-dir=proc --exclude-dir=sys; env | grep -c "$A"; git remote get-url origin',
        A=TOKEN[:12],
        B=TOKEN[12:],
    )
    login, repository, *status, found, url = ended.output.splitlines()
    assert (login, repository) == ("heron", "heron/widgets"), ended.output
    assert any("Logged in to github.com" in line for line in status), ended.output
    # The only trace is what the search itself was given.
    assert found == "1" and not any(line.startswith("/") for line in status)
    assert set(gateway.asked) == {("/github-token", f"Bearer {CHAT}")}
    assert {asked for asked, _ in api.seen} == {"api.github.com:443"}
    # Git goes by the hub all the same.
    assert "/git/13/github.com/" in url


def test_gh_asks_an_enterprise_by_its_name(image_with_gh, gh, gateway, api):
    gateway.answer = f"{ENTERPRISE}\n{TOKEN}\n"
    assert gh(image_with_gh, "gh api user --jq .login").output.strip() == "heron"
    assert {asked for asked, _ in api.seen} == {f"{ENTERPRISE}:443"}


def test_gh_says_why_there_is_no_token(image_with_gh, gh, gateway, api):
    gateway.status, gateway.answer = 403, "Agent Hub: A personal token never enters a chat. Connect a GitHub App.\n"
    ended = gh(image_with_gh, "gh pr list")
    assert ended.code == 1
    assert ended.output == "gh: A personal token never enters a chat. Connect a GitHub App.\n"
    assert api.seen == []
    # What needs none works.
    assert gh(image_with_gh, "gh --version").output.startswith("gh version")


def test_gh_with_a_token_of_the_chat_s_own_asks_the_hub_for_none(image_with_gh, gh, gateway):
    assert gh(image_with_gh, "gh api user --jq .login", GH_TOKEN=TOKEN).output.strip() == "heron"
    assert gateway.asked == []


def test_without_gh_in_the_image_there_is_a_word_on_how_to_get_it(image, gh):
    ended = gh(image, "gh pr list")
    assert ended.code == 127 and "apt-get install -y gh" in ended.output
