"""The work of a deleted chat, put into a new workspace."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from agent_hub.hub.bundles import DETACHED, STASHES, TIMEOUT, UNSAVED
from agent_hub.hub.git import OWN, git_output
from agent_hub.hub.launches import remove_tree
from agent_hub.hub.workspaces import Repository
from agent_hub.models import DeletedChat

NEEDS = "refs/agent-hub/needs"


async def restore(kept: DeletedChat, repository: Repository, workspace: Path) -> None:
    """Make a workspace that has the commits, the stash and the uncommitted files again.

    Parameters
    ----------
    kept
        What is kept. A bundle stays; a folder moves to its new place.
    repository
        The project's clone.
    workspace
        A folder that there is not yet.
    """
    if kept.kind == "workspace":
        await asyncio.to_thread(repository.share, workspace)
        await asyncio.to_thread(os.rename, kept.path, workspace)
        return
    await repository.check_out(workspace)
    await _Unbundling(workspace).run(kept)


def give_up(kept: DeletedChat, workspace: Path) -> None:
    """Undo :func:`restore`, whole or not: what is kept is kept again. Blocks."""
    if kept.kind == "workspace" and workspace.exists():
        os.rename(workspace, kept.path)
    remove_tree(workspace.parent)


class _Unbundling:
    """Commands in a workspace that no agent has had yet."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace

    async def run(self, kept: DeletedChat) -> None:
        # Git takes a bundle only where what it builds on is in use.
        await self._update([f"create {NEEDS}/{commit} {commit}" for commit in kept.needs])
        await self._git("fetch", "--quiet", "--no-tags", "--update-head-ok", "--", kept.path, "+refs/*:refs/*")
        if kept.branch:
            await self._git("symbolic-ref", "HEAD", f"refs/heads/{kept.branch}")
        if kept.head:
            await self._git("update-ref", *([] if kept.branch else ["--no-deref"]), "HEAD", kept.head)
        if kept.head or kept.uncommitted:
            await self._git("read-tree", "--reset", "-u", UNSAVED if kept.uncommitted else kept.head)
        if kept.uncommitted:
            # The files stay as they are, and are changes again.
            await self._git("read-tree", *(["--reset", kept.head] if kept.head else ["--empty"]))
        await self._restore_stash()
        done = await self._refs(NEEDS, UNSAVED, DETACHED, STASHES)
        await self._update(f"delete {name}" for name in done)

    async def _restore_stash(self) -> None:
        older = await self._refs(STASHES)
        newest = await self._refs("refs/stash")
        if not older:
            return
        await self._update(f"delete {name}" for name in newest)
        by_age = sorted(older, key=lambda name: -int(name.rpartition("/")[2]))
        for commit in [*(older[name] for name in by_age), *newest.values()]:
            await self._git("stash", "store", "--message", "Kept of a deleted chat", commit)

    async def _refs(self, *patterns: str) -> dict[str, str]:
        listing = await self._git("for-each-ref", "--format=%(refname) %(objectname)", *patterns)
        return dict(line.split() for line in listing.decode().splitlines())

    async def _update(self, commands: Iterable[str]) -> None:
        with tempfile.TemporaryFile() as lines:
            lines.writelines(f"{command}\n".encode() for command in commands)
            lines.seek(0)
            await git_output(
                "update-ref", "--stdin", cwd=self._workspace, env=OWN, stdin=lines, action="restore the chat's branches"
            )

    async def _git(self, *arguments: str) -> bytes:
        return await git_output(
            *arguments, cwd=self._workspace, env=OWN, timeout=TIMEOUT, action="restore the chat's work"
        )
