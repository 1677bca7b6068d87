"""Why a chat's Codex needs no ChatGPT login inside: what it asks does not depend on the account, but for its proof."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from agent_hub.agents.codex_binary import codex_binary
from tests.hub.running import CACHE
from tests.standins.chatgpt_server import ACCOUNT, ChatGPTServer
from tests.standins.model_server import ModelServer, Request

OF_EACH_RUN = {"host", "content-length", "authorization", "x-codex-turn-metadata", "x-codex-window-id", "session-id",
               "thread-id", "x-client-request-id"}  # fmt: skip
"""Headers with an id, a place or a proof in them."""


async def ask(codex: Path, home: Path, base_url: str, **settings: str) -> None:
    provider = {"name": '"OpenAI API"', "base_url": f'"{base_url}"', "wire_api": '"responses"'}
    own = {"model_provider": '"hub"', "features.plugins": "false", "features.apps": "false"}
    given = own | {f"model_providers.hub.{name}": value for name, value in provider.items()} | settings
    options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
    process = await asyncio.create_subprocess_exec(
        codex, "exec", "--json", "--skip-git-repo-check", *options, "Say heron",
        cwd=home, env={**os.environ, "CODEX_HOME": str(home)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert b"You said: Say heron" in output, output.decode()


def seen(request: Request) -> tuple[dict[str, str], dict[str, str], set[str]]:
    """What is the same for every run: the headers, the plain values of the body, and the names of the others."""
    headers = {name: value for name, value in request.headers.items() if name not in OF_EACH_RUN}
    plain = {name: json.dumps(value) for name, value in request.body.items() if isinstance(value, bool | int)}
    return headers, plain | {"model": request.body["model"]}, set(request.body)


@pytest.mark.parametrize("model", ["", "gpt-5.5", "stand-in-1"])
async def test_codex_asks_the_same_of_chatgpt_as_of_an_api(tmp_path: Path, model: str) -> None:
    codex = await codex_binary(CACHE, print)
    with ChatGPTServer() as chatgpt, ModelServer() as api:
        login = chatgpt.sign_in()
        tokens = {"id_token": login.id_token, "access_token": login.access_token, "refresh_token": login.refresh_token}
        kept = {
            "auth_mode": "chatgpt",
            "tokens": tokens | {"account_id": ACCOUNT},
            "last_refresh": "2126-01-01T00:00:00Z",
        }
        for name in ("signed-in", "other"):
            (tmp_path / name).mkdir()
        (tmp_path / "signed-in" / "auth.json").write_text(json.dumps(kept))
        chosen = {"model": f'"{model}"'} if model else {}
        signed_in = {"chatgpt_base_url": f'"{chatgpt.backend}"', "model_providers.hub.requires_openai_auth": "true"}
        await ask(codex, tmp_path / "signed-in", f"{chatgpt.backend}/codex", **signed_in, **chosen)
        token = {"model_providers.hub.auth.command": '"echo"', "model_providers.hub.auth.args": '["token"]'}
        await ask(codex, tmp_path / "other", api.base_url(), **token, **chosen)
        (of_chatgpt,), (of_api,) = chatgpt.turns, api.turns
    headers, plain, names = seen(of_chatgpt)
    assert headers.pop("chatgpt-account-id") == ACCOUNT
    assert (headers, plain, names) == seen(of_api)
    assert plain["store"] == "false" and plain["stream"] == "true"
