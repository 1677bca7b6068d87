"""A stand-in for OpenAI's issuer and for ChatGPT's backend, on one port: the protocols that Codex signs in and asks by.

It gives out codes once, proves PKCE, rotates refresh tokens and ends a sign-in whose old one is shown again; what it
answers to Codex is what :class:`~tests.standins.model_server.ModelServer` does.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import secrets
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from agent_hub.connections.chatgpt_login import Login
from agent_hub.models import now
from tests.standins.model_server import ModelServer

CLIENT = "app_EMoamEEZ73f0CkXaXp7hrann"
ACCOUNT = "account-of-a-heron"
EMAIL = "heron@example.com"


@dataclass
class Grant:
    """What a code was given out for."""

    challenge: str
    redirect_uri: str


@dataclass
class Family:
    """A sign-in: the one refresh token that is good, and those of before."""

    good: str
    used: set[str] = field(default_factory=set)
    ended: bool = False


class ChatGPTServer(ModelServer):
    """The issuer at :attr:`url`, the backend at :attr:`backend`.

    Parameters
    ----------
    host
        The address that it listens on; a container reaches the bridge's.
    lasts
        Seconds that an access token is good for.
    """

    def __init__(self, host: str = "127.0.0.1", lasts: float = 864_000.0) -> None:
        super().__init__(host)
        self.host = host
        self.known_as = ""
        """The issuer's address, where Codex knows it by another than :attr:`url`."""
        self.lasts = lasts
        self.given: list[str] = []
        """Every token and code that it has given out."""
        self.renewals: list[str] = []
        """The refresh tokens that were shown, in that order."""
        self.revoked: list[str] = []
        self.refuses_renewals_with = 0
        """A status; 0 answers."""
        self.renewal_takes = 0.0
        self.refuses_everybody = False
        self.queries: list[str] = []
        """What the backend was asked beside a path."""
        self.families: list[Family] = []
        self._codes: dict[str, Grant] = {}
        self._devices: dict[str, str] = {}
        self._confirmed: dict[str, str] = {}
        self._access: dict[str, tuple[Family, float]] = {}
        self._numbers = itertools.count(1)
        base: Any = self._server.RequestHandlerClass
        self._server.RequestHandlerClass = _handler(self, base)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def backend(self) -> str:
        return f"{self.url}/backend-api"

    def sign_in(self) -> Login:
        """What a sign-in would have left."""
        self.families.append(Family(""))
        told = self._tokens(self.families[-1])
        return Login(told["access_token"], told["refresh_token"], told["id_token"], ACCOUNT, now())

    def confirm(self, user_code: str) -> None:
        """What a person does on the page for codes."""
        (device,) = (one for one, code in self._devices.items() if code == user_code)
        verifier = self._new("verifier")
        self._confirmed[device] = verifier

    def end_access(self) -> None:
        """Every access token that is out is good no more."""
        self._access.clear()

    def is_good(self, access: str) -> bool:
        family, end = self._access.get(access, (None, 0.0))
        return family is not None and not family.ended and end > time.time() and not self.refuses_everybody

    # -- the issuer

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """The page where a person confirms, which here is confirmed at once: a status, and where it leads."""
        back = urlsplit(asked.get("redirect_uri", ""))
        fine = (
            asked.get("client_id") == CLIENT
            and asked.get("response_type") == "code"
            and asked.get("code_challenge_method") == "S256"
            and back.hostname in ("localhost", "127.0.0.1")
            and (back.port, back.path) == (1455, "/auth/callback")
        )
        if not fine:
            return 400, ""
        code = self._new("code")
        self._codes[code] = Grant(asked["code_challenge"], asked["redirect_uri"])
        return 302, f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def user_code(self) -> dict[str, str]:
        device, number = self._new("device"), next(self._numbers)
        self._devices[device] = f"HRN{number}-CRANE"
        return {"device_auth_id": device, "user_code": self._devices[device], "interval": "1"}

    def device_token(self, asked: dict[str, str]) -> dict[str, str] | None:
        verifier = self._confirmed.get(asked["device_auth_id"])
        if verifier is None or self._devices[asked["device_auth_id"]] != asked["user_code"]:
            return None
        code, challenge = self._new("code"), _challenge(verifier)
        self._codes[code] = Grant(challenge, f"{self.known_as or self.url}/deviceauth/callback")
        return {"authorization_code": code, "code_challenge": challenge, "code_verifier": verifier}

    def token(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if asked.get("client_id") != CLIENT:
            return 401, {"error": "invalid_client"}
        if asked.get("grant_type") == "authorization_code":
            grant = self._codes.pop(asked.get("code", ""), None)
            if grant is None or grant.redirect_uri != asked.get("redirect_uri"):
                return 400, {"error": "invalid_grant"}
            if _challenge(asked.get("code_verifier", "")) != grant.challenge:
                return 400, {"error": "invalid_grant", "error_description": "PKCE"}
            self.families.append(Family(""))
            return 200, self._tokens(self.families[-1])
        if asked.get("grant_type") != "refresh_token":
            return 400, {"error": "unsupported_grant_type"}
        shown = asked.get("refresh_token", "")
        self.renewals.append(shown)
        time.sleep(self.renewal_takes)
        if self.refuses_renewals_with:
            return self.refuses_renewals_with, {"error": "server_error"}
        for family in self.families:
            if shown in family.used:
                family.ended = True
                return 401, {"error": {"code": "refresh_token_reused", "message": "It was used before."}}
            if shown == family.good and not family.ended:
                family.used.add(shown)
                return 200, self._tokens(family)
        return 401, {"error": {"code": "refresh_token_invalidated", "message": "It is good no more."}}

    def revoke(self, token: str) -> None:
        self.revoked.append(token)
        for family in self.families:
            family.ended = family.ended or token == family.good

    def _tokens(self, family: Family) -> dict[str, str]:
        end = time.time() + self.lasts
        access = _jwt({"exp": int(end), "jti": self._new("access")})
        family.good = self._new("refresh")
        self._access[access] = (family, end)
        told = {"chatgpt_plan_type": "plus", "chatgpt_account_id": ACCOUNT, "chatgpt_user_id": "user-heron"}
        identity = _jwt({"email": EMAIL, "https://api.openai.com/auth": told, "jti": self._new("id")})
        self.given += [access, identity]
        return {"access_token": access, "refresh_token": family.good, "id_token": identity}

    def _new(self, kind: str) -> str:
        made = f"{kind}-{secrets.token_urlsafe(24)}"
        self.given.append(made)
        return made


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _jwt(told: dict[str, Any]) -> str:
    parts = (json.dumps({"alg": "none"}), json.dumps(told), "signature")
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


def _handler(server: ChatGPTServer, base: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(base):  # type: ignore[misc]
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/oauth/authorize":
                status, location = server.authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
                self.send_response(status)
                self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            server.queries.append(parts.query)
            if parts.path != "/backend-api/wham/accounts/check":
                super().do_GET()
            elif self._arrive({}):
                account = {"id": ACCOUNT, "account_routing_override": "NO_CONSTRAINT"}
                self._send(200, {"accounts": [account]})

        def do_POST(self) -> None:
            if self.path.startswith("/backend-api/"):
                super().do_POST()
                return
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if "json" in self.headers.get("Content-Type", ""):
                asked = json.loads(text)
            else:
                asked = {name: values[0] for name, values in parse_qs(text).items()}
            status: int = 200
            told: dict[str, Any] | None = {}
            if self.path == "/api/accounts/deviceauth/usercode":
                told = server.user_code() if asked.get("client_id") == CLIENT else None
            elif self.path == "/api/accounts/deviceauth/token":
                told = server.device_token(asked)
            elif self.path == "/oauth/token":
                status, told = server.token(asked)
            elif self.path == "/oauth/revoke":
                server.revoke(asked["token"])
            else:
                status = 404
            self._send(status if told is not None else 403, told or {})

        def _arrive(self, body: dict[str, Any]) -> bool:
            if not super()._arrive(body):
                return False
            # Codex's newer models take their tools as an item of the input, and it says so.
            lite = self.headers.get("x-openai-internal-codex-responses-lite") == "true"
            scheme, _, access = self.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or not server.is_good(access):
                self._send(401, {"detail": "Your authentication token is not from a valid issuer."})
            elif self.headers.get("chatgpt-account-id") != ACCOUNT:
                self._send(403, {"detail": "No such account."})
            elif self.command == "POST" and (body.get("store") is not False or body.get("stream") is not True):
                self._send(400, {"detail": "Store must be set to false, and stream to true"})
            elif not lite and any(item.get("type") == "additional_tools" for item in body.get("input", [])):
                self._send(400, {"detail": "Unknown item: additional_tools"})
            else:
                return True
            return False

    return Handler
