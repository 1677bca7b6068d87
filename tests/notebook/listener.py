"""What listens where a Jupyter server might: it answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

STATUS = {
    "version": "0.1.0",
    "hub_id": "h",
    "engine": {"name": "Docker 28", "kind": "docker", "reachable": True, "isolated": True},
}


class Listener:
    """An HTTP server whose hub's `api/status` answers `body` with `code`, where the token is right."""

    def __init__(self, base: str = "/", token: str = "t0ken", code: int = 200, body: Any = None) -> None:
        self.token = token
        self.base = base
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.silent = threading.Event()
        self.over = threading.Event()
        text = json.dumps(STATUS if body is None else body).encode()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listener.asked.append(self.path)
                listener.tokens.append(self.headers.get("Authorization", ""))
                if listener.silent.is_set():
                    listener.over.wait(30)
                    return
                if self.headers.get("Authorization", "") != f"token {token}":
                    self.answer(403, b'{"message": "Forbidden", "reason": null}')
                elif self.path != f"{base}agent-hub/api/status":
                    self.answer(404, b"<html>Not found</html>")
                else:
                    self.answer(code, text)

            def answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{base}"

    def register(self, runtime: Path, pid: int, root: Path, **more: Any) -> Path:
        """Write the runtime file that Jupyter would."""
        info = {"pid": pid, "root_dir": str(root), "token": self.token, "url": self.url, "base_url": self.base}
        path = runtime / f"jpserver-{pid}.json"
        path.write_text(json.dumps(info | {"sock": "", "secure": False, "version": "2.21.1"} | more))
        return path

    def __enter__(self) -> Listener:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
