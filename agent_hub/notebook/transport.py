"""HTTP to the hub: one request is one answer, read into a model, or one typed error."""

from __future__ import annotations

import secrets
import time
import uuid
import weakref
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from agent_hub.errors import AgentHubError, HubUnavailable, NotAllowed
from agent_hub.models import TurnEvent
from agent_hub.notebook.discovery import Server, candidates, is_no_hub, not_found

EVENT: TypeAdapter[TurnEvent] = TypeAdapter(TurnEvent)

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

CONNECT_TIMEOUT = 5.0
PROBE_TIMEOUT = 10.0
"""Seconds a server has to answer the first question, where it was found rather than named."""

PATIENCE = 10.0
"""Seconds that a server which was lost in the middle of a request gets to come back: about what a restart takes."""

DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")
"""Asked without a proxy: one for the outside world cannot reach this machine, and must not see its tokens."""

ENABLE = "Install agent-hub in the server's environment and start the server again."


class Transport:
    """A connection to one server's hub.

    Parameters
    ----------
    server
        The Jupyter server that the hub is part of.
    timeout
        Seconds that an answer may take.
    """

    def __init__(self, server: Server, timeout: float) -> None:
        self.server = server
        self.url = server.url
        self.timeout = timeout
        self._client = httpx.Client(
            **client_options(server, timeout),
            transport=httpx.HTTPTransport(uds=server.socket) if server.socket else None,
            mounts={pattern: None for pattern in DIRECT},
        )

        # Nobody closes a Hub in a notebook: the connections go with the last object that uses them.
        self.close = weakref.finalize(self, self._client.close)

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def read(self, path: str, kind: type[M], timeout: float | None = None) -> M:
        """What a GET answers, as a model."""
        extra = {} if timeout is None else {"timeout": timeout}
        return self._parsed(self._request("GET", path, **extra), TypeAdapter(kind))

    def read_all(self, path: str, kind: type[M]) -> list[M]:
        """What a GET answers, as a list of models."""
        return self._parsed(self._request("GET", path), TypeAdapter(list[kind]))  # type: ignore[valid-type]

    def send(self, method: str, path: str, kind: type[M], body: Mapping[str, Any] | None = None) -> M:
        """Ask for a change; what the hub answers, as a model."""
        return self._parsed(self._request(method, path, json=dict(body or {})), TypeAdapter(kind))

    def create(self, path: str, kind: type[M], body: Mapping[str, Any]) -> M:
        """Ask for something new; what the hub answers, as a model.

        An answer may be lost where the request was not. Asked again with the key of before, the hub gives the same
        answer, so this asks again until there is one, for :data:`PATIENCE` seconds.
        """
        request = Repeated()
        while True:
            try:
                response = self._request("POST", path, json=dict(body), headers=request.headers)
                return self._parsed(response, TypeAdapter(kind))
            except HubUnavailable as error:
                time.sleep(request.pause(error))

    def delete(self, path: str, *, force: bool = False) -> None:
        """Delete what is at `path`."""
        self._request("DELETE", path, params={"force": "true"} if force else {})

    def text(self, path: str) -> str:
        """What a GET answers, as text."""
        return self._request("GET", path).text

    def content(self, path: str) -> bytes:
        """What a GET answers, as bytes."""
        return self._request("GET", path).content

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Ask for something that is answered with nothing."""
        self._request("POST", path, json=dict(body))

    def stream(self, path: str, silence: float) -> Generator[TurnEvent | None]:
        """The events that a GET answers, as they come; ``None`` is a sign of life.

        Parameters
        ----------
        silence
            Seconds without any, after which the server is taken to be gone.
        """
        for line in self._lines("GET", path, None, silence):
            yield self._event(line)

    def _event(self, line: bytes) -> TurnEvent | None:
        if not line:
            return None
        try:
            return EVENT.validate_json(line, extra="ignore")
        except ValidationError as error:
            raise HubUnavailable(
                f"The server at {self.url} does not answer as a hub of this version does.",
                "Install the same version of agent-hub for the server and for this kernel, then restart both.",
                answer=line[:200].decode(errors="replace"),
            ) from error

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """What a GET answers, in pieces: a file may be larger than memory."""
        with self._errors(), self._client.stream("GET", path) as response:
            if not response.is_success:
                response.read()
            self._check(response)
            yield response.iter_bytes()

    def upload(self, path: str, content: Any, kind: type[M]) -> M:
        """Send bytes, or a file that is read as it is sent; what the hub answers, as a model."""
        headers = {"Content-Type": "application/octet-stream"}
        return self._parsed(self._request("PUT", path, content=content, headers=headers), TypeAdapter(kind))

    def lines(self, path: str, body: Mapping[str, Any], silence: float) -> Generator[bytes]:
        """The lines that a POST answers, as they come; an empty one is a sign of life.

        Parameters
        ----------
        silence
            Seconds without any, after which the server is taken to be gone.
        """
        return self._lines("POST", path, dict(body), silence)

    def _lines(self, method: str, path: str, body: dict[str, Any] | None, silence: float) -> Generator[bytes]:
        limits = httpx.Timeout(silence, connect=CONNECT_TIMEOUT)
        with self._errors(), self._client.stream(method, path, json=body, timeout=limits) as response:
            if not response.is_success:
                response.read()
            self._check(response)
            rest = b""
            # Not iter_lines(), which also cuts where the text in a line has a separator of Unicode's.
            for piece in response.iter_bytes():
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        with self._errors():
            response = self._client.request(method, path, **arguments)
        self._check(response)
        return response

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise HubUnavailable(
                f"The server at {self.url} did not answer in time.",
                "It may be busy: try again. If it hangs, its log says at what.",
            ) from error
        except httpx.HTTPError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                hint = "Set SSL_CERT_FILE to the certificate that the server uses."
            else:
                hint = "Start it again with `agent_hub`, then connect anew."
            raise HubUnavailable(f"No server answers at {self.url} ({error}).", hint) from error

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        body = _json(response)
        status = response.status_code
        # The hub's own errors have codes of their own; these are what the server around it said.
        if not str(body.get("code", "http_")).startswith("http_"):
            raise AgentHubError.from_dict(body)
        if status in (401, 403) or response.is_redirect:
            raise NotAllowed(
                f"The server at {self.url} refuses this token.",
                "Pass the right one, by Hub(url, token) or --token of agent_cli: `jupyter server list` shows it.",
            )
        if status in (404, 405):
            raise HubUnavailable(f"The server at {self.url} runs without Agent Hub.", ENABLE)
        if status in (502, 503, 504):
            raise HubUnavailable(
                f"The server at {self.url} cannot be reached now ({status}).", "Try again in a moment."
            )
        reason = str(body.get("message") or response.reason_phrase)
        raise AgentHubError(f"The hub failed at this request: {status} {reason}.", "The server's log says why.")

    def _parsed(self, response: httpx.Response, kind: TypeAdapter[T]) -> T:
        try:
            # A newer hub may send more than this library knows.
            return kind.validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise HubUnavailable(
                f"The server at {self.url} does not answer as a hub of this version does.",
                "Install the same version of agent-hub for the server and for this kernel, then restart both.",
                answer=response.text[:200],
            ) from error


def client_options(server: Server, timeout: float) -> dict[str, Any]:
    """What every client of a server's hub is made with."""
    # A server without a token asks for the value of its cookie in a header as well, to tell a program, which can
    # send any cookie, from a page of another site, which cannot.
    xsrf = secrets.token_hex(16)
    headers = {"Accept": "application/json", "Cookie": f"_xsrf={xsrf}", "X-XSRFToken": xsrf}
    if server.token:
        headers["Authorization"] = f"token {server.token}"
    return {
        "base_url": f"{server.url}agent-hub/api/",
        "headers": headers,
        "timeout": httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
    }


