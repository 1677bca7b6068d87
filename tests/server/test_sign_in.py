"""Signing in with ChatGPT over REST; what happens then is in ``tests/hub/test_sign_ins.py``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.hub.running import RunningHub
from tests.server.conftest import Run

OPENAI = ("agent-hub", "api", "connections", "openai")
SECRET = "ac_a-code-that-is-told-to-nobody"
Fetch = Callable[..., Any]


@pytest.fixture
def send(jp_fetch: Fetch, jp_auth_header: dict[str, str]) -> Fetch:
    """Sends JSON, as the panel does."""

    def sending(*path: str, **options: Any) -> Any:
        return jp_fetch(*path, headers={**jp_auth_header, "Content-Type": "application/json"}, **options)

    return sending


def body(**values: Any) -> str:
    return json.dumps(values)


def test_a_sign_in_begins_and_the_status_follows_it(hub: RunningHub, run: Run[Any], send: Fetch) -> None:
    async def story() -> None:
        begun = await send(*OPENAI, "sign-in", method="POST", body=body(method="device"))
        assert begun.code == 202
        assert json.loads(begun.body)["sign_in"]["state"] == "starting"
        # The program in Codex's place leaves no account.
        await hub.until(lambda: hub.hub.openai.status.sign_in and hub.hub.openai.status.sign_in.state == "failed")
        told = json.loads((await send("agent-hub", "api", "status")).body)["openai"]
        assert told["sign_in"]["error"]["code"] == "agent_unavailable" and not told["connected"]
        assert (await send(*OPENAI, "sign-in", method="DELETE")).code == 204
        told = json.loads((await send(*OPENAI)).body)
        assert told["sign_in"] is None

    run(story())


@pytest.mark.parametrize(
    ("path", "method", "sent", "status"),
    [
        ("sign-in", "POST", body(method="telepathy"), 400),
        ("sign-in", "POST", "not JSON", 400),
        ("sign-in/callback", "POST", body(url=f"http://localhost:1455/auth/callback?code={SECRET}&state=x"), 409),
        ("sign-in/callback", "POST", body(), 400),
        ("use", "PUT", body(kind="chatgpt"), 409),
        ("use", "PUT", body(kind="key"), 409),
        ("use", "PUT", body(kind=""), 400),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_not_repeated(
    hub: RunningHub, run: Run[Any], send: Fetch, path: str, method: str, sent: str, status: int
) -> None:
    async def story() -> None:
        with pytest.raises(HTTPClientError) as refused:
            await send(*OPENAI, *path.split("/"), method=method, body=sent)
        answer = refused.value.response
        assert answer is not None and answer.code == status
        told = answer.body.decode()
        assert json.loads(told)["hint"] and SECRET not in told

    run(story())


def test_signing_out_is_no_error_where_nobody_is_signed_in(hub: RunningHub, run: Run[Any], send: Fetch) -> None:
    async def story() -> None:
        assert (await send(*OPENAI, "chatgpt", method="DELETE")).code == 204
        assert (await send(*OPENAI, "sign-in", method="DELETE")).code == 204

    run(story())
