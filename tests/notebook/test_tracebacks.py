"""What a notebook shows of a refusal."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from agent_hub.notebook.client import Hub


def test_an_error_is_shown_with_the_person_s_own_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell.instance()
    try:
        shell.push({"Hub": Hub})
        shell.run_cell("def connect():\n    return Hub('http://127.0.0.1:9/')\nconnect()")
    finally:
        InteractiveShell.clear_instance()
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "HubUnavailable" in shown and "connect()" in shown and "Hub('http://127.0.0.1:9/')" in shown
    assert "httpx" not in shown and "agent_hub/notebook" not in shown
    assert len(shown.splitlines()) < 30
