"""What a person pastes, and what Codex leaves: taken only as what it has to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent_hub.connections.codex_login import Prompt, callback, read_login
from agent_hub.errors import AgentUnavailable, InvalidInput

STATE = "c3RhdGU"
GOOD = "http://localhost:1455/auth/callback?code=ac_Zm9v.-_~&state=c3RhdGU"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_address_of_a_sign_in_becomes_its_path_alone(host: str) -> None:
    url = GOOD.replace("localhost", host)
    assert callback(f"  {url}\n", 1455, STATE) == "/auth/callback?code=ac_Zm9v.-_~&state=c3RhdGU"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "code=x&state=y",
        GOOD.replace("http:", "https:"),
        GOOD.replace("http:", "file:"),
        GOOD.replace("localhost", "localhost.evil.example"),
        GOOD.replace("localhost", "evil.example"),
        GOOD.replace("localhost", "127.0.0.2"),
        GOOD.replace("localhost", "[::1]"),
        GOOD.replace("localhost", "me@localhost"),
        GOOD.replace("localhost", "localhost@evil.example"),
        GOOD.replace(":1455", ":1456"),
        GOOD.replace(":1455", ""),
        GOOD.replace(":1455", ":01455"),
        GOOD.replace("/auth/callback", "/cancel"),
        GOOD.replace("/auth/callback", "/auth/callback/../../cancel"),
        GOOD.replace("/auth/callback", "//auth/callback"),
        GOOD.replace("/auth/callback", "/auth/callback;x"),
        GOOD + "&x=\r\nHost: evil.example",
        GOOD + "&x=\nurl = file:///etc/passwd",
        GOOD.replace("code=", "co\nde="),
        GOOD + '&x="',
        GOOD + "&x=\\",
        GOOD + "&x={a,b}",
        GOOD + "&x=[1-9]",
        GOOD + "&x=`id`",
        GOOD + "&x=$(id)",
        GOOD + "&x=\x00",
        GOOD + "&x=é",
        GOOD + "&x=" + "x" * 10_000,
        GOOD + "&a=1" * 50,
        GOOD.replace(STATE, "b3RoZXI"),
        GOOD.replace("state=", "state=other&state="),
        "http://localhost:1455/auth/callback?code=x",
        "http://localhost:1455/auth/callback?state=x",
        "http://localhost:99999/auth/callback?code=x&state=y",
    ],
)
def test_any_other_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        callback(url, 1455, STATE)
    assert "ac_Zm9v" not in str(refused.value)


def test_a_code_is_read_whatever_its_colours() -> None:
    prompt = Prompt("device")
    lines = [
        "1. Open this link in your browser and sign in to your account",
        "   \x1b[94mhttps://auth.openai.com/codex/device\x1b[0m",
        "2. Enter this one-time code \x1b[90m(expires in 15 minutes)\x1b[0m",
        "   \x1b[94mABCD-12345\x1b[0m",
        "   \x1b[94mABCD-12345\x1b[0m",
    ]
    assert [prompt.feed(line) for line in lines] == [False, False, False, True, False]
    assert (prompt.url, prompt.code) == ("https://auth.openai.com/codex/device", "ABCD-12345")
    assert prompt.expires_at is not None


def test_what_a_server_has_quoted_in_an_error_is_not_told() -> None:
    prompt = Prompt("device")
    prompt.feed("Error logging in: it said eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2lnbmF0dXJlc2lnbmF0dXJl here")
    assert prompt.error == "Error logging in: it said … here"


@pytest.mark.parametrize(
    "left",
    [
        None,
        "",
        "[]",
        "{}",
        '{"tokens": null}',
        '{"tokens": {"access_token": 1, "refresh_token": "r", "id_token": "i", "account_id": "a"}}',
        '{"tokens": {"access_token": "a", "refresh_token": "", "id_token": "i", "account_id": "a"}}',
        '{"tokens": {"access_token": "a", "refresh_token": "r", "id_token": "i"}}',
        "x" * 2**21,
        "[" * 50_000,
    ],
)
def test_what_is_no_login_is_refused_and_not_repeated(tmp_path: Path, left: str | None) -> None:
    path = tmp_path / "auth.json"
    if left is not None:
        path.write_text(left)
    with pytest.raises(AgentUnavailable) as refused:
        read_login(path)
    assert len(str(refused.value)) < 300


def test_a_link_in_the_place_of_a_login_is_not_followed(tmp_path: Path) -> None:
    told = {"access_token": "a", "refresh_token": "r", "id_token": "i", "account_id": "x"}
    (tmp_path / "elsewhere").write_text(json.dumps({"tokens": told}))
    assert read_login(tmp_path / "elsewhere").account_id == "x"
    (tmp_path / "auth.json").symlink_to("elsewhere")
    with pytest.raises(AgentUnavailable):
        read_login(tmp_path / "auth.json")
