"""The way to the container engine, which a test can cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType


class EngineLink:
    """A Unix socket that passes on to the engine's, until it is cut.

    Parameters
    ----------
    path
        Where it listens; a Unix socket's path is at most 107 characters long.
    """

    def __init__(self, path: Path, engine: Path = Path("/var/run/docker.sock")) -> None:
        self.url = f"unix://{path}"
        self._engine = engine
        self._is_cut = False
        self._ends: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listening = threading.Thread(target=self._serve, daemon=True)
        self._connections: list[threading.Thread] = []

    def cut(self) -> None:
        """Let nothing through, and end what goes on."""
        self._is_cut = True
        for end in list(self._ends):
            _end(end)

    def mend(self) -> None:
        """Let everything through again."""
        self._is_cut = False

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            connection = threading.Thread(target=self._connect, args=(client,), daemon=True)
            self._connections.append(connection)
            connection.start()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            self._ends |= {client, server}
            # Looked at once both can be cut, so that none gets through beside a cut.
            if not self._is_cut:
                server.connect(str(self._engine))
                back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
                back.start()
                self._pass_on(client, server)
                back.join()
            self._ends -= {client, server}

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                _end(end)

    def __enter__(self) -> EngineLink:
        self._listener.listen()
        self._listening.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing a socket does not wake the thread that waits for its next connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listening.join(10)
        self._listener.close()
        self.cut()
        for connection in self._connections:
            connection.join(10)


def _end(end: socket.socket) -> None:
    # Closed by the thread that serves it alone: its number could be another file's by then.
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
