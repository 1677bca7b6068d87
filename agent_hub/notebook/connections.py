"""The hub's connections in a notebook: whose accounts chats use. No secret is ever shown, or kept here."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from agent_hub.errors import AgentHubError
from agent_hub.notebook import display
from agent_hub.notebook.polling import poll
from agent_hub.notebook.record import bundle
from agent_hub.notebook.sign_in import BY_CODE, CHATGPT, NOBODY, SIGN_IN, USE, SignInProgress

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.transport import Transport

Secret = str | Callable[[], str] | None
"""A key or token, what gives it, or None to be asked for it: what is typed then is not in the notebook."""

OPENAI = "connections/openai"
GITHUB = "connections/github"
GATEWAY = "connections/gateway"
GATEWAY_LOG = f"{GATEWAY}/log"

_STATE_WORDS = {"ok": "ready", "trouble": "failed"}


class OpenAI:
    """The connection to a model. Chats that run use what is connected from their next request on."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def status(self) -> models.OpenAIConnection:
        """What is connected, now, with the key masked."""
        from agent_hub.models import OpenAIConnection

        return self._transport.read(OPENAI, OpenAIConnection)

    def connect(self, api_key: Secret = None, *, base_url: str = "", verify: bool = True) -> models.OpenAIConnection:
        """Connect by an API key, in place of what was connected.

        Parameters
        ----------
        api_key
            The key, or a function that gives it; without it you are asked, and nobody finds the key in the notebook.
        base_url
            Of an API that speaks OpenAI's Responses, such as a vLLM's; OpenAI's own, where empty.
        verify
            Ask the API whether the key works, and keep it only if it does.

        Raises
        ------
        InvalidInput
            The API refuses the key; the one of before is still used.
        ApiUnreachable
            The API does not answer as one.
        """
        from agent_hub.models import OpenAIConnection

        return self._transport.send("PUT", OPENAI, OpenAIConnection, openai_body(api_key, base_url, verify))

    def check(self) -> models.OpenAIConnection:
        """Ask the API whether the key works; what is wrong is in the answer's ``problem``, and raises nothing."""
        from agent_hub.models import OpenAIConnection

        return self._transport.send("POST", f"{OPENAI}/check", OpenAIConnection)

    def disconnect(self) -> None:
        """Forget the key: chats reach no model from now on, unless a ChatGPT account is signed in."""
        self._transport.delete(OPENAI)

    def sign_in(self, timeout: float | None = None) -> models.OpenAIConnection:
        """Sign in with ChatGPT, by a code that you enter at OpenAI; interrupting this cancels it.

        Where your account allows no codes, sign in on the Connections page.

        Parameters
        ----------
        timeout
            Seconds to wait for you; by default as long as OpenAI does.

        Raises
        ------
        AgentUnavailable, Conflict
            It failed, or was cancelled elsewhere, or another one was begun.
        TimeoutError
            Nobody has confirmed it in time.
        """
        from agent_hub.models import OpenAIConnection

        progress = SignInProgress(self._transport.send("POST", SIGN_IN, OpenAIConnection, BY_CODE))
        try:
            for status in poll(lambda: self.status, timeout, *NOBODY):
                if progress.is_over(status):
                    return status
        except BaseException:
            with suppress(AgentHubError):
                if progress.goes_on(self.status):
                    self._transport.delete(SIGN_IN)
            raise
        raise AssertionError("a poll never ends")

    def sign_out(self) -> None:
        """Forget the ChatGPT account; a key that is there is used from now on."""
        self._transport.delete(CHATGPT)

    def use(self, kind: Literal["key", "chatgpt"]) -> models.OpenAIConnection:
        """Choose what chats use, where both are there.

        Raises
        ------
        NotConnected
            There is no such account.
        """
        from agent_hub.models import OpenAIConnection

        return self._transport.send("PUT", USE, OpenAIConnection, {"kind": kind})

    def __repr__(self) -> str:
        return f"OpenAI({openai_words(self.status)})"

    def _repr_html_(self) -> str:
        return openai_card(self.status)


class GitHub:
    """The connection to GitHub: how private repositories are cloned, and how chats fetch from and push to theirs.

    An App is made in the browser, on the Connections page.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def status(self) -> models.GitHubConnection:
        """What is connected, now, with the token masked."""
        from agent_hub.models import GitHubConnection

        return self._transport.read(GITHUB, GitHubConnection)

    def connect(self, token: Secret = None, *, url: str = "") -> models.GitHubConnection:
        """Connect by a personal token, in place of what was connected.

        Parameters
        ----------
        token
            A fine-grained personal token, or a function that gives it; without it you are asked for it.
        url
            Of a GitHub Enterprise; github.com, where empty.

        Raises
        ------
        InvalidInput
            GitHub refuses the token; the one of before is still used.
        ApiUnreachable
            GitHub does not answer as itself.
        """
        from agent_hub.models import GitHubConnection

        return self._transport.send("PUT", GITHUB, GitHubConnection, github_body(token, url))

    def check(self) -> models.GitHubConnection:
        """Ask GitHub whether the token works; what is wrong is in the answer's ``problem``, and raises nothing."""
        from agent_hub.models import GitHubConnection

        return self._transport.send("POST", f"{GITHUB}/check", GitHubConnection)

    def disconnect(self) -> None:
        """Forget the token; it stays valid at GitHub."""
        self._transport.delete(GITHUB)

    def __repr__(self) -> str:
        return f"GitHub({github_words(self.status)})"

    def _repr_html_(self) -> str:
        return github_card(self.status)


