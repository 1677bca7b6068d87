"""The REST API, as a browser and a script see it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from agent_hub.hub.received import Received
from agent_hub.models import BuildState, ChatStatus, Project
from agent_hub.server.openapi import ROUTES, openapi
from tests.conftest import Repository
from tests.hub.running import RunningHub
from tests.server.conftest import Run

ROUTE_IDS = [f"{method} {path}" for method, path, *_ in ROUTES]


class Api:
    """A client that is signed in, which takes errors as answers."""

    def __init__(self, fetch: Callable[..., Any]) -> None:
        self._fetch = fetch

    async def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> HTTPResponse:
        text = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else None
        path, _, query = path.partition("?")
        params = dict(part.split("=") for part in query.split("&") if part)
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        response: HTTPResponse = await self._fetch(
            "agent-hub", *path.split("/"), method=method.upper(), params=params, body=text,
            headers=headers, allow_nonstandard_methods=True, raise_error=False, **options,
        )  # fmt: skip
        return response


@pytest.fixture
def api(jp_fetch: Callable[..., Any], a_server: Any) -> Api:
    return Api(jp_fetch)


@pytest.fixture
def a_project(hub: RunningHub, run: Run[Project], a_repository: Repository) -> Project:
    return run(hub.ready(a_repository))


def refusal(response: HTTPResponse, status: int) -> dict[str, Any]:
    """The body of an error, which has the form that every error has."""
    assert response.code == status, response.body
    assert response.headers["Content-Type"].startswith("application/json")
    body: dict[str, Any] = json.loads(response.body)
    assert set(body) == {"code", "message", "hint", "details"} and body["code"] and body["message"]
    return body


# -- who may


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in ROUTES], ids=ROUTE_IDS)
def test_every_route_is_served_and_only_to_who_is_signed_in(
    run: Run[None], api: Api, hub: RunningHub, method: str, path: str
) -> None:
    async def story() -> None:
        path_of_none = re.sub("{(id|approval)}", "0123", path).replace("{number}", "1")
        stranger = await api(method, path_of_none, headers={"Authorization": ""})
        assert stranger.code == 403
        body = {} if method in ("post", "put", "patch") else None
        answer = await api(method, path_of_none, body)
        assert answer.code != 405
        if "{id}" in path:
            assert refusal(answer, 404)
        elif answer.code >= 400:
            refusal(answer, 400)
        elif answer.code != 204:
            assert answer.headers["Content-Type"].startswith("application/json")

    run(story())


def test_a_foreign_page_cannot_post(run: Run[None], api: Api, hub: RunningHub, a_repository: Repository) -> None:
    async def story() -> None:
        body = {"url": str(a_repository.path)}
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            refused = await api("post", "api/projects", body, headers={"Content-Type": kind})
            assert refusal(refused, 400)["code"] == "invalid_input"
        assert len(hub.hub.store.projects) == 0

    run(story())


def test_a_foreign_origin_is_refused(run: Run[None], jp_http_port: int, hub: RunningHub, http_server_client: Any,
                                     jp_base_url: str) -> None:  # fmt: skip
    async def story() -> None:
        answer = await http_server_client.fetch(
            f"{jp_base_url}agent-hub/api/status", method="POST", body="{}", raise_error=False,
            headers={"Origin": "http://evil.example", "Content-Type": "text/plain"},
        )  # fmt: skip
        assert answer.code in (403, 404)

    run(story())


@pytest.mark.parametrize("path", ["api/nothing", "api/chats/no-id", "api/chats/..%2f..%2fetc"])
def test_an_address_of_nothing_is_answered_as_every_error(run: Run[None], api: Api, hub: RunningHub, path: str) -> None:
    async def story() -> None:
        refusal(await api("get", path), 404)

    run(story())


@pytest.mark.parametrize("path", ["//etc/passwd", "/agent-hub//etc/passwd", "/agent-hub/../../../etc/passwd"])
def test_no_path_leads_to_a_file_of_the_machine(
    run: Run[None], http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str], a_server: Any, path: str
) -> None:
    async def story() -> None:
        for base in ("", jp_base_url.rstrip("/")):
            answer = await http_server_client.fetch(f"{base}{path}", headers=jp_auth_header, raise_error=False)
            assert b"root:" not in (answer.body or b"")

    run(story())


# -- bodies


def test_the_colours_of_a_screen_are_taken_and_nothing_else_is(run: Run[None], api: Api, hub: RunningHub) -> None:
    async def story() -> None:
        assert (await api("put", "api/colours", {"foreground": "#000000", "background": "#FFFFFF"})).code == 204
        for colour in ("white", "#fff", "#ffffff\x07\x1b]52;c;ZWNobwo=\x07", "#ffffff\n", 0, None):
            refused = await api("put", "api/colours", {"foreground": "#000000", "background": colour})
            assert refusal(refused, 400)["details"]["field"] == "background"
        assert hub.hub.terminals.palette.answer(b"\x1b]11;?\x07") == b"\x1b]11;rgb:ffff/ffff/ffff\x07"

    run(story())


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("api/projects", {}, "invalid_input", "url"),
        ("api/projects", {"url": "ext::sh"}, "invalid_repository", "url"),
        ("api/projects", {"url": "/there/is/none"}, "invalid_repository", "url"),
        ("api/projects", {"url": "/srv", "name": "x" * 300}, "invalid_input", "name"),
        ("api/projects", {"url": "/srv", "name": "a\nb"}, "invalid_input", "name"),
        ("api/projects", {"url": "/srv", "nmae": "typo"}, "invalid_input", "nmae"),
        ("api/projects", {"url": "/srv", "env": ["NAME"]}, "invalid_environment", "env"),
        ("api/projects", {"url": "/srv", "env": [{"name": "A B"}]}, "invalid_environment", "env.0.name"),
        ("api/projects", {"url": "/srv", "mounts": [{"source": "/tmp"}]}, "invalid_mount", "mounts.0.target"),
        ("api/projects", {"url": "/srv", "mounts": [{"source": "/no", "target": "/d"}]}, "invalid_mount",
         "mounts.0.source"),
        ("api/projects", {"url": "/srv", "mounts": [{"source": "/srv", "target": "d"}]}, "invalid_mount",
         "mounts.0.target"),
        ("api/projects", {"url": "/srv", "agent": "nobody"}, "invalid_input", "agent"),
        ("api/projects", {"url": "/srv", "resources": {"cpus": -1}}, "invalid_input", "resources.cpus"),
        ("api/chats", {}, "invalid_input", "project"),
        ("api/chats", {"project": "x", "memory": 1}, "invalid_input", "memory"),
        ("api/chats", {"project": "x", "cpus": "many"}, "invalid_input", "cpus"),
        ("api/chats", {"project": "x", "cpus": 1e300}, "invalid_input", "cpus"),
        ("api/chats", {"project": "x", "prompt": "é" * 60_001}, "invalid_input", "prompt"),
        ("api/chats", {"project": "x", "prompt": "a\0b"}, "invalid_input", "prompt"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_body_is_named(
    run: Run[None], api: Api, hub: RunningHub, path: str, body: Any, code: str, field: str
) -> None:
    async def story() -> None:
        found = refusal(await api("post", path, body), 400)
        assert (found["code"], found["details"].get("field")) == (code, field), found

    run(story())
    assert len(hub.hub.store.projects) == len(hub.hub.store.chats) == 0


@pytest.mark.parametrize("body", ["{", "[]", "null", '"text"', "\x00", '{"url": "\\ud800"}', "[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(run: Run[None], api: Api, hub: RunningHub, body: str) -> None:
    run(_expect(api, "post", "api/projects", body, 400))


async def _expect(api: Api, method: str, path: str, body: Any, status: int) -> None:
    refusal(await api(method, path, body), status)


# -- a whole story


def test_a_repository_is_looked_at_and_proposed_for_before_it_is_a_project(
    run: Run[None], api: Api, hub: RunningHub, a_repository: Repository
) -> None:
    async def story() -> None:
        a_repository.commit("Say what it needs", {"go.mod": "go 1.22"})
        proposed = json.loads((await api("post", "api/projects/propose", {"url": str(a_repository.path)})).body)
        assert (proposed["base"], proposed["commit"]) == ("golang:1.22-bookworm", a_repository.head)
        gone = refusal(await api("post", "api/projects/propose", {"url": "git://127.0.0.1:9/x"}), 422)
        assert gone["code"] == "repository_unreachable"
        root = hub.hub.settings.root
        a_repository.git("clone", "--quiet", ".", str(root / "clone"))
        found = json.loads((await api("post", "api/projects/folder", {"path": "clone/data"})).body)
        assert (found["url"], found["name"]) == (str(root / "clone"), "clone")
        assert "git init" in refusal(await api("post", "api/projects/folder", {"path": ""}), 400)["hint"]
        assert len(hub.hub.store.projects) == 0

    run(story())


def test_a_project_and_a_chat_from_first_to_last(
    run: Run[None], api: Api, hub: RunningHub, a_repository: Repository
) -> None:
    async def story() -> None:
        look = await api("post", "api/projects/check", {"url": str(a_repository.path)})
        assert json.loads(look.body)["branches"] == ["feature", "main"]
        body = {"url": str(a_repository.path), "agent": "shell", "env": {"API_KEY": "sesame", "PLAIN": "1"}}
        added = await api("post", "api/projects", body)
        assert added.code == 201 and b"sesame" not in added.body
        id = json.loads(added.body)["id"]
        assert (await hub.ended_build(id)).state is BuildState.ready
        project = json.loads((await api("get", f"api/projects/{id}")).body)
        assert {variable["name"]: variable["value"] for variable in project["env"]} == {"API_KEY": None, "PLAIN": "1"}
        changed = await api("patch", f"api/projects/{id}", {"name": "Gadgets", "env": project["env"]})
        assert json.loads(changed.body)["name"] == "Gadgets"
        assert hub.hub.store.projects[id].env[0].value == "sesame"
        build = json.loads((await api("get", f"api/projects/{id}/build")).body)
        assert build == json.loads(hub.hub.store.projects[id].build.model_dump_json())  # type: ignore[union-attr]
        log = await api("get", f"api/projects/{id}/build/log")
        assert log.headers["Content-Type"].startswith("text/plain") and b" 1 Cloning" in log.body
        again = await api("post", f"api/projects/{id}/build", {})
        assert again.code == 202 and json.loads(again.body)["number"] == 2
        await hub.ended_build(id)

        made = await api("post", "api/chats", {"project": "Gadgets", "name": "💫 first"})
        assert made.code == 201 and b"sesame" not in made.body
        chat = json.loads(made.body)["id"]
        assert json.loads(made.body)["status"] in ("queued", "starting")
        await hub.settled(chat)
        assert json.loads((await api("get", "api/chats")).body)[0]["status"] == "running"
        renamed = await api("patch", f"api/chats/{chat}", {"name": "second"})
        assert json.loads(renamed.body)["name"] == "second"
        refusal(await api("post", f"api/chats/{chat}/start", {}), 409)
        stopped = await api("post", f"api/chats/{chat}/stop", {})
        assert stopped.code == 202 and json.loads(stopped.body)["status"] == "exited"
        assert (await api("post", f"api/chats/{chat}/start", {})).code == 202
        await hub.settled(chat)
        assert (await api("delete", f"api/terminals/{chat}")).code == 204
        assert hub.hub.store.chats[chat].status is ChatStatus.exited
        (Path(hub.hub.store.chats[chat].workspace) / "new.txt").write_text("new")
        unsaved = refusal(await api("delete", f"api/chats/{chat}"), 409)
        assert (unsaved["code"], unsaved["details"]["files"]) == ("unsaved_work", 1)
        assert refusal(await api("delete", f"api/projects/{id}"), 409)["details"]["chats"] == 1
        gone = await api("delete", f"api/chats/{chat}?force=true")
        assert (gone.code, gone.body) == (204, b"")
        assert (await api("delete", f"api/projects/{id}")).code == 204
        refusal(await api("get", f"api/projects/{id}"), 404)

    run(story())


def test_a_request_that_comes_again_starts_one_chat(
    run: Run[None], api: Api, hub: RunningHub, a_project: Project
) -> None:
    async def story() -> None:
        body = {"project": a_project.id, "agent": "shell"}
        headers = {"Idempotency-Key": "5f0c"}
        together = await asyncio.gather(*(api("POST", "api/chats", body, headers=headers) for _ in range(5)))
        later = await api("POST", "api/chats", body, headers=headers)
        assert {response.code for response in (*together, later)} == {201}
        (chat,) = {json.loads(response.body)["id"] for response in (*together, later)}
        assert [one.id for one in hub.hub.store.chats] == [chat]
        other = await api("POST", "api/chats", body | {"name": "Another"}, headers=headers)
        assert "Idempotency-Key" in refusal(other, 409)["message"]
        assert refusal(await api("POST", "api/chats", body, headers={"Idempotency-Key": "k" * 256}), 400)
        await hub.hub.chats.delete(chat, force=True)
        assert refusal(await api("POST", "api/chats", body, headers=headers), 409)
        assert not list(hub.hub.store.chats)

    run(story())


def test_a_deleted_chat_s_work_is_listed_downloaded_and_restored(
    run: Run[None], api: Api, hub: RunningHub, a_project: Project
) -> None:
    async def story() -> None:
        chat = await hub.start(a_project, env={"API_KEY": "sesame"})
        (Path(chat.workspace) / "new.txt").write_text("new")
        assert (await api("delete", f"api/chats/{chat.id}?force=true")).code == 204
        listed = await api("get", "api/deleted")
        assert b"sesame" not in listed.body
        (kept,) = json.loads(listed.body)
        assert (kept["id"], kept["kind"], kept["files"]) == (chat.id, "bundle", 1)
        assert json.loads((await api("get", f"api/deleted/{chat.id}")).body) == kept
        content = await api("get", f"api/deleted/{chat.id}/content")
        assert content.body.startswith(b"# v2 git bundle\n") and len(content.body) == kept["size"]
        assert content.headers["Content-Disposition"].startswith("attachment;")
        made = await api("post", f"api/deleted/{chat.id}/restore", {})
        assert made.code == 201
        again = await hub.settled(json.loads(made.body)["id"])
        assert (Path(again.workspace) / "new.txt").read_text() == "new"
        refusal(await api("get", f"api/deleted/{chat.id}"), 404)
        assert (await api("delete", f"api/chats/{again.id}?force=true")).code == 204
        assert (await api("delete", f"api/deleted/{again.id}")).code == 204
        assert (await api("get", "api/deleted")).body == b"[]"

    run(story())


def test_a_published_page_is_only_ever_downloaded(
    run: Run[None], api: Api, hub: RunningHub, a_project: Project
) -> None:
    async def story() -> None:
        chat = await hub.start(a_project)
        received = hub.hub.artifacts.incoming()
        received.write_text("<script>alert(1)</script>")
        artifact = await hub.hub.artifacts.publish(chat.id, "päge.html", Received(received, "0"))
        answer = await api("get", f"api/artifacts/{artifact.id}/content")
        assert answer.body == b"<script>alert(1)</script>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''p%C3%A4ge.html"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        listed = json.loads((await api("get", f"api/chats/{chat.id}/artifacts")).body)
        assert [one["id"] for one in listed] == [artifact.id]

    run(story())


# -- the schema


def test_the_schema_names_every_route_that_is_served(run: Run[None], api: Api, hub: RunningHub) -> None:
    async def story() -> None:
        served = json.loads((await api("get", "api/openapi.json")).body)
        assert served == json.loads(json.dumps(openapi()))
        paths = {
            (method, path.removeprefix("/agent-hub/")) for path, item in served["paths"].items() for method in item
        }
        assert paths == {(method, path) for method, path, *_ in ROUTES}

    run(story())


def test_the_schema_is_valid_openapi() -> None:
    openapi_spec_validator.validate(openapi())


# -- events


class Listener:
    """A client of the events socket."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            message = await self.connection.read_message()
        assert message is not None, "the server closed the connection"
        event: dict[str, Any] = json.loads(message)
        return event


