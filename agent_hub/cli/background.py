"""The hub of a data directory: the one that runs, or one that is started in the background.

A data directory is one hub's alone, and a hub has to be there for as long as a chat runs: an agent asks its model by
way of it. In a command's own process it would keep a second command out, and end with the first. So where none runs it
is a process of its own, as tmux's server is: every command finds it, and it ends by itself once no command uses it and
no chat runs.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from agent_hub.cli.options import Where
from agent_hub.cli.say import say
from agent_hub.errors import AgentHubError, DataDirectoryInUse, HubUnavailable
from agent_hub.hub.lock import USERS, last_owner
from agent_hub.models import Status
from agent_hub.notebook.discovery import Server, of_process
from agent_hub.notebook.transport import Transport

STARTING = "starting.lock"
"""Held by the one command that looks for the hub of a data directory, and starts it where there is none."""

LOG = "background.log"

USING = "using the hub that runs at {}"
"""What a person is told of the hub that a command works with, where it has not started it."""

START_SECONDS = 60.0
ANSWER_SECONDS = 60.0


def data_dir(where: Where) -> Path:
    """The data directory that is meant: a hub's own default, unless another is named."""
    given = where.data_dir or os.path.join(jupyter_data_dir(), "agent-hub")
    return Path(given).expanduser().resolve()


def running(folder: Path) -> Server | None:
    """The server whose hub has a data directory, where it is one of this person's."""
    pid = last_owner(folder)
    return of_process(pid) if pid is not None else None


def connected(server: Server, patience: float = ANSWER_SECONDS) -> Transport:
    """A server's hub, once it has answered. Raises :class:`~agent_hub.errors.HubUnavailable` where it does not."""
    hub = Transport(server, patience)
    hub.read("status", Status)
    return hub


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Keep the hub in the background, if there is one, for as long as this context lasts."""
    with ExitStack() as held:
        # Without the folder there is none.
        if folder.is_dir():
            users = held.enter_context(open(folder / USERS, "a"))
            # Waits while one ends, as it keeps this to its last moment.
            fcntl.flock(users, fcntl.LOCK_SH)
        yield


@contextmanager
def hub_of(folder: Path, elsewhere: Callable[[], Transport | None]) -> Iterator[Transport]:
    """The hub of a data directory, which stays for as long as this context does.

    Parameters
    ----------
    elsewhere
        Another hub that will do where that directory has none yet.

    Raises
    ------
    DataDirectoryInUse
        A hub that no server of this person's is known for has it.
    HubUnavailable
        It could not be started; the hint names its log.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with using(folder), open(folder / STARTING, "a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        hub = _found(folder) or elsewhere() or _start(folder)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield hub


def _found(folder: Path) -> Transport | None:
    server = running(folder)
    if server is None:
        return None
    # One that has just ended leaves its address for a moment.
    with suppress(HubUnavailable):
        hub = connected(server)
        say(USING.format(hub.url))
        return hub
    return None


def _start(folder: Path) -> Transport:
    say("starting a hub in the background, for as long as chats of it run")
    log = folder / LOG
    # A server writes its token into its log; the folder may be another person's.
    log.unlink(missing_ok=True)
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent_hub.server.background", str(folder), str(Path.home())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            # Neither Ctrl-C nor the end of this terminal is meant for it.
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    why = "it did not answer in time"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            why = f"it ended with exit code {process.returncode}"
            break
        server = of_process(process.pid)
        if server is not None:
            try:
                return connected(server)
            except HubUnavailable as error:
                cause = error.details.get("cause")
                if cause == DataDirectoryInUse.code:
                    raise DataDirectoryInUse(
                        error.message,
                        "If it is a JupyterLab, name it: --url and --token, which `jupyter server list` shows. "
                        "Or take another data directory: --data-dir FOLDER.",
                    ) from error
                if cause is not None:
                    raise AgentHubError(error.message, error.hint) from error
        time.sleep(0.05)
    raise HubUnavailable(f"The hub could not be started: {why}.", f"Its log says why: {log}.")
