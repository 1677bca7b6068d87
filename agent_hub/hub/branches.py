"""A chat's work as a branch that the person can fetch, merge or push."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import unicodedata
from pathlib import Path

from agent_hub.errors import Conflict, GitError, InvalidInput
from agent_hub.hub.git import run_git
from agent_hub.hub.uncommitted import write_ref
from agent_hub.hub.work import TIMEOUT, WORK, Work
from agent_hub.models import WorkBranch

KEPT = "refs/agent-hub/branches/"
"""Where a branch is in the hub's own clone: a fetch of the project's repository leaves these alone."""

QUIETLY = ("-c", f"core.hooksPath={os.devnull}", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
"""No hook of the person's runs for what an agent has made, and nothing is tidied up by the way."""


async def check_name(name: str) -> None:
    """Raise :class:`~agent_hub.errors.InvalidInput` where Git has no such name for a branch."""
    try:
        await run_git("check-ref-format", "--branch", name, action="check the name", timeout=TIMEOUT)
        if name.startswith(("-", "refs/", "@")):
            raise GitError("")
    except (GitError, ValueError):
        raise InvalidInput(
            f"{name!r} is no name for a branch.", "Use letters, digits, - and /, such as fix/the-count.", field="name"
        ) from None


def default_name(chat_name: str) -> str:
    """The name of a branch, made of a chat's."""
    plain = unicodedata.normalize("NFKC", chat_name).lower()
    return "agent-hub/" + (re.sub(r"[^\w]+", "-", plain)[:60].strip("-_") or "chat")


async def branch_of(work: Work, name: str, clone: Path, url: str) -> WorkBranch:
    """Make a new branch of a chat's work: in the project's repository where that is on this machine, else in the clone.

    Parameters
    ----------
    clone
        The hub's own clone of the project.
    url
        Of the project's repository; a path where it is on this machine.

    Raises
    ------
    Conflict
        There is such a branch already, or nothing that it could hold.
    GitError
        Git refuses the chat's objects.
    """
    if not work.head and not work.uncommitted:
        raise Conflict("This chat has no commit and no file.", "There is nothing to make a branch of.")
    local = url.startswith("/")
    repository = Path(url) if local else clone
    ref = f"refs/heads/{name}" if local else f"{KEPT}{name}"
    if await _exists(repository, ref):
        raise Conflict(f"There is a branch {name!r} already.", "Choose another name.", field="name")
    source = f"{WORK}-branch"
    await asyncio.to_thread(write_ref, work.look.git, source, work.tip)
    await run_git(
        *QUIETLY, "-c", "fetch.fsckObjects=true", "-c", "fetch.recurseSubmodules=false",
        "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", str(work.look.git), source,
        cwd=repository, action="take over the chat's commits", timeout=TIMEOUT,
    )  # fmt: skip
    # As a ref that must not be there: it never moves a branch, and none that is checked out.
    try:
        await run_git(
            *QUIETLY, "update-ref", "-m", "agent hub: a chat's work", ref, work.tip, "0" * len(work.tip),
            cwd=repository, action="make the branch", timeout=TIMEOUT,
        )  # fmt: skip
    except GitError as error:
        raise Conflict(f"The branch {name!r} cannot be made: {error.message}", "Choose another name.") from None
    fetch = "" if local else f"git fetch {shlex.quote(str(repository))} {shlex.quote(f'{ref}:refs/heads/{name}')}"
    return WorkBranch(
        name=name, commit=work.tip, repository=str(repository), ref=ref, fetch=fetch, left_out=work.left_out
    )


async def _exists(repository: Path, ref: str) -> bool:
    try:
        await run_git("show-ref", "--verify", "--quiet", ref, cwd=repository, action="look", timeout=TIMEOUT)
    except GitError:
        return False
    return True
