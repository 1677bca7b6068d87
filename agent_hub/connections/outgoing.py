"""What the hub asks others by."""

from __future__ import annotations

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from agent_hub.errors import InvalidInput

LONGEST_ANSWER = 8 * 2**20
"""Bytes of what is read as a whole; the longest are GitHub's lists."""

_PACKED = ("content-encoding", "content-length", "transfer-encoding")


def outgoing(silence: float, connect: float | None = None, kept: int = 20) -> httpx.AsyncClient:
    """A client that takes nothing along from one request to the next, and goes nowhere but where it is sent.

    Parameters
    ----------
    silence
        Seconds that the other side may say nothing.
    connect
        Seconds that it may take to be there; as many, where none are given.
    kept
        Connections that are kept open for the next request.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(silence, connect=silence if connect is None else connect),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=kept),
        # A cookie of one account's, or one chat's, answer would go out with another's request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        # A redirect would take a secret along, to whoever it names.
        follow_redirects=False,
    )


async def ask(client: httpx.AsyncClient, method: str, url: str, seconds: float, **options: Any) -> httpx.Response:
    """The whole of a short answer, for what is asked while somebody waits.

    Parameters
    ----------
    seconds
        That all of it may take: a client's own bound is for each piece.
    options
        As of httpx's own ``stream``.

    Raises
    ------
    httpx.HTTPError
        There is none, or none in time, or it is longer than :data:`LONGEST_ANSWER`.
    """
    try:
        async with asyncio.timeout(seconds), client.stream(method, url, **options) as answer:
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LONGEST_ANSWER:
                    raise httpx.RemoteProtocolError("its answer does not end")
    except TimeoutError:
        raise httpx.ReadTimeout(f"it has not answered within {seconds:.0f} seconds") from None
    # What it was packed in has been taken off.
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _PACKED]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=answer.request)


def host_of(url: str) -> str:
    """The host of an address as requests to it are counted: with its port, where that is not the ordinary one."""
    try:
        return httpx.URL(url).netloc.decode()
    except httpx.InvalidURL:
        return url


def check_address(url: str, field: str) -> None:
    """Raise :class:`~agent_hub.errors.InvalidInput` where requests can be sent to no such address."""
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise InvalidInput(f"{field}: it is no address.", "Look at how it is written.", field=field) from None
