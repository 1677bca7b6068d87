"""A small gateway, for what hub_artifact sends."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RESET = 0
"""In the place of a status: hang up without an answer."""


@dataclass
class Receiver:
    """A small gateway: takes published files, and answers as the hub does.

    ``failures`` are the statuses of the next answers, one for each file that comes; then all is well.
    """

    port: int
    published: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0
    paths: list[str] = field(default_factory=list)
    workspace: Path | None = None
    """Where it takes files itself, as the hub does."""
    refusal: dict[str, str] | None = None
    failures: list[int] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    after_head: Callable[[], None] = lambda: None

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/artifacts"


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """A receiver that listens."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            received.connections += 1

        def do_GET(self) -> None:
            self.answer(200, "".join(f"{one['name']}\t1\t{len(one['content'])}\n" for one in received.published))

        def do_POST(self) -> None:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
            name = query["name"][0]
            received.asked.append(name)
            received.paths.append(query["path"][0])
            promised = int(self.headers["Content-Length"])
            if promised:
                # wget opens the file only after it has sent the head.
                self.rfile.peek(1)
            received.after_head()
            content = self.rfile.read(promised)
            status = received.failures.pop(0) if received.failures else 201
            if len(content) < promised or status == RESET:
                self.close_connection = True
                return
            if status != 201:
                self.answer(status, json.dumps({"message": "Not now."}))
                return
            received.published.append({"name": name, "content": content, "headers": dict(self.headers.items())})
            received.before_answer()
            if received.refusal:
                self.answer(413, json.dumps(received.refusal))
            else:
                version = sum(1 for one in received.published if one["name"] == name)
                made = {"name": name, "version": version, "size": len(content), "path": f"artifacts/{name}"}
                self.answer(201, json.dumps(made))

        def handle_expect_100(self) -> bool:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            if received.workspace is None or "path" not in query or self.headers["Content-Length"] == "0":
                return super().handle_expect_100()
            (name,), (path,) = query["name"], query["path"]
            if query.get("inode") != [str((received.workspace / path).stat().st_ino)]:
                return super().handle_expect_100()
            content = (received.workspace / path).read_bytes()
            received.taken.append({"name": name, "path": path, "content": content})
            self.close_connection = True
            self.answer(303, json.dumps({"name": name, "version": 1, "size": len(content)}))
            return False

        def answer(self, status: int, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what came is recorded."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    received = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
