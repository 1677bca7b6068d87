"""Signing in with ChatGPT from a notebook, by the real Codex at a stand-in for OpenAI's issuer."""

from __future__ import annotations

import asyncio
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout

import pytest

from agent_hub import AsyncHub
from agent_hub.errors import Conflict, NotConnected
from agent_hub.models import OpenAIConnection, SignIn
from agent_hub.notebook.client import Hub
from tests.notebook.server import PROCESS, Server
from tests.standins.chatgpt_server import EMAIL, ChatGPTServer

LIMIT = 90.0


@pytest.fixture(scope="module")
def openai() -> Iterator[ChatGPTServer]:
    with ChatGPTServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, openai: ChatGPTServer) -> Iterator[Server]:
    options = (f"--AgentHub.openai_issuer={openai.url}", f"--AgentHub.chatgpt_url={openai.backend}")
    with Server(tmp_path_factory.mktemp("server"), PROCESS, *options) as running:
        yield running


def seen(hub: Hub, wanted: Callable[[SignIn | None], bool]) -> SignIn | None:
    """The sign-in, once it is as wanted."""
    end = time.monotonic() + LIMIT
    while not wanted(sign_in := hub.connections.openai.status.sign_in):
        assert time.monotonic() < end, sign_in
        time.sleep(0.05)
    return sign_in


class Printed(io.StringIO):
    """What is printed while it is in the place of the standard output."""

    def code(self) -> str:
        """The code, once a person can read it."""
        end = time.monotonic() + LIMIT
        while not (found := re.search(r"enter the code (\S+)\n", self.getvalue())):
            assert time.monotonic() < end, self.getvalue()
            time.sleep(0.05)
        return found[1]


def is_waiting(sign_in: SignIn | None) -> bool:
    return sign_in is not None and sign_in.state == "waiting"


def test_a_person_signs_in_by_the_code_that_is_printed_and_out_again(server: Server, openai: ChatGPTServer) -> None:
    hub = server.hub()
    with redirect_stdout(Printed()) as printed:
        # Not once the hub shows the code: confirmed before it is printed, it is never printed.
        confirming = threading.Thread(target=lambda: openai.confirm(printed.code()))
        confirming.start()
        signed_in = hub.connections.openai.sign_in(timeout=LIMIT)
        confirming.join(LIMIT)
    assert (signed_in.connected, signed_in.kind) == (True, "chatgpt")
    assert f"Open {openai.url}/codex/device and enter the code " in printed.getvalue()
    assert EMAIL in repr(hub.connections.openai)
    with pytest.raises(NotConnected, match="No API key"):
        hub.connections.openai.use("key")
    assert hub.connections.openai.use("chatgpt").kind == "chatgpt"
    hub.connections.openai.sign_out()
    assert repr(hub.connections.openai) == "OpenAI(not connected)"


def test_a_sign_in_that_nobody_confirms_is_taken_back(server: Server) -> None:
    hub = server.hub()
    with pytest.raises(TimeoutError, match="Nobody has confirmed the sign-in within"):
        hub.connections.openai.sign_in(timeout=0.3)
    sign_in = hub.connections.openai.status.sign_in
    assert sign_in is None or sign_in.state == "cancelled"


def test_a_sign_in_that_another_one_took_the_place_of_is_not_followed_nor_ended(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    hub, other = server.hub(), server.hub()
    begun: list[SignIn | None] = []

    def person() -> None:
        first = seen(other, is_waiting)
        assert first is not None
        other._transport.send("POST", "connections/openai/sign-in", OpenAIConnection, {"method": "device"})
        begun.append(seen(other, lambda one: is_waiting(one) and one is not None and one.id != first.id))

    elsewhere = threading.Thread(target=person)
    elsewhere.start()
    with pytest.raises(Conflict, match="Another sign-in was begun"):
        hub.connections.openai.sign_in(timeout=LIMIT)
    elsewhere.join(LIMIT)
    (newer,) = begun
    assert newer is not None and newer.code not in capsys.readouterr().out
    sign_in = hub.connections.openai.status.sign_in
    assert sign_in is not None and (sign_in.id, sign_in.state) == (newer.id, "waiting")
    hub._transport.delete("connections/openai/sign-in")


async def test_a_sign_in_whose_task_is_cancelled_is_taken_back(server: Server) -> None:
    hub = server.hub()
    async with AsyncHub(server.url, server.token) as connected:
        task = asyncio.create_task(connected.connections.openai.sign_in())
        await asyncio.to_thread(seen, hub, is_waiting)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        sign_in = (await connected.connections.openai.status()).sign_in
        assert sign_in is None or sign_in.state == "cancelled"
