"""What a person writes for a project and a chat, as the hub is asked for it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from agent_hub.cli.options import Wanted
from agent_hub.cli.project import Source
from agent_hub.errors import InvalidBase, InvalidEnvironment
from tests.conftest import Repository


def test_a_base_is_a_tag_or_what_the_repository_holds(
    a_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_repository.commit("Add a base", {"docker/Dockerfile": "FROM debian\n"})
    source, docker = Source(str(a_repository.path / "data")), a_repository.path / "docker"
    assert source.base("python:3.12") == "python:3.12"
    assert source.base(str(docker)) == "docker"
    monkeypatch.chdir(docker)
    assert source.base("Dockerfile") == "docker/Dockerfile"
    assert source.base("..") == "."
    with pytest.raises(InvalidBase, match="docker build -t NAME"):
        source.base("../../")


def test_what_a_chat_is_to_have_is_asked_for_as_the_api_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED", "7")
    wanted = Wanted(
        agent="shell",
        ro_mount=("/data:/data",),
        rw_mount=("/out:/workspace/out",),
        env_var=("NAME=a=b", "SEED"),
        gpus=1,
        cpus=0.5,
        memory="8g",
        arguments=("-c", "ls"),
    )
    asked = wanted.chat("p1", "Go on")
    assert [(one["source"], one["target"], one["read_only"]) for one in asked["mounts"]] == [
        ("/data", "/data", True),
        ("/out", "/workspace/out", False),
    ]
    assert asked["env"] == ["NAME=a=b", "SEED=7"]
    assert {name: asked[name] for name in ("gpus", "cpus", "memory")} == {"gpus": 1, "cpus": 0.5, "memory": 8 * 2**30}
    assert (asked["prompt"], asked["agent"], asked["arguments"]) == ("Go on", "shell", ["-c", "ls"])
    assert "model" not in asked and "name" not in asked, "what is not asked for is the project's"


def test_a_variable_that_is_not_here_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEED", raising=False)
    with pytest.raises(InvalidEnvironment, match="SEED=value"):
        Wanted(env_var=("SEED",)).settings()


def test_a_setup_script_is_a_file_or_its_text(tmp_path: Path) -> None:
    script = tmp_path / "prepare.sh"
    with pytest.raises(click.BadParameter, match="No such file"):
        _ = Wanted(setup_script=str(script)).setup
    script.write_text("pip install -e .\n")
    assert Wanted(setup_script=str(script)).setup == "pip install -e .\n"
    assert Wanted(setup_script="pip install -e .").setup == "pip install -e ."
    with pytest.raises(click.BadParameter, match="Is a directory"):
        _ = Wanted(setup_script=str(tmp_path)).setup
