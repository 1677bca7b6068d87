"""A stand-in for GitHub: its API as an Enterprise has it, and private repositories by the real ``git http-backend``.

It knows people by their tokens, and each token the repositories that it is good for.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Token:
    """What a personal token is good for."""

    login: str
    repositories: frozenset[str] = frozenset()
    """As ``owner/name``."""
    name: str | None = None
    email: str | None = None
    id: int = 583231


@dataclass
class GitHubServer:
    """A GitHub whose repositories are bare ones in ``root/owner/name.git``.

    Parameters
    ----------
    redirect
        Where each request is sent on to, instead of being answered.
    public
        Repositories that whoever asks may read, as ``owner/name``.
    host
        The address that it listens on.
    """

    root: Path
    tokens: dict[str, Token] = field(default_factory=dict)
    redirect: str = ""
    public: set[str] = field(default_factory=set)
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        """Of each request, its path and what it proved itself with."""
        self._server = ThreadingHTTPServer((self.host, 0), type("Handler", (_Handler,), {"github": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._server.server_port}"

    def add(self, name: str, source: Path) -> str:
        """Make a private repository of what another one holds; its address."""
        bare = self.root / f"{name}.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", source, bare], check=True, timeout=60)
        subprocess.run(["git", "-C", bare, "config", "http.receivepack", "true"], check=True, timeout=60)
        return f"{self.url}/{name}.git"

    def __enter__(self) -> GitHubServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    github: GitHubServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        shown = self.headers.get("Authorization", "")
        self.github.seen.append((path, shown))
        if self.github.redirect:
            return self._send(302, b"", {"Location": f"{self.github.redirect}{self.path}"})
        token = self.github.tokens.get(_token(shown))
        if path == "/api/v3/user":
            if token is None:
                return self._json(401, {"message": "Bad credentials"})
            person = {"login": token.login, "id": token.id, "name": token.name, "email": token.email}
            return self._json(200, person)
        names = path.strip("/").split("/")
        if len(names) > 2 and names[1].endswith(".git"):
            repository = f"{names[0]}/{names[1].removesuffix('.git')}"
            if repository in self.github.public:
                return self._git(path)
            if token is None:
                return self._send(401, b"", {"WWW-Authenticate": 'Basic realm="GitHub"'})
            if repository in token.repositories:
                return self._git(path)
        # As the real one: who may not know of it is told that it is not there.
        return self._json(404, {"message": "Not Found"})

    def _git(self, path: str) -> None:
        """By the real backend; as it comes in both ways, since a push may be larger than a test's memory."""
        given = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.github.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": urlsplit(self.path).query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "somebody",
        }
        if "Content-Length" in self.headers:
            given["CONTENT_LENGTH"] = self.headers["Content-Length"]
        backend = subprocess.Popen(
            ["git", "http-backend"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=given
        )
        with backend:
            assert backend.stdin and backend.stdout
            with suppress(BrokenPipeError):
                for piece in self._body():
                    backend.stdin.write(piece)
            with suppress(BrokenPipeError):
                backend.stdin.close()
            status, headers = 200, {}
            while line := backend.stdout.readline().decode().strip():
                name, _, value = line.partition(": ")
                if name == "Status":
                    status = int(value.split()[0])
                else:
                    headers[name] = value
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := backend.stdout.read1(65536):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length") or 0)
        while left and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)
            yield piece

    def _json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: Any) -> None:
        """Nothing."""


def _token(authorization: str) -> str:
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "basic":
        return base64.b64decode(value).decode().partition(":")[2]
    return value if kind.lower() in ("bearer", "token") else ""
