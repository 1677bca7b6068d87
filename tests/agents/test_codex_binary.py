from __future__ import annotations

from pathlib import Path

import pytest

from agent_hub.agents.codex_binary import CODEX_VERSION, codex_binary, has_codex
from agent_hub.agents.layer import container_folder, layer_hash, stage_layer
from agent_hub.errors import AgentUnavailable


@pytest.fixture
def own_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own" / "codex"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setenv("AGENT_HUB_CODEX", str(path))
    return path


@pytest.fixture
def no_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENT_HUB_CODEX", raising=False)


async def test_a_binary_in_the_cache_is_used_as_it_is(tmp_path, no_binary):
    cached = tmp_path / "codex" / CODEX_VERSION / "codex"
    cached.parent.mkdir(parents=True)
    assert not has_codex(tmp_path)
    cached.write_text("")
    assert has_codex(tmp_path)
    assert await codex_binary(tmp_path, print) == cached


async def test_a_binary_of_one_s_own_is_used(tmp_path, own_binary):
    assert await codex_binary(tmp_path, print) == own_binary


async def test_a_binary_of_one_s_own_that_is_no_program_is_refused(tmp_path, own_binary):
    own_binary.chmod(0o644)
    own_binary.unlink()
    with pytest.raises(AgentUnavailable, match="AGENT_HUB_CODEX"):
        await codex_binary(tmp_path, print)


async def test_without_npm_the_ways_out_are_named(tmp_path, no_binary, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentUnavailable) as failure:
        await codex_binary(tmp_path, print)
    assert "no npm" in failure.value.message
    assert str(tmp_path / "codex" / CODEX_VERSION / "codex") in failure.value.hint


async def test_an_npm_that_cannot_fetch_leaves_nothing_and_says_why(tmp_path, no_binary, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(AgentUnavailable) as failure:
        await codex_binary(tmp_path, print)
    assert failure.value.details["exit_code"] != 0 and failure.value.details["tail"]
    assert list((tmp_path / "codex").iterdir()) == []


async def test_a_build_context_holds_all_that_the_dockerfile_copies(tmp_path, own_binary):
    context = tmp_path / "context"
    made = await stage_layer(context, tmp_path, print)
    assert made == await layer_hash()
    copied = [
        word
        for line in (context / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ")
        for word in line.split()[1:-1]
    ]
    assert "bin/entrypoint" in copied
    assert all("*" in path or (context / path).is_file() for path in copied)
    assert (context / "bin" / "entrypoint").stat().st_mode & 0o111
    assert (context / "bin" / "codex").samefile(own_binary)
    assert {path.name for path in (container_folder() / "bin").iterdir()} < {
        path.name for path in (context / "bin").iterdir()
    }
    assert await stage_layer(context, tmp_path, print) == made, "staging again replaces what is there"
