"""What the hub asks others by."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from agent_hub.errors import InvalidInput

LONGEST_ANSWER = 8 * 2**20
"""Bytes of what is read as a whole; the longest are GitHub's lists."""

_FRAMING = ("content-encoding", "content-length", "transfer-encoding")

_BROKE_OFF = ("peer closed connection", "Server disconnected")
"""How httpx begins to say that an answer has no end."""


class Unusable(httpx.RemoteProtocolError):
    """An answer that the hub takes no further, in words of its own."""


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
        There is none, or none in time, or it is longer than :data:`LONGEST_ANSWER`, or packed.
    """
    given = {**(options.pop("headers", None) or {}), "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout(seconds), client.stream(method, url, headers=given, **options) as answer:
            refuse_packed(answer)
            body = bytearray()
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > LONGEST_ANSWER:
                    raise Unusable("its answer does not end")
    except TimeoutError:
        raise httpx.ReadTimeout(f"it has not answered within {seconds:.0f} seconds") from None
    # The framing has been taken off.
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _FRAMING]
    return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=answer.request)


def refuse_packed(answer: httpx.Response) -> None:
    """Raise :class:`Unusable` for an answer that is compressed, which nobody has asked for.

    A few bytes may be unpacked into more than there is memory, and a secret that they quote would not be seen.
    """
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unusable("its answer is packed, though it was asked not to")


def why(error: Exception) -> str:
    """What went wrong with a request, for a person.

    Without a word of whoever was asked: where it speaks no HTTP, httpx quotes it, and it may quote the secret that it
    was shown. What the system says of a connection, and of a certificate, was said before that.
    """
    if isinstance(error, httpx.ProxyError):
        return "the proxy refuses to connect"
    if isinstance(error, httpx.ProtocolError | httpx.DecodingError) and not isinstance(error, Unusable):
        return "it broke off" if str(error).startswith(_BROKE_OFF) else "it speaks no HTTP"
    if isinstance(error, ValueError | RecursionError):
        return "it answers no JSON"
    if isinstance(error, httpx.ConnectError) and (said := _system_words(error)):
        return said
    return str(error) or type(error).__name__


def _system_words(error: BaseException) -> str:
    """What the system said of a connection; a library that has tried more than one says that all failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        if isinstance(cause, socket.gaierror):
            return "its name is not known"
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno is not None:
            said = os.strerror(cause.errno)
            return said[:1].lower() + said[1:]
        cause = cause.__cause__ or cause.__context__
    return ""


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
        raise InvalidInput(
            f"{field}: it is no address, such as https://example.com.", "Look at how it is written.", field=field
        ) from None
