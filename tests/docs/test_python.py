"""The Python of the pages: every name and argument in it exists, and it runs, against a real hub."""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import agent_hub
from tests.docs.pages import ROOT, Block, blocks
from tests.notebook.server import PROCESS, Server
from tests.standins.model_server import ModelServer

BLOCKS = list(blocks("python"))

KNOWN = {
    "AsyncHub": "type[AsyncHub]",
    "Hub": "type[Hub]",
    "asyncio": "Any",
    "chat": "Chat",
    "hub": "Hub",
    "keyring": "Any",
    "project": "Project",
    "turn": "Turn",
    "url": "str",
}
"""What a block may take as given: a page before it has said what these are."""

HEAD = """\
# mypy: no-strict-optional, no-warn-unused-ignores
from typing import Any
from agent_hub import AsyncHub, Hub
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.project import Project
from agent_hub.notebook.turn import Turn

"""


def given(block: Block) -> list[str]:
    """The names that a block reads before it has bound them."""
    bound, read = set(dir(builtins)), []
    for statement in ast.parse(block.text).body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        if isinstance(statement, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in statement.names}
        local = own if not isinstance(statement, ast.Assign) else set()
        loaded = [node.id for node in names if isinstance(node.ctx, ast.Load)]
        read += [name for name in loaded if name not in bound | local]
        bound |= own
    return list(dict.fromkeys(read))


def test_every_name_and_argument_exists(tmp_path: Path) -> None:
    checked = tmp_path / "checked.py"
    source = HEAD
    for number, block in enumerate(BLOCKS):
        unknown = set(given(block)) - KNOWN.keys()
        assert not unknown, f"{block} takes {unknown} as given"
        parameters = ", ".join(f"{name}: {KNOWN[name]}" for name in given(block))
        body = "".join(f"    {line}\n" for line in block.text.splitlines())
        source += f"# {block}\nasync def block_{number}({parameters}) -> None:\n{body}\n"
    checked.write_text(source)
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--config-file", ROOT / "pyproject.toml", checked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{source}"


LIMIT = 60.0

HERE = {
    '"https://example.org/you/widgets.git"': "path",
    '"/home/you/widgets"': "path",
    '"http://gpu-7:8000/v1"': "model_url",
    'setup="pip install -e ."': 'setup="true"',
    ", gpus=1": "",
    "range(20)": "range(2)",
    '"seed": range(3)': '"seed": range(1)',
}
"""What stands in for somebody's own repository, packages, GPUs and machines; and fewer chats, which say as much."""

NOT_RUN = {
    "hub.connections.openai.connect()": "asks OpenAI itself about the key",
    "hub.connections.openai.sign_in()": "asks OpenAI itself; tests/notebook/test_sign_in.py has a stand-in",
    'hub.connections.openai.use("key")': "only where both are connected, as in tests/connections/test_chatgpt.py",
    "hub.connections.github.connect()": "asks GitHub itself; tests/notebook/test_connections.py has a stand-in",
}
"""Statements that are not run here, and why."""

SKILLS = {
    r"failing test|commits per month": (
        "mkdir -p results && echo 1,2 > results/a.csv && echo fixed >> README.md && cp README.md report.html && "
        "hub_artifact publish report.html"
    ),
    r"Train with": """mkdir -p results && echo '{"loss": 1.5}' > results/metrics.json""",
}


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(key="test-key", skills=SKILLS) as model:
        yield model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("pages"), PROCESS) as running:
        yield running


@pytest.fixture(scope="module")
def names(server: Server, model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the pages take as given: a hub with a model, a project, and a chat that has done what it was told."""
    hub = server.hub()
    hub.connections.openai.connect(model.key, base_url=model.base_url())
    path = tmp_path_factory.mktemp("repositories") / "widgets"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", path], check=True)
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    subprocess.run(["git", "-C", path, *identity, "commit", "--quiet", "--allow-empty", "--message=Begin"], check=True)
    project = hub.add_project(path, model="stand-in-1", progress=False)
    chat = hub.new_chat(project, "Fix the failing test")
    return {
        "AsyncHub": agent_hub.AsyncHub,
        "Hub": agent_hub.Hub,
        "asyncio": asyncio,
        "chat": chat,
        "hub": hub,
        "keyring": SimpleNamespace(get_password=lambda service, person: model.key),
        "model_url": model.base_url(),
        "path": str(path),
        "project": project,
        "turn": chat.turns[0].wait(LIMIT),
        "url": str(path),
    }


def run(statement: ast.stmt, names: dict[str, Any]) -> None:
    """Run a statement as a cell, which may await; then wait until the chat that it left has done what it was told."""
    code = compile(ast.Module([statement], []), "<page>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        # What it binds is for `await`, and its own.
        asyncio.run(eval(code, dict(names)))
        return
    exec(code, names)
    if names["chat"].status == "running" and (turns := names["chat"].turns):
        turns[-1].wait(LIMIT, check=False)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS}), ids=lambda page: page.stem)
def test_what_a_page_shows_runs(
    page: Path, names: dict[str, Any], server: Server, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where `Hub()` finds the server.
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(server.root)
    names = dict(names)
    # An earlier page may have shown how that ends.
    names["hub"].connections.openai.connect(model.key, base_url=names["model_url"])
    for block in (block for block in BLOCKS if block.page == page):
        if names["chat"].status == "exited":
            names["chat"].start().wait_ready(LIMIT)
        text = block.text
        for shown, here in HERE.items():
            text = text.replace(shown, here)
        for statement in ast.parse(text).body:
            if unquoted(statement) not in NOT_RUN:
                run(statement, names)


def unquoted(statement: ast.stmt) -> str:
    """A statement as the pages write it, with double quotes."""
    return ast.unparse(statement).replace("'", '"')


def test_all_that_is_not_run_is_there() -> None:
    shown = {unquoted(one) for block in BLOCKS for one in ast.parse(block.text).body}
    assert set(NOT_RUN) <= shown
    assert all(any(text in block.text for block in BLOCKS) for text in HERE)
    assert all((ROOT / path).is_file() for reason in NOT_RUN.values() for path in re.findall(r"\S+\.py", reason))
