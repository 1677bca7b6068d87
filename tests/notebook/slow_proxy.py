"""A network on which some answers take as long as a test likes: what lies between a notebook and a slow server."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

LIMIT = 60


class SlowProxy:
    """Passes on connections to a server, and holds each GET whose path ends in `slow` until there is :attr:`go`."""

    def __init__(self, url: str, slow: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._slow = re.compile(rb"GET \S*" + slow.encode() + rb" HTTP")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
        self.held = threading.Event()
        self.go = threading.Event()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        # Either side may end it at any time.
        with suppress(OSError), client, socket.create_connection(self._server) as server:
            threading.Thread(target=self._copy, args=(server, client), daemon=True).start()
            self._copy(client, server)

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._slow.match(data):
                    self.held.set()
                    self.go.wait(LIMIT)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> SlowProxy:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go.set()
        self._listener.close()
