"""Secrets at rest: for their owner alone, and whole whatever happens as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent_hub.connections.openai import OpenAI
from agent_hub.connections.secrets import Secrets
from agent_hub.errors import SecretsUnusable, StorageFull
from agent_hub.models import ConnectOpenAI
from tests.crash.test_full_disk import FullDisk
from tests.hub.conftest import a_small_disk

__all__ = ["a_small_disk"]

OLD, NEW = {"api_key": "sk-old" * 500}, {"api_key": "sk-new" * 500}

WRITE = """
import os, signal, sys
from pathlib import Path
from agent_hub.connections.secrets import Secrets

secrets, left = Secrets(Path(sys.argv[1])), int(sys.argv[2])

def count(event, arguments):
    global left
    if event == "open" or event.startswith("os.") and event != "os.kill":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
secrets.write("openai", {"api_key": "sk-new" * 500})
os._exit(0)
"""
"""Writes, and is killed before one of the things that it asks of the file system."""


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_a_hub_that_is_killed_as_it_writes_keeps_the_old_or_the_new(tmp_path: Path) -> None:
    kept, codes = [], []
    for step in range(30):
        folder = tmp_path / str(step)
        secrets = Secrets(folder)
        secrets.write("openai", OLD)
        done = subprocess.run([sys.executable, "-c", WRITE, str(folder), str(step)], timeout=60)
        codes.append(done.returncode)
        kept.append(secrets.read("openai"))
        assert all(mode == 0o600 for mode in files(folder).values()) and folder.stat().st_mode & 0o777 == 0o700
        secrets.remove("openai")
        assert files(folder) == {}
        if done.returncode == 0:
            break
    # Killed at each of several steps, and in the end not at all.
    assert codes[-1] == 0 and len(codes) > 4 and set(codes[:-1]) == {-9}
    assert all(found in (OLD, NEW) for found in kept)
    assert kept[0] == OLD and kept[-1] == NEW


def test_what_a_kill_has_left_does_not_stop_the_next(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets")
    secrets.write("openai", OLD)
    (tmp_path / "secrets" / "openai.new").write_text("half")
    secrets.write("openai", NEW)
    assert secrets.read("openai") == NEW and files(tmp_path / "secrets") == {"openai.json": 0o600}


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    Secrets(folder).write("openai", OLD)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null"])
def test_what_is_damaged_is_told_without_a_word_of_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "openai.json").write_bytes(content)
    if content == b"null":
        assert Secrets(tmp_path).read("openai") == {}
        return
    with pytest.raises(SecretsUnusable) as refused:
        Secrets(tmp_path).read("openai")
    assert "sk-" not in str(refused.value) and refused.value.__cause__ is None


async def test_a_full_disk_refuses_the_new_key_and_keeps_the_old(a_small_disk: Path) -> None:
    openai = OpenAI(Secrets(a_small_disk / "secrets"), lambda: None)
    try:
        old, new = (
            {"api_key": key, "verify": False} for key in ("sk-proj-the-old-one-0000", "sk-proj-the-new-one-1111")
        )
        await openai.connect(ConnectOpenAI.model_validate(old))
        with FullDisk(a_small_disk):
            with pytest.raises(StorageFull, match="full"):
                await openai.connect(ConnectOpenAI.model_validate(new))
            assert openai.status.key == "sk-proj-…0000"
            assert files(a_small_disk / "secrets") == {"openai.json": 0o600}
            assert Secrets(a_small_disk / "secrets").read("openai")["api_key"] == old["api_key"]
        await openai.connect(ConnectOpenAI.model_validate(new))
        assert openai.status.key == "sk-proj-…1111"
    finally:
        await openai.close()
