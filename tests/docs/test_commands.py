"""The commands of the pages: each runs in a test, and what is ours takes the options that it is given."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from agent_hub.cli.main import agent_cli
from agent_hub.cli.options import for_the_agent
from agent_hub.server.app import AgentHub
from tests.docs.pages import ROOT, blocks, pages

OURS = ("agent_cli", "agent_hub", "hub_artifact")
"""Commands that say themselves which options they take."""

ALWAYS = ("--help", "--help-all", "--version")
"""Options that a help does not list."""

ELSEWHERE = {
    "git clone <this repository> agent_hub": "what runs this has done so",
    "agent_hub/bin/agent_hub": "begins with bin/setup, which prepares these tests, and starts the hub as they do",
    "agent_hub/bin/agent_cli --project PATH": "begins with bin/setup; tests/cli/test_run.py does the rest",
    "pip install ./agent_hub": "tests/packaging/test_binder.py does it in a checkout",
    "bin/test": "is what runs this",
    "bin/test tests/engines -k mount": "hands its arguments to pytest",
    "bin/setup --test": "is what bin/test begins with",
    "docker compose up": "tests/contained/test_compose.py",
    "docker run -p 172.17.0.1:8765:8765 … agent-hub/hub --AgentHub.gateway_port=8765": "tests/contained",
    ".venv/bin/pre-commit install": "changes the checkout; its hooks are what bin/test runs",
    ".venv/bin/sphinx-build -E -n -W docs .tools/docs": "is a stage of bin/test",
}
"""What is not ours, or runs elsewhere, and where."""


def shown() -> Iterator[tuple[str, str]]:
    """Each command of a block, and each one of ours that a sentence names, with its place."""
    for block in blocks("bash", "console", "sh", "shell"):
        lines = block.text.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            if command := re.sub(r"(^|\s+)#\s.*", "", line).strip():
                yield str(block), command
    for page in pages():
        for token in MarkdownIt().enable("table").parse(page.read_text()):
            for child in token.children or ():
                if child.type == "code_inline" and child.content.split(" ")[0].removeprefix("bin/") in OURS:
                    yield str(page.relative_to(ROOT)), child.content


def program(command: str) -> str:
    return command.split()[0].removeprefix("bin/")


PLACES = {command: place for place, command in shown()}
OWN = sorted(command for command in PLACES if program(command) in OURS)
PARSED = [command for command in OWN if program(command) == "agent_cli"]


@cache
def help_of(*command: str) -> str:
    places = [ROOT / "container" / "bin", Path(sys.executable).parent, *os.get_exec_path()]
    env = os.environ | {"PATH": os.pathsep.join(map(str, places))}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", sorted(set(OWN) - set(PARSED)))
def test_a_command_takes_what_it_is_given(command: str) -> None:
    place, name_of_it, arguments = PLACES[command], program(command), re.sub(r"[][]", " ", command).split()[1:]
    text = help_of(name_of_it, "--help-all" if name_of_it == "agent_hub" else "--help")
    for word in arguments:
        name = word.split("=")[0]
        if name.startswith("-") and name not in ALWAYS:
            assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), f"{place}: {name_of_it} has no {name}"
        elif name.islower() and name.isalpha():
            assert re.search(rf"\b{name}\b", text), f"{place}: {name_of_it} knows no {name}"


@pytest.mark.parametrize("command", PARSED)
def test_the_command_line_takes_what_it_is_given(command: str) -> None:
    words, _ = for_the_agent(shlex.split(command)[1:])
    # What is not known is refused before the help is printed.
    done = CliRunner().invoke(agent_cli, [*words, "--help"])
    assert done.exit_code == 0, f"{PLACES[command]}: {done.output}"


def test_every_option_that_is_named_is_there() -> None:
    options = AgentHub.class_trait_names(config=True)
    for page in pages():
        for name in re.findall(r"--AgentHub\.(\w+)", page.read_text()):
            assert name in options, f"{page.relative_to(ROOT)} names --AgentHub.{name}"


def test_every_other_command_runs_in_a_test_that_is_named() -> None:
    assert PLACES.keys() - OWN == ELSEWHERE.keys()
    for reason in ELSEWHERE.values():
        assert all((ROOT / path).is_file() for path in re.findall(r"\S+\.py", reason)), reason
