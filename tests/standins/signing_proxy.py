"""A proxy as companies have them: it takes every connection by TLS apart, with certificates of an authority of its own.

All that is asked of one host goes to a plain server of the tests instead.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from pathlib import Path
from types import TracebackType


class SigningProxy:
    """It listens at :attr:`url`; who trusts :attr:`authority` takes its answers for those of `name`."""

    def __init__(self, folder: Path, name: str, target: tuple[str, int], host: str = "127.0.0.1") -> None:
        folder.mkdir(parents=True)
        self.asked: list[str] = []
        """Whom a connection was asked to."""
        self.authority = folder / "authority.pem"
        self._name, self._target = name, target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*_certificates(folder, name))
        self._listener = socket.create_server((host, 0))
        self.url = f"http://{host}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> SigningProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (piece := connection.recv(4096)):
                    return
                head += piece
            asked = head.split()[1].decode()
            self.asked.append(asked)
            if asked != f"{self._name}:443":
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                with (
                    self._context.wrap_socket(connection, server_side=True) as inside,
                    socket.create_connection(self._target, 60) as beyond,
                ):
                    back = threading.Thread(target=_copy, args=(beyond, inside), daemon=True)
                    back.start()
                    _copy(inside, beyond)
                    back.join(60)
            except OSError:
                return


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _certificates(folder: Path, name: str) -> tuple[Path, Path]:
    """An authority, and a certificate of it for `name`: the files of the certificate and of its key."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    (folder / "names").write_text(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "authority.key", "-out", "authority.pem", "-days", "3650",
            "-subj", "/CN=Tests", "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-days", "3650", "-extfile", "names", "-out", "server.pem")  # fmt: skip
    return folder / "server.pem", folder / "server.key"
