"""Git as a subprocess: it never asks, runs no transport that runs commands, and ends when its task is cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from agent_hub.errors import GitError
from agent_hub.hub.repositories import SCHEMES, git_error

LONGEST_LINE = 64 * 1024
"""Bytes kept of a line that Git says: the other end may say one without an end."""

COMPLAINT = 50
"""Lines kept of what Git says, for the error: the other end may say any number."""

ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
    "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
    "LC_ALL": "C",
}


OWN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
"""For Git in folders of the hub's own: no hook and no filter of the person's has a part in what is made there."""

ELSEWHERE = (
    "GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
)  # fmt: skip
"""Variables that would point Git at another repository: a server that was started from a hook has them."""


GitAccess = Callable[[str], AbstractAsyncContextManager[Mapping[str, str]]]
"""By the URL of a repository, what Git is run with so that it may be read; within it Git is run."""


@asynccontextmanager
async def no_access(url: str) -> AsyncIterator[Mapping[str, str]]:
    """Nothing but what the person's own Git has."""
    yield {}


async def run_git(
    *arguments: str,
    action: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    timeout: float = 3600.0,
    url: str = "",
    branch: str = "",
) -> str:
    """Run ``git`` and return what it printed, as text; see :func:`git_output`."""
    output = await git_output(
        *arguments, action=action, cwd=cwd, env=env, on_line=on_line, timeout=timeout, url=url, branch=branch
    )
    return output.decode(errors="replace")


async def git_output(
    *arguments: str,
    action: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: BinaryIO | None = None,
    on_line: Callable[[str], None] | None = None,
    timeout: float = 3600.0,
    url: str = "",
    branch: str = "",
    most: int | None = None,
    largest_file: int | None = None,
    memory: int | None = None,
) -> bytes:
    """Run ``git`` and return what it printed.

    Parameters
    ----------
    action
        What this does, as in "clone the repository", for the error.
    stdin
        A file that it reads.
    on_line
        Takes each line of progress; of a line that Git rewrites, only its last state.
    timeout
        Seconds, after which Git is ended.
    url, branch
        For the error's words.
    most
        Bytes, after which Git is ended, and what it printed so far is returned.
    largest_file
        Bytes that no file may exceed which it, or a program it starts, writes; one that would is ended by the system.
    memory
        Bytes that each of those programs gets; where it needs more it ends with an error.

    Raises
    ------
    GitError
        Or a kind of it that says what was wrong: unreachable, no such branch.
    StorageFull
        The disk filled up.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *_program(largest_file, memory),
            *arguments,
            cwd=cwd,
            env={name: value for name, value in os.environ.items() if name not in ELSEWHERE}
            | ENVIRONMENT
            | dict(env or {}),
            stdin=stdin or asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise GitError("There is no git on this machine.", "Install it: apt-get install git.") from None
    assert process.stdout and process.stderr
    complaint: deque[str] = deque(maxlen=COMPLAINT)

    def hear(line: str) -> None:
        complaint.append(line)
        if on_line:
            on_line(line)

    enough = False

    async def read(stream: asyncio.StreamReader) -> bytes:
        nonlocal enough
        if most is None:
            return await stream.read()
        output = bytearray()
        while chunk := await stream.read(65536):
            output += chunk[: most - len(output)]
            if len(output) == most and not enough:
                enough = True
                _kill(process)
        return bytes(output)

    try:
        async with asyncio.timeout(timeout):
            output, _, code = await asyncio.gather(
                read(process.stdout), _read_lines(process.stderr, hear), process.wait()
            )
    except TimeoutError:
        raise GitError(f"Could not {action}: Git did not finish within {timeout:.0f} s.", "Try again later.") from None
    finally:
        if process.returncode is None:
            _kill(process)
            await process.wait()
    if code != 0 and not enough:
        raise git_error(action, "\n".join(complaint), url, branch)
    return output


def _program(largest_file: int | None, memory: int | None) -> tuple[str, ...]:
    # A shell counts files in blocks of 512 bytes, and memory in 1024.
    limits = {"f": largest_file and largest_file // 512, "d": memory and memory // 1024}
    set_limits = [f"ulimit -{name} {most}" for name, most in limits.items() if most]
    # They are set before Git is there, so that what it starts has them as well.
    return ("sh", "-c", " && ".join([*set_limits, 'exec git "$@"']), "sh") if set_limits else ("git",)


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group: git leaves its transport helpers behind when it alone is killed."""
    # It may have ended, which is heard of a moment later: that must not take the place of what ended the wait for it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _read_lines(stream: asyncio.StreamReader, hear: Callable[[str], None]) -> None:
    pending = b""
    while chunk := await stream.read(65536):
        *lines, pending = (pending + chunk).split(b"\n")
        pending = pending[-LONGEST_LINE:]
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r").rsplit("\r", 1)[-1].rstrip()
            if text:
                hear(text)
    if pending.strip():
        hear(pending.decode(errors="replace").rsplit("\r", 1)[-1].rstrip())
