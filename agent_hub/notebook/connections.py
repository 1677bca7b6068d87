"""The hub's connections in a notebook: whose accounts chats use. No secret is ever shown, or kept here."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from agent_hub.errors import AgentHubError, InvalidInput
from agent_hub.notebook.polling import poll
from agent_hub.notebook.record import bundle
from agent_hub.notebook.sign_in import BY_CODE, CHATGPT, NOBODY, SIGN_IN, USE, SignInProgress

if TYPE_CHECKING:
    from agent_hub.notebook.connection_display import Committer, Gateway, GitHubStatus, OpenAIStatus, Requests
    from agent_hub.notebook.transport import Transport

Secret = str | Callable[[], str] | None
"""A key or token, what gives it, or None to be asked for it: what is typed then is not in the notebook."""

OPENAI = "connections/openai"
GITHUB = "connections/github"
GATEWAY = "connections/gateway"
GATEWAY_LOG = f"{GATEWAY}/log"


class OpenAI:
    """The connection to a model. Chats that run use what is connected from their next request on."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def status(self) -> OpenAIStatus:
        """What is connected, now, with the key masked."""
        from agent_hub.notebook.connection_display import OpenAIStatus

        return self._transport.read(OPENAI, OpenAIStatus)

    def connect(self, api_key: Secret = None, *, base_url: str = "", verify: bool = True) -> OpenAIStatus:
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
        from agent_hub.notebook.connection_display import OpenAIStatus

        return self._transport.send("PUT", OPENAI, OpenAIStatus, openai_body(api_key, base_url, verify))

    def check(self) -> OpenAIStatus:
        """Ask the API whether the key works; what is wrong is in the answer's ``problem``, and raises nothing."""
        from agent_hub.notebook.connection_display import OpenAIStatus

        return self._transport.send("POST", f"{OPENAI}/check", OpenAIStatus)

    def disconnect(self) -> None:
        """Forget the key: chats reach no model from now on, unless a ChatGPT account is signed in."""
        self._transport.delete(OPENAI)

    def sign_in(self, timeout: float | None = None) -> OpenAIStatus:
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
        from agent_hub.notebook.connection_display import OpenAIStatus

        progress = SignInProgress(self._transport.send("POST", SIGN_IN, OpenAIStatus, BY_CODE))
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

    def use(self, kind: Literal["key", "chatgpt"]) -> OpenAIStatus:
        """Choose what chats use, where both are there.

        Raises
        ------
        NotConnected
            There is no such account.
        """
        from agent_hub.notebook.connection_display import OpenAIStatus

        return self._transport.send("PUT", USE, OpenAIStatus, {"kind": kind})

    def __repr__(self) -> str:
        return repr(self.status)

    def _repr_html_(self) -> str:
        return self.status._repr_html_()


class GitHub:
    """The connection to GitHub: how private repositories are cloned, and how chats fetch from and push to theirs.

    An App is made in the browser, on the Connections page.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def status(self) -> GitHubStatus:
        """What is connected, now, with the token masked."""
        from agent_hub.notebook.connection_display import GitHubStatus

        return self._transport.read(GITHUB, GitHubStatus)

    def connect(self, token: Secret = None, *, url: str = "") -> GitHubStatus:
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
        from agent_hub.notebook.connection_display import GitHubStatus

        return self._transport.send("PUT", GITHUB, GitHubStatus, github_body(token, url))

    def check(self) -> GitHubStatus:
        """Ask GitHub whether the token works; what is wrong is in the answer's ``problem``, and raises nothing."""
        from agent_hub.notebook.connection_display import GitHubStatus

        return self._transport.send("POST", f"{GITHUB}/check", GitHubStatus)

    def disconnect(self) -> None:
        """Forget the token; it stays valid at GitHub."""
        self._transport.delete(GITHUB)

    def __repr__(self) -> str:
        return repr(self.status)

    def _repr_html_(self) -> str:
        return self.status._repr_html_()


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
    def gateway(self) -> Gateway:
        """What chats asked for in the last 15 minutes, by host."""
        from agent_hub.notebook.connection_display import Gateway

        return self._transport.read(GATEWAY, Gateway)

    @property
    def requests(self) -> Requests:
        """What chats asked for one by one, the newest first; what the hub refused them as well."""
        from agent_hub.models import Chat, GatewayRequest
        from agent_hub.notebook.connection_display import Requests

        names = {chat.id: chat.name for chat in self._transport.read_all("chats", Chat)}
        return Requests(self._transport.read_all(GATEWAY_LOG, GatewayRequest), names)

    @property
    def committer(self) -> Committer:
        """Whose name commits in chats carry, where a project's or a chat's variables name nobody else."""
        from agent_hub.models import Status
        from agent_hub.notebook.connection_display import Committer

        return Committer.model_validate(self._transport.read("status", Status).committer.model_dump())

    def __repr__(self) -> str:
        return f"{self.openai!r}\n{self.github!r}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        parts = (self.openai.status, self.github.status, self.committer, self.gateway)
        return bundle("\n".join(map(repr, parts[:2])), "".join(part._repr_html_() for part in parts))


def asked(secret: Secret, what: str) -> str:
    """The secret itself; the person is asked for it where none is given."""
    if secret is None:
        return getpass.getpass(f"{what}: ").strip()
    given = secret() if callable(secret) else secret
    if not isinstance(given, str):
        # As of a keyring that has none.
        raise InvalidInput(f"The function gives no {what}, but {type(given).__name__}.", "Look at where it looks.")
    return given


def openai_body(api_key: Secret, base_url: str, verify: bool) -> Mapping[str, object]:
    return {"api_key": asked(api_key, "OpenAI API key"), "base_url": base_url, "verify": verify}


def github_body(token: Secret, url: str) -> Mapping[str, object]:
    return {"token": asked(token, "GitHub token"), "url": url}
