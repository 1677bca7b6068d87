"""A repository on this machine, as the person has it checked out: a chat gets what is committed in it, and no more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_hub.errors import GitError, InvalidRepository

QUIETLY = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
"""How Git is asked: an agent that may write in the folder could name programs there, which then ran as the person."""

STATUS = ("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty")


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
        status = _git(top, *STATUS, env=_without_filters(top)) or ""
        head = _git(top, "rev-parse", "--verify", "HEAD^{commit}") or ""
        return cls(top, head, _branch(top), len(status.splitlines()))


def _branch(folder: Path) -> str:
    return _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""


def _without_filters(folder: Path) -> dict[str, str]:
    """Variables by which Git runs none of the filters that the repository's own configuration names."""
    wanted = r"^filter\..*\.(clean|process|required)$"
    found = (_git(folder, "config", "--show-scope", "--null", "--name-only", "--get-regexp", wanted) or "").split("\0")
    own = {key for scope, key in zip(found[::2], found[1::2], strict=False) if scope in ("local", "worktree")}
    variables = {"GIT_CONFIG_COUNT": str(len(own))}
    for number, key in enumerate(sorted(own)):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = "false" if key.endswith(".required") else ""
    return variables


def _git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str | None:
    """What Git prints; ``None`` where it fails."""
    try:
        done = subprocess.run(
            ["git", *QUIETLY, "-C", str(folder), *arguments],
            env=os.environ | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitError("There is no git on this machine.", "Install it: apt-get install git.") from None
    return done.stdout.strip() if done.returncode == 0 else None
