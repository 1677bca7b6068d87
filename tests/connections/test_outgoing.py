"""What the hub asks others by: nothing of one request is in the next."""

from __future__ import annotations

import asyncio
import base64
import gzip
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from agent_hub.connections.chatgpt import ChatGPT
from agent_hub.connections.chatgpt_login import Login
from agent_hub.connections.github import GitHub
from agent_hub.connections.github_api import GitHubApi
from agent_hub.connections.openai import USE, OpenAI
from agent_hub.connections.outgoing import Unusable, ask, outgoing, why
from agent_hub.connections.secrets import Secrets
from agent_hub.errors import AgentHubError, ApiUnreachable, InvalidInput
from agent_hub.gateway.git_proxy import git_client
from agent_hub.models import ConnectGitHub, ConnectOpenAI, MakeApp, now

CLIENTS = ("openai", "chatgpt", "github", "git")


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Cookie"))
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Set-Cookie", "session=of-the-one-before; Path=/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *values: object) -> None:
            """Nothing."""

    shown: list[str | None] = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.shown = shown  # type: ignore[attr-defined]
    Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("name", CLIENTS)
async def test_what_one_answer_sets_is_not_sent_with_the_next_request(
    server: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    secrets, url = Secrets(tmp_path_factory.mktemp("secrets")), f"http://127.0.0.1:{server.server_port}/"
    openai, chatgpt = OpenAI(secrets, lambda: None), ChatGPT(secrets, lambda: None)
    github, git = GitHubApi(url), git_client()
    client = {"openai": openai.client, "chatgpt": chatgpt._client, "github": github._client, "git": git}[name]
    try:
        for _ in range(2):
            assert (await client.get(url)).status_code == 302
    finally:
        await openai.close()
        await chatgpt.close()
        await github.close()
        await git.aclose()
    assert server.shown == [None, None]  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["https://ü..x/v1", "https://1.2.3.400/v1", f"https://example.com/{'x' * 70_000}"])
async def test_an_address_that_nothing_can_be_sent_to_is_refused_and_not_kept(tmp_path: Path, url: str) -> None:
    secrets = Secrets(tmp_path / "secrets")
    openai, github = OpenAI(secrets, lambda: None), GitHub(secrets, lambda: None)
    try:
        with pytest.raises((InvalidInput, ValidationError)):
            await openai.connect(ConnectOpenAI.model_validate({"api_key": "sk-x", "base_url": url, "verify": False}))
        with pytest.raises((InvalidInput, ValidationError)):
            await github.connect(ConnectGitHub.model_validate({"token": "github_pat_x", "url": url}))
        with pytest.raises((InvalidInput, ValidationError)):
            callback = "http://127.0.0.1/api/connections/github/app/callback"
            github.make_app(MakeApp.model_validate({"url": url, "callback": callback}))
    finally:
        await openai.close()
        await github.close()
    assert not (tmp_path / "secrets").exists()


@pytest.mark.parametrize(("pause", "said"), [(0.0, "does not end"), (0.02, "has not answered within")])
async def test_an_answer_without_an_end_holds_nobody_up(pause: float, said: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError), closing(writer):
            while not writer.is_closing():
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if not pause else b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(pause)
        ended.set()

    ended = asyncio.Event()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = outgoing(15.0)
    try:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(httpx.HTTPError, match=said):
            await asyncio.wait_for(ask(client, "GET", url, 0.5 if pause else 60.0), 60)
    finally:
        await client.aclose()
        server.close()
        await server.wait_closed()
        await asyncio.wait_for(ended.wait(), 60)


