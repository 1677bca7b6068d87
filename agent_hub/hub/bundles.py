"""A workspace's work as a Git bundle: commits that are on no remote, the stash, and what was never committed."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent_hub.hub.inspection import Inspection, Unreadable, inspection
from agent_hub.hub.uncommitted import TIMEOUT, commit_the_uncommitted, head_of, write_ref
from agent_hub.hub.unsaved import unsaved_in_submodules

DETACHED = "refs/heads/agent-hub/head"
"""The branch of a HEAD that was on none."""

STASHES = "refs/agent-hub/stash"
"""Stash entries but the newest, which is ``refs/stash``, by their number."""


@dataclass(frozen=True)
class Bundled:
    """What a bundle holds."""

    branch: str
    head: str
    uncommitted: bool
    stashes: int
    left_out: tuple[str, ...]
    needs: tuple[str, ...]


async def bundle_work(workspace: Path, file: Path, scratch: Path) -> Bundled:
    """Put the work of a workspace that no container uses any more into a bundle, synced to disk.

    It leaves out what the project's clone has, and is whole by itself where there is no clone. Nothing of the
    workspace's configuration is read, no filter and no hook is run: files are kept as they are, byte for byte.

    Raises
    ------
    Unreadable, GitError, StorageFull, OSError
        It cannot be done; nothing in the workspace has changed.
    """
    async with inspection(workspace, scratch=scratch) as look:
        if await unsaved_in_submodules(look):
            raise Unreadable("A submodule holds work of its own.")
        head = await head_of(look)
        branch = await asyncio.to_thread(_branch, look, head)
        left_out = await commit_the_uncommitted(look, head, scratch)
        stashes = await _find_stashes(look)
        known = await _known(look, head)
        with tempfile.TemporaryFile(dir=scratch) as lines:
            lines.writelines(b"^%s\n" % name for name in known)
            lines.seek(0)
            await look.run(
                "bundle", "create", "--quiet", str(file), "--stdin", "--all",
                action="bundle the unsaved work", stdin=lines, timeout=TIMEOUT,
            )  # fmt: skip
        needs = await asyncio.to_thread(_sync_and_read_needs, file)
    return Bundled(
        branch=branch,
        head=head,
        uncommitted=left_out is not None,
        stashes=stashes,
        left_out=left_out or (),
        needs=needs,
    )


def _branch(look: Inspection, head: str) -> str:
    text = (look.git / "HEAD").read_bytes().strip()
    if text.startswith(b"ref: refs/heads/"):
        branch = text.removeprefix(b"ref: refs/heads/").decode(errors="backslashreplace")
        if ".." in branch or "\\" in branch:
            raise Unreadable("What is checked out has no name that Git allows.")
        return branch
    if head:
        write_ref(look.git, DETACHED, head)
    return ""


# -- what else there is, and what there is already


async def _find_stashes(look: Inspection) -> int:
    """Give every entry of the stash a ref; returns how many there are. Git's own ref is of the newest alone."""
    log = look.git / "logs/refs/stash"
    if not log.exists():
        return int((look.git / "refs/stash").exists())
    lines = (await asyncio.to_thread(log.read_bytes)).splitlines()
    names = [match[1] for line in lines if (match := re.match(rb"[0-9a-f]{40,64} ([0-9a-f]{40,64}) ", line))]
    there = await look.which_exist(names, timeout=TIMEOUT)
    for number, name in enumerate(reversed(names[:-1]), 1):
        if name in there:
            await asyncio.to_thread(write_ref, look.git, f"{STASHES}/{number}", name.decode())
    return len(names)


async def _known(look: Inspection, head: str) -> set[bytes]:
    """Of what the workspace's refs point at, what the project's clone has: it never loses anything."""
    listing = await look.run("for-each-ref", "--format=%(objectname)", action="list the branches", timeout=TIMEOUT)
    return await look.known({*listing.split(), *([head.encode()] if head else [])}, timeout=TIMEOUT)


def _sync_and_read_needs(file: Path) -> tuple[str, ...]:
    with file.open("rb") as bundle:
        os.fsync(bundle.fileno())
        needs = []
        for line in bundle:
            if line == b"\n":
                break
            if line.startswith(b"-"):
                needs.append(line[1:].split()[0].decode())
    return tuple(needs)