@pytest.fixture
def listen(jp_ws_fetch: Callable[..., Any], a_server: Any) -> Callable[[], Any]:
    async def connect() -> Listener:
        return Listener(await jp_ws_fetch("agent-hub", "api", "events"))

    return connect


def test_a_listener_gets_everything_and_then_every_change_once(
    run: Run[None], api: Api, hub: RunningHub, a_project: Project, listen: Callable[[], Any]
) -> None:
    async def story() -> None:
        listener = await listen()
        first = await listener.next()
        assert first["type"] == "snapshot"
        assert [project["id"] for project in first["projects"]] == [a_project.id]
        made = await asyncio.gather(
            *(api("post", "api/chats", {"project": a_project.id, "name": f"chat {n}"}) for n in range(6)),
            *(api("patch", f"api/projects/{a_project.id}", {"model": f"model {n}"}) for n in range(6)),
        )
        assert {answer.code for answer in made} == {200, 201}
        chats = [json.loads(answer.body)["id"] for answer in made[:6]]
        await asyncio.gather(*(hub.settled(chat) for chat in chats))
        await asyncio.gather(*(api("delete", f"api/chats/{chat}?force=true") for chat in chats))
        state: dict[str, Any] = {}
        gone: set[str] = set()
        seq = first["seq"]
        while len(gone) < 6:
            event = await listener.next()
            seq += 1
            assert (event["type"], event["seq"]) == ("change", seq)
            if event["kind"] == "chat":
                state[event["id"]] = event["value"]
                if event["value"] is None:
                    gone.add(event["id"])
        assert state == dict.fromkeys(chats)
        listener.connection.close()

    run(story())


