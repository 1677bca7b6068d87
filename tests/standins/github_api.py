"""A stand-in for GitHub's API as ``gh`` finds it: by the real names, over TLS, behind a proxy that is this."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType


@dataclass
class GitHubApi:
    """An HTTP proxy that is, behind ``CONNECT``, whoever is asked for.

    Parameters
    ----------
    folder
        Where its certificate is made, ``certificate.pem``.
    names
        Whom it can be.
    token
        The one that it takes.
    """

    folder: Path
    names: tuple[str, ...]
    token: str

    seen: list[tuple[str, str]] = field(default_factory=list)
    """Of each request, whom it was for, and its path."""

    def __post_init__(self) -> None:
        self.certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        alternatives = "subjectAltName=" + ",".join(f"DNS:{name}" for name in self.names)
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stand-in"]
        files = ["-keyout", str(key), "-out", str(self.certificate), "-addext", alternatives]
        subprocess.run([*make, *files], check=True, capture_output=True, timeout=60)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.certificate, key)
        self._server = ThreadingHTTPServer(("0.0.0.0", 0), type("Handler", (_Proxy,), {"api": self}))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    def wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        """The connection from now on."""
        return self._tls.wrap_socket(connection, server_side=True)

    def __enter__(self) -> GitHubApi:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Proxy(BaseHTTPRequestHandler):
    api: GitHubApi
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        with self.api.wrap(self.connection) as wrapped:
            type("Handler", (_Api,), {"api": self.api, "asked": self.path})(wrapped, self.client_address, self.server)
        self.close_connection = True

    def log_message(self, format: str, *values: object) -> None:
        """Nothing."""


class _Api(BaseHTTPRequestHandler):
    api: GitHubApi
    asked: str
    timeout = 60

    def do_GET(self) -> None:
        self.api.seen.append((self.asked, self.path))
        if self.headers.get("Authorization", "").split(" ")[-1] != self.api.token:
            return self._answer(401, {"message": "Bad credentials"})
        if self.path.endswith("/graphql"):
            repository = {"name": "widgets", "nameWithOwner": "heron/widgets", "owner": {"login": "heron"}}
            return self._answer(200, {"data": {"repository": repository, "viewer": {"login": "heron"}}})
        return self._answer(200, {"login": "heron"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values: object) -> None:
        """Nothing."""
