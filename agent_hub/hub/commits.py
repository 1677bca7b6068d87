"""What a chat has not committed, committed by the person."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from agent_hub.errors import Conflict
from agent_hub.hub.git_writing import State, opened_git, put_commit, state_of
from agent_hub.hub.inspection import Inspection, Unreadable
from agent_hub.hub.uncommitted import Note
from agent_hub.hub.work import TIMEOUT, Work, failed, work_of
from agent_hub.models import WorkCommit


async def commit_work(workspace: Path, base: str, note: Note) -> WorkCommit:
    """Commit all that is not committed, on what is checked out.

    Raises
    ------
    Conflict
        There is nothing to commit, or the agent's Git is at work.
    GitError
        The workspace's ``.git`` is not what Git makes.
    """
    before = await asyncio.to_thread(_state, workspace)
    async with work_of(workspace, base, note) as work:
        if not work.uncommitted:
            more = f" What is left out: {', '.join(work.left_out[:5])}." if work.left_out else ""
            raise Conflict(f"There is nothing to commit.{more}", "All that the chat has changed is committed already.")
        if before.value.decode(errors="replace") != work.head and not (before.ref and not work.head):
            raise Conflict("The agent has committed something meanwhile.", "Try again.")
        pack = await _pack(work)
        look = Inspection(work.look.git, workspace, work.look.shared)
        # With what the index knows of the files that stay: Git would have to read every one of them anew.
        await look.run("read-tree", "--reset", work.tip, action="stage the files", timeout=TIMEOUT)
        await look.run("update-index", "-q", "--refresh", action="stage the files", timeout=TIMEOUT)
        subject = note.message.strip().partition("\n")[0]
        await asyncio.to_thread(_put, workspace, before, work, pack, note.person, subject)
    branch = before.ref.removeprefix("refs/heads/")
    return WorkCommit(commit=work.tip, branch=branch.encode(errors="replace").decode(), left_out=work.left_out)


def _state(workspace: Path) -> State:
    try:
        with opened_git(workspace) as git:
            return state_of(git)
    except (Unreadable, OSError) as error:
        raise failed(error) from None


def _put(workspace: Path, before: State, work: Work, pack: Path, person: bytes, subject: str) -> None:
    with opened_git(workspace) as git:
        put_commit(git, before, work.tip, pack, work.look.git / "index", person, subject)


async def _pack(work: Work) -> Path:
    """A pack with the commit's own objects, without the suffix."""
    folder = work.look.git / "made"
    await asyncio.to_thread(os.mkdir, folder)
    with tempfile.TemporaryFile() as wanted:
        wanted.write(f"{work.tip}\n".encode() + (f"^{work.head}\n".encode() if work.head else b""))
        wanted.seek(0)
        name = await work.look.run(
            "pack-objects", "--quiet", "--revs", str(folder / "pack"),
            action="pack the commit", stdin=wanted, timeout=TIMEOUT,
        )  # fmt: skip
    return folder / f"pack-{name.decode().strip()}"
