"""Whose name commits carry."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_hub.connections.github_account import Person
from agent_hub.errors import GitError
from agent_hub.hub.git import git_output
from agent_hub.models import Committer, EnvVar

UNKNOWN = (
    "Nobody's name is known for commits: run 'git config --global user.name' and 'user.email' on the hub's machine, "
    "or connect GitHub."
)


@dataclass(frozen=True)
class Identity:
    """A name and an e-mail address."""

    name: str = "Agent Hub"
    email: str = "agent-hub@localhost"

    @property
    def hint(self) -> str:
        """What to do so that it is a person's; empty where it is."""
        return UNKNOWN if self == Identity() else ""


class Identities:
    """Finds out who a person is: by a chat's variables, by Git of this machine, by GitHub.

    Parameters
    ----------
    person
        Whom GitHub says that the person is.
    """

    def __init__(self, person: Callable[[], Person | None]) -> None:
        self._person = person
        self._read: dict[str, str] = {}
        self._state: dict[str, tuple[int, int] | None] | None = None
        self._reading = asyncio.Lock()

    @property
    def committer(self) -> Committer:
        """Whose name commits carry where a chat's variables say nothing, as of the last :meth:`refresh`."""
        found = self._found({})
        if found == Identity():
            return Committer()
        source = "git" if self._read.get("user.email") else "github" if self._person() else ""
        return Committer.model_validate({**vars(found), "source": source})

    async def refresh(self) -> bool:
        """Ask the person's own Git again, once a file that it reads is another; whether it says something else now."""
        async with self._reading:
            before = self._read
            if self._state is None or self._state != _state_of(self._state):
                self._read, files = await _configured()
                self._state = _state_of({*_first_files(), *files})
            return self._read != before

    async def of(self, variables: Iterable[EnvVar]) -> Identity:
        """Whose name the commits of a chat with these variables carry."""
        await self.refresh()
        return self._found({one.name: one.value for one in variables})

    def _found(self, given: Mapping[str, str | None]) -> Identity:
        configured, person, unknown = self._read, self._person(), Identity()
        return Identity(
            given.get("GIT_AUTHOR_NAME")
            or configured.get("user.name")
            or (person.name if person else "")
            or unknown.name,
            given.get("GIT_AUTHOR_EMAIL")
            or configured.get("user.email")
            or (person.email if person else "")
            or unknown.email,
        )


async def _configured() -> tuple[dict[str, str], set[str]]:
    """The person's configuration of who they are, and the files that it was read from."""
    try:
        listing = await git_output(
            "config", "--global", "--includes", "--show-origin", "--null", "--list", action="read your name"
        )
    except GitError:
        # There is none, or it is broken: the person's own Git does not work either.
        return {}, set()
    read, files = {}, set()
    parts = listing.decode(errors="replace").split("\0")
    for origin, entry in zip(parts[::2], parts[1::2], strict=False):
        key, _, value = entry.partition("\n")
        files.add(origin.removeprefix("file:"))
        if key in ("user.name", "user.email"):
            read[key] = value.strip()
    return read, files


def _first_files() -> set[str]:
    """Where Git looks first; what is not there yet may come."""
    if chosen := os.environ.get("GIT_CONFIG_GLOBAL"):
        return {chosen}
    home = Path(os.environ.get("HOME") or "/")
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return {str(home / ".gitconfig"), str(folder / "git/config")}


def _state_of(files: Iterable[str]) -> dict[str, tuple[int, int] | None]:
    return {file: _stat(file) for file in files}


def _stat(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
