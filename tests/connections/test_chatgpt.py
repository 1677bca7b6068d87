"""The ChatGPT account: renewed by one, for all; never lost, and never told."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent_hub.connections import chatgpt
from agent_hub.connections.chatgpt import ChatGPT
from agent_hub.connections.openai import OpenAI
from agent_hub.connections.secrets import Secrets
from agent_hub.errors import AgentHubError, ApiUnreachable, NotConnected
from agent_hub.models import ConnectOpenAI, UseOpenAI
from tests.standins.chatgpt_server import EMAIL, ChatGPTServer

SOON = 60.0
"""Seconds that an access token lasts which is to be renewed at once."""


@pytest.fixture
def server() -> Iterator[ChatGPTServer]:
    with ChatGPTServer() as running:
        yield running


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path / "secrets")


@pytest.fixture
async def account(secrets: Secrets, server: ChatGPTServer) -> AsyncIterator[ChatGPT]:
    account = ChatGPT(secrets, lambda: None, server.url, server.backend)
    yield account
    await account.close()


def bearer(headers: object) -> str:
    assert isinstance(headers, dict)
    return str(headers["Authorization"]).removeprefix("Bearer ")


async def test_an_account_is_known_by_name_and_its_tokens_are_in_a_file_of_the_owner_s_alone(
    account: ChatGPT, server: ChatGPTServer, tmp_path: Path
) -> None:
    login = server.sign_in()
    await account.keep(login)
    shown = account.account
    assert shown is not None and (shown.email, shown.plan, shown.problem) == (EMAIL, "plus", None)
    path = tmp_path / "secrets" / "chatgpt.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    told = repr(login) + repr(account) + shown.model_dump_json()
    assert not [secret for secret in server.given if secret in told]
    assert server.is_good(bearer(await account.credentials())) and server.renewals == []


async def test_many_who_find_the_token_ending_have_it_renewed_once_and_nobody_is_logged_out(
    account: ChatGPT, server: ChatGPTServer
) -> None:
    server.lasts, server.renewal_takes = SOON, 0.3
    await account.keep(server.sign_in())
    server.lasts = 864_000.0
    found = await asyncio.gather(*(account.credentials() for _ in range(20)))
    assert len(server.renewals) == 1 and len({bearer(headers) for headers in found}) == 1
    assert server.is_good(bearer(found[0]))
    assert server.is_good(bearer(await account.credentials())) and len(server.renewals) == 1


async def test_many_whose_token_was_refused_have_it_renewed_once(account: ChatGPT, server: ChatGPTServer) -> None:
    server.renewal_takes = 0.3
    await account.keep(server.sign_in())
    refused = await account.credentials()
    server.end_access()
    found = [headers for headers in await asyncio.gather(*(account.renewed(refused) for _ in range(20))) if headers]
    assert len(server.renewals) == 1 and len(found) == 20
    # Who comes late, with the token of before, is given the one of now.
    late = await account.renewed(refused)
    assert late == found[0] and server.is_good(bearer(late)) and len(server.renewals) == 1


async def test_a_renewed_token_is_kept_although_nobody_waits_for_it_any_more(
    account: ChatGPT, server: ChatGPTServer, secrets: Secrets
) -> None:
    server.lasts, server.renewal_takes = SOON, 0.5
    await account.keep(server.sign_in())
    server.lasts = 864_000.0
    waiting = asyncio.create_task(account.credentials())
    async with asyncio.timeout(30):
        while not server.renewals:
            await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    # As at the end of a server: what is under way is kept first.
    await account.close()
    assert secrets.read("chatgpt")["refresh_token"] == server.families[0].good
    again = ChatGPT(secrets, lambda: None, server.url, server.backend)
    assert server.is_good(bearer(await again.credentials())) and len(server.renewals) == 1
    await again.close()


async def test_a_token_that_was_renewed_outlives_the_hub(
    account: ChatGPT, server: ChatGPTServer, secrets: Secrets
) -> None:
    server.lasts = SOON
    await account.keep(server.sign_in())
    for _ in range(4):
        again = ChatGPT(secrets, lambda: None, server.url, server.backend)
        assert server.is_good(bearer(await again.credentials()))
        await again.close()
    # No token was ever shown twice, which would have ended the sign-in.
    assert len(server.renewals) == len(set(server.renewals)) == 4 and not server.families[0].ended


async def test_a_sign_in_that_the_issuer_has_ended_is_told_and_not_asked_for_again(
    account: ChatGPT, server: ChatGPTServer
) -> None:
    await account.keep(server.sign_in())
    refused = await account.credentials()
    server.end_access()
    server.families[0].ended = True
    for _ in range(3):
        with pytest.raises(NotConnected, match="Sign in again"):
            await account.renewed(refused)
    assert len(server.renewals) == 1
    shown = account.account
    assert shown is not None and shown.problem is not None and "Sign in again" in shown.problem.hint
    await account.keep(server.sign_in())
    assert account.account is not None and account.account.problem is None
    assert server.is_good(bearer(await account.credentials()))


async def test_an_account_that_is_asked_about_is_renewed_or_told_what_it_lacks(
    account: ChatGPT, server: ChatGPTServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.check()
    assert account.account is None
    await account.keep(server.sign_in())
    await account.check()
    server.end_access()
    await account.check()
    assert account.account.problem is None and len(server.renewals) == 1
    server.refuses_everybody = True
    await account.check()
    assert account.account.problem is not None and account.account.problem.code == "not_connected"
    # It may have been the backend's own failure.
    server.refuses_everybody = False
    with pytest.raises(NotConnected):
        await account.credentials()
    monkeypatch.setattr(chatgpt, "PAUSE", 0.0)
    server.refuses_everybody = True
    await account.check()
    server.refuses_everybody = False
    assert server.is_good(bearer(await account.credentials())) and account.account.problem is None


async def test_a_sign_in_during_a_renewal_is_not_undone_by_it(
    account: ChatGPT, server: ChatGPTServer, secrets: Secrets
) -> None:
    server.lasts, server.renewal_takes = SOON, 0.3
    await account.keep(server.sign_in())
    server.lasts = 864_000.0
    newer = server.sign_in()
    renewing = asyncio.create_task(account.credentials())
    signing_in = asyncio.create_task(account.keep(newer))
    late = asyncio.create_task(account.credentials())
    await asyncio.gather(renewing, signing_in, late)
    assert bearer(await account.credentials()) == newer.access_token == secrets.read("chatgpt")["access_token"]
    assert server.is_good(newer.access_token)


async def test_an_issuer_that_fails_logs_nobody_out(account: ChatGPT, server: ChatGPTServer) -> None:
    server.lasts = SOON
    await account.keep(server.sign_in())
    server.refuses_renewals_with = 503
    headers = await account.credentials()
    assert server.is_good(bearer(headers))
    with pytest.raises(ApiUnreachable, match="503"):
        await account.renewed(headers)
    server.refuses_renewals_with = 0
    renewed = await account.renewed(headers)
    assert renewed is not None and server.is_good(bearer(renewed))
    assert account.account is not None and account.account.problem is None


async def test_who_signs_out_leaves_nothing_that_works(account: ChatGPT, server: ChatGPTServer, tmp_path: Path) -> None:
    await account.keep(server.sign_in())
    access = bearer(await account.credentials())
    await account.forget()
    assert account.account is None and list((tmp_path / "secrets").iterdir()) == []
    assert not server.is_good(access) and server.revoked == [server.families[0].good]
    with pytest.raises(NotConnected):
        await account.credentials()


async def test_another_sign_in_ends_the_one_before(account: ChatGPT, server: ChatGPTServer) -> None:
    first, second = server.sign_in(), server.sign_in()
    await account.keep(first)
    await account.keep(second)
    assert not server.is_good(first.access_token) and server.is_good(bearer(await account.credentials()))


async def test_a_renewed_token_that_cannot_be_kept_is_used_and_told(
    account: ChatGPT, server: ChatGPTServer, tmp_path: Path
) -> None:
    server.lasts = SOON
    await account.keep(server.sign_in())
    (tmp_path / "secrets").rename(tmp_path / "elsewhere")
    (tmp_path / "secrets").write_text("a file where the folder was")
    assert server.is_good(bearer(await account.credentials()))
    assert account.account is not None and account.account.problem is not None
    (tmp_path / "secrets").unlink()
    assert server.is_good(bearer(await account.credentials()))
    assert account.account.problem is None and (tmp_path / "secrets" / "chatgpt.json").exists()


async def test_a_renewed_token_that_could_not_be_kept_is_written_once_there_is_room(
    account: ChatGPT, server: ChatGPTServer, secrets: Secrets, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    for ask in (account.credentials, account.check, account.close):
        server.lasts = SOON
        await account.keep(server.sign_in())
        folder.rename(tmp_path / "elsewhere")
        folder.write_text("a file where the folder was")
        server.lasts = 864_000.0
        await account.credentials()
        await account.check()
        assert account.account is not None and account.account.problem is not None
        folder.unlink()
        (tmp_path / "elsewhere").rename(folder)
        renewed = len(server.renewals)
        await ask()
        assert account.account.problem is None and len(server.renewals) == renewed
        assert secrets.read("chatgpt")["refresh_token"] == server.families[-1].good


async def test_a_sign_in_that_cannot_be_kept_leaves_the_one_before(
    account: ChatGPT, server: ChatGPTServer, tmp_path: Path
) -> None:
    first = server.sign_in()
    await account.keep(first)
    (tmp_path / "secrets").rename(tmp_path / "elsewhere")
    (tmp_path / "secrets").write_text("a file where the folder was")
    with pytest.raises(AgentHubError, match="data directory"):
        await account.keep(server.sign_in())
    assert bearer(await account.credentials()) == first.access_token


async def test_of_two_accounts_that_is_used_which_was_there_until_another_is_chosen(
    secrets: Secrets, server: ChatGPTServer
) -> None:
    openai = OpenAI(secrets, lambda: None, server.url, server.backend)
    key = ConnectOpenAI.model_validate({"api_key": "sk-of-a-person-with-a-key", "verify": False})
    with pytest.raises(NotConnected):
        await openai.use(UseOpenAI(kind="chatgpt"))
    await openai.connect(key)
    await openai.signed_in(server.sign_in())
    assert openai.status.kind == "key" and openai.status.chatgpt is not None and openai.upstream is openai.account
    await openai.use(UseOpenAI(kind="chatgpt"))
    await openai.connect(key)
    assert openai.status.kind == "chatgpt" and openai.status.key and openai.upstream is openai.chatgpt
    await openai.use(UseOpenAI(kind="key"))
    again = OpenAI(secrets, lambda: None, server.url, server.backend)
    assert again.status.kind == "key" and again.upstream is again.account
    await again.disconnect()
    assert again.status.kind == "chatgpt" and again.status.chatgpt is not None and not again.status.key
    await again.sign_out()
    assert again.status.kind == "" and not again.status.connected
    await again.signed_in(server.sign_in())
    await again.connect(key)
    assert again.status.kind == "chatgpt"
    await again.close()
    await openai.close()


async def test_one_that_does_not_work_gives_way_to_one_that_does(secrets: Secrets, server: ChatGPTServer) -> None:
    openai = OpenAI(secrets, lambda: None, server.url, server.backend)
    nowhere = {"api_key": "sk-of-a-person-with-a-key", "base_url": "http://127.0.0.1:9/v1", "verify": False}
    await openai.connect(ConnectOpenAI.model_validate(nowhere))
    assert (await openai.check()).problem is not None
    await openai.signed_in(server.sign_in())
    assert openai.status.kind == "chatgpt"
    await openai.close()
