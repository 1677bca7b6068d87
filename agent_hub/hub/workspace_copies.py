"""Files of workspaces that are published by their paths: the hub has them, and nothing needs to be sent."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from weakref import WeakValueDictionary

from agent_hub.agents.base import WORKSPACE
from agent_hub.errors import AgentHubError, StorageFull
from agent_hub.hub.beneath import open_file, opened
from agent_hub.hub.file_copies import copy
from agent_hub.hub.received import Received
from agent_hub.models import Chat

PATIENCE_SECONDS = 20.0
"""How long a copy may take, with the wait for those before it: what is sent can be watched as it goes."""

_copiers = ThreadPoolExecutor(2, "agent-hub-copies")


class Seen(NamedTuple):
    """A file, as a chat sees it. By its number it is that one, whatever is mounted there in the container."""

    size: int
    inode: int


class WorkspaceCopies:
    """Copies files out of workspaces.

    Parameters
    ----------
    workspace
        Gives the folder of a chat's workspace, by its id.
    incoming
        Gives a path for bytes that are on their way to be published.
    root
        Where published files are shown.
    """

    def __init__(self, workspace: Callable[[str], Path], incoming: Callable[[], Path], root: Path) -> None:
        self._workspace = workspace
        self._incoming = incoming
        self._root = root
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, chat: Chat, path: str, seen: Seen, is_wanted: Callable[[], bool]) -> Received | None:
        """Copy a file, as it is now; of one chat one at a time, so that those of others do not wait behind all of its.

        Parameters
        ----------
        path
            From the workspace, as its chat says it.
        seen
            What its chat sees there.
        is_wanted
            Whether anybody still waits for it; asked again and again, in a thread.

        Returns
        -------
        Received or None
            ``None`` where its bytes have to be sent: it is not a file of the workspace's own, or it takes too long.

        Raises
        ------
        StorageFull
            There is no room for it.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        path = _plain(path)

        def copied() -> Received | None:
            if any(_covers(mount.target, path) for mount in chat.mounts):
                return None
            try:
                with opened(self._workspace(chat.id), ()) as workspace:
                    mount = _mount_of(workspace)
                file = open_file(self._workspace(chat.id), path)
            except AgentHubError:
                # Whatever it is, the chat can send it, or say better what is the matter with it.
                return None
            try:
                # What a person has mounted there on the machine may be what its chat does not see.
                if _mount_of(file) != mount:
                    return None
                return self._copy(file, seen, lambda: is_wanted() and time.monotonic() < end)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            finally:
                os.close(file)

        turn = self._turns.setdefault(chat.id, asyncio.Lock())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await turn.acquire()
        except TimeoutError:
            return None
        try:
            return await asyncio.get_running_loop().run_in_executor(_copiers, copied)
        finally:
            turn.release()

    def _copy(self, file: int, seen: Seen, is_wanted: Callable[[], bool]) -> Received | None:
        found = os.fstat(file)
        # A container that sees another file there, or another length of it, knows better.
        if Seen(found.st_size, found.st_ino) != seen or not is_wanted():
            return None
        path = self._incoming()
        double = path.with_suffix(".double") if self._shows_beside(path) else None
        received = Received(path, None, double)
        targets = [path] if double is None else [path, double]
        try:
            with ExitStack() as open_files:
                if copy(file, [open_files.enter_context(_made(target)) for target in targets], seen.size, is_wanted):
                    return received
        except BaseException:
            received.discard()
            raise
        received.discard()
        return None

    def _shows_beside(self, path: Path) -> bool:
        """Whether a file can be moved from there to where it is shown."""
        return path.parent.stat().st_dev == self._root.stat().st_dev


def _plain(path: str) -> str:
    """A path without what leads nowhere, as in ``./out//model.bin``."""
    if path.startswith("/"):
        return path
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _covers(target: str, path: str) -> bool:
    """Whether what a chat sees at a path of its workspace is a mount's."""
    return PurePosixPath(WORKSPACE, path).is_relative_to(target)


def _mount_of(file: int) -> str:
    """The mount that an open file was found in, see proc_pid_fdinfo(5); empty where the system does not tell."""
    with suppress(OSError):
        fields = Path(f"/proc/self/fdinfo/{file}").read_text()
        return next((line for line in fields.splitlines() if line.startswith("mnt_id:")), "")
    return ""


@contextmanager
def _made(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        yield file
    finally:
        os.close(file)
