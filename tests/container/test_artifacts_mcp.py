"""hub_artifact as an MCP server: every message by the specification of 2025-06-18, under each shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.container.conftest import BIN, Userland
from tests.container.receiver import Receiver


class Client:
    """A server, and what it answers, line by line."""

    def __init__(self, userland: Userland, run_folder: Path, pauses: Path, workspace: Path) -> None:
        path = f"{pauses}:{userland.path}"
        self._server = subprocess.Popen(
            [userland.shell, BIN / "artifacts-mcp"],
            # All that Codex passes on.
            env={"PATH": path, "AGENT_HUB_RUN": str(run_folder), "AGENT_HUB_WORKSPACE": str(workspace)},
            cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def send(self, line: str) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(line + "\n")
        self._server.stdin.flush()

    def answer(self, line: str) -> dict[str, Any]:
        """What is answered to a line."""
        self.send(line)
        assert self._server.stdout is not None
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        assert answer.pop("jsonrpc") == "2.0"
        return answer

    def ask(self, method: str, id: Any = 1, **params: Any) -> dict[str, Any]:
        """What is answered to a request."""
        answer = self.answer(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
        assert answer.pop("id") == id
        return answer

    def call(self, tool: str, /, **arguments: Any) -> tuple[bool, str]:
        """Whether a tool failed, and what it said."""
        result = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        (part,) = result["content"]
        assert part["type"] == "text"
        return result["isError"], part["text"]

    def close(self) -> str:
        """End it as a client does, by the end of its input; what it has complained of."""
        _, said = self._server.communicate(timeout=20)
        assert self._server.returncode == 0
        return said


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def client(userland: Userland, run_folder: Path, pauses: Path, workspace: Path) -> Iterator[Client]:
    made = Client(userland, run_folder, pauses, workspace)
    yield made
    assert made.close() == ""


def test_it_agrees_on_a_version_and_says_what_it_can(client: Client) -> None:
    for asked, agreed in {"2025-06-18": "2025-06-18", "2024-11-05": "2024-11-05", "2999-01-01": "2025-06-18"}.items():
        result = client.ask("initialize", protocolVersion=asked, capabilities={}, clientInfo={"name": "x"})["result"]
        assert result["protocolVersion"] == agreed and result["capabilities"] == {"tools": {}}
        assert result["serverInfo"]["name"] == "agent-hub" and result["serverInfo"]["version"]
    client.send('{"jsonrpc": "2.0", "method": "notifications/initialized"}')
    # A notification has no answer: the next line answers the ping.
    for id in (0, 7, 'a "quoted" é'):
        assert client.ask("ping", id) == {"result": {}}


def test_its_tools_say_what_they_take(client: Client) -> None:
    tools = {tool["name"]: tool for tool in client.ask("tools/list")["result"]["tools"]}
    assert set(tools) == {"publish_artifact", "list_artifacts"}
    takes = tools["publish_artifact"]["inputSchema"]
    assert set(takes["properties"]) == {"paths", "name"} and takes["required"] == ["paths"]
    # A tool that may be harmful has Codex ask the person.
    assert not any(
        tool["annotations"][hint] for tool in tools.values() for hint in ("destructiveHint", "openWorldHint")
    )


def test_what_an_agent_publishes_arrives_and_is_listed(client: Client, receiver: Receiver, workspace: Path) -> None:
    names = ["a.txt", 'it\'s "b" \\ $HOME `id`.txt', "-x", "snö 🎉.md"]
    for name in names:
        (workspace / name).write_text(name)
    failed, said = client.call("publish_artifact", paths=[*names[:3], str(workspace / names[3])])
    assert not failed and said.splitlines() == [
        f"Published {name} ({len(name.encode())} B) · version 1" for name in names
    ]
    assert [one["name"] for one in receiver.published] == names
    failed, said = client.call("publish_artifact", paths=["a.txt"], name="other name.txt")
    assert (failed, said) == (False, "Published other name.txt (5 B) · version 1")
    failed, said = client.call("list_artifacts")
    assert not failed and said.splitlines()[0] == "a.txt\t1\t5" and len(said.splitlines()) == 5


def test_a_tool_that_fails_says_what_to_do(
    client: Client, receiver: Receiver, workspace: Path, run_folder: Path
) -> None:
    assert client.call("list_artifacts") == (False, "Nothing is published yet.")
    (workspace / "a").write_text("a")
    failed, said = client.call("publish_artifact", paths=["missing", "a"])
    assert (
        failed
        and said == "Published a (1 B) · version 1\nhub_artifact: there is no file missing"
        or said == ("hub_artifact: there is no file missing\nPublished a (1 B) · version 1")
    )
    receiver.refusal = {"message": "It is too large.", "hint": "Publish a smaller one."}
    assert "It is too large. Publish a smaller one." in client.call("publish_artifact", paths=["a"])[1]
    (run_folder / "artifacts_url").write_text("http://127.0.0.1:9/artifacts")
    failed, said = client.call("publish_artifact", paths=["a"])
    assert failed and said.endswith("The hub may be restarting: call this again in a minute.")


def test_a_name_that_is_no_text_breaks_no_answer(client: Client, workspace: Path) -> None:
    (workspace / "folder").mkdir()
    bad = workspace.joinpath("folder").__fspath__().encode() + b"/\xff\xed\xa0\x80\xc3"
    with open(bad, "wb"):
        pass
    bad_folder = bad + b" folder"
    Path(bad_folder.decode(errors="surrogateescape")).mkdir()
    failed, said = client.call("publish_artifact", paths=["folder"])
    assert failed and "� folder is a folder" in said


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({}, "paths names no file"),
        ({"paths": []}, "paths names no file"),
        ({"paths": "a"}, "paths is a list"),
        ({"paths": [1]}, "which is no text"),
        ({"paths": ["a"], "name": None}, "which is no text"),
        ({"paths": ["a"], "title": "x"}, "there is no argument title"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_what_does(
    client: Client, receiver: Receiver, workspace: Path, arguments: dict[str, Any], word: str
) -> None:
    (workspace / "a").write_text("a")
    error = client.ask("tools/call", name="publish_artifact", arguments=arguments)["error"]
    assert error["code"] == -32602 and word in error["message"] and not receiver.published


@pytest.mark.parametrize(
    ("line", "id", "code"),
    [
        ("nonsense", None, -32700),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping"', None, -32700),
        ("[" * 100_000, None, -32700),
        ('[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', None, -32600),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', None, -32600),
        ('{"jsonrpc": "2.0", "id": 1}', 1, -32600),
        ('{"jsonrpc": "2.0", "id": 2, "method": "resources/list"}', 2, -32601),
        ('{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "rm"}}', 3, -32602),
    ],
)
def test_a_wrong_message_is_answered_by_its_error_and_the_next_one_as_ever(
    client: Client, line: str, id: int | None, code: int
) -> None:
    answer = client.answer(line)
    assert (answer["id"], answer["error"]["code"]) == (id, code) and answer["error"]["message"]
    assert client.ask("ping") == {"result": {}}
