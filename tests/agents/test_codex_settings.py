from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from agent_hub.agents import AGENTS, agent
from agent_hub.errors import InvalidInput
from agent_hub.models import Chat

CODEX = agent("codex")
PLAIN = Chat(id="c1", project="p1", name="A chat", agent="codex")


def settings(chat: Chat) -> dict[str, object]:
    command = list(CODEX.command(chat))
    found: dict[str, object] = {}
    for flag, setting in zip(command, command[1:], strict=False):
        if flag == "-c":
            key, _, value = setting.partition("=")
            found[key] = tomllib.loads(f"value = {value}")["value"]
    return found


def with_env(**env: str) -> Chat:
    return Chat.model_validate(PLAIN.model_dump() | {"env": env})


def rollout(home: Path, thread: str, written: int, **meta: object) -> None:
    folder = home / "sessions" / "2026" / "01" / "02"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"rollout-2026-01-02T00-00-00-{thread}.jsonl"
    path.write_text(json.dumps({"type": "session_meta", "payload": {"id": thread, **meta}}) + "\n{}\n")
    os.utime(path, (written, written))


def test_codex_s_own_sandbox_is_off_because_the_container_is_one():
    found = settings(PLAIN)
    assert found["sandbox_mode"] == "danger-full-access" and found["approval_policy"] == "never"


def test_the_workspace_is_trusted_by_every_path_it_is_seen_at():
    chat = PLAIN.model_copy(update={"workspace": '/data/chats/a "b" \\ é.c/workspace'})
    trusted = {"trust_level": "trusted"}
    assert settings(chat)["projects"] == {"/workspace": trusted, chat.workspace: trusted}


def test_without_a_key_codex_is_left_to_its_own_sign_in():
    assert "model_provider" not in settings(PLAIN)


def test_a_key_is_for_the_public_api_unless_an_address_is_given():
    assert settings(with_env(OPENAI_API_KEY="k"))["model_providers.hub.base_url"] == "https://api.openai.com/v1"
    found = settings(with_env(OPENAI_API_KEY="k", OPENAI_BASE_URL="http://here/v1"))
    assert found["model_providers.hub.base_url"] == "http://here/v1"
    assert found["model_providers.hub.env_key"] == "OPENAI_API_KEY"


def test_a_key_is_in_no_argument():
    assert not any("a-secret" in part for part in CODEX.command(with_env(OPENAI_API_KEY="a-secret")))


def test_the_chat_s_model_wins_over_the_environment_s():
    chat = with_env(OPENAI_MODEL="from-env")
    assert settings(chat)["model"] == "from-env"
    assert settings(chat.model_copy(update={"model": 'my "model"'}))["model"] == 'my "model"'


def test_a_new_conversation_takes_the_prompt_and_a_resumed_one_its_id():
    chat = PLAIN.model_copy(update={"prompt": "--help"})
    assert list(CODEX.command(chat))[-2:] == ["--", "--help"]
    resumed = list(CODEX.command(chat.model_copy(update={"thread": "t1"})))
    assert resumed[:2] == ["codex", "resume"] and resumed[-2:] == ["--", "t1"] and "--help" not in resumed
    assert "--" not in CODEX.command(PLAIN)


def test_a_configuration_that_is_there_is_kept(tmp_path):
    CODEX.prepare(PLAIN, tmp_path)
    assert tomllib.loads((tmp_path / "config.toml").read_text())["check_for_update_on_startup"] is False
    for name in ("config.toml", "AGENTS.md"):
        (tmp_path / name).write_text("# mine\n")
    CODEX.prepare(PLAIN, tmp_path)
    assert {(tmp_path / name).read_text() for name in ("config.toml", "AGENTS.md")} == {"# mine\n"}


def test_the_thread_is_the_conversation_last_written_to(tmp_path):
    assert CODEX.thread(tmp_path) == ""
    rollout(tmp_path, "older", 200, source="cli", thread_source="user")
    rollout(tmp_path, "newer", 100, source="cli", thread_source="user")
    rollout(tmp_path, "helper", 300, source={"subagent": "review"}, thread_source="subagent")
    (tmp_path / "sessions" / "2026" / "01" / "02" / "rollout-x-broken.jsonl").write_text('{"type": ')
    (tmp_path / "sessions" / "2026" / "01" / "02" / "rollout-x-empty.jsonl").write_text("")
    (tmp_path / "sessions" / "2026" / "01" / "02" / "rollout-x-list.jsonl").write_text("[1]\n")
    assert CODEX.thread(tmp_path) == "older"


def test_an_agent_that_is_not_there_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(InvalidInput, match="codex, shell"):
        agent("gpt")
    assert {one.title for one in AGENTS.values()} == {"Codex", "Shell"}
