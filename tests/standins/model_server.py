"""A stand-in for a model: a real HTTP server that speaks OpenAI's Responses API, and answers as the prompt says.

- A line ``RUN: <shell command>`` in a prompt makes the model call that command; several lines, one after another. Once
  the last command's output has come back, the model answers with ``Done:`` and that output.
- A line ``JS: <code>`` makes it call Codex's code mode with that JavaScript, in the same way.
- A line ``MCP: <server> <tool> <JSON>`` makes it call that tool of an MCP server with those arguments.
- A prompt that one of ``skills`` fits is answered as if it had such lines: the stand-in does what it is asked.
- Any other prompt is answered with ``You said:`` and the prompt; the request for a conversation's title with a title.

``python -m tests.standins.model_server --host 0.0.0.0 --port 8400`` runs it by itself.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

TITLE = "Stand in for a model"
MODELS = ("stand-in-1", "stand-in-2")
USAGE = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 200},
    "output_tokens": 34,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 1234,
}


@dataclass(frozen=True)
class Request:
    """One request as it came. Header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def prompts(self) -> list[str]:
        """What a person said, oldest first: without what the agent adds in a person's name."""
        texts = [_text(item) for item in self.body.get("input", []) if item.get("role") == "user"]
        return [text for text in texts if not text.startswith(("<", "# AGENTS.md"))]

    @property
    def outputs(self) -> list[str]:
        """What the commands since the newest prompt printed."""
        found: list[str] = []
        for item in self.body.get("input", []):
            if item.get("role") == "user":
                found = []
            elif item.get("type") in ("function_call_output", "custom_tool_call_output"):
                found.append(_text(item.get("output")))
        return found

    @property
    def is_turn(self) -> bool:
        """Whether a person's prompt is to be answered; Codex also asks for titles and for the list of models."""
        return self.path.endswith("/responses") and not self.asks_for_title

    @property
    def asks_for_title(self) -> bool:
        return (self.prompts or [""])[-1].startswith("Generate a concise, single-line task title")


class ModelServer:
    """The server, on a thread of its own; a context manager.

    Parameters
    ----------
    host, port
        Where it listens; port 0 takes a free one. Containers do not reach 127.0.0.1: bind their bridge, or 0.0.0.0.
    key
        The one API key that is accepted; empty accepts every request.
    skills
        Shell commands by a regular expression of the prompts that they do; ``{name}`` in one is the group of that name.
    answers
        What is said after a skill, by the same expression, in place of ``Done:`` and what its command has printed.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str = "",
        skills: Mapping[str, str] | None = None,
        answers: Mapping[str, str] | None = None,
    ) -> None:
        self.key = key
        self._skills = dict(skills or {})
        self._answers = dict(answers or {})
        self.requests: list[Request] = []
        self._arrived = threading.Condition()
        self._numbers = itertools.count(1)
        self._server = ThreadingHTTPServer((host, port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def base_url(self, host: str = "127.0.0.1") -> str:
        """The value of ``OPENAI_BASE_URL`` for a client that knows this machine as `host`."""
        return f"http://{host}:{self.port}/v1"

    @property
    def turns(self) -> list[Request]:
        """The requests that a person's prompt led to."""
        with self._arrived:
            return [request for request in self.requests if request.is_turn]

    def wait_for_turns(self, count: int, timeout: float = 30.0) -> list[Request]:
        """The first requests for an answer, once there are `count`.

        Raises
        ------
        TimeoutError
            There are fewer after `timeout` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.turns) >= count, timeout):
                raise TimeoutError(f"{len(self.turns)} of {count} requests after {timeout} s")
            return self.turns

    def record(self, request: Request) -> None:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()

    def answer(self, request: Request) -> Iterator[dict[str, Any]]:
        """The events of the answer to a request."""
        number = next(self._numbers)
        response = {"id": f"resp_{number}", "object": "response", "model": request.body.get("model", MODELS[0])}
        yield {"type": "response.created", "response": response | {"status": "in_progress", "output": []}}
        prompt = (request.prompts or [""])[-1]
        calls = [] if request.asks_for_title else self._calls(prompt)
        outputs = request.outputs
        if len(outputs) < len(calls):
            item = _call(number, *calls[len(outputs)])
            yield {"type": "response.output_item.added", "output_index": 0, "item": item}
        else:
            answer = next((text for pattern, text in self._answers.items() if re.search(pattern, prompt)), "")
            text = answer or (f"Done: {outputs[-1]}" if outputs else f"You said: {prompt}")
            text = TITLE if request.asks_for_title else text
            item = {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            }
            yield {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}}
            for word in re.findall(r"\S+\s*|\s+", text):
                yield {"type": "response.output_text.delta", "item_id": item["id"], "output_index": 0, "delta": word}
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
        done = response | {"status": "completed", "output": [item], "usage": USAGE}
        yield {"type": "response.completed", "response": done}

    def _calls(self, prompt: str) -> list[tuple[str, str]]:
        for pattern, command in self._skills.items():
            if found := re.search(pattern, prompt):
                for name, value in found.groupdict().items():
                    command = command.replace(f"{{{name}}}", value)
                return [("RUN", command)]
        return re.findall(r"^\s*(RUN|JS|MCP): (.+)$", prompt, re.MULTILINE)

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _call(number: int, kind: str, code: str) -> dict[str, Any]:
    """The item that calls a tool: a shell command's, code mode's, or an MCP server's."""
    if kind == "JS":
        return {"type": "custom_tool_call", "call_id": f"call_{number}", "name": "exec", "input": code}
    call = {"type": "function_call", "call_id": f"call_{number}"}
    if kind == "MCP":
        server, tool, arguments = code.split(" ", 2)
        return call | {"namespace": f"mcp__{server}", "name": tool, "arguments": arguments}
    return call | {"name": "exec_command", "arguments": json.dumps({"cmd": code})}


def _text(item: Any) -> str:
    """The text of an item, of its content, or of a list of parts."""
    if isinstance(item, str):
        return item
    if isinstance(item, list):
        return "".join(_text(part) for part in item)
    if isinstance(item, dict):
        return _text(item.get("text") or item.get("content") or item.get("output") or "")
    return ""


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self._arrive({}) and self.path.split("?")[0].endswith("/models"):
                models = [{"id": name, "object": "model", "owned_by": "stand-in"} for name in MODELS]
                self._send(200, {"object": "list", "data": models, "models": []})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            if not self._arrive(body):
                return
            if not self.path.split("?")[0].endswith("/responses"):
                self._send(404, {"error": {"message": f"no such path: {self.path}"}})
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for event in server.answer(self._request):
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the requests are recorded."""

        def _arrive(self, body: dict[str, Any]) -> bool:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._request = Request(self.command, self.path.split("?")[0], headers, body)
            server.record(self._request)
            if server.key and headers.get("authorization") != f"Bearer {server.key}":
                self._send(401, {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}})
                return False
            return True

        def _send(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--key", default="")
    options = parser.parse_args()
    with ModelServer(options.host, options.port, options.key) as server:
        print(f"OPENAI_BASE_URL={server.base_url(options.host)}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
