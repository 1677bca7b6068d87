"""Codex in a spare: its terminal interface and its app-server run, with a thread that waits for a person."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import stat
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from agent_hub.agents.appserver import AppServer, Notify
from agent_hub.agents.base import AGENT_HOME, Warm
from agent_hub.errors import AgentUnavailable
from agent_hub.models import Chat

logger = logging.getLogger(__name__)

SOCKET = "app-server.sock"
"""What ``container/bin/run-codex`` calls the app-server's socket, in the agent's folder."""

START_SECONDS = 30.0
"""How long Codex may take to come up; the first start after a boot reads 300 MB from the disk."""

LOOK_SECONDS = 0.02
"""Between two looks for a socket that is not there yet."""


def sockets_folder() -> str:
    """Where Codex makes its sockets, whatever path it is given: the path becomes a link."""
    return f"/tmp/codex-daemon-{os.getuid()}"


def find_socket(home: Path, sockets: Path) -> Path | None:
    """An app-server's socket, in the folder that its container was given or, without a container, where Codex made it.

    The name of a socket is the hash of the path that Codex was given. The link at that path is not followed, since an
    agent may lead it anywhere. Blocks for no longer than a look at a file.
    """
    given = sockets / _hash(f"{AGENT_HOME}/{SOCKET}")
    if given.is_socket():
        return given
    own = Path(sockets_folder()) / _hash(os.path.join(os.path.realpath(home), SOCKET))
    return own if _is_private(own.parent) and own.is_socket() else None


class WarmCodex(Warm):
    """A spare's thread, and a connection to the app-server that it is in.

    Parameters
    ----------
    model_of
        The model that a chat asks for, empty where it asks for none.
    """

    def __init__(self, server: AppServer, thread: str, spare: Chat, model_of: Callable[[Chat], str]) -> None:
        self._server = server
        self._thread = thread
        self._spare = spare
        self._model_of = model_of

    @classmethod
    async def wait_for(cls, find: Callable[[], Path | None], spare: Chat, model_of: Callable[[Chat], str]) -> WarmCodex:
        """Wait for the thread that the terminal interface begins as it paints its prompt."""
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def notice(method: str, params: Mapping[str, Any]) -> None:
            thread = params.get("thread")
            if method == "thread/started" and isinstance(thread, dict) and not started.done():
                started.set_result(str(thread.get("id")))

        try:
            async with asyncio.timeout(START_SECONDS):
                server = await _connect(find, notice)
                try:
                    loaded = (await server.call("thread/loaded/list")).get("data")
                    thread = str(loaded[0]) if isinstance(loaded, list) and loaded else await started
                    # What takes Codex longest about a thread is to write it down, which its name makes it do; a thread
                    # that has a name is also not sent to the model to be given one.
                    await server.call("thread/name/set", threadId=thread, name=spare.name)
                except BaseException:
                    await server.close()
                    raise
        except TimeoutError:
            raise AgentUnavailable(
                f"Codex did not come up within {START_SECONDS:g} s.", "Look at the chat's terminal for the reason."
            ) from None
        return cls(server, thread, spare, model_of)

    async def claim(self, chat: Chat) -> str:
        thread = self._thread
        model = self._model_of(chat)
        if model != self._model_of(self._spare):
            await self._server.call("thread/settings/update", threadId=thread, model=model)
        requests: list[Coroutine[Any, Any, object]] = []
        if chat.name != self._spare.name:
            requests.append(self._rename(chat.name))
        if chat.prompt:
            requests.append(self._say(chat.prompt))
        await asyncio.gather(*requests)
        return thread

    async def _say(self, prompt: str) -> None:
        try:
            said = [{"type": "text", "text": prompt}]
            await self._server.call("turn/start", threadId=self._thread, input=said)
        except AgentUnavailable as error:
            # One that is only slow has it: said again by a new start, it would be worked on twice.
            if not error.details.get("unanswered"):
                raise
            logger.warning("Codex did not say that it took its chat's first prompt: %s", error.message)

    async def _rename(self, name: str) -> None:
        try:
            await self._server.call("thread/name/set", threadId=self._thread, name=name)
        except AgentUnavailable as error:
            # No reason to fail the claim: the chat would start anew, and its prompt be said a second time.
            logger.warning("Codex did not take its chat's name: %s", error.message)

    async def close(self) -> None:
        await self._server.close()


async def _connect(find: Callable[[], Path | None], notify: Notify) -> AppServer:
    while True:
        place = find()
        if place is not None:
            # What a killed container left is there as well, and nothing listens on it.
            with contextlib.suppress(AgentUnavailable):
                return await AppServer.connect(place, notify)
        await asyncio.sleep(LOOK_SECONDS)


def _is_private(folder: Path) -> bool:
    """Whether no other user can have made what is in the folder; anybody can make one in ``/tmp``."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700 and status.st_uid == os.getuid()


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()
