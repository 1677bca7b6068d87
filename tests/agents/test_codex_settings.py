from __future__ import annotations

import json
import os
import resource
import signal
import tomllib
from pathlib import Path

import pytest

from agent_hub.agents import agent, offered
from agent_hub.errors import InvalidInput
from agent_hub.models import Chat

CODEX = agent("codex")
GATEWAY = "http://hub:8400"
PLAIN = Chat(id="c1", project="p1", name="A chat", agent="codex")


def settings(chat: Chat) -> dict[str, object]:
    command = list(CODEX.command(chat, GATEWAY))
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


def test_without_a_key_of_its_own_a_chat_asks_the_gateway_by_its_token():
    found = settings(PLAIN)
    assert found["model_providers.hub.base_url"] == f"{GATEWAY}/v1"
    assert found["model_providers.hub.auth.args"] == ["-c", 'exec cat "$AGENT_HUB_RUN/token"']


def test_a_key_is_for_the_public_api_unless_an_address_is_given():
    assert settings(with_env(OPENAI_API_KEY="k"))["model_providers.hub.base_url"] == "https://api.openai.com/v1"
    found = settings(with_env(OPENAI_API_KEY="k", OPENAI_BASE_URL="http://here/v1"))
    assert found["model_providers.hub.base_url"] == "http://here/v1"


def test_a_key_is_in_a_file_and_in_no_argument():
    chat = with_env(OPENAI_API_KEY="a-secret")
    assert CODEX.files(chat) == {"openai_key": "a-secret"} and CODEX.files(PLAIN) == {}
    assert not any(
        "a-secret" in part for part in (*CODEX.command(chat, GATEWAY), *(CODEX.spare_command(chat, GATEWAY) or ()))
    )


def test_the_chat_s_model_wins_over_the_environment_s():
    chat = with_env(OPENAI_MODEL="from-env")
    assert settings(chat)["model"] == "from-env"
    assert settings(chat.model_copy(update={"model": 'my "model"'}))["model"] == 'my "model"'


def test_a_resumed_conversation_is_named_by_its_id_and_no_prompt_is_an_argument():
    chat = PLAIN.model_copy(update={"prompt": "--help"})
    new = list(CODEX.command(chat, GATEWAY))
    assert new[:2] == ["run-codex", "new"] and "--help" not in new
    resumed = list(CODEX.command(chat.model_copy(update={"thread": "t1"}), GATEWAY))
    assert resumed[:2] == ["run-codex", "resume"] and resumed[-2:] == ["--", "t1"] and "--help" not in resumed
    assert "--" not in CODEX.command(PLAIN, GATEWAY)


def test_a_spare_that_asks_the_gateway_is_for_no_chat_with_a_key_of_its_own():
    assert CODEX.fits(PLAIN, PLAIN.model_copy(update={"name": "Another"}))
    assert not CODEX.fits(PLAIN, with_env(OPENAI_API_KEY="k"))


def test_a_spare_is_for_no_chat_that_has_arguments_since_it_was_started_without():
    assert not CODEX.fits(PLAIN, PLAIN.model_copy(update={"arguments": ("--search",)}))


SPARE = with_env(OPENAI_API_KEY="k", DATABASE="d")


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "hello", "name": "Another", "model": "m"},
        {"env": {"OPENAI_API_KEY": "k", "DATABASE": "another", "OPENAI_MODEL": "m", "MORE": "m"}},
    ],
)
def test_a_spare_becomes_a_chat_that_differs_in_what_codex_can_be_told(change):
    assert CODEX.fits(SPARE, Chat.model_validate(SPARE.model_dump() | change))


@pytest.mark.parametrize(
    "env",
    [
        {"DATABASE": "d"},
        {"OPENAI_API_KEY": "k"},
        {"OPENAI_API_KEY": "k", "DATABASE": "d", "OPENAI_BASE_URL": "http://here/v1"},
        {"OPENAI_API_KEY": "another", "DATABASE": "d"},
        {"OPENAI_API_KEY": "k", "DATABASE": "d", "https_proxy": "http://here"},
        {"OPENAI_API_KEY": "k", "DATABASE": "d", "CODEX_CA_CERTIFICATE": "/ca.crt"},
        {"OPENAI_API_KEY": "k", "DATABASE": "d", "PATH": "/mine:/usr/bin"},
    ],
)
def test_a_spare_cannot_become_a_chat_that_differs_in_what_codex_has_taken_in(env):
    assert not CODEX.fits(SPARE, Chat.model_validate(SPARE.model_dump() | {"env": env}))


def test_a_spare_with_a_model_cannot_become_a_chat_that_leaves_the_model_to_codex():
    assert not CODEX.fits(SPARE.model_copy(update={"model": "m"}), SPARE)


def test_a_configuration_that_is_there_is_kept(tmp_path):
    CODEX.prepare(PLAIN, tmp_path)
    assert tomllib.loads((tmp_path / "config.toml").read_text())["check_for_update_on_startup"] is False
    for name in ("config.toml", "AGENTS.md"):
        (tmp_path / name).write_text("# mine\n")
    CODEX.prepare(PLAIN, tmp_path)
    assert {(tmp_path / name).read_text() for name in ("config.toml", "AGENTS.md")} == {"# mine\n"}


def test_what_is_to_be_asked_about_is_written_whole_or_not_at_all(tmp_path):
    chat = PLAIN.model_copy(update={"ask_before": ("git push",)})
    CODEX.prepare(chat, tmp_path)
    (tmp_path / "rules").rename(tmp_path / "written")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            CODEX.prepare(chat, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    CODEX.prepare(chat, tmp_path)
    asked, before = (tmp_path / name / "agent-hub.rules" for name in ("rules", "written"))
    assert "git" in asked.read_text() and asked.read_text() == before.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["AGENTS.md", "config.toml", "rules", "written"]


def test_the_thread_is_the_conversation_last_written_to(tmp_path):
    assert CODEX.thread(tmp_path) == ""
    rollout(tmp_path, "older", 200, source="cli", thread_source="user")
    rollout(tmp_path, "newer", 100, source="cli", thread_source="user")
    rollout(tmp_path, "helper", 300, source={"subagent": "review"}, thread_source="subagent")
    (tmp_path / "sessions" / "2026" / "01" / "02" / "rollout-x-broken.jsonl").write_text('{"type": ')
    (tmp_path / "sessions" / "2026" / "01" / "02" / "rollout-x-empty.jsonl").write_text("")
    (tmp_path / "sessions" / "2026" / "01" / "02" / "rollout-x-list.jsonl").write_text("[1]\n")
    assert CODEX.thread(tmp_path) == "older"


def test_a_thread_in_which_nobody_has_said_anything_is_no_conversation(tmp_path):
    rollout(tmp_path, "spare", 100, source="vscode", thread_source="user")
    (path,) = tmp_path.rglob("rollout-*.jsonl")
    settings = json.dumps({"type": "event_msg", "payload": {"type": "thread_settings_applied"}})
    first = path.read_text().splitlines()[0]
    for rest in ((), (settings, settings)):
        path.write_text("\n".join([first, *rest]) + "\n")
        assert CODEX.thread(tmp_path) == ""
    path.write_text("\n".join([first, settings, json.dumps({"type": "turn_context", "payload": {}})]) + "\n")
    assert CODEX.thread(tmp_path) == "spare"


def test_an_agent_that_is_not_there_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(InvalidInput, match=r"codex, shell\."):
        agent("gpt", offered(demo=False))
    with pytest.raises(InvalidInput, match=r"codex, demo, shell\."):
        agent("gpt", offered(demo=True))
