"""A stand-in for a GitHub with Apps: who has an App's key is given tokens, each for a while and for what it was asked.

It is a :class:`GitHubServer` otherwise; its address is an Enterprise's.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.standins.github_server import GitHubServer, _Handler, _token

LEVELS = ("read", "write", "admin")
API = "/api/v3"


@dataclass
class AnInstallation:
    id: int
    app: int
    account: str
    repositories: list[str]
    """As ``owner/name``."""
    permissions: dict[str, str]
    suspended: bool = False
    closed: bool = False
    """Whether its organisation lets nobody in from here."""


@dataclass
class AnApp:
    id: int
    slug: str
    owner: dict[str, Any]
    manifest: dict[str, Any]
    key: rsa.RSAPrivateKey = field(repr=False)
    client_secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(20))
    webhook_secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(20))
    revoked: bool = False

    @property
    def pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@dataclass
class AToken:
    installation: int
    repositories: frozenset[str]
    permissions: dict[str, str]
    expires_at: float
    revoked: bool = False


@dataclass
class GitHubAppServer(GitHubServer):
    """A GitHub with Apps.

    Parameters
    ----------
    lifetime
        Seconds that a token is good for.
    ahead
        Seconds that its clock is ahead of this machine's.
    """

    lifetime: float = 3600.0
    ahead: float = 0.0
    apps: dict[int, AnApp] = field(default_factory=dict)
    codes: dict[str, AnApp] = field(default_factory=dict)
    installations: dict[int, AnInstallation] = field(default_factory=dict)
    installed: dict[str, AToken] = field(default_factory=dict)
    """Each token that was given, in their order."""
    limited: bool = False
    limited_without_name: bool = False
    """Whether who asks without a proof has asked too much."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._server.RequestHandlerClass = type("Handler", (_AppHandler,), {"github": self})

    @property
    def now(self) -> float:
        return time.time() + self.ahead

    def make(self, action: str, manifest: str, login: str = "heron") -> tuple[str, str]:
        """What happens when a person sends the form and confirms it: the code and the state for the callback."""
        address = urlsplit(action)
        whose = re.fullmatch(r"/(organizations/(?P<organization>[\w-]+)/)?settings/apps/new", address.path)
        assert whose is not None and f"{address.scheme}://{address.netloc}" == self.url, action
        (state,) = parse_qs(address.query)["state"]
        told = json.loads(manifest)
        assert told["name"] and len(told["name"]) <= 34 and told["url"] and told["redirect_url"]
        id = len(self.apps) + 1
        organization = whose["organization"]
        owner = {"login": organization or login, "id": 583231, "type": "Organization" if organization else "User"}
        slug = re.sub(r"[^a-z0-9]+", "-", told["name"].lower())
        self.apps[id] = AnApp(id, slug, owner, told, rsa.generate_private_key(65537, 2048))
        code = secrets.token_hex(20)
        self.codes[code] = self.apps[id]
        return code, state

    def install(self, app: int, *repositories: str, **permissions: str) -> AnInstallation:
        """What happens when a person installs an App on some of their repositories."""
        id = 1000 + len(self.installations)
        given = permissions or self.apps[app].manifest["default_permissions"]
        account = repositories[0].split("/")[0]
        self.installations[id] = AnInstallation(id, app, account, list(repositories), {"metadata": "read", **given})
        return self.installations[id]

    def page(self, app: AnApp) -> str:
        return f"{self.url}/github-apps/{app.slug}"


