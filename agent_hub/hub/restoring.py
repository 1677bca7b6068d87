"""The work of a deleted chat, put into a new workspace."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path

from agent_hub.engines.trees import remove_tree
from agent_hub.hub.bundles import DETACHED, STASHES
from agent_hub.hub.folders import Folders
from agent_hub.hub.git import OWN, git_output
from agent_hub.hub.uncommitted import TIMEOUT, UNSAVED
from agent_hub.hub.workspaces import Repository
from agent_hub.models import DeletedChat

logger = logging.getLogger(__name__)

NEEDS = "refs/agent-hub/needs"

TARGET = "restoring"
"""Beside a folder that is kept: the id of the chat that it moves to, written down before it does."""


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
        await asyncio.to_thread(_move, kept, repository, workspace)
        return
    await repository.check_out(workspace)
    await _Unbundling(workspace).run(kept)


def give_up(kept: DeletedChat, workspace: Path) -> None:
    """Undo :func:`restore`, whole or not: what is kept is kept again. Blocks."""
    if kept.kind == "workspace":
        _move_back(workspace, Path(kept.path))
    remove_tree(workspace.parent)


def recover(folders: Folders, chats: Container[str]) -> None:
    """End what a killed hub had begun: a chat that it stored has the work, of any other the work is kept again. Blocks.

    Parameters
    ----------
    chats
        The ids of those that are stored.
    """
    for mark in folders.all_deleted.glob(f"*/{TARGET}"):
        try:
            _recover(mark, folders, chats)
        except OSError as error:
            logger.error("The work in %s was being restored, and cannot be put back: %s", mark.parent, error)


def _recover(mark: Path, folders: Folders, chats: Container[str]) -> None:
    chat = mark.read_text()
    if chat in chats:
        remove_tree(mark.parent)
        return
    workspace = folders.workspace(chat)
    _move_back(workspace, mark.with_name(workspace.name))
    remove_tree(workspace.parent / "hub")
    with suppress(OSError):
        # Nothing else is there of a chat that was not stored.
        workspace.parent.rmdir()
    mark.unlink()


def _move(kept: DeletedChat, repository: Repository, workspace: Path) -> None:
    mark = Path(kept.path).with_name(TARGET)
    new = mark.with_name(f"{TARGET}.new")
    with new.open("w") as file:
        file.write(workspace.parent.name)
        file.flush()
        os.fsync(file.fileno())
    new.replace(mark)
    repository.share(workspace)
    os.rename(kept.path, workspace)


def _move_back(workspace: Path, kept: Path) -> None:
    if workspace.exists():
        os.rename(workspace, kept)


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
