"""The way to the container engine, which a test can cut."""

from __future__ import annotations

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
            if self._is_cut:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._engine))
            self._ends |= {client, server}
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

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
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()


def _end(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It has ended by itself.
        end.close()
