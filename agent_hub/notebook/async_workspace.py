"""A chat's workspace on an event loop: as :mod:`agent_hub.notebook.workspace` and :mod:`agent_hub.notebook.saved`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any, overload

from agent_hub.notebook import command as commands
from agent_hub.notebook.artifacts import Artifact
from agent_hub.notebook.async_artifacts import AsyncArtifact, AsyncArtifacts
from agent_hub.notebook.async_files import AsyncWorkspacePath
from agent_hub.notebook.async_record import AsyncRecord
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.diff import Diff
from agent_hub.notebook.threads import in_thread
from agent_hub.notebook.work import Applied, Branch, Commit


class AsyncChatWorkspace(AsyncRecord[Chat]):
    """The part of a chat that is its workspace, and what its agent has saved and published."""

    @property
    def files(self) -> AsyncWorkspacePath:
        """Its workspace, as a path: ``await chat.files["data/a.csv"].read_text()``."""
        return AsyncWorkspacePath(self._transport, self.id, PurePosixPath())

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float | None = None,
        check: bool = False,
        show: bool = True,
        on_output: Callable[[str], object] | None = None,
    ) -> commands.CommandResult:
        """Run a command in its container, beside the agent, and return how it ended; see :meth:`Chat.run`.

        Cancelling the task ends the command.
        """
        running = commands.Running(command, timeout, show, on_output)
        done = await commands.run_async(self._transport, f"{self._sync._path}/run", running)
        return done.check() if check else done

    async def diff(self) -> Diff:
        """What it has changed since it started; raises as :meth:`Chat.diff`."""
        return await in_thread(self._sync.diff)

    async def commit(self, message: str) -> Commit:
        """Commit all that it has not committed, by your name; raises as :meth:`Chat.commit`."""
        return await in_thread(self._sync.commit, message)

    async def branch(self, name: str = "", message: str = "") -> Branch:
        """Make a new branch of all that it has changed, committed or not; see :meth:`Chat.branch`."""
        return await in_thread(self._sync.branch, name, message)

    @overload
    async def apply(self) -> Branch: ...
    @overload
    async def apply(self, to: str | os.PathLike[str]) -> Applied: ...
    async def apply(self, to: str | os.PathLike[str] | None = None) -> Branch | Applied:
        """Bring all that it has changed into a checkout, not committed there; see :meth:`Chat.apply`."""
        return await (self.branch() if to is None else in_thread(self._sync.apply, to))

    async def artifacts(self) -> AsyncArtifacts:
        """The files it has published, by name."""
        from agent_hub.models import Artifact as Data

        found = await self._transport.read_all(f"{self._sync._path}/artifacts", Data)
        made = [AsyncArtifact(self._transport, Artifact(self._transport.sync, data)) for data in found]
        return AsyncArtifacts(made, self._sync.artifacts)

    async def result(self, name: str, *, pickle: bool = False) -> Any:
        """A value that its agent has saved or published under that name; see :meth:`Chat.result`."""
        return await in_thread(self._sync.result, name, pickle=pickle)
