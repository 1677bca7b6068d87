"""Every way into the gateway asks which chat comes."""

from __future__ import annotations

from typing import Any

import httpx
from tornado.web import Application, RequestHandler

from agent_hub.models import Chat
from tests.hub.running import RunningHub

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

ADDRESSES = {
    "/artifacts": "artifacts?name=a",
    "/v1/(.*)": "v1/models",
    "/git/.*": "git/13/github.com/heron/widgets.git/info/refs?service=git-upload-pack",
    "/github-token": "github-token",
}
"""Of each of the gateway's routes one that is answered to a chat. A new route needs one here."""


class Open(RequestHandler):
    """Asks nobody."""

    def post(self) -> None:
        """Answer anybody."""


def application(hub: RunningHub) -> Application:
    server: Any = hub.gateway._server
    found = server.request_callback
    assert isinstance(found, Application)
    return found


def routes(of: Application) -> list[str]:
    return [rule.matcher.regex.pattern.removesuffix("$") for rule in of.wildcard_router.rules]  # type: ignore[attr-defined]


async def answered(hub: RunningHub, addresses: list[str]) -> list[tuple[str, str]]:
    """What is answered to who shows no token, or one of nobody's, as if they might."""
    found = []
    url = hub.gateway.url.replace("host.docker.internal", "127.0.0.1")
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for address in addresses:
            for verb in VERBS:
                for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Basic eDpndWVzcw=="}):
                    answer = await client.request(verb, address, headers=headers)
                    if answer.status_code < 400:
                        found.append((verb, address))
    return found


async def test_the_gateway_answers_no_one_whom_it_does_not_know(hub: RunningHub, a_chat: Chat) -> None:
    assert sorted(routes(application(hub))) == sorted(ADDRESSES)
    assert await answered(hub, list(ADDRESSES.values())) == []


async def test_a_route_that_asks_nobody_is_found(hub: RunningHub, a_chat: Chat) -> None:
    application(hub).add_handlers(".*", [("/open", Open)])
    assert set(await answered(hub, ["open"])) == {("POST", "open")}
