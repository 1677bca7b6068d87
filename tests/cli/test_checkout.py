"""A repository on this machine, before a chat gets what is committed in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_hub.cli.checkout import Checkout
from tests.conftest import Repository


def test_what_is_changed_and_new_is_counted(a_repository: Repository) -> None:
    assert Checkout.at(a_repository.path).changed == 0
    (a_repository.path / "README.md").write_text("other")
    (a_repository.path / "new").write_text("new")
    found = Checkout.at(a_repository.path)
    assert (found.folder, found.head, found.changed) == (a_repository.path, a_repository.head, 2)


@pytest.mark.parametrize("key", ["core.fsmonitor", "filter.x.clean", "filter.a=b.process", "hook"])
def test_nothing_that_the_repository_names_is_run(a_repository: Repository, tmp_path: Path, key: str) -> None:
    """An agent that has the folder as a mount writes its configuration."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexec cat\n")
    program.chmod(0o755)
    readme = a_repository.path / "README.md"
    name = key.split(".")[1] if key.startswith("filter.") else "x"
    if key == "hook":
        program.rename(a_repository.path / ".git" / "hooks" / "post-index-change")
    else:
        a_repository.git("config", key, str(program))
        a_repository.git("config", f"filter.{name}.required", "true")
    (a_repository.path / ".git" / "info" / "attributes").write_text(f"README.md filter={name}\n")
    # Of the same length, so that Git has to look into it.
    readme.write_text(readme.read_text().swapcase())
    os.utime(readme, (0, 0))
    assert Checkout.at(a_repository.path).changed == 1
    assert not (tmp_path / "ran").exists()
