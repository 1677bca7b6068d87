"""The project's clone, and each chat's own clone of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent_hub.errors import BranchNotFound, GitError
from agent_hub.hub.git import run_git
from agent_hub.hub.repositories import parse_url, repository_name
from agent_hub.models import RepositoryInfo

CHECK_TIMEOUT = 30.0
"""Seconds that a look at a repository may take: a person waits for it."""


async def check_repository(text: str, branch: str = "") -> RepositoryInfo:
    """Look at a repository without cloning it.

    Raises
    ------
    InvalidRepository, RepositoryUnreachable, BranchNotFound
    """
    url = parse_url(text)
    listing = await run_git(
        "ls-remote", "--symref", "--", url, action="read the repository", timeout=CHECK_TIMEOUT, url=url
    )
    branches, default = [], ""
    for line in listing.splitlines():
        left, _, ref = line.partition("\t")
        if left.startswith("ref: refs/heads/") and ref == "HEAD":
            default = left.removeprefix("ref: refs/heads/")
        elif ref.startswith("refs/heads/"):
            branches.append(ref.removeprefix("refs/heads/"))
    if branch and branch not in branches:
        raise BranchNotFound(
            f"The repository has no branch {branch!r}.", _choices(branches), field="branch", branches=branches[:200]
        )
    return RepositoryInfo(url=url, name=repository_name(url), default_branch=default, branches=tuple(branches))


def _choices(branches: list[str]) -> str:
    if not branches:
        return "It has no branch at all yet: push a first commit."
    return "It has " + ", ".join(branches[:8]) + (" and more." if len(branches) > 8 else ".")


class Repository:
    """A project's bare clone.

    Parameters
    ----------
    folder
        The clone's folder, made by :meth:`refresh`.
    url
        Where it comes from, as :func:`~agent_hub.hub.repositories.parse_url` gave it.
    branch
        The branch that chats start on; empty for the repository's own default.
    """

    def __init__(self, folder: Path, url: str, branch: str = "") -> None:
        self.folder = folder
        self.url = url
        self.branch = branch

    async def refresh(self, on_line: Callable[[str], None]) -> str:
        """Clone, or fetch what is new; return the commit that chats start from, empty in an empty repository."""
        if not self.folder.exists():
            await self._clone(on_line)
        else:
            # The URL may have been changed since; a fetch into the same refs keeps what is shared.
            await run_git(
                "fetch", "--prune", "--progress", "--", self.url,
                "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
                cwd=self.folder, action="fetch the repository", on_line=on_line, url=self.url, branch=self.branch,
            )  # fmt: skip
        return await self.commit()

    async def commit(self) -> str:
        """The commit of the branch; raises :class:`~agent_hub.errors.BranchNotFound`."""
        ref = f"refs/heads/{self.branch}" if self.branch else "HEAD"
        try:
            found = await run_git(
                "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", cwd=self.folder, action="find the branch"
            )
        except GitError:
            if self.branch:
                raise BranchNotFound(
                    f"The repository has no branch {self.branch!r}.",
                    "Choose another, or leave it empty.",
                    field="branch",
                ) from None
            return ""
        return found.strip()

    async def check_out(self, folder: Path, remote: str = "") -> None:
        """Make a clone of its own in `folder`, which may exist if it is empty; its origin is the project's URL.

        Nothing breaks if the project's clone goes.
        """
        # No template: the seed of a snapshot may bring an info/exclude, and sample hooks serve nobody.
        # No hard links: an agent that writes to an object would write it into the project's clone and every other chat.
        options = ["--no-hardlinks", "--no-tags", "--quiet", "--template=", "-c", "checkout.workers=0"]
        if self.branch:
            options += ["--branch", self.branch]
        for key in ("user.name", "user.email"):
            if value := await _identity(key):
                options += ["-c", f"{key}={value}"]
        await run_git("clone", *options, "--", str(self.folder), str(folder), action="make the workspace")
        await run_git("remote", "set-url", "origin", remote or self.url, cwd=folder, action="make the workspace")

    async def _clone(self, on_line: Callable[[str], None]) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        # Into a folder of its own first: a clone that is cut off must not look like one that is whole.
        unfinished = self.folder.with_name("repository.unfinished")
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
        try:
            # No hard links: of a repository on this machine they would be the person's own objects.
            await run_git(
                "clone", "--bare", "--no-hardlinks", "--progress", "--", self.url, str(unfinished),
                action="clone the repository", on_line=on_line, url=self.url, branch=self.branch,
            )  # fmt: skip
            os.rename(unfinished, self.folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)


async def _identity(key: str) -> str:
    """The name and address that the person's own Git signs commits with, so that an agent's commits carry them."""
    if key not in _identities:
        try:
            _identities[key] = (await run_git("config", "--global", "--get", key, action="read your name")).strip()
        except GitError:
            _identities[key] = ""
    return _identities[key]


_identities: dict[str, str] = {}


@dataclass(frozen=True)
class Unsaved:
    """Work that is in a workspace and nowhere else."""

    files: int
    commits: int

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
    """What would be lost with the workspace: uncommitted files, and commits on no remote.

    An agent may have written anything into ``.git/config``, and Git runs commands that it finds there. So the
    workspace's configuration is never read: a Git directory of the hub's own, with copies of the refs and the index,
    looks at the workspace's files and objects.
    """
    inside = workspace / ".git"
    if not inside.is_dir() or inside.is_symlink():
        return await asyncio.to_thread(_everything, workspace)
    with tempfile.TemporaryDirectory(prefix="agent-hub-git-") as temporary:
        own = Path(temporary)
        await asyncio.to_thread(_copy_state, inside, own)
        env = {
            "GIT_DIR": str(own),
            "GIT_WORK_TREE": str(workspace),
            "GIT_OBJECT_DIRECTORY": str(inside / "objects"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
        }
        try:
            listing = await run_git(
                "status", "--porcelain", "-z", "--ignore-submodules=all", "--no-renames",
                cwd=workspace, env=env, action="look for unsaved work", timeout=CHECK_TIMEOUT,
            )  # fmt: skip
        except GitError:
            # What Git cannot read it cannot vouch for.
            return await asyncio.to_thread(_everything, workspace)
        try:
            # Every ref of its own: branches, HEAD, and the stash.
            ahead = await run_git(
                "rev-list", "--count", "--exclude=refs/remotes/*", "--exclude=refs/tags/*", "--all",
                "--not", "--remotes",
                cwd=workspace, env=env, action="look for unsaved work", timeout=CHECK_TIMEOUT,
            )  # fmt: skip
        except GitError:
            # An empty repository answers 0: this one is damaged, or too slow to vouch for.
            return await asyncio.to_thread(_everything, workspace)
        return Unsaved(files=listing.count("\0"), commits=int(ahead or 0))


def _everything(workspace: Path) -> Unsaved:
    count = 0
    for _, folders, names in os.walk(workspace):
        if ".git" in folders:
            folders.remove(".git")
        count += len(names)
    return Unsaved(files=count, commits=0)


def _copy_state(inside: Path, own: Path) -> None:
    (own / "objects").mkdir()
    (own / "refs").mkdir()
    (own / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    (own / "info").mkdir()
    for name in ("HEAD", "index", "packed-refs", "info/exclude"):
        if (inside / name).is_file() and not (inside / name).is_symlink():
            # With its time: Git looks into files that are as new as the index, and trusts those that are older.
            shutil.copy2(inside / name, own / name)
    for folder, _, names in os.walk(inside / "refs"):
        for name in names:
            source = Path(folder) / name
            if source.is_file() and not source.is_symlink():
                target = own / source.relative_to(inside)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