async def test_on_a_full_disk_what_is_used_is_what_a_hub_that_starts_then_uses(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets")
    openai = OpenAI(secrets, lambda: None, "http://127.0.0.1:9", "http://127.0.0.1:9")
    login = Login("access", "refresh", "", "account", now())
    await openai.connect(ConnectOpenAI(api_key=SecretStr("sk-any"), verify=False))
    # The account has room, and the choice has none: its file cannot be written.
    (tmp_path / "secrets" / f"{USE}.new").mkdir()
    with pytest.raises(AgentHubError):
        await openai.signed_in(login)
    anew = OpenAI(secrets, lambda: None, "http://127.0.0.1:9", "http://127.0.0.1:9")
    assert (openai.kind, anew.kind) == ("key", "key") and anew.chatgpt.signed_in
    for each in (openai, anew):
        await each.close()


@pytest.mark.parametrize("encodings", ["gzip", "gzip, gzip", "br"])
async def test_an_answer_that_is_packed_is_taken_no_further(encodings: str) -> None:
    packed = gzip.compress(gzip.compress(bytes(64 * 2**20)))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"accept-encoding: identity" in (await reader.readuntil(b"\r\n\r\n")).lower()
        length = f"Content-Encoding: {encodings}\r\nContent-Length: {len(packed)}"
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode() + packed)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, outgoing(5.0) as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(Unusable, match="packed"):
            await ask(client, "GET", url, 20.0)


async def json_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    nested = b"[" * 2**21
    await reader.readuntil(b"\r\n\r\n")
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(nested)}\r\n\r\n".encode() + nested)
    await writer.drain()
    writer.close()


async def test_json_without_end_is_no_answer_of_github_s() -> None:
    async with await asyncio.start_server(json_without_end, "127.0.0.1", 0) as server:
        api = GitHubApi(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ApiUnreachable, match="does not answer as GitHub does"):
            api.told(await api.ask("GET", "/user"))
        await api.close()


async def test_json_without_end_renews_no_account_and_ends_none(tmp_path: Path) -> None:
    async with await asyncio.start_server(json_without_end, "127.0.0.1", 0) as server:
        issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        account = ChatGPT(Secrets(tmp_path / "secrets"), lambda: None, issuer, "http://127.0.0.1:9")
        claims = base64.urlsafe_b64encode(b'{"exp": 1}').decode().rstrip("=")
        await account.keep(Login(f"x.{claims}.x", "refresh", "", "account", now()))
        with pytest.raises(ApiUnreachable, match="it answers no JSON"):
            await account.credentials()
        assert account.signed_in and account.account is not None and account.account.problem is None
        await account.close()


async def test_a_key_that_is_quoted_where_no_http_is_spoken_is_in_no_error(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"you said: " + asked.replace(b"\r\n", b" ") + b"\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        openai = OpenAI(Secrets(tmp_path / "secrets"), lambda: None)
        github = GitHub(Secrets(tmp_path / "secrets"), lambda: None)
        secret = SecretStr("a-secret-of-a-person-7Qf2")
        with pytest.raises(ApiUnreachable, match="speaks no HTTP") as first:
            await openai.connect(ConnectOpenAI(api_key=secret, base_url=url))
        with pytest.raises(ApiUnreachable) as second:
            await github.connect(ConnectGitHub(token=secret, url=url))
        assert "7Qf2" not in f"{first.value.to_dict()}{second.value.to_dict()}"
        await openai.close()
        await github.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://127.0.0.1:9", "connection refused"), ("http://nobody.invalid", "its name is not known")],
)
async def test_a_host_that_cannot_be_reached_is_told_in_the_system_s_words(url: str, said: str) -> None:
    async with outgoing(10.0) as client:
        with pytest.raises(httpx.ConnectError) as failed:
            await client.get(url)
    assert why(failed.value) == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("gpu-7:8000/v1", "an address begins with https:// or http://"),
        ("http://a b", "an address has no blanks"),
        ("http://:80", "it is no address"),
        ("http://a^b/v1", "it is no address"),
        ("http://a%zz/v1", "it is no address"),
        ("http://me:secret@example.com", "no name and no password"),
        ("https://example.com?a=1", "ends before a"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        ConnectGitHub(token=SecretStr("x"), url=url)
