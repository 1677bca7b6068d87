"""What is in a workspace and nowhere else."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent_hub.engines.trees import count_files
from agent_hub.errors import GitError
from agent_hub.hub.inspection import Inspection, Unreadable, inspection, open_folder, read_bounded, split

CHECK_TIMEOUT = 30.0
"""Seconds that a look at a workspace may take: a person waits for it."""

TOTAL_TIMEOUT = 60.0
"""Seconds for a workspace with all its submodules: an agent can make up any number of them."""

NESTING = 4
"""How deep submodules of submodules are looked at."""


@dataclass(frozen=True)
class Unsaved:
    """Work that is in a workspace and nowhere else."""

    files: int
    commits: int

    def __add__(self, other: Unsaved) -> Unsaved:
        return Unsaved(files=self.files + other.files, commits=self.commits + other.commits)

    def __bool__(self) -> bool:
        return bool(self.files or self.commits)

    def __str__(self) -> str:
        parts = []
        if self.files:
            parts.append(f"{self.files} changed or new file{'s' * (self.files != 1)}")
        if self.commits:
            parts.append(f"{self.commits} commit{'s' * (self.commits != 1)} not pushed")
        return " and ".join(parts)


async def unsaved_work(workspace: Path) -> Unsaved:
    """What would be lost with the workspace: uncommitted files, and commits on no remote; also in its submodules.

    What Git cannot read it cannot vouch for: there every file counts.
    """
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT):
            return await _unsaved(workspace, None, NESTING)
    except TimeoutError:
        return await _everything(workspace)


async def unsaved_in_submodules(look: Inspection) -> Unsaved:
    """What would be lost with the workspace's submodules alone."""
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT):
            return await _in_submodules(look.workspace, look.workspace / ".git", await _submodules(look), NESTING)
    except TimeoutError:
        return await _everything(look.workspace)


async def _unsaved(folder: Path, inside: Path | None, nesting: int) -> Unsaved:
    try:
        async with inspection(folder, inside) as look:
            own, modules = await _look(look), await _submodules(look)
    except (GitError, Unreadable, OSError):
        return await _everything(folder)
    return own + await _in_submodules(folder, inside or folder / ".git", modules, nesting)


async def _in_submodules(folder: Path, inside: Path, modules: list[bytes], nesting: int) -> Unsaved:
    found = Unsaved(files=0, commits=0)
    for path in modules:
        found += await _in_submodule(folder, folder / os.fsdecode(path), inside, nesting)
    return found


async def _look(look: Inspection) -> Unsaved:
    said: list[str] = []
    action = "look for unsaved work"
    listing = await look.run(
        "status", "--porcelain", "-z", "--ignore-submodules=all", "--no-renames",
        action=action, timeout=CHECK_TIMEOUT, said=said,
    )  # fmt: skip
    # A folder that Git may not open is left out with a warning.
    files = len(split(listing)) + sum("could not open" in line for line in said)
    return Unsaved(files=files, commits=await _count_commits(look))


async def _count_commits(look: Inspection) -> int:
    """Commits of every ref of its own: branches, HEAD, the stash, and tags as far as the project's clone lacks them."""
    action = "look for unsaved commits"
    tags = await look.run("for-each-ref", "--format=%(objectname)", "refs/tags", action=action, timeout=CHECK_TIMEOUT)
    known = await look.known(tags.split(), timeout=CHECK_TIMEOUT)
    # Nobody can tell a submodule's own tags from those that came with it: a clone brings them all, also of what is on
    # no branch.
    without = [] if look.shared else ["--exclude=refs/tags/*"]
    with tempfile.TemporaryFile() as lines:
        lines.writelines(b"^%s\n" % name for name in known)
        lines.seek(0)
        ahead = await look.run(
            "rev-list", "--count", "--stdin", "--exclude=refs/remotes/*", *without, "--all", "--not", "--remotes",
            action=action, stdin=lines, timeout=CHECK_TIMEOUT,
        )  # fmt: skip
    return int(ahead or 0)


async def _submodules(look: Inspection) -> list[bytes]:
    index = await look.run("ls-files", "--stage", "-z", action="look for submodules", timeout=CHECK_TIMEOUT)
    return [entry.partition(b"\t")[2] for entry in split(index) if entry.startswith(b"160000 ")]


async def _in_submodule(above: Path, folder: Path, inside: Path, nesting: int) -> Unsaved:
    try:
        git = await asyncio.to_thread(_git_of_submodule, above, folder, inside)
    except Unreadable:
        return await _everything(folder)
    if git is None:
        return Unsaved(files=0, commits=0)
    if not nesting:
        return await _everything(folder)
    return await _unsaved(folder, git, nesting - 1)


def _git_of_submodule(above: Path, folder: Path, inside: Path) -> Path | None:
    """The Git directory of a submodule, which is beside that of the repository above; None where it is not filled."""
    for parent in [folder, *folder.parents]:
        if parent == above:
            break
        if parent.is_symlink() or not parent.is_dir():
            return None
    git = folder / ".git"
    if git.is_dir() and not git.is_symlink():
        return git
    descriptor = open_folder(folder)
    try:
        content, _ = read_bounded(descriptor, ".git", 4096)
    except FileNotFoundError:
        return None
    finally:
        os.close(descriptor)
    named = os.fsdecode(content).removeprefix("gitdir:").strip()
    found = Path(os.path.normpath(folder / named))
    if not found.is_relative_to(inside / "modules") or found.resolve() != inside.resolve() / found.relative_to(inside):
        raise Unreadable(f"{folder.name} has its Git directory elsewhere.")
    return found


async def _everything(folder: Path) -> Unsaved:
    return Unsaved(files=await asyncio.to_thread(count_files, folder), commits=0)
