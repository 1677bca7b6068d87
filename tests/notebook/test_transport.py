"""What is asked again, and what is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agent_hub.errors import HubUnavailable
from agent_hub.models import TerminalInfo
from agent_hub.notebook.discovery import Server
from agent_hub.notebook.transport import Transport

Answer = tuple[int, dict[str, Any]]

MADE: Answer = (201, {"name": "made", "last_activity": "2026-01-02T00:00:00Z"})
STARTING = {"code": "hub_unavailable", "message": "The hub is still starting.", "hint": "", "details": {}}


class Restarting:
    """A server that answers what is asked of it with `answers`, one after another; a ``None`` is lost on the way."""

    def __init__(self, answers: tuple[Answer | None, ...]) -> None:
        self.keys: list[str] = []
        restarting = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                restarting.keys.append(self.headers["Idempotency-Key"])
                self.rfile.read(int(self.headers["Content-Length"]))
                answer = answers[len(restarting.keys) - 1]
                if answer is None:
                    self.close_connection = True
                    return
                content = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def ask() -> Iterator[Callable[..., tuple[Transport, Restarting]]]:
    opened: list[Restarting] = []

    def make(*answers: Answer | None) -> tuple[Transport, Restarting]:
        opened.append(Restarting(answers))
        threading.Thread(target=opened[-1].server.serve_forever, args=(0.02,), daemon=True).start()
        return Transport(Server(opened[-1].url, "t0ken"), 5.0), opened[-1]

    yield make
    for one in opened:
        one.server.shutdown()
        one.server.server_close()


def test_an_answer_that_was_lost_in_a_restart_is_had_from_the_hub_that_comes_back(ask):
    transport, server = ask(None, (503, STARTING), MADE)
    assert transport.create("chats", TerminalInfo, {}).name == "made"
    assert len(server.keys) == 3 and len(set(server.keys)) == 1


def test_a_hub_that_cannot_start_is_not_asked_again(ask):
    transport, server = ask(None, (503, STARTING | {"details": {"cause": "store_damaged"}}))
    with pytest.raises(HubUnavailable):
        transport.create("chats", TerminalInfo, {})
    assert len(server.keys) == 2


def test_a_request_that_was_answered_is_not_asked_again(ask):
    transport, server = ask((503, STARTING))
    with pytest.raises(HubUnavailable):
        transport.create("chats", TerminalInfo, {})
    assert len(server.keys) == 1
