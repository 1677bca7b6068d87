"""What the hub asks others by."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from agent_hub.errors import InvalidInput


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


def check_address(url: str, field: str) -> None:
    """Raise :class:`~agent_hub.errors.InvalidInput` where requests can be sent to no such address."""
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise InvalidInput(f"{field}: it is no address.", "Look at how it is written.", field=field) from None
