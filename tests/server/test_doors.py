"""Every way into the hub asks who comes: the REST handlers, the WebSockets, and what containers reach."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.web import RequestHandler
from tornado.websocket import websocket_connect

import agent_hub.server
from agent_hub.server.handler import HubHandler, guarded
from agent_hub.server.openapi import ROUTES
from agent_hub.server.socket import HubSocket
from tests.hub.running import RunningHub
from tests.server.conftest import Run

VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
SOCKETS = ("api/events", "terminals/websocket/none")


def handlers() -> Iterator[type[RequestHandler]]:
    """Every handler that the extension answers with."""
    for module in pkgutil.iter_modules(agent_hub.server.__path__):
        for _, handler in getattr(importlib.import_module(f"agent_hub.server.{module.name}"), "handlers", []):
            yield handler


def open_verbs(handler: type[RequestHandler]) -> list[str]:
    """The verbs that a handler answers to without asking who comes, and whether they may."""
    found = []
    for verb in VERBS:
        method = getattr(handler, verb)
        if method is RequestHandler._unimplemented_method or method in (HubSocket.get, HubHandler.options):
            continue
        asks = [method.__code__.co_filename, getattr(method, "__wrapped__", method).__code__.co_filename]
        if asks != [web.authenticated.__code__.co_filename, authorized.__code__.co_filename]:
            found.append(verb)
    return found


def test_no_handler_answers_whom_it_does_not_know() -> None:
    known = list(handlers())
    assert len(known) > 40
    assert {handler: verbs for handler in known if (verbs := open_verbs(handler))} == {}


def test_a_handler_that_asks_nobody_is_found() -> None:
    class Open(HubHandler):
        async def get(self) -> None:
            """Answer anybody."""

        @web.authenticated
        async def post(self) -> None:
            """Answer who is signed in, whether they may or not."""

        @guarded
        async def put(self) -> None:
            """Answer who may."""

    class Inherits(Open):
        pass

    assert open_verbs(Open) == open_verbs(Inherits) == ["get", "post"]


@pytest.fixture
def base(http_server: Any, jp_base_url: str, jp_http_port: int) -> str:
    return f"http://127.0.0.1:{jp_http_port}{jp_base_url}agent-hub/"


def requests() -> list[tuple[str, str]]:
    """Every request that the hub answers, for what there is not."""
    named = [(method, path.replace("{number}", "1")) for method, path, *_ in ROUTES]
    return [(method, re.sub(r"{\w+}", "0123456789ab", path)) for method, path in named]


def test_nobody_is_answered_without_a_token(run: Run[None], hub: RunningHub, base: str) -> None:
    async def story() -> None:
        async with httpx.AsyncClient(timeout=60, base_url=base) as client:
            for method, path in requests():
                answer = await client.request(method, path, json={} if method in ("post", "put", "patch") else None)
                assert answer.status_code == 403, (method, path, answer.status_code, answer.text)
            for path in SOCKETS:
                with pytest.raises(HTTPClientError, match="403"):
                    await websocket_connect(f"{base.replace('http', 'ws', 1)}{path}")

    run(story())


def test_a_page_of_another_site_opens_no_socket(
    run: Run[None], hub: RunningHub, base: str, jp_auth_header: dict[str, str]
) -> None:
    async def story() -> None:
        address = base.replace("http", "ws", 1) + "api/events"
        mine = await websocket_connect(HTTPRequest(address, headers=jp_auth_header))
        mine.close()
        # A browser sends the person's cookie with it, and cannot leave out the origin.
        cookie = await _cookie(base, jp_auth_header)
        with pytest.raises(HTTPClientError, match="403"):
            await websocket_connect(HTTPRequest(address, headers={"Cookie": cookie, "Origin": "http://evil.example"}))
        own = await websocket_connect(
            HTTPRequest(address, headers={"Cookie": cookie, "Origin": base.split("/agent-hub")[0].rsplit("/", 1)[0]})
        )
        own.close()

    run(story())


def test_a_page_of_another_site_changes_nothing_with_a_person_s_cookie(
    run: Run[None], hub: RunningHub, base: str, jp_auth_header: dict[str, str]
) -> None:
    async def story() -> None:
        headers = {"Cookie": await _cookie(base, jp_auth_header)}
        async with httpx.AsyncClient(timeout=60, base_url=base, headers=headers) as client:
            assert (await client.get("api/status")).status_code == 200
            for method, path in requests():
                if method != "get":
                    answer = await client.request(method, path, json={})
                    assert answer.status_code == 403, (method, path, answer.status_code, answer.text)
        # The hub's own page says that it is.
        headers = {"Cookie": f"{headers['Cookie']}; _xsrf=0a1b", "X-XSRFToken": "0a1b"}
        async with httpx.AsyncClient(timeout=60, base_url=base, headers=headers) as client:
            assert (await client.delete("api/chats/0123456789ab")).status_code == 404

    run(story())


def test_a_name_that_leads_to_this_machine_is_refused(
    run: Run[None], hub: RunningHub, base: str, jp_auth_header: dict[str, str]
) -> None:
    async def story() -> None:
        async with httpx.AsyncClient(timeout=60, base_url=base) as client:
            headers = {"Host": "evil.example", "Cookie": await _cookie(base, jp_auth_header)}
            answer = await client.get("api/status", headers=headers)
            assert answer.status_code == 403, answer.text

    run(story())


class OnlyReading(Authorizer):
    """As of a person who may look at the hub."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "agent_hub" or action == "read"


class NothingOfTheHub(Authorizer):
    """As of a person who may use the server, and not the hub."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "agent_hub"


@pytest.mark.parametrize("who", [OnlyReading, NothingOfTheHub])
def test_an_authorizer_says_who_may(
    run: Run[None], hub: RunningHub, a_server: Any, base: str, jp_auth_header: dict[str, str], who: type[Authorizer]
) -> None:
    async def story() -> None:
        settings = a_server.web_app.settings
        settings["authorizer"] = who(parent=a_server, identity_provider=settings["identity_provider"])
        async with httpx.AsyncClient(timeout=60, base_url=base, headers=jp_auth_header) as client:
            for method, path in requests():
                answer = await client.request(method, path, json={} if method in ("post", "put", "patch") else None)
                refused = who is NothingOfTheHub or method != "get"
                assert (answer.status_code == 403) == refused, (method, path, answer.status_code, answer.text)

    run(story())


async def _cookie(base: str, headers: dict[str, str]) -> str:
    """What a browser has of somebody who is signed in."""
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(f"{base}api/status", headers=headers)
        return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
