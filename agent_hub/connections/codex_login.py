"""``codex login`` as the hub reads it: what it asks a person for, what it leaves, and where a browser goes at last."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from agent_hub.connections.chatgpt_login import Login, claims
from agent_hub.errors import AgentUnavailable, InvalidInput
from agent_hub.models import now

PORT = 1455
"""Where Codex waits for the browser, on the loopback of the machine that it runs on."""

CALLBACK = "/auth/callback"

LONGEST_LOGIN = 2**20
"""Bytes of what it leaves."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SECRET = re.compile(r"[\w.~+/=-]{32,}")
_QUERY = re.compile(r"[A-Za-z0-9._~%&=+*-]{1,8000}")

Method = Literal["browser", "device"]


def command(method: Method, issuer: str) -> Sequence[str]:
    """What is run. Raises :class:`~agent_hub.errors.InvalidInput` where Codex cannot do that."""
    if method == "device":
        return ("codex", "login", "--device-auth", *(("--experimental_issuer", issuer) if issuer else ()))
    if issuer:
        raise InvalidInput(
            f"Codex signs in by a browser at OpenAI alone, and this hub is set up for {issuer}.",
            "Sign in with a code instead.",
            field="method",
        )
    return ("codex", "login")


@dataclass
class Prompt:
    """What Codex writes while it waits, line by line."""

    method: Method
    url: str = ""
    code: str = ""
    port: int = PORT
    state: str = field(default="", repr=False)
    expires_at: datetime | None = None
    error: str = ""

    def feed(self, line: str) -> bool:
        """Take a line; whether a person can be asked now, who could not before."""
        text = _COLOURS.sub("", line).strip()
        before = self._complete
        if text.startswith(("http://", "https://")):
            self._link(text)
        elif self.method == "device" and re.fullmatch(r"[A-Z0-9]{3,10}-[A-Z0-9]{3,10}", text):
            self.code = text
        elif minutes := re.search(r"expires in (\d{1,3}) minutes", text):
            self.expires_at = now() + timedelta(minutes=int(minutes[1]))
        elif text.lower().startswith("error"):
            # Whatever a server has answered is quoted there.
            self.error = _SECRET.sub("…", text)[:300]
        return self._complete and not before

    @property
    def _complete(self) -> bool:
        return bool(self.url) and (self.method == "browser" or bool(self.code))

    def _link(self, url: str) -> None:
        if self.method == "device":
            self.url = url
            return
        try:
            asked = parse_qs(urlsplit(url).query)
            # Another program may have the port, where there is no container.
            back = urlsplit(asked["redirect_uri"][0])
            if back.path == CALLBACK and back.port:
                self.url, self.port, self.state = url, back.port, asked["state"][0]
        except (ValueError, KeyError):
            return


def callback(url: str, port: int, state: str) -> str:
    """The path and query of the address that a browser was sent to, for Codex, which waits at that port for that state.

    Raises
    ------
    InvalidInput
        It is another address: what a person pastes must not become any other request.
    """
    url = url.strip()
    refusal = InvalidInput(
        f"This is not the address that a sign-in ends at: it begins with http://127.0.0.1:{port}{CALLBACK}?code=",
        "Copy the whole address from the browser's address bar, after you have confirmed there.",
        field="url",
    )
    if not re.fullmatch(r"[\x21-\x7e]{1,9000}", url):
        raise refusal
    try:
        parts = urlsplit(url)
        fine = (
            parts.scheme == "http"
            and parts.netloc in (f"localhost:{port}", f"127.0.0.1:{port}")
            and parts.path == CALLBACK
            and bool(_QUERY.fullmatch(parts.query))
        )
        asked = parse_qs(parts.query, max_num_fields=20)
    except ValueError:
        raise refusal from None
    if not fine or "state" not in asked or not ("code" in asked or "error" in asked):
        raise refusal
    # Codex looks at it, too; so whatever a page has a browser ask for goes no further than here.
    if not compare_digest(asked["state"][0].encode(), state.encode()):
        raise InvalidInput(
            "This address ends another sign-in than the one that waits.",
            "Use the newest page of OpenAI, or begin again.",
            field="url",
        )
    return f"{CALLBACK}?{parts.query}"


def read_login(path: Path) -> Login:
    """What Codex has left in its ``auth.json``. Blocks.

    Raises
    ------
    AgentUnavailable
        It has left none, or nothing that it would itself take.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            tokens = json.loads(file.read(LONGEST_LOGIN))["tokens"]
        account = (
            tokens.get("account_id") or claims(tokens["id_token"])["https://api.openai.com/auth"]["chatgpt_account_id"]
        )
        login = Login(tokens["access_token"], tokens["refresh_token"], tokens["id_token"], account, now())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AgentUnavailable(
            f"Codex has signed in, and left no account that the hub can use ({type(error).__name__}).",
            "Try again; a ChatGPT account with Codex in its plan is needed.",
        ) from None
    if not all(isinstance(one, str) and one for one in (login.access_token, login.refresh_token, login.account_id)):
        raise AgentUnavailable("Codex has signed in without tokens that the hub can use.", "Try again.")
    return login