class Connections:
    """Whose accounts the hub uses for its chats."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def openai(self) -> OpenAI:
        """OpenAI, or whoever speaks its API."""
        return OpenAI(self._transport)

    @property
    def github(self) -> GitHub:
        """GitHub."""
        return GitHub(self._transport)

    @property
    def gateway(self) -> models.GatewayStatus:
        """What chats asked for in the last 15 minutes, by host."""
        from agent_hub.models import GatewayStatus

        return self._transport.read(GATEWAY, GatewayStatus)

    @property
    def requests(self) -> list[models.GatewayRequest]:
        """What chats asked for one by one, the newest first; what the hub refused them as well."""
        from agent_hub.models import GatewayRequest

        return self._transport.read_all(GATEWAY_LOG, GatewayRequest)

    def __repr__(self) -> str:
        return f"{self.openai!r}\n{self.github!r}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        openai, github, gateway = self.openai.status, self.github.status, self.gateway
        html = f"{openai_card(openai)}{github_card(github)}{gateway_table(gateway)}"
        return bundle(f"OpenAI({openai_words(openai)})\nGitHub({github_words(github)})", html)


def asked(secret: Secret, what: str) -> str:
    """The secret itself; the person is asked for it where none is given."""
    if secret is None:
        return getpass.getpass(f"{what}: ").strip()
    return secret() if callable(secret) else secret


def openai_body(api_key: Secret, base_url: str, verify: bool) -> Mapping[str, object]:
    return {"api_key": asked(api_key, "OpenAI API key"), "base_url": base_url, "verify": verify}


def github_body(token: Secret, url: str) -> Mapping[str, object]:
    return {"token": asked(token, "GitHub token"), "url": url}


def openai_words(data: models.OpenAIConnection) -> str:
    """The connection in a line."""
    if not data.connected:
        return "not connected"
    problem = openai_problem(data)
    said = f", {problem.message}" if problem else ""
    if data.kind == "chatgpt":
        return f"{data.chatgpt.email if data.chatgpt and data.chatgpt.email else 'ChatGPT'}{said}"
    return f"{data.key} at {data.base_url}{said}"


def openai_problem(data: models.OpenAIConnection) -> models.ErrorBody | None:
    """Of the account that chats use; another one hinders nobody."""
    if data.kind == "chatgpt":
        return data.chatgpt.problem if data.chatgpt else None
    return data.problem


def github_words(data: models.GitHubConnection) -> str:
    """The connection in a line."""
    if not data.connected:
        return "not connected"
    problem = f", {data.problem.message}" if data.problem else ""
    return f"{data.login or (data.app.name if data.app else '')} at {data.url}{problem}"


def openai_card(data: models.OpenAIConnection) -> str:
    return display.card(
        "OpenAI",
        [
            ("Status", _state(data.connected, openai_problem(data))),
            ("Chats use", {"key": "the API key", "chatgpt": "ChatGPT"}.get(data.kind, "")),
            ("API key", display.code(data.key) if data.key else ""),
            ("ChatGPT", data.chatgpt.email if data.chatgpt else ""),
            ("API", data.base_url),
            ("Checked", data.checked_at),
        ],
    )


def github_card(data: models.GitHubConnection) -> str:
    return display.card(
        "GitHub",
        [
            ("Status", _state(data.connected, data.problem)),
            ("Token", display.code(data.token) if data.token else ""),
            ("App", data.app.name if data.app else ""),
            ("GitHub", data.url),
            ("Account", data.login),
            ("Commits are by", f"{data.name} <{data.email}>" if data.email else ""),
            ("Checked", data.checked_at),
        ],
    )


def gateway_table(data: models.GatewayStatus) -> str:
    rows = [
        (
            route.host,
            display.status(route.state.replace("_", " "), route.problem, _STATE_WORDS.get(route.state, "")),
            f"{route.requests:,} requests, {route.errors:,} errors" if route.requests else "no requests",
            "–" if route.median_ms is None else f"{route.median_ms:,.0f} ms",
        )
        for route in data.routes
    ]
    return display.table(("Route", "State", "Last 15 min", "Median delay"), rows, "")


def _state(connected: bool, problem: models.ErrorBody | None) -> display.Markup:
    if problem is not None:
        return display.status("trouble", problem.message, "failed")
    return display.status("connected", like="ready") if connected else display.status("not connected")
