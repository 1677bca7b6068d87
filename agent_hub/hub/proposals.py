"""What the hub proposes for a repository, before anything of it is built."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from agent_hub.hub.git import GitAccess
from agent_hub.hub.manifests import READ, Manifests
from agent_hub.hub.proposal_rules import propose
from agent_hub.hub.repositories import parse_url
from agent_hub.hub.repository_files import read_files
from agent_hub.models import Proposal

AT_ONCE = 2
"""Repositories that are read at the same time; who asks for more waits."""


class Proposals:
    """Reads repositories and says how their projects could be set up.

    Parameters
    ----------
    scratch
        Where repositories are read, each in a folder that goes once it was.
    default_base
        The image of projects that name none.
    gpus
        Tells how many this machine has.
    access
        What Git is run with to read a repository.
    """

    def __init__(self, scratch: Path, default_base: str, gpus: Callable[[], int], access: GitAccess) -> None:
        self._scratch = scratch
        self._default_base = default_base
        self._gpus = gpus
        self._access = access
        self._reading = asyncio.Semaphore(AT_ONCE)

    def forget_files(self) -> None:
        """Remove what a server that was killed has left. Blocks."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    async def propose(self, url: str, branch: str = "") -> Proposal:
        """Read the few files of a repository that say what it needs, and propose by the rules.

        Raises
        ------
        InvalidRepository, RepositoryUnreachable, BranchNotFound, GitError
        """
        address = parse_url(url)
        async with self._reading:
            files = await read_files(address, branch, READ, self._scratch, self._access)
        # In a thread: what parses a file is slow on one that was made to be.
        proposal = await asyncio.to_thread(propose, Manifests(files), self._default_base, self._gpus())
        return proposal.model_copy(update={"commit": files.commit})
