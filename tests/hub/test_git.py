"""Git as the hub runs it."""

from __future__ import annotations

import asyncio
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from agent_hub.errors import GitError
from agent_hub.hub import git


async def test_a_git_that_has_just_ended_is_killed_without_an_error() -> None:
    process = await asyncio.create_subprocess_exec("true", start_new_session=True)
    async with asyncio.timeout(10):
        await process.wait()
    # As where it has ended and nobody has heard of it yet: an error would take the place of a cancellation.
    git._kill(process)
    assert process.returncode == 0


@pytest.mark.parametrize("end", ["\n", "\r", ""], ids=["lines", "one line anew", "one line"])
async def test_what_a_git_server_says_without_end_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    talking = tmp_path / "git"
    talking.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"for _ in range(2000): sys.stderr.write('remote: ' + 'x' * 20_000 + {end!r})\n"
        "sys.exit('\\nfatal: that is all')\n"
    )
    talking.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    tracemalloc.start()
    try:
        with pytest.raises(GitError, match="that is all"):
            await git.run_git("fetch", action="fetch it")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
