"""All that a chat has changed, as commits that the hub can look at while the agent goes on."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent_hub.errors import AgentHubError, Conflict, GitError, StorageFull
from agent_hub.hub.git import git_output
from agent_hub.hub.inspection import Inspection, Unreadable, inspection
from agent_hub.hub.uncommitted import Note, commit_the_uncommitted, head_of

TIMEOUT = 60.0
"""Seconds that one command of Git may take here: a person waits for it."""

TRIES = 3
"""How often files that change while they are read are read again."""

WORK = "refs/agent-hub/work"
"""Where :attr:`Work.tip` is a ref of the hub's own Git directory, for who fetches it from there."""


@dataclass(frozen=True)
class Work:
    """What a chat has made.

    Parameters
    ----------
    look
        Git on its objects alone: no file of the agent's has a part in what it prints.
    base, tip
        The tree or commit that it started from, and the one with all its changes.
    head
        What is checked out; empty before the first commit.
    uncommitted
        Whether `tip` is a commit of the hub's, with what the agent has not committed.
    left_out
        What was too large, or a repository within this one.
    """

    look: Inspection
    base: str
    head: str
    tip: str
    uncommitted: bool
    left_out: tuple[str, ...]

    async def run(self, *arguments: str, action: str, most: int | None = None) -> bytes:
        """What Git printed. Raises :class:`~agent_hub.errors.GitError`."""
        return await self.look.run(*arguments, action=action, timeout=TIMEOUT, most=most)


@asynccontextmanager
async def work_of(workspace: Path, base: str, note: Note | None = None) -> AsyncIterator[Work]:
    """Look at a chat's work. Nothing in its workspace changes, and no Git runs there that reads its configuration.

    Parameters
    ----------
    base
        The commit that the chat started from; empty where there was none.
    note
        For the commit of what was never committed.

    Raises
    ------
    Conflict
        There is no workspace yet, or the agent keeps changing its files.
    GitError
        The workspace's ``.git`` is not what Git makes, or lacks the commit.
    """
    for left in reversed(range(TRIES)):
        if not await asyncio.to_thread((workspace / ".git").exists):
            raise Conflict("This chat has no workspace with a .git.", "Wait until it runs, and try again.")
        try:
            async with inspection(workspace) as look:
                work = await _gather(look, base, note)
                try:
                    yield work
                except (Unreadable, OSError) as error:
                    raise failed(error) from error
                return
        except Unreadable as error:
            if not left:
                raise GitError(
                    f"The workspace cannot be read: {error}", "If the agent is at work, wait; else look at its .git."
                ) from None
        except FileNotFoundError:
            if not left:
                raise Conflict("The agent keeps changing its files.", "Wait until it is done, and try again.") from None


async def _gather(look: Inspection, base: str, note: Note | None) -> Work:
    head = await head_of(look)
    empty = (await _objects(look, "hash-object", "-w", "-t", "tree", "/dev/null")).decode().strip()
    ref = f"{WORK}-{secrets.token_hex(8)}"
    left_out = await commit_the_uncommitted(
        look, head, look.workspace.parent, note, ref=ref, leave_out_repositories=True
    )
    tip = head or empty
    uncommitted = left_out is not None
    if uncommitted:
        tip = (await _objects(look, "rev-parse", "--verify", ref)).decode().strip()
        # Nothing but what was left out.
        trees = await _objects(look, "rev-parse", f"{tip}^{{tree}}", f"{head or empty}^{{tree}}")
        if len(set(trees.split())) == 1:
            tip, uncommitted = head or empty, False
    nowhere = look.git / "nowhere"
    await asyncio.to_thread(nowhere.mkdir)
    return Work(replace(look, workspace=nowhere), base or empty, head, tip, uncommitted, left_out or ())


async def _objects(look: Inspection, *arguments: str) -> bytes:
    return await git_output(
        *arguments, cwd=look.git, env=look.environment, action="look at the workspace", timeout=TIMEOUT
    )


def failed(error: Exception) -> AgentHubError:
    """What it means that a workspace cannot be read, or written to."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull.from_os_error(error)
    return GitError(f"The workspace's changes cannot be read: {error}", "Try again once the agent is done.")
