"""The few files of a repository that say what it needs, read without a clone of it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from agent_hub.engines.trees import remove_tree
from agent_hub.errors import GitError, RepositoryUnreachable
from agent_hub.hub.git import GitAccess, git_output, no_access, run_git

READ_TIMEOUT = 30.0
"""Seconds that each request to the repository may take: a person waits for it."""

LARGEST_FILE = 64 * 1024
"""Bytes of a file that is read, since parsers are slow on what is made so; a larger one is known by its name alone."""

LARGEST_FETCH = 64 * 1024 * 1024
"""Bytes that may be fetched at once: a server that knows no filters sends the whole of one commit."""

MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes that Git gets for it: a thousand times as much may be packed into what is fetched."""

LONGEST_LISTING = 4 * 1024 * 1024
"""Bytes of a folder's listing that are looked at."""

FOLDERS = (".devcontainer",)
"""Folders that are looked into, beside the repository's own."""

QUIET = (
    "-c",
    "maintenance.auto=false",
    "-c",
    "gc.auto=0",
    "-c",
    "fetch.unpackLimit=1",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "pack.threads=1",
)
"""Nothing tidies up or is run beside a fetch, and what it brings is one file, whose size is limited.

One thread opens it: the memory that many keep for themselves would count.
"""

NOTHING_MORE = {"GIT_ALLOW_PROTOCOL": ""}
"""Git would fetch what it finds missing, as much as the server likes to send, and without the limits of a fetch."""

FILTERING = "--upload-pack=git -c uploadpack.allowFilter=true -c pack.threads=1 upload-pack"
"""A repository on this machine sends what is asked for alone, as the large hosts do."""

BY_HAND = "Choose the base image and write the setup script yourself."

REGULAR = (b"100644", b"100755")
"""The modes of files. A link is none: what it leads to is not the repository's to say."""


@dataclass(frozen=True)
class RepositoryFiles:
    """What is in a repository's own folder, and in those of :data:`FOLDERS`.

    Parameters
    ----------
    commit
        Which commit it is; empty in an empty repository.
    names
        The paths of all files there, links left out.
    texts
        What those say that were read.
    """

    commit: str = ""
    names: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)


async def read_files(
    url: str, branch: str, wanted: Iterable[str], scratch: Path, access: GitAccess = no_access
) -> RepositoryFiles:
    """Read a repository's files of these paths.

    Two requests bring one commit with its folders, and these files, where the repository's server knows filters; of
    one that does not, the commit with all its files. Nothing is checked out, and no link is followed.

    Parameters
    ----------
    url
        As :func:`~agent_hub.hub.repositories.parse_url` gave it.
    branch
        Empty for the repository's default.
    scratch
        Where a folder is made for it, and removed.

    Raises
    ------
    RepositoryUnreachable, BranchNotFound, GitError
    """
    folder = await asyncio.to_thread(_make_folder, scratch)
    try:
        async with access(url) as env:
            return await _Look(folder, url, branch, env).read(frozenset(wanted))
    finally:
        await asyncio.to_thread(remove_tree, folder)


def _make_folder(scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=scratch))


@dataclass(frozen=True)
class _Look:
    folder: Path
    url: str
    branch: str
    env: Mapping[str, str]

    async def read(self, wanted: frozenset[str]) -> RepositoryFiles:
        await run_git("init", "--quiet", "--bare", "--template=", ".", cwd=self.folder, action="prepare a folder")
        await run_git("config", "remote.origin.url", self.url, cwd=self.folder, action="prepare a folder")
        knows_filters = True

        def hear(line: str) -> None:
            nonlocal knows_filters
            knows_filters = knows_filters and "filtering not recognized" not in line

        ref = f"refs/heads/{self.branch}" if self.branch else "HEAD"
        try:
            await self._fetch("--depth=1", "--filter=blob:none", "origin", ref, hear=hear)
        except GitError as error:
            # In an empty repository HEAD is a branch without a commit.
            if not self.branch and "couldn't find remote ref HEAD" in str(error.details):
                return RepositoryFiles()
            raise
        commit = await self._fetched("rev-parse", "FETCH_HEAD")
        found = await self._list("")
        for name in FOLDERS:
            found |= await self._list(name)
        objects = {name: object for name, object in found.items() if name in wanted}
        if knows_filters:
            await self._fetch_objects(objects.values())
        texts = {name: await self._text(object) for name, object in objects.items()}
        return RepositoryFiles(
            commit.decode().strip(), frozenset(found), {name: text for name, text in texts.items() if text is not None}
        )

    async def _list(self, name: str) -> dict[str, str]:
        """The files of a folder, by their paths, and the objects that they are."""
        listing = await self._fetched(
            "ls-tree", "-z", "FETCH_HEAD", *([f"{name}/"] if name else []), most=LONGEST_LISTING
        )
        files = {}
        # The last is empty, or cut.
        for entry in listing.split(b"\0")[:-1]:
            about, _, path = entry.partition(b"\t")
            mode, _, kind_and_object = about.partition(b" ")
            if mode in REGULAR:
                files[path.decode(errors="replace")] = kind_and_object.split()[-1].decode()
        return files

    async def _fetch_objects(self, objects: Iterable[str]) -> None:
        if not (lines := "".join(f"{object}\n" for object in set(objects))):
            return
        with tempfile.TemporaryFile() as stdin:
            stdin.write(lines.encode())
            stdin.seek(0)
            await self._fetch("--no-write-fetch-head", "--filter=blob:none", "--stdin", "origin", stdin=stdin)

    async def _fetch(
        self, *arguments: str, stdin: BinaryIO | None = None, hear: Callable[[str], None] | None = None
    ) -> None:
        local = (FILTERING,) if os.path.isabs(self.url) else ()
        try:
            await git_output(
                *QUIET, "fetch", "--quiet", "--no-tags", "--recurse-submodules=no", *local, *arguments,
                cwd=self.folder, env=self.env, stdin=stdin, action="read the repository's files", timeout=READ_TIMEOUT,
                url=self.url, branch=self.branch, largest_file=LARGEST_FETCH, memory=MOST_MEMORY,
                on_line=hear,
            )  # fmt: skip
        except GitError as error:
            # What the system ended says nothing of why.
            if any(pack.stat().st_size >= LARGEST_FETCH for pack in self.folder.glob("objects/pack/*")):
                why = f"its server sent more than {LARGEST_FETCH // 2**20} MiB"
            elif "out of memory" in str(error.details).lower():
                why = f"what its server sent takes more than {MOST_MEMORY // 2**20} MiB of memory"
            else:
                raise
            raise GitError(f"The repository is too large to look into: {why}.", BY_HAND) from None

    async def _text(self, object: str) -> str | None:
        content = await self._fetched("cat-file", "blob", object, most=LARGEST_FILE + 1)
        return content.decode("utf-8-sig", errors="replace") if len(content) <= LARGEST_FILE else None

    async def _fetched(self, *arguments: str, most: int = LONGEST_LISTING) -> bytes:
        """What Git says of what has been fetched."""
        try:
            return await git_output(
                *arguments, cwd=self.folder, env=NOTHING_MORE, most=most, timeout=READ_TIMEOUT, memory=MOST_MEMORY,
                action="look into the repository",
            )  # fmt: skip
        except (GitError, RepositoryUnreachable):
            raise GitError(
                "The repository's server has not sent what it was asked for.",
                BY_HAND,
            ) from None