def test_a_listener_that_asks_gets_a_builds_log_from_its_first_line(
    run: Run[None], hub: RunningHub, a_repository: Repository, listen: Callable[[], Any]
) -> None:
    async def story() -> None:
        listener = await listen()
        await listener.next()
        for nonsense in ("{", "[]", '{"subscribe": 1}', '{"subscribe": "nobody"}', "null"):
            await listener.connection.write_message(nonsense)
        project = await hub.add(a_repository, setup="seq 3000")
        await listener.connection.write_message(json.dumps({"subscribe": project.id}))
        await hub.ended_build(project.id)
        texts: list[str] = []
        while not texts or not texts[-1].startswith("Saved as"):
            event = await listener.next()
            if event["type"] == "log":
                assert (event["project"], event["offset"]) == (project.id, len(texts))
                texts += [line["text"] for line in event["lines"]]
        assert [text for text in texts if text.isdigit()] == [str(number) for number in range(1, 3001)]
        listener.connection.close()

    run(story())


def test_a_stranger_is_told_nothing(run: Run[None], jp_ws_fetch: Callable[..., Any], hub: RunningHub) -> None:
    async def story() -> None:
        with pytest.raises(HTTPClientError) as refused:
            await jp_ws_fetch("agent-hub", "api", "events", headers={"Authorization": ""})
        assert refused.value.code == 403

    run(story())
