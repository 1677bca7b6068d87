"""A repository on this machine, as the person has it checked out: a chat gets what is committed in it, and no more."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from agent_hub.errors import InvalidRepository


@dataclass(frozen=True)
class Checkout:
    """A working tree, at its top folder."""

    folder: Path
    head: str
    """The commit; empty before the first."""
    branch: str
    """Empty on no branch."""
    changed: int
    """Files that are changed, or new, and not committed."""

    @classmethod
    def at(cls, path: Path) -> Checkout:
        """The working tree that holds `path`. Raises :class:`~agent_hub.errors.InvalidRepository`."""
        folder = path.absolute()
        found = _git(folder, "rev-parse", "--show-toplevel")
        if found is None and _git(folder, "rev-parse", "--is-bare-repository") == "true":
            return cls(folder, _git(folder, "rev-parse", "--verify", "HEAD^{commit}") or "", _branch(folder), 0)
        if found is None:
            raise InvalidRepository(
                f"{folder} is no Git repository.",
                "Give a folder of one, or make it one: git init && git add --all && git commit -m 'Begin'.",
            )
        top = Path(found)
        status = _git(top, "status", "--porcelain", "--untracked-files=normal") or ""
        head = _git(top, "rev-parse", "--verify", "HEAD^{commit}") or ""
        return cls(top, head, _branch(top), len(status.splitlines()))


def _branch(folder: Path) -> str:
    return _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""


def _git(folder: Path, *arguments: str) -> str | None:
    """What Git prints; ``None`` where it fails."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None
