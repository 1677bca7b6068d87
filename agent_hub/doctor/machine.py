"""Of the machine what the hub itself uses: its folder, its disk, Git, Codex, open files. All of it blocks."""

from __future__ import annotations

import os
import re
import resource
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent_hub.agents.codex_binary import CODEX_VERSION, has_codex
from agent_hub.hub import lock
from agent_hub.hub.folders import Folders
from agent_hub.models.base import plain_line
from agent_hub.models.findings import Finding

LITTLE_SPACE = 10 * 2**30
"""Bytes below which there is a warning: a snapshot of a common base with an agent takes one or two gigabytes."""

NO_SPACE = 2**30
"""Bytes below which there is a problem."""

OPEN_FILES = 4096
"""Files that the hub's process has to be able to open: terminals, containers, viewers."""

OLDEST_GIT = (2, 31)
GIT_TIMEOUT = 10


def machine_findings(data_dir: Path) -> Iterator[Finding]:
    """Look at all of it, one after the other."""
    yield _data_directory(data_dir)
    yield disk_finding("Disk", f"{data_dir}", shutil.disk_usage(_nearest(data_dir)).free)
    yield _git()
    yield _codex(Folders(data_dir).cache)
    yield _open_files()


def disk_finding(subject: str, place: str, free: int) -> Finding:
    """How much space is left in a place."""
    message = f"{free / 2**30:.1f} GiB are free in {plain_line(place)}."
    if free >= LITTLE_SPACE:
        return Finding(subject=subject, state="ok", message=message)
    return Finding(
        subject=subject,
        state="problem" if free < NO_SPACE else "warning",
        message=message,
        remedy="Free some: delete chats and projects that are done with, and what the engine no longer uses "
        "(docker image prune -a).",
    )


def _data_directory(folder: Path) -> Finding:
    shown = plain_line(str(folder))
    choose = "Mend its permissions, or choose another with --AgentHub.data_dir=FOLDER."
    nearest = _nearest(folder)
    try:
        # It has no name, and is gone when it is closed.
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        return Finding(
            subject="Data directory",
            state="problem",
            message=f"This user (uid {os.geteuid()}) cannot write in {plain_line(str(nearest))}: {error.strerror}.",
            remedy=choose,
        )
    if nearest != folder:
        return Finding(subject="Data directory", state="ok", message=f"{shown} will be made at the first start.")
    found = folder.stat()
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
        return Finding(
            subject="Data directory",
            state="warning",
            message=f"Others may look into {shown} (mode {stat.S_IMODE(found.st_mode):04o}).",
            remedy="The hub closes it at its next start; or run chmod 700 on it.",
        )
    if found.st_uid != os.geteuid():
        return Finding(
            subject="Data directory",
            state="warning",
            message=f"{shown} is another person's (uid {found.st_uid}): they see the projects' clones and artifacts.",
            remedy=f"Give it to the account that runs the hub (chown). {choose}",
        )
    state = "a hub uses it now" if lock.is_held(folder) else "no hub uses it now"
    return Finding(subject="Data directory", state="ok", message=f"{shown} is this user's alone; {state}.")


def _nearest(folder: Path) -> Path:
    """The folder, or what is there of the way to it."""
    # Unlike Path.exists, it raises nothing for what this user may not look at, nor for a name that is too long.
    return next(one for one in (folder, *folder.parents) if os.path.exists(one))


def _git() -> Finding:
    remedy = "sudo apt-get install git"
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=GIT_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Finding(subject="Git", state="problem", message="There is no git on this machine.", remedy=remedy)
    said = plain_line(done.stdout) or "git"
    found = re.search(r"(\d+)\.(\d+)", said)
    if done.returncode or found is None:
        return Finding(subject="Git", state="problem", message=f"{said} does not work.", remedy=remedy)
    if (int(found[1]), int(found[2])) < OLDEST_GIT:
        wanted = ".".join(map(str, OLDEST_GIT))
        return Finding(subject="Git", state="problem", message=f"{said} is older than {wanted}.", remedy=remedy)
    return Finding(subject="Git", state="ok", message=f"This is {said}.")


def _codex(cache: Path) -> Finding:
    own = os.environ.get("AGENT_HUB_CODEX", "")
    if own and not os.access(own, os.X_OK):
        return Finding(
            subject="Codex",
            state="problem",
            message=f"AGENT_HUB_CODEX is {plain_line(own)}, which is no program.",
            remedy=f"Point it at a static codex {CODEX_VERSION} binary, or unset it.",
        )
    if has_codex(cache):
        return Finding(subject="Codex", state="ok", message=f"Codex {CODEX_VERSION} is here.")
    if shutil.which("npm") is None:
        return Finding(
            subject="Codex",
            state="warning",
            message=f"Codex {CODEX_VERSION} is not here yet, and there is no npm to fetch it with.",
            remedy="Install Node.js with npm, or name a static codex binary in AGENT_HUB_CODEX.",
        )
    return Finding(subject="Codex", state="ok", message=f"Codex {CODEX_VERSION} will be fetched at the first build.")


def _open_files() -> Finding:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < OPEN_FILES:
        return Finding(
            subject="Open files",
            state="warning",
            message=f"A process here may open {most} files: with many chats that is not enough.",
            remedy=f"Raise the hard limit to {OPEN_FILES} or more (ulimit -Hn; LimitNOFILE= of a systemd service).",
        )
    return Finding(subject="Open files", state="ok", message="A process here may open as many as a hub needs.")
