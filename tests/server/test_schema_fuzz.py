"""Whatever is sent to any route, the hub answers, and as its OpenAPI document says.

``AGENT_HUB_FUZZ_EXAMPLES=500 python -m pytest tests/server/test_schema_fuzz.py`` tries more than CI has the time for,
and ``AGENT_HUB_FUZZ_SEED`` other things.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import docker
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from agent_hub.server.openapi import ROUTES, openapi
from tests.notebook.server import DOCKER, Server
from tests.standins.model_server import ModelServer

EXAMPLES = int(os.environ.get("AGENT_HUB_FUZZ_EXAMPLES", "6"))
SEED = int(os.environ.get("AGENT_HUB_FUZZ_SEED", "20261126"))
LIMIT = 60.0

REMOVES = {("delete", f"api/{kind}/{{id}}") for kind in ("projects", "chats", "artifacts", "deleted")}
"""Asked only of what there is not, so that the others are asked of something."""

SCHEMA = schemathesis.openapi.from_dict(openapi())
ROUTE_IDS = [f"{method} {path}" for method, path, *_ in ROUTES]

HOSTILE_IDS = (
    "%00", "a%00b", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%ff%fe", "%ed%a0%80", "%0d%0aX-Header:%201", "%", "-1",
    "9" * 400, "1e309", "x" * 5000, "%F0%9F%92%A9", "'%20OR%201=1--", "con", "%7f", "%20", "a%5cb",
)  # fmt: skip
HOSTILE_BODIES: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"0", b'"text"', b"{", b"\x00", b"\xff\xfe", b'{"a":' * 3000, b"[" * 100_000, b"9" * 100_000,
    b'{"\\ud800": 1}', b'{"name": "\\ud800"}', b'{"url": "\\ud800", "prompt": "\\udfff"}', b'{"name": "a\\u0000b"}',
    b'{"prompt": "a\\u0000b", "project": "\\u0000", "command": "\\u0000", "to": "\\u0000", "url": "\\u0000"}',
    b'{"token_budget": 1e999}', b'{"token_budget": -1}', b'{"token_budget": ' + b"9" * 400 + b"}",
    b'{"cpus": NaN}', b'{"pids": 1e308, "memory": 99999999999999999999999, "cpus": Infinity, "gpus": 1e30}',
    b'{"__proto__": {}, "constructor": []}', b'{"name": {"$ref": "#"}}', b'{"a": 1, "a": 2}', b'\xef\xbb\xbf{}',
)  # fmt: skip
HOSTILE_HEADERS: tuple[Mapping[str, bytes], ...] = (
    {"Content-Type": b"application/json; charset=utf-7"},
    {"Content-Type": b"\xff\xfe"},
    {"Content-Type": b"multipart/form-data"},
    {"Content-Type": b"application/x-www-form-urlencoded"},
    {"Idempotency-Key": b"x" * 300},
    {"Idempotency-Key": b"\xe9\x80"},
    {"Accept": b"\xff", "Range": b"bytes=9-1", "If-None-Match": b'"', "If-Modified-Since": b"never"},
    {"Range": b"bytes=-99999999999999999999"},
    {"Range": b"lines=1"},
    {"Expect": b"nonsense"},
    {"Accept-Encoding": b"gzip;q=x", "Accept-Language": b"-"},
)
HOSTILE_QUERY = "?force=%00&stat=%ff&glob=%5b%00&q=%ed%a0%80&limit=1e309&limit=-1&folder=maybe&stat&glob=**/**/**"


@dataclass(frozen=True)
class Fuzzed:
    """A server on which there is one of everything."""

    server: Server
    model: ModelServer
    ids: Mapping[str, str]

    def id_for(self, path: str) -> str:
        """Of what a route is about."""
        return next((id for part, id in self.ids.items() if f"api/{part}/{{id}}" in path), self.ids["chats"])

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, bytes]) -> tuple[int, str, bytes]:
        """Send it as it stands, which no client would; status, kind and body of the answer."""
        at = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=LIMIT)
        try:
            connection.putrequest(method.upper(), f"{at.path}agent-hub/{path}", skip_accept_encoding=True)
            told = {"Authorization": f"token {self.server.token}".encode(), "Content-Type": b"application/json"}
            for name, value in (told | dict(headers)).items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def fuzzed(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: docker.DockerClient, base_image: str
) -> Iterator[Fuzzed]:
    folder = tmp_path_factory.mktemp("fuzzed")
    repository = folder / "widgets"
    for command in (
        ["init", "--quiet", "--initial-branch=main", str(repository)],
        ["-C", str(repository), "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet",
         "--allow-empty", "--message", "Begin"],
    ):  # fmt: skip
        subprocess.run(["git", *command], check=True, timeout=60)
    # Containers, since what is made up here is also run as commands.
    options = (
        f"--AgentHub.base_image={base_image}",
        "--AgentHub.spares=0",
        # Nobody signs in at OpenAI itself.
        "--AgentHub.openai_issuer=http://127.0.0.1:9",
        "--AgentHub.chatgpt_url=http://127.0.0.1:9",
    )
    with ModelServer(key="sk-of-the-tests") as model, Server(folder, DOCKER, *options) as server:
        hub = server.hub()
        project = hub.add_project(repository, agent="shell", progress=False)
        chat, gone = (hub.new_chat(project) for _ in range(2))
        for each in (chat, gone):
            each.wait_ready()
            each.run("echo heron > heron.txt")
        chat.run("hub_artifact publish heron.txt")
        (artifact,) = chat.artifacts.values()
        gone.delete(force=True)
        fuzzed = Fuzzed(server, model, {})
        (deleted,) = json.loads(fuzzed.send("get", "api/deleted", None, {})[2])
        ids = {"projects": project.id, "chats": chat.id, "artifacts": artifact.id, "deleted": deleted["id"]}
        yield Fuzzed(server, model, ids | {"terminals": chat.id})
        assert hub.chats[chat.id].name
        for left in hub.projects.values():
            left.delete(force=True)
        assert "Traceback" not in server.log, server.log[server.log.index("Traceback") - 500 :][:6000]


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in ROUTES], ids=ROUTE_IDS)
def test_what_is_made_up_from_the_schema_is_answered_as_the_schema_says(fuzzed: Fuzzed, method: str, path: str) -> None:
    operation = SCHEMA[f"/agent-hub/{path}"][method]
    modes = (
        (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if _has_input(path, method) else (GenerationMode.POSITIVE,)
    )
    cases = [operation.as_strategy(generation_mode=mode) for mode in modes]
    if "{id}" in path and (method, path) not in REMOVES:
        known = {"id": fuzzed.id_for(path)}
        cases += [operation.as_strategy(generation_mode=mode, path_parameters=known) for mode in modes]

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES * len(cases),
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(cases))
    def story(case: Case) -> None:
        _stay_here(case, fuzzed)
        answer = case.call(
            base_url=fuzzed.server.url,
            headers={"Authorization": f"token {fuzzed.server.token}"},
            timeout=LIMIT,
        )
        case.validate_response(
            answer, checks=[not_a_server_error, response_schema_conformance, content_type_conformance]
        )

    story()


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in ROUTES], ids=ROUTE_IDS)
def test_what_no_client_would_send_is_answered(fuzzed: Fuzzed, method: str, path: str) -> None:
    def ask(id: str, query: str = "", body: bytes | None = None, headers: Mapping[str, bytes] | None = None) -> None:
        at = path.replace("{id}", id).replace("{number}", "1").replace("{approval}", id).replace("{path}", id)
        status, kind, told = fuzzed.send(method, f"{at}{query}", body, headers or {})
        assert status < 500, (at, query, (body or b"")[:80], headers, status, told[:500])
        if status >= 400 and b"<html" not in told:
            assert kind.startswith("application/json") and json.loads(told), (at, told[:500])

    known = "0123" if (method, path) in REMOVES else fuzzed.id_for(path)
    ask(known, HOSTILE_QUERY)
    for id in HOSTILE_IDS if "{" in path else ():
        ask(id)
    for body in HOSTILE_BODIES if method in ("post", "put", "patch") and "files" not in path else ():
        ask(known, body=body)
    for headers in HOSTILE_HEADERS:
        ask(known, headers=headers, body=None if method in ("get", "delete") else b"{}")


def _has_input(path: str, method: str) -> bool:
    body = next(body for known, at, _, body, _ in ROUTES if (known, at) == (method, path))
    return "{" in path or body is not None


def _stay_here(case: Case, fuzzed: Fuzzed) -> None:
    """What is asked of others goes to those of these tests, and what is asked of a project to the one there is."""
    if isinstance(case.body, dict):
        if case.path.endswith("/connections/openai"):
            case.body |= {"base_url": fuzzed.model.base_url()} if isinstance(case.body.get("base_url", ""), str) else {}
        elif case.path.endswith("/connections/github"):
            url = f"http://127.0.0.1:{fuzzed.model.port}"
            case.body |= {"url": url} if isinstance(case.body.get("url", ""), str) else {}
        elif isinstance(case.body.get("project"), str):
            case.body["project"] = fuzzed.ids["projects"]
