"""The project's clone, and each chat's own clone of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from agent_hub.errors import BranchNotFound, GitError
from agent_hub.hub.git import OWN, GitAccess, git_output, no_access, run_git
from agent_hub.hub.git_directory import OBJECTS, GitDirectory
from agent_hub.hub.repositories import parse_url, repository_name
from agent_hub.models import Mount, RepositoryInfo

CHECK_TIMEOUT = 30.0
"""Seconds that a look at a repository may take: a person waits for it."""

KEPT = b"refs/agent-hub/kept/"
"""Refs of a project's clone to what its repository had once, and has no more."""

KEEPING = """\
[gc]
	auto = 0
	pruneExpire = never
[maintenance]
	auto = false
[transfer]
	unpackLimit = 1
"""
"""Configuration of a project's clone: no Git tidies up by itself, and each fetch leaves one pack."""

PACKS = 16
"""Packs that a project's clone may lie in before they are put together."""


async def check_repository(text: str, branch: str = "", access: GitAccess = no_access) -> RepositoryInfo:
    """Look at a repository without cloning it.

    Raises
    ------
    InvalidRepository, RepositoryUnreachable, BranchNotFound
    """
    url = parse_url(text)
    async with access(url) as env:
        listing = await run_git(
            "ls-remote", "--symref", "--", url, action="read the repository", timeout=CHECK_TIMEOUT, url=url, env=env
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
    access
        What Git is run with to read it.
    """

    def __init__(self, folder: Path, url: str, branch: str = "", access: GitAccess = no_access) -> None:
        self.folder = folder
        self.url = url
        self.branch = branch
        self._access = access

    async def refresh(self, on_line: Callable[[str], None]) -> str:
        """Clone, or fetch what is new; return the commit that chats start from, empty in an empty repository."""
        if not self.folder.exists():
            await self._clone(on_line)
            await self._own_its_objects()
            return await self.commit()
        await self._own_its_objects()
        before = await self._refs()
        # The URL may have been changed since; a fetch into the same refs keeps what is shared.
        async with self._access(self.url) as env:
            await run_git(
                "fetch", "--prune", "--progress", "--", self.url,
                "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
                cwd=self.folder, action="fetch the repository", on_line=on_line, url=self.url, branch=self.branch,
                env=env,
            )  # fmt: skip
        await self._keep_reachable(before)
        await self._follow_default()
        await self._compact()
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
                raise self._no_branch() from None
            return ""
        return found.strip()

    async def check_out(self, folder: Path) -> None:
        """Make a workspace in `folder`, which may exist if it is empty; its origin is the project's URL.

        Its objects stay in the project's clone, where the workspace finds them by a relative path: on this machine
        through a link beside `folder`, in a container through :meth:`shared_mount`.
        """
        await self._own_its_objects()
        refs = await self._refs()

        def write() -> str:
            default = (self.folder / "HEAD").read_bytes().strip()
            head = b"ref: refs/heads/" + os.fsencode(self.branch) if self.branch else default
            commit = refs.get(head.removeprefix(b"ref: "), b"") if head.startswith(b"ref: ") else head
            if self.branch and not commit:
                raise self._no_branch()
            shallow = self.folder / "shallow"
            GitDirectory(
                url=self.url,
                head=head,
                commit=commit.decode(),
                default=default,
                refs=refs,
                shallow=shallow.read_bytes() if shallow.exists() else b"",
            ).write(folder / ".git")
            self.share(folder)
            return commit.decode()

        commit = await asyncio.to_thread(write)
        if commit:
            # Not clone, which takes three times as long for a small repository and would need its origin set after.
            await run_git(
                "read-tree", "--reset", "-u", commit, cwd=folder, env=OWN | {"GIT_DIR": str(folder / ".git")},
                action="make the workspace",
            )  # fmt: skip

    def share(self, workspace: Path) -> None:
        """Let a workspace in that place find the project's objects on this machine. Blocks."""
        link = workspace.parent / OBJECTS.lstrip("/")
        target = os.path.relpath(self.folder / "objects", link.parent)
        if link.is_symlink() and os.readlink(link) == target:
            return
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)

    def shared_mount(self) -> Mount:
        """What a workspace's container needs to find the project's objects; it cannot write them."""
        return Mount(source=str(self.folder / "objects"), target=OBJECTS)

    def _no_branch(self) -> BranchNotFound:
        return BranchNotFound(
            f"The repository has no branch {self.branch!r}.", "Choose another, or leave it empty.", field="branch"
        )

    # -- the clone itself

    async def _refs(self) -> dict[bytes, bytes]:
        """Every branch and tag of the repository, and what it points at."""
        listing = await git_output(
            "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags",
            cwd=self.folder, action="list the branches",
        )  # fmt: skip
        return dict(line.rsplit(b" ", 1) for line in listing.splitlines())

    async def _keep_reachable(self, before: Mapping[bytes, bytes]) -> None:
        """Hold on to what a fetch has moved branches away from: workspaces that were made before are made of it."""
        after = set((await self._refs()).values())
        gone = {name: value for name, value in before.items() if value not in after}
        if not gone:
            return
        lost = {value for name, value in gone.items() if name.startswith(b"refs/tags/")}
        with tempfile.TemporaryFile() as lines:
            lines.writelines(value + b"\n" for value in gone.values())
            lines.seek(0)
            # A branch that only went forward is reachable still.
            commits = await git_output(
                "rev-list", "--stdin", "--not", "--all",
                cwd=self.folder, action="look for what left the repository", stdin=lines,
            )  # fmt: skip
        lost |= set(gone.values()).intersection(commits.splitlines())
        with tempfile.TemporaryFile() as lines:
            lines.writelines(b"update %s%s %s\n" % (KEPT, value, value) for value in lost)
            lines.seek(0)
            await git_output(
                "update-ref", "--stdin", cwd=self.folder, action="keep what left the repository", stdin=lines
            )

    async def _follow_default(self) -> None:
        """Take the repository's default branch of today, where that of the clone is no more."""
        head = (await asyncio.to_thread((self.folder / "HEAD").read_text)).strip().removeprefix("ref: ")
        refs = await self._refs()
        if self.branch or not refs or not head.startswith("refs/") or os.fsencode(head) in refs:
            return
        async with self._access(self.url) as env:
            listing = await run_git(
                "ls-remote", "--symref", "--", self.url, "HEAD", action="read the repository", url=self.url, env=env
            )
        for line in listing.splitlines():
            if line.startswith("ref: refs/heads/") and line.endswith("\tHEAD"):
                default = line.removeprefix("ref: ").removesuffix("\tHEAD")
                await run_git("symbolic-ref", "HEAD", default, cwd=self.folder, action="follow the default branch")

    async def _compact(self) -> None:
        """Put the packs of many fetches into few. Unlike gc, this leaves no object out, whatever refers to it."""
        packs = await asyncio.to_thread(lambda: len(list((self.folder / "objects" / "pack").glob("*.pack"))))
        if packs <= PACKS:
            return
        # A Git older than 2.32 cannot; packs that lie side by side are slower, and whole.
        with suppress(GitError):
            await run_git("repack", "--geometric=2", "-d", "--quiet", cwd=self.folder, action="compact the clone")

    async def _own_its_objects(self) -> None:
        """See that nothing but the hub removes an object of this clone, also of one that an older hub made."""
        borrowed = await asyncio.to_thread(self._configure)
        if borrowed is not None:
            # A local repository that borrows its objects lends them: a container would not find those.
            await run_git("repack", "-a", "-d", "--quiet", cwd=self.folder, action="copy the repository's objects")
            await asyncio.to_thread(borrowed.unlink, True)

    def _configure(self) -> Path | None:
        config = self.folder / "config"
        text = config.read_text(errors="surrogateescape")
        if KEEPING not in text:
            # Two chats may be the first at once.
            descriptor, new = tempfile.mkstemp(dir=self.folder, prefix="config.")
            with open(descriptor, "w", errors="surrogateescape") as file:
                file.write(f"{text.rstrip()}\n{KEEPING}")
            os.replace(new, config)
        alternates = self.folder / "objects" / "info" / "alternates"
        return alternates if alternates.exists() else None

    async def _clone(self, on_line: Callable[[str], None]) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        # Into a folder of its own first: a clone that is cut off must not look like one that is whole.
        unfinished = self.folder.with_name("repository.unfinished")
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
        try:
            # No hard links: of a repository on this machine they would be the person's own objects.
            async with self._access(self.url) as env:
                await run_git(
                    "clone", "--bare", "--no-hardlinks", "--progress", "--", self.url, str(unfinished),
                    action="clone the repository", on_line=on_line, url=self.url, branch=self.branch, env=env,
                )  # fmt: skip
            os.rename(unfinished, self.folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
