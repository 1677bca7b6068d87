"""What a person may give as a repository, and what Git's complaints mean."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agent_hub.errors import (
    AgentHubError,
    BranchNotFound,
    GitError,
    InvalidRepository,
    RepositoryUnreachable,
    StorageFull,
)

SCHEMES = ("https", "http", "ssh", "git", "file")
"""Transports a repository may use. Git knows others, such as ``ext::``, that run a command."""

_SCP = re.compile(r"(?P<user>[\w.-]+@)?(?P<host>[\w.-]+):(?P<path>(?!:|//).+)")


def parse_url(text: str) -> str:
    """The repository's URL, checked; a local path becomes absolute.

    Raises
    ------
    InvalidRepository
        The text is no Git URL and no folder here, or one that would run a command or give a password away.
    """
    url = text.strip()
    if not url or _has_controls(url) or url.startswith("-"):
        raise _invalid(f"{_short(text)} is not a Git URL.")
    if "://" in url:
        return _checked(url)
    if url.startswith(("/", "~", "./", "../")) or url == ".":
        return _local(url)
    if "::" in url:
        raise _invalid(f"{_short(text)} would let Git run a command, which the hub does not allow.")
    if _SCP.fullmatch(url) and not url.split(":", 1)[1].startswith("-"):
        return url
    raise _invalid(f"{_short(text)} is not a Git URL.")


def repository_name(url: str) -> str:
    """The name a project of this URL would get: its last part, without ``.git``."""
    path = unquote(urlsplit(url).path) if "://" in url else url
    name = re.split(r"[/:]", path.rstrip("/"))[-1].removesuffix(".git")
    return name.strip() or "project"


def repository_of_folder(root: Path, path: str) -> str:
    """The repository that a folder of the file browser is, or lies in. Blocks.

    Parameters
    ----------
    root
        The folder that the file browser shows.
    path
        Below that, as the browser knows it.

    Raises
    ------
    InvalidRepository
        There is no such folder, or it lies in no repository.
    """
    if _has_controls(path) or ".." in path.split("/"):
        raise _invalid(f"{_short(path)} is no path.")
    folder = Path(_local(os.path.join(root, path.strip("/"))))
    for candidate in (folder, *folder.parents):
        # Of a work tree it may be a file; a bare repository has what it would hold. Unlike Path.exists, these raise
        # nothing for what this user may not look at, nor for a path that is too long.
        if os.path.lexists(candidate / ".git") or all(
            os.path.exists(candidate / name) for name in ("HEAD", "objects", "refs")
        ):
            return str(candidate)
    raise InvalidRepository(
        f"{_short(str(folder))} lies in no Git repository.",
        "Run 'git init' there and commit what chats are to start from, or choose another folder.",
        field="url",
    )


DISK_FULL = (
    "no space left",
    "disk quota exceeded",
    "out of diskspace",
    "unable to write file",
    "unable to write new index file",
)
"""What Git says of a full disk; a checkout's workers say no more than that they are unable to write."""


def git_error(action: str, stderr: str, url: str = "", branch: str = "") -> AgentHubError:
    """What a failed Git command means to a person.

    Parameters
    ----------
    action
        What was being done, as in "clone the repository".
    stderr
        What Git said.
    """
    said = stderr.strip()
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "no message").strip()
    low = said.lower()
    # All these files are in the hub's own folders.
    if any(words in low for words in DISK_FULL):
        return StorageFull(f"The disk filled up while the hub tried to {action}.", "Free some space and try again.")
    if branch and ("remote branch" in low or "couldn't find remote ref" in low or "invalid reference" in low):
        return BranchNotFound(
            f"The repository has no branch {branch!r}.", "Choose another, or leave it empty.", field="branch"
        )
    for needle, why, hint in _CAUSES:
        if needle in low:
            return RepositoryUnreachable(
                f"Cannot read {url or 'this repository'}: {why}.", hint, field="url", git=last, refused=hint is _ACCESS
            )
    return GitError(
        f"Could not {action}: {last.removeprefix('fatal: ')}", "See the log for all that Git said.", git=said
    )


_ACCESS = (
    "Check the URL; for a private repository of GitHub's, connect GitHub on the Connections page; for any other, give "
    "this machine's Git access to it (a credential helper, an SSH key)."
)
_CAUSES = (
    ("could not resolve host", "its host name is not known", "Check the URL, and that this machine is online."),
    ("authentication failed", "access was refused", _ACCESS),
    ("could not read username", "it is private, or does not exist", _ACCESS),
    ("terminal prompts disabled", "it is private, or does not exist", _ACCESS),
    ("permission denied", "access was refused", _ACCESS),
    ("host key verification failed", "its host's key is not the known one", "Check the host, then your known_hosts."),
    ("not found", "there is no such repository, or it is private", _ACCESS),
    ("does not exist", "there is no such repository", "Check the URL."),
    ("does not appear to be a git repository", "it is not a Git repository", "Check the URL."),
    ("not a git repository", "it is not a Git repository", "Run 'git init' there, or check the path."),
    ("connection refused", "its host refused the connection", "Check the URL, and that the server is up."),
    ("failed to connect", "its host does not answer", "Check the URL, and that this machine is online."),
    ("unable to connect", "its host does not answer", "Check the URL, and that this machine is online."),
    ("connection timed out", "its host does not answer", "Check the URL, and that this machine is online."),
    ("unable to access", "its host did not answer as a Git server", "Check the URL, and that this machine is online."),
    ("transport", "this kind of URL is not allowed", "Use https://, ssh:// or a local path."),
    ("could not read from remote", "there is no such repository, or access was refused", _ACCESS),
)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise _invalid(f"{_short(url)} is not a Git URL.") from None
    if parts.scheme not in SCHEMES:
        raise _invalid(f"A repository cannot be reached by {parts.scheme[:20]}://.")
    if parts.password is not None:
        raise InvalidRepository(
            "The URL holds a password, which every chat of the project could read.",
            "Leave it out, and give this machine's Git access with a credential helper.",
            field="url",
        )
    if parts.scheme == "file":
        if parts.netloc:
            raise _invalid(f"{_short(url)} names a host, which file:// cannot reach.")
        return _local(unquote(parts.path))
    # A host that starts with - would be read as an option by ssh.
    if (
        not port_is_valid
        or not parts.hostname
        or parts.hostname.startswith("-")
        or (parts.username or "").startswith("-")
    ):
        raise _invalid(f"{_short(url)} names no host.")
    if not parts.path.strip("/"):
        raise _invalid(f"{_short(url)} names a host, but no repository on it.")
    return url


def _local(text: str) -> str:
    path = os.path.expanduser(text)
    if _has_controls(path):
        raise _invalid(f"{_short(text)} is no path.")
    if not os.path.isabs(path):
        raise _invalid(f"{_short(text)} is a relative path.")
    # Unlike those of pathlib, these raise nothing for a link to itself or a name that is too long.
    path = os.path.realpath(path)
    if not os.path.isdir(path):
        raise InvalidRepository(f"There is no folder {_short(path)}.", "Check the path on the server.", field="url")
    return path


def _has_controls(text: str) -> bool:
    return any(ord(char) < 32 or ord(char) == 127 for char in text)


def _invalid(message: str) -> InvalidRepository:
    return InvalidRepository(
        message, "Use an address such as https://host/owner/name.git, or an absolute path on the server.", field="url"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