class _AppHandler(_Handler):
    github: GitHubAppServer

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self.github.now if timestamp is None else timestamp, usegmt=True)

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        shown = _token(self.headers.get("Authorization", ""))
        if self.github.redirect:
            return super()._answer()
        given = self.github.installed.get(shown)
        if path.startswith(f"{API}/") and path != f"{API}/user":
            self.github.seen.append((path, self.headers.get("Authorization", "")))
            return self._api(path.removeprefix(API), shown, given)
        names = path.strip("/").split("/")
        if len(names) > 2 and names[1].endswith(".git"):
            repository = f"{names[0]}/{names[1].removesuffix('.git')}"
            if repository in self.github.public and not shown:
                return self._git(path)
            if given is not None:
                self.github.seen.append((path, self.headers.get("Authorization", "")))
                return self._git_of(given, repository, path)
        return super()._answer()

    def _git_of(self, given: AToken, repository: str, path: str) -> None:
        if not self._good(given):
            return self._send(401, b"", {"WWW-Authenticate": 'Basic realm="GitHub"'})
        had = given.permissions.get("contents", "")
        if repository not in given.repositories or not had:
            return self._json(404, {"message": "Not Found"})
        if "git-receive-pack" in self.path and had == "read":
            return self._json(403, {"message": "Resource not accessible by integration"})
        return self._git(path)

    def _good(self, given: AToken) -> bool:
        suspended = self.github.installations[given.installation].suspended
        return not given.revoked and not suspended and given.expires_at > self.github.now

    def _api(self, path: str, shown: str, given: AToken | None) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.github.limited:
            return self._send(403, b"{}", {"x-ratelimit-remaining": "0", "Content-Type": "application/json"})
        if made := re.fullmatch(r"/app-manifests/(\w+)/conversions", path):
            return self._converted(made[1])
        if path == "/installation/repositories":
            if given is None or not self._good(given):
                return self._json(401, {"message": "Bad credentials"})
            names = sorted(given.repositories)
            listed = [{"full_name": name} for name in names[: int(self._query("per_page", "30"))]]
            return self._json(200, {"total_count": len(names), "repositories": listed})
        if (public := re.fullmatch(r"/repos/([^/]+/[^/]+)", path)) and not shown:
            if self.github.limited_without_name:
                return self._send(403, b"{}", {"x-ratelimit-remaining": "0", "Content-Type": "application/json"})
            return self._json(200 if public[1] in self.github.public else 404, {"full_name": public[1]})
        app = self._app(shown)
        if isinstance(app, str):
            return self._json(401, {"message": app})
        own = [one for one in self.github.installations.values() if one.app == app.id]
        if path == "/app":
            return self._json(200, {"id": app.id, "slug": app.slug})
        if path == "/app/installations":
            return self._json(200, [self._told(one) for one in own])
        if found := re.fullmatch(r"/repos/([^/]+/[^/]+)/installation", path):
            for one in own:
                if found[1].lower() in (name.lower() for name in one.repositories):
                    return self._json(200, self._told(one))
        if (asked := re.fullmatch(r"/app/installations/(\d+)/access_tokens", path)) and self.command == "POST":
            for one in own:
                if one.id == int(asked[1]):
                    return self._given(one, body)
        return self._json(404, {"message": "Not Found"})

    def _converted(self, code: str) -> None:
        app = self.github.codes.pop(code, None)
        if app is None or self.command != "POST":
            return self._json(404, {"message": "Not Found"})
        told = {"id": app.id, "slug": app.slug, "name": app.manifest["name"], "owner": app.owner, "pem": app.pem}
        secret = {"client_id": "Iv1.stand-in", "client_secret": app.client_secret, "webhook_secret": app.webhook_secret}
        return self._json(201, {**told, **secret, "html_url": self.github.page(app)})

    def _app(self, shown: str) -> AnApp | str:
        """Whose key has signed this; otherwise why it is not taken."""
        try:
            app = self.github.apps[int(jwt.decode(shown, options={"verify_signature": False})["iss"])]
            required = {"require": ["iss", "iat", "exp"], "verify_exp": False, "verify_iat": False}
            claims = jwt.decode(shown, app.key.public_key(), ["RS256"], options=required)
        except (jwt.PyJWTError, KeyError, ValueError):
            return "A JSON web token could not be decoded"
        now = self.github.now
        if app.revoked:
            return "A JSON web token could not be decoded"
        if claims["iat"] > now:
            return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        if not now < claims["exp"] <= now + 600:
            return "'Expiration time' claim ('exp') is too far in the future"
        return app

    def _given(self, one: AnInstallation, body: dict[str, Any]) -> None:
        if one.closed:
            return self._json(403, {"message": "Although you appear to have the correct authorization, …"})
        if one.suspended:
            return self._json(403, {"message": "This installation has been suspended"})
        own = {name.partition("/")[2].lower(): name for name in one.repositories}
        names = [name.lower() for name in body.get("repositories", own)]
        permissions = body.get("permissions", one.permissions)
        if not set(names) <= set(own):
            return self._json(422, {"message": "There is at least one repository that does not exist"})
        for name, level in permissions.items():
            if name not in one.permissions or LEVELS.index(level) > LEVELS.index(one.permissions[name]):
                return self._json(422, {"message": "The permissions requested are not granted to this installation."})
        token, end = f"ghs_{secrets.token_hex(18)}", self.github.now + self.github.lifetime
        self.github.installed[token] = AToken(one.id, frozenset(own[name] for name in names), permissions, end)
        expires = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._json(201, {"token": token, "expires_at": expires, "permissions": permissions})

    def _told(self, one: AnInstallation) -> dict[str, Any]:
        return {
            "id": one.id,
            "account": {"login": one.account},
            "repository_selection": "selected",
            "permissions": one.permissions,
            "suspended_at": "2026-01-01T00:00:00Z" if one.suspended else None,
            "html_url": f"{self.github.url}/settings/installations/{one.id}",
        }

    def _query(self, name: str, default: str) -> str:
        return parse_qs(urlsplit(self.path).query).get(name, [default])[0]