class Repeated:
    """A request that may be sent again, as the hub knows it again by its key."""

    def __init__(self) -> None:
        self.headers = {"Idempotency-Key": str(uuid.uuid4())}
        self._deadline = time.monotonic() + PATIENCE
        self._pause = 0.0
        self._sent = False

    def pause(self, error: HubUnavailable) -> float:
        """Seconds after which to send it again; raises the error where that is of no use."""
        cause = error.__cause__
        self._sent = (
            self._sent
            or isinstance(cause, httpx.TransportError)
            and not isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout)
        )
        # A server that comes back says for a moment that its hub is still starting.
        again = isinstance(cause, httpx.TransportError) or cause is None and "cause" not in error.details
        if not (self._sent and again) or time.monotonic() > self._deadline:
            raise error
        self._pause = min(self._pause + 0.2, 1.0)
        return self._pause


def connect(url: str | None, token: str | None, timeout: float, kind: type[M]) -> tuple[Transport, M]:
    """The first candidate that has a hub, and its status, read as `kind`.

    Raises
    ------
    HubUnavailable
        No server was found, or none of them has a hub; the hint names the fix.
    NotAllowed
        The server refuses the token.
    """
    servers, named = candidates(url, token)
    refused: dict[str, AgentHubError] = {}
    for server in servers:
        transport = Transport(server, timeout)
        try:
            return transport, transport.read("status", kind, None if named else PROBE_TIMEOUT)
        except AgentHubError as error:
            transport.close()
            if not is_no_hub(error):
                raise
            refused[server.url] = error
    raise not_found(refused)


def part(text: str) -> str:
    """One part of a path, whatever is in it."""
    return quote(text, safe="")


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
