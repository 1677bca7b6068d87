"""A network that loses answers: what lies between a notebook and a server elsewhere."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class CuttingProxy:
    """Passes on connections to a server, and cuts the first `cuts` of those that ask for a new chat.

    The request has gone through by then: the server has answered it.
    """

    def __init__(self, url: str, cuts: int) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._left = cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
        self.cut = 0

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server, 30) as server:
            asks = threading.Event()
            threading.Thread(target=self._ask, args=(client, server, asks), daemon=True).start()
            while True:
                try:
                    answer = server.recv(65536)
                    if not answer:
                        return
                    if asks.is_set() and self._left:
                        self._left -= 1
                        self.cut += 1
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    client.sendall(answer)
                except OSError:
                    return

    def _ask(self, client: socket.socket, server: socket.socket, asks: threading.Event) -> None:
        try:
            while data := client.recv(65536):
                if data.startswith(b"POST ") and b"/api/chats HTTP" in data.split(b"\r\n")[0]:
                    asks.set()
                server.sendall(data)
        except OSError:
            return

    def __enter__(self) -> CuttingProxy:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
