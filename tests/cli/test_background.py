"""The hub that a command starts in the background."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from agent_hub.cli import background


class NotStarted(Exception):
    """In the place of a hub."""


def test_its_log_which_has_its_token_is_the_persons_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*arguments: object, **options: object) -> None:
        raise NotStarted

    monkeypatch.setattr(subprocess, "Popen", start)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    (tmp_path / background.LOG).symlink_to(elsewhere)
    old = os.umask(0)
    try:
        for _ in range(2):
            with pytest.raises(NotStarted):
                background._start(tmp_path)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / background.LOG).lstat().st_mode) == 0o600
    assert elsewhere.read_text() == "precious"
