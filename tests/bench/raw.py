"""The same container without the hub: what is measured against. One blocking socket, no library in between."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 30


class RawDocker:
    """The Docker API over one connection that stays open."""

    def __init__(self) -> None:
        self._address = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
        self._connection = http.client.HTTPConnection("engine", timeout=TIMEOUT_SECONDS)
        self._connection.sock = self._connect()

    def _connect(self) -> socket.socket:
        if self._address.scheme == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(self._address.path)
        else:
            address = (self._address.hostname or "127.0.0.1", self._address.port or 2375)
            connection = socket.create_connection(address, TIMEOUT_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the engine answers, ``None`` where it answers none."""
        try:
            return self._request(method, path, body)
        except ConnectionError:
            # The engine ends a connection that was not used for five minutes, as long as others may take.
            self._connection.close()
            self._connection.sock = self._connect()
            return self._request(method, path, body)

    def _request(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else None

    def attach(self, container: str) -> Attached:
        """The terminal of a container."""
        connection = self._connect()
        query = urlencode({"stream": 1, "stdin": 1, "stdout": 1, "stderr": 1})
        connection.sendall(
            f"POST /containers/{container}/attach?{query} HTTP/1.1\r\nHost: engine\r\n"
            "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(65536)
            if not received:
                raise RuntimeError(f"The engine ended the attach: {head!r}")
            head += received
        head, _, rest = head.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"The engine refused the attach: {head!r}")
        return Attached(connection, rest)

    def close(self) -> None:
        self._connection.close()

    def remove_below(self, folder: Path) -> None:
        """Remove every container that has a part of `folder` mounted: whatever was started is gone after it."""
        for container in self.request("GET", "/containers/json?all=1"):
            if any(Path(mount.get("Source") or "/").is_relative_to(folder) for mount in container.get("Mounts", ())):
                self.request("DELETE", f"/containers/{container['Id']}?force=true&v=true")


class Attached:
    """A hijacked connection."""

    def __init__(self, connection: socket.socket, rest: bytes) -> None:
        self._connection = connection
        self._rest = rest

    def read(self) -> str:
        """The next output."""
        return self.fill().decode(errors="replace")

    def fill(self, most: int = 1 << 18) -> bytes:
        """Read what is there."""
        data, self._rest = self._rest or self._connection.recv(most), b""
        if not data:
            raise RuntimeError("The container ended.")
        return data

    def write(self, text: str) -> None:
        """Type."""
        self._connection.sendall(text.encode())

    def close(self) -> None:
        """Detach."""
        self._connection.close()


def twin(inspected: dict[str, Any], name: str, sources: dict[str, str]) -> dict[str, Any]:
    """How to create a container like the inspected one, with other folders of the host behind its mounts."""
    config, host = dict(inspected["Config"]), dict(inspected["HostConfig"])
    for field in ("Hostname", "Domainname"):
        config.pop(field, None)
    config["Labels"] = {"agent-hub.bench": name}
    host["Mounts"] = [
        mount | {"Source": sources.get(mount["Target"], mount["Source"])} for mount in host.get("Mounts") or ()
    ]
    return config | {"HostConfig": host}
